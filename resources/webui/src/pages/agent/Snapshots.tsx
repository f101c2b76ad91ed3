import { Button, Group, Stack, Table, Text } from '@mantine/core';
import { Link as RouterLink } from 'react-router';

import { apiURL } from '../../api/base';
import { agentQuery } from '../../api/queries';
import type { Agent, LogicalVolume } from '../../api/types';
import { useAction } from '../../app/action';
import { queries } from '../../app/live';
import { useMayChange } from '../../app/me';
import { bytes } from '../../ui/format';

/** What LVM holds on this host, and which hosts have a snapshot to seed from. */
export function Snapshots({ agent }: { agent: Agent }) {
  const may = useMayChange();
  const host = agent.Info.Hostname;
  const keep = (a: Agent) => queries.setQueryData(agentQuery(host).queryKey, a);
  const create = useAction<Agent>('A snapshot was made', keep);
  const umount = useAction<Agent>('It is unmounted', keep);
  const d = agent.Data;
  const snapshots = (d?.LogicalVolumes ?? []).filter((v) => v.IsSnapshot);
  return (
    <Stack>
      <Text size="sm">
        {d?.MountPoint.IsMounted
          ? `${d.MountPoint.LVPath || d.MountPoint.Device} is mounted at ${d.MountPoint.Path} (${d.MountPoint.FileSystem}, ${bytes(d.MountPoint.DiskUsage)})`
          : 'Nothing is mounted at the agent’s mount point.'}
      </Text>
      {may && (
        <Group>
          <Button variant="default" loading={create.running} onClick={() => create.run(apiURL('agent-create-snapshot', host))}>
            Make a snapshot
          </Button>
          {d?.MountPoint.IsMounted && (
            <Button variant="default" loading={umount.running} onClick={() => umount.run(apiURL('agent-umount', host))}>
              Unmount
            </Button>
          )}
        </Group>
      )}
      {snapshots.length === 0 ? <Text size="sm">There is no snapshot.</Text> : <Volumes host={host} volumes={snapshots} may={may} keep={keep} />}
      <HostsWith title="Hosts of this data center with a snapshot" hosts={d?.LocalSnapshotsHosts ?? []} target={host} />
      <HostsWith title="All hosts with a snapshot" hosts={d?.SnaphostHosts ?? []} target={host} />
    </Stack>
  );
}

function Volumes({ host, volumes, may, keep }: { host: string; volumes: LogicalVolume[]; may: boolean; keep: (a: Agent) => void }) {
  const mount = useAction<Agent>('It is mounted', keep);
  const remove = useAction<Agent>('It is removed', keep);
  const at = (path: string, lv: string) => `${apiURL(path, host)}?lv=${encodeURIComponent(lv)}`;
  return (
    <Table>
      <Table.Thead>
        <Table.Tr>
          {['Snapshot', 'Group', 'Filled', 'Made', ''].map((h) => (
            <Table.Th key={h}>{h}</Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {volumes.map((v) => (
          <Table.Tr key={v.Path}>
            <Table.Td>{v.Name}</Table.Td>
            <Table.Td>{v.GroupName}</Table.Td>
            <Table.Td>{v.SnapshotPercent.toFixed(1)} %</Table.Td>
            <Table.Td>{v.CreatedAt}</Table.Td>
            <Table.Td>
              {may && (
                <Group gap="xs">
                  <Button size="xs" variant="default" onClick={() => mount.run(at('agent-mount', v.Path))}>
                    Mount
                  </Button>
                  <Button size="xs" color="red" variant="light" onClick={() => window.confirm(`Remove ${v.Path}?`) && remove.run(at('agent-removelv', v.Path))}>
                    Remove
                  </Button>
                </Group>
              )}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function HostsWith({ title, hosts, target }: { title: string; hosts: string[]; target: string }) {
  if (hosts.length === 0) return null;
  return (
    <section>
      <Text size="sm">{title}</Text>
      <Group gap="xs">
        {hosts.map((h) => (
          <Button key={h} size="xs" variant="default" component={RouterLink} to={`/new-seed?method=LVM&source=${encodeURIComponent(h)}&target=${encodeURIComponent(target)}`}>
            Seed from {h}
          </Button>
        ))}
      </Group>
    </section>
  );
}
