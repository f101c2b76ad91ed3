import { Card, Group, Progress, Stack, Text } from '@mantine/core';

import type { Seed } from '../../api/types';
import { Ago } from '../../ui/Ago';
import { amount, bytes, never, seconds } from '../../ui/format';

const live = (s: Seed) => s.Status !== 'Completed' && s.Status !== 'Failed';

/** What the seed does at this moment, how fast, and how long it will take. */
export function Now({ seed }: { seed: Seed }) {
  if (!live(seed)) return null;
  const p = seed.Progress;
  const share = p.Total > 0 ? Math.min(100, (100 * p.Bytes) / p.Total) : undefined;
  return (
    <Card withBorder component="section" aria-label="Progress now">
      <Stack gap="xs">
        {share !== undefined && <Progress size="lg" value={share} aria-label={`${seed.Stage} of this seed`} />}
        <Group gap="lg">
          {p.Bytes > 0 && <Fact name="Done" text={amount(p.Bytes, p.Unit) + (p.Total > 0 ? ` of ${amount(p.Total, p.Unit)} (${Math.floor(share ?? 0)} %)` : '')} />}
          {p.BytesPerSecond > 0 && <Fact name="Rate" text={`${amount(p.BytesPerSecond, p.Unit)}/s`} />}
          {p.ETASeconds >= 0 && <Fact name={`Left of ${seed.Stage}`} text={seconds(p.ETASeconds)} />}
          {seed.Bandwidth > 0 && <Fact name="Bound" text={`${bytes(seed.Bandwidth)}/s`} />}
          {seed.Stage === 'ConnectSlave' && seed.ReplicaLagSeconds >= 0 && <Fact name="Behind the source" text={seconds(seed.ReplicaLagSeconds)} />}
        </Group>
        {p.What && <Text size="sm">{p.What}</Text>}
        <Left seed={seed} />
        {!never(seed.NotBefore) && seed.Status === 'Error' && (
          <Text size="sm">
            Tried again <Ago time={seed.NotBefore} />.
          </Text>
        )}
      </Stack>
    </Card>
  );
}

function Left({ seed }: { seed: Seed }) {
  const e = seed.Estimate;
  if (!e) return null;
  const sure = { high: 'quite sure', medium: 'half sure', low: 'a guess' }[e.Sure];
  return (
    <Text size="sm">
      About <strong>{seconds(e.SecondsLeft)}</strong> left in all, between {seconds(e.Low)} and {seconds(e.High)} ({sure}):{' '}
      {(e.Parts ?? []).map((part) => `${part.Name} ${seconds(part.Seconds)}, ${part.From}`).join('; ')}
    </Text>
  );
}

function Fact({ name, text }: { name: string; text: string }) {
  return (
    <div>
      <Text size="xs" c="dimmed">
        {name}
      </Text>
      <Text>{text}</Text>
    </div>
  );
}
