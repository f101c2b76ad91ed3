import { Button, Code, Group, Loader, Stack, Switch } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { errorLogQuery } from '../../api/queries';
import { Problem } from '../../ui/Problem';

const every = 5_000; // ms; the agent reads the file's end each time

/** The end of MySQL's error log; live while it is shown and asked for. */
export function ErrorLog({ host }: { host: string }) {
  const [live, setLive] = useState(true);
  const { data, error, refetch, isFetching } = useQuery({ ...errorLogQuery(host), refetchInterval: live ? every : false });
  return (
    <Stack>
      <Group>
        <Switch label="Live" checked={live} onChange={(e) => setLive(e.currentTarget.checked)} />
        {!live && (
          <Button size="xs" variant="default" loading={isFetching} onClick={() => void refetch()}>
            Read again
          </Button>
        )}
      </Group>
      {error && <Problem error={error} retry={() => void refetch()} />}
      {data === undefined && !error && <Loader aria-label="The log is being read" />}
      {data !== undefined && (
        <Code block tabIndex={0} aria-label="End of the error log" mah={480} style={{ overflow: 'auto' }}>
          {data || 'The log is empty.'}
        </Code>
      )}
    </Stack>
  );
}
