import { Card, Group, Select, Table, Text, TextInput, Title } from '@mantine/core';
import { useMemo, useState } from 'react';

import { stages, type SeedStageState } from '../../api/types';
import { StatusBadge } from '../../ui/StatusBadge';
import { absolute } from '../../ui/format';

/** Every row of the history, newest first, with the tools' own lines; narrowed by stage, host and words. */
export function History({ states }: { states: SeedStageState[] }) {
  const [stage, setStage] = useState<string | null>(null);
  const [host, setHost] = useState<string | null>(null);
  const [words, setWords] = useState('');
  const attempts = useMemo(() => countAttempts(states), [states]);
  const wanted = words.toLowerCase();
  const shown = states.filter(
    (r) => (!stage || r.Stage === stage) && (!host || r.Hostname === host) && (!wanted || r.Details.toLowerCase().includes(wanted)),
  );
  return (
    <Card withBorder component="section" aria-labelledby="history">
      <Title order={2} size="h5" id="history">
        History
      </Title>
      <Group align="flex-end" my="xs">
        <Select label="Stage" placeholder="any" clearable w={140} data={[...stages]} value={stage} onChange={setStage} />
        <Select label="Host" placeholder="any" clearable w={200} data={[...new Set(states.map((r) => r.Hostname))]} value={host} onChange={setHost} />
        <TextInput label="Words" placeholder="in the text" value={words} onChange={(e) => setWords(e.currentTarget.value)} />
        <Text size="sm" aria-live="polite">
          {shown.length} of {states.length}
        </Text>
      </Group>
      <Table.ScrollContainer minWidth={720} maxHeight={480}>
        <Table stickyHeader verticalSpacing={4}>
          <Table.Thead>
            <Table.Tr>
              {['Time', 'Stage', 'Status', 'Host', 'What'].map((h) => (
                <Table.Th key={h}>{h}</Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {shown.map((r) => (
              <Row key={r.SeedStageID} row={r} attempt={attempts(r)} />
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Card>
  );
}

/** The rows' attempts as a person counts them: of each stage from 1. The service counts on over all stages. */
function countAttempts(states: SeedStageState[]): (row: SeedStageState) => number {
  const of = new Map<string, number[]>();
  for (const r of states) {
    const known = of.get(r.Stage) ?? [];
    if (!known.includes(r.Attempt)) of.set(r.Stage, [...known, r.Attempt].toSorted((a, b) => a - b));
  }
  return (row) => (of.get(row.Stage)?.indexOf(row.Attempt) ?? 0) + 1;
}

function Row({ row, attempt }: { row: SeedStageState; attempt: number }) {
  return (
    <Table.Tr>
      <Table.Td>
        <time dateTime={row.Timestamp} title={absolute(row.Timestamp)} style={{ whiteSpace: 'nowrap' }}>
          {new Date(row.Timestamp).toLocaleTimeString()}
        </time>
      </Table.Td>
      <Table.Td>
        {row.Stage}
        {attempt > 1 && (
          <Text span size="xs" c="dimmed">
            {` attempt ${attempt}`}
          </Text>
        )}
      </Table.Td>
      <Table.Td>
        <StatusBadge status={row.Status} />
      </Table.Td>
      <Table.Td>{row.Hostname}</Table.Td>
      <Table.Td>
        <Text size="sm" style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
          {row.Details}
          {row.Repeats > 1 && ` (${row.Repeats} times)`}
        </Text>
      </Table.Td>
    </Table.Tr>
  );
}
