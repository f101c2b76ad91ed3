import { Button, Code, CopyButton, Group } from '@mantine/core';

import type { Seed } from '../../api/types';

/** A word that a shell takes as it is. */
const quoted = (word: string) => (/^[\w.:@%+=/-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);

/** The same as a command line. */
export function CopyCommand({ seed }: { seed: Seed }) {
  const ended = seed.Status === 'Completed' || seed.Status === 'Failed';
  const command = ended
    ? ['orchestrator-seed', 'agent-seed', seed.SeedMethod, seed.TargetHostname, seed.SourceHostname].map(quoted).join(' ')
    : `orchestrator-seed wait ${seed.SeedID}`;
  return (
    <Group>
      <Code>{command}</Code>
      <CopyButton value={command}>
        {({ copied, copy }) => (
          <Button size="compact-xs" variant="default" onClick={copy}>
            {copied ? 'Copied' : 'Copy'}
          </Button>
        )}
      </CopyButton>
    </Group>
  );
}
