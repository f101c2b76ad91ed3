import { Badge, Button, Group, Loader, Stack, Table, Text } from '@mantine/core';
import { useQuery, type UseQueryResult } from '@tanstack/react-query';

import { checksQuery } from '../../api/queries';
import type { Check } from '../../api/types';
import { Problem } from '../../ui/Problem';

const order = { fail: 0, warn: 1, pass: 2 };
const colors = { fail: 'red', warn: 'orange', pass: 'green' };

export const useChecks = (c: { method: string; target: string; source: string }) => useQuery(checksQuery(c.method, c.target, c.source));

/** Every check with what was found, what is needed and what to do; those that refuse come first. */
export function Checks({ data, error, isFetching, refetch }: UseQueryResult<Check[], Error>) {
  if (error) return <Problem error={error} retry={() => void refetch()} />;
  if (!data) return <Loader aria-label="The checks are running" />;
  const sorted = data.toSorted((a, b) => order[a.Result] - order[b.Result]);
  const count = (r: Check['Result']) => data.filter((c) => c.Result === r).length;
  return (
    <Stack gap="xs">
      <Group>
        <Text size="sm" role="status">
          {count('fail') > 0 ? `${count('fail')} refuse this seed` : 'Nothing refuses this seed'}
          {count('warn') > 0 && `, ${count('warn')} warn`}, {count('pass')} pass
        </Text>
        <Button size="xs" variant="default" loading={isFetching} onClick={() => void refetch()}>
          Check again
        </Button>
      </Group>
      <Table.ScrollContainer minWidth={640} maxHeight={420}>
        <Table stickyHeader verticalSpacing={4} aria-label="Checks">
          <Table.Thead>
            <Table.Tr>
              {['Result', 'Check', 'Found', 'Needed'].map((h) => (
                <Table.Th key={h}>{h}</Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {sorted.map((c) => (
              <Table.Tr key={c.Name}>
                <Table.Td>
                  <Badge color={colors[c.Result]} variant="light" autoContrast tt="none" style={{ minWidth: 'max-content' }}>
                    {c.Result}
                  </Badge>
                </Table.Td>
                <Table.Td>{c.Name}</Table.Td>
                <Table.Td>
                  {c.Found}
                  {c.Hint && c.Result !== 'pass' && (
                    <Text size="sm" fw={600}>
                      {c.Hint}
                    </Text>
                  )}
                </Table.Td>
                <Table.Td>{c.Needed}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Stack>
  );
}
