import { Alert, Button, Code, Group, Text } from '@mantine/core';
import { IconPlugConnectedX, IconServerBolt } from '@tabler/icons-react';

import { CallError } from '../api/call';

/** Why something could not be read or done, with a way to try again. */
export function Problem({ error, retry }: { error: Error; retry?: () => void }) {
  const network = error instanceof CallError && error.kind === 'network';
  return (
    <Alert
      color={network ? 'gray' : 'red'}
      role="alert"
      icon={network ? <IconPlugConnectedX aria-hidden /> : <IconServerBolt aria-hidden />}
      title={network ? 'The service can’t be reached' : 'The service refuses'}
    >
      <Group justify="space-between" align="flex-start">
        <Text size="sm">{error.message}</Text>
        {retry && (
          <Button size="xs" variant="default" onClick={retry}>
            Try again
          </Button>
        )}
      </Group>
    </Alert>
  );
}

/** What an empty page teaches. */
export function Lesson({ title, text, command }: { title: string; text: string; command?: string }) {
  return (
    <Alert color="blue" variant="outline" title={title}>
      <Text size="sm">{text}</Text>
      {command && (
        <Code block mt="xs">
          {command}
        </Code>
      )}
    </Alert>
  );
}
