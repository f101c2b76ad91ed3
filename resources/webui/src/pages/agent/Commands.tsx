import { Button, Code, Group, Stack, Text } from '@mantine/core';
import { useState } from 'react';

import { apiURL } from '../../api/base';
import type { Agent } from '../../api/types';
import { useAction } from '../../app/action';
import { useMayChange } from '../../app/me';

/** The commands of the agent's configuration. */
export function Commands({ agent }: { agent: Agent }) {
  const may = useMayChange();
  const all = agent.Data?.AgentCommands ?? [];
  if (all.length === 0) return <Text size="sm">Its configuration names no custom command.</Text>;
  if (!may) return <Text size="sm">{all.join(', ')}; you may not run them.</Text>;
  return (
    <Stack>
      {all.map((name) => (
        <Command key={name} host={agent.Info.Hostname} name={name} />
      ))}
    </Stack>
  );
}

function Command({ host, name }: { host: string; name: string }) {
  const [output, setOutput] = useState<string>();
  const run = useAction<string>(`${name} has ended`, (answer) => setOutput(said(answer)));
  return (
    <Stack gap="xs">
      <Group>
        <Button variant="default" loading={run.running} onClick={() => run.run(apiURL('agent-custom-command', host, name))}>
          Run {name}
        </Button>
      </Group>
      {output !== undefined && (
        <Code block tabIndex={0} aria-label={`Output of ${name}`}>
          {output || 'It printed nothing.'}
        </Code>
      )}
    </Stack>
  );
}

/** The agent's answer is JSON within the text; its Message is what the command printed. */
function said(answer: string): string {
  try {
    const inner: unknown = JSON.parse(answer);
    if (typeof inner === 'object' && inner !== null && 'Message' in inner && typeof inner.Message === 'string') return inner.Message;
  } catch {
    // then it is the output itself
  }
  return answer;
}
