import { Progress, Stack, Table, Text } from '@mantine/core';

import type { Seed } from '../../api/types';
import { Link } from '../../app/Shell';
import { Ago } from '../../ui/Ago';
import { StatusBadge } from '../../ui/StatusBadge';
import { amount, between, seconds } from '../../ui/format';
import { useNow } from '../../ui/now';

const ended = (s: Seed) => s.Status === 'Completed' || s.Status === 'Failed';

/** Seeds as rows. */
export function SeedTable({ seeds }: { seeds: Seed[] }) {
  return (
    <Table.ScrollContainer minWidth={860}>
      <Table verticalSpacing="xs" highlightOnHover>
        <Table.Thead>
          <Table.Tr>
            {['Seed', 'Target', 'Source', 'Method', 'Status', 'Stage', 'Progress', 'Started', 'Took'].map((h) => (
              <Table.Th key={h}>{h}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {seeds.map((s) => (
            <Row key={s.SeedID} seed={s} />
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function Row({ seed }: { seed: Seed }) {
  const now = useNow();
  return (
    <Table.Tr>
      <Table.Td>
        <Link to={`/seed-details/${seed.SeedID}`}>{seed.SeedID}</Link>
      </Table.Td>
      <Table.Td>
        <Link to={`/agent/${encodeURIComponent(seed.TargetHostname)}`}>{seed.TargetHostname}</Link>
      </Table.Td>
      <Table.Td>
        <Link to={`/agent/${encodeURIComponent(seed.SourceHostname)}`}>{seed.SourceHostname}</Link>
      </Table.Td>
      <Table.Td>{seed.SeedMethod}</Table.Td>
      <Table.Td>
        <StatusBadge status={seed.Status} />
      </Table.Td>
      <Table.Td>{seed.Stage}</Table.Td>
      <Table.Td>
        <Moving seed={seed} />
      </Table.Td>
      <Table.Td>
        <Ago time={seed.StartTimestamp} />
      </Table.Td>
      <Table.Td>{seconds(between(seed.StartTimestamp, seed.EndTimestamp, now))}</Table.Td>
    </Table.Tr>
  );
}

/** How far the stage is, how fast, and how long it will take; of a failed seed why. */
function Moving({ seed }: { seed: Seed }) {
  const p = seed.Progress;
  if (seed.Status === 'Failed' || seed.Status === 'Error') {
    return (
      <Text size="sm" lineClamp={2} title={seed.ErrorText}>
        {seed.ErrorText}
      </Text>
    );
  }
  if (ended(seed) || p.Bytes === 0) return null;
  const words = [amount(p.Bytes, p.Unit) + (p.Total > 0 ? ` of ${amount(p.Total, p.Unit)}` : '')];
  if (p.BytesPerSecond > 0) words.push(`${amount(p.BytesPerSecond, p.Unit)}/s`);
  const left = seed.Estimate?.SecondsLeft ?? p.ETASeconds;
  if (left >= 0) words.push(`${seconds(left)} left`);
  return (
    <Stack gap={2}>
      {p.Total > 0 && <Progress value={Math.min(100, (100 * p.Bytes) / p.Total)} aria-label={`Progress of seed ${seed.SeedID}`} />}
      <Text size="xs">{words.join(' · ')}</Text>
    </Stack>
  );
}
