import { Badge, Group, Stack, Text } from '@mantine/core';

import type { Agent } from '../../api/types';
import { DiskBar } from '../../ui/DiskBar';

/** What to know of a host before it is taken. */
export function HostFacts({ agent }: { agent: Agent }) {
  const d = agent.Data;
  return (
    <Stack gap={4}>
      <Group gap="xs">
        <Badge color={agent.Status === 'Active' ? 'green' : 'red'} variant="light" autoContrast tt="none">
          {agent.Status}
        </Badge>
        <Text size="sm">
          {[agent.ClusterAlias && `cluster ${agent.ClusterAlias}`, agent.MySQLVersion, d && !d.MySQLRunning && 'MySQL does not run'].filter(Boolean).join(' · ')}
        </Text>
      </Group>
      {d && <DiskBar used={d.MySQLDatadirDiskUsed} free={d.MySQLDatadirDiskFree} name={`Disk of ${agent.Info.Hostname}`} />}
    </Stack>
  );
}
