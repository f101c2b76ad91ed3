import { Alert, Code, Stack, Text } from '@mantine/core';

import type { Seed } from '../../api/types';
import { Ago } from '../../ui/Ago';
import { never } from '../../ui/format';

/** What went wrong and what helps. */
export function Trouble({ seed }: { seed: Seed }) {
  const ended = seed.Status === 'Completed' || seed.Status === 'Failed';
  const away = ended ? [] : (seed.Hosts ?? []).filter((h) => !never(h.UnreachableSince));
  return (
    <>
      {seed.ErrorText && (
        <Alert color={seed.Status === 'Failed' ? 'red' : 'orange'} role="alert" title={<Code>{seed.ErrorCode || seed.Status}</Code>}>
          <Stack gap={4}>
            <Text size="sm">{seed.ErrorText}</Text>
            {seed.Hint && <Text size="sm">What to do: {seed.Hint}</Text>}
            {seed.Held && (
              <Text size="sm">
                It is kept as it is for a retry; <Ago time={seed.HeldUntil} /> it will be released.
              </Text>
            )}
          </Stack>
        </Alert>
      )}
      {away.map((h) => (
        <Alert key={h.Hostname} color="orange" title={`The agent on ${h.Hostname} does not answer`}>
          <Text size="sm">
            Not since <Ago time={h.UnreachableSince} />. Is the host up, and orchestrator-agent running there? The seed goes on when it answers again.
          </Text>
        </Alert>
      ))}
    </>
  );
}
