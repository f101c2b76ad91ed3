import { Table } from '@mantine/core';

import type { Seed } from '../../api/types';
import { Link } from '../../app/Shell';
import { StatusBadge } from '../../ui/StatusBadge';

/** What each of the two hosts is at. */
export function Hosts({ seed }: { seed: Seed }) {
  return (
    <Table.ScrollContainer minWidth={560}>
      <Table aria-label="The two hosts">
        <Table.Thead>
          <Table.Tr>
            {['Side', 'Host', seed.Stage, 'Last word', 'Holds'].map((h) => (
              <Table.Th key={h}>{h}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {(seed.Hosts ?? []).map((h) => (
            <Table.Tr key={h.Side}>
              <Table.Td>{h.Side}</Table.Td>
              <Table.Td>
                <Link to={`/agent/${encodeURIComponent(h.Hostname)}`}>{h.Hostname}</Link>
              </Table.Td>
              <Table.Td>{h.StageStatus ? <StatusBadge status={h.StageStatus} /> : 'no part'}</Table.Td>
              <Table.Td>{h.Details}</Table.Td>
              <Table.Td>{h.Release + (h.ReleaseError ? `: ${h.ReleaseError}` : '')}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
