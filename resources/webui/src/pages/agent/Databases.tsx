import { Table, Text } from '@mantine/core';

import type { AgentData } from '../../api/types';
import { bytes } from '../../ui/format';

/** The host's databases, largest first. */
export function Databases({ data }: { data: AgentData | null }) {
  const all = Object.entries(data?.MySQLDatabases ?? {}).toSorted(([a, x], [b, y]) => y.Size - x.Size || a.localeCompare(b));
  if (all.length === 0) return <Text>{data?.MySQLRunning ? 'This server holds no database but its own.' : 'MySQL does not run, so its databases are not known.'}</Text>;
  const sum = all.reduce((n, [, d]) => n + d.Size, 0);
  return (
    <Table.ScrollContainer minWidth={400} maxHeight={480}>
      <Table stickyHeader>
        <Table.Caption>
          {all.length} {all.length === 1 ? 'database' : 'databases'}, {bytes(sum)} by the server’s own statistics
        </Table.Caption>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Database</Table.Th>
            <Table.Th>Engines</Table.Th>
            <Table.Th>Size</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {all.map(([name, d]) => (
            <Table.Tr key={name}>
              <Table.Td>{name}</Table.Td>
              <Table.Td>{(d.Engines ?? []).join(', ') || 'no tables'}</Table.Td>
              <Table.Td>{bytes(d.Size)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
