import { Card, SimpleGrid, Text } from '@mantine/core';
import type { ReactNode } from 'react';

import type { Agent } from '../../api/types';
import { DiskBar } from '../../ui/DiskBar';
import { bytes } from '../../ui/format';

/** What the agent last said of its host. */
export function Facts({ agent }: { agent: Agent }) {
  const d = agent.Data;
  if (!d) return <Text>Its agent has not said anything of this host yet.</Text>;
  return (
    <Card withBorder component="section" aria-label="Facts">
      <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }}>
        <Fact name="MySQL">{d.MySQLRunning ? (agent.MySQLVersion || 'runs') : 'does not run'}</Fact>
        <Fact name="MySQL’s port">{agent.Info.MySQLPort}</Fact>
        <Fact name="System">{`${d.OsName}, ${d.NumCPU} CPUs, ${bytes(d.MemTotal)}`}</Fact>
        <Fact name="Agent">{d.AgentVersion ? `${d.AgentVersion}, port ${agent.Info.Port}` : `of others, port ${agent.Info.Port}`}</Fact>
        <Fact name={`Data in ${d.MySQLDatadir || 'an unknown place'}`}>
          <DiskBar used={d.MySQLDatadirDiskUsed} free={d.MySQLDatadirDiskFree} name="Data directory" />
        </Fact>
        <Fact name={`Backups in ${d.BackupDir}`}>
          <DiskBar used={d.BackupDirDiskUsed} free={d.BackupDirDiskFree} name="Backup directory" />
        </Fact>
        <Fact name="Methods">{Object.keys(d.AvailiableSeedMethods ?? {}).join(', ') || 'none'}</Fact>
      </SimpleGrid>
    </Card>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <Text size="xs" c="dimmed">
        {name}
      </Text>
      <Text component="div" style={{ overflowWrap: 'anywhere' }}>
        {children}
      </Text>
    </div>
  );
}
