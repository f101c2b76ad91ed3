import { Button, Loader, Stack } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link as RouterLink } from 'react-router';

import { pageSize, seedsQuery } from '../../api/queries';
import { useMayChange } from '../../app/me';
import { Page } from '../../app/Shell';
import { PageTurner } from '../../ui/Pages';
import { Lesson, Problem } from '../../ui/Problem';
import { Filters } from './Filters';
import { SeedTable } from './SeedTable';
import { useSeedFilter } from './filter';
import { useLiveSeeds } from './live';

/** All seeds, newest first. */
export default function Seeds() {
  const [filter, setFilter] = useSeedFilter();
  const { data, error, refetch, isPending } = useQuery(seedsQuery(filter));
  useLiveSeeds(filter);
  const narrowed = Boolean(filter.target || filter.source || filter.method || filter.status || filter.stage);
  const may = useMayChange();
  return (
    <Page title="Seeds" actions={may && <NewSeedButton />}>
      <Stack>
        <Filters filter={filter} change={setFilter} />
        {error && <Problem error={error} retry={() => void refetch()} />}
        {isPending && !error && <Loader aria-label="The seeds are being read" />}
        {data?.length === 0 && <Nothing narrowed={narrowed} page={filter.page} />}
        {data && data.length > 0 && <SeedTable seeds={data} />}
        {data && <PageTurner page={filter.page} full={data.length === pageSize} change={(page) => setFilter({ ...filter, page })} />}
      </Stack>
    </Page>
  );
}

function NewSeedButton() {
  return (
    <Button component={RouterLink} to="/new-seed" leftSection={<IconPlus size={16} aria-hidden />}>
      New seed
    </Button>
  );
}

function Nothing({ narrowed, page }: { narrowed: boolean; page: number }) {
  if (page > 0) return <Lesson title="No more seeds" text="This page is past the oldest seed." />;
  if (narrowed) return <Lesson title="No such seed" text="No seed fits these filters. Clear one of them to see more." />;
  return (
    <Lesson
      title="No seed yet"
      text="A seed fills an empty, broken or outdated server from another one and makes it its replica. Ask first; nothing is changed by that:"
      command="orchestrator-seed agent-seed-check Xtrabackup TARGET SOURCE"
    />
  );
}
