import { Group, Loader, Pagination, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import { pageSize, seedsQuery } from '../../api/queries';
import { Page } from '../../app/Shell';
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
  const last = data !== undefined && data.length < pageSize;
  return (
    <Page title="Seeds">
      <Stack>
        <Filters filter={filter} change={setFilter} />
        {error && <Problem error={error} retry={() => void refetch()} />}
        {isPending && !error && <Loader aria-label="The seeds are being read" />}
        {data?.length === 0 && <Nothing narrowed={narrowed} page={filter.page} />}
        {data && data.length > 0 && <SeedTable seeds={data} />}
        {(filter.page > 0 || !last) && (
          <Group justify="center">
            <Pagination
              total={last ? filter.page + 1 : filter.page + 2}
              value={filter.page + 1}
              onChange={(p) => setFilter({ ...filter, page: p - 1 })}
              getControlProps={(c) => ({ 'aria-label': `${c} page` })}
            />
          </Group>
        )}
      </Stack>
    </Page>
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
