import { Loader, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import { hostSeedsQuery } from '../../api/queries';
import { Problem } from '../../ui/Problem';
import { SeedTable } from '../seeds/SeedTable';

/** The host's live seeds and its last ten. */
export function Seeds({ host }: { host: string }) {
  return (
    <Stack>
      <List host={host} which="active" title="Live" none="No seed is live on this host." />
      <List host={host} which="recent" title="The last ten" none="This host was in no seed yet." />
    </Stack>
  );
}

function List({ host, which, title, none }: { host: string; which: 'active' | 'recent'; title: string; none: string }) {
  const { data, error, refetch } = useQuery(hostSeedsQuery(host, which));
  return (
    <section aria-label={title}>
      <Title order={2} size="h5">
        {title}
      </Title>
      {error && <Problem error={error} retry={() => void refetch()} />}
      {!data && !error && <Loader size="sm" aria-label="The seeds are being read" />}
      {data?.length === 0 && <Text size="sm">{none}</Text>}
      {data && data.length > 0 && <SeedTable seeds={data} />}
    </section>
  );
}
