import { Alert, Loader, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useMemo } from 'react';
import { useParams } from 'react-router';

import { seedQuery, seedStatesQuery } from '../../api/queries';
import type { Seed, SeedStageState } from '../../api/types';
import { queries, useListener } from '../../app/live';
import { Link, Page } from '../../app/Shell';
import { StatusBadge } from '../../ui/StatusBadge';
import { Problem } from '../../ui/Problem';
import { Actions } from './Actions';
import { CopyCommand } from './CopyCommand';
import { History } from './History';
import { Hosts } from './Hosts';
import { Now } from './Now';
import { Timeline } from './Timeline';
import { Trouble } from './Trouble';
import { useRates } from './rates';

const RateChart = lazy(() => import('./RateChart'));

/** One seed, from its request to its end, live. */
export default function SeedDetails() {
  const id = Number(useParams().id);
  const seed = useQuery(seedQuery(id));
  const states = useQuery(seedStatesQuery(id));
  useLiveSeed(id);
  const rates = useRates(seed.data);
  if (seed.error) {
    return (
      <Page title={`Seed ${id}`}>
        <Problem error={seed.error} retry={() => void seed.refetch()} />
      </Page>
    );
  }
  if (!seed.data) {
    return (
      <Page title={`Seed ${id}`}>
        <Loader aria-label="The seed is being read" />
      </Page>
    );
  }
  const s = seed.data;
  return (
    <Page title={`Seed ${id}`} actions={<Actions seed={s} />}>
      <Stack>
        <Route seed={s} />
        <Trouble seed={s} />
        {s.OldDataText && (
          <Alert color={s.OldData === 'erased' ? 'orange' : 'gray'} variant="light" title="The target’s old data">
            <Text size="sm">{s.OldDataText}.</Text>
          </Alert>
        )}
        <Now seed={s} />
        {rates.length > 2 && (
          <Suspense>
            <RateChart samples={rates} unit={s.Progress.Unit} />
          </Suspense>
        )}
        <Timeline seed={s} states={states.data ?? []} />
        <Hosts seed={s} />
        {states.error ? <Problem error={states.error} retry={() => void states.refetch()} /> : <History states={states.data ?? []} />}
        <CopyCommand seed={s} />
      </Stack>
    </Page>
  );
}

/** From where to where, how, and how it stands. */
function Route({ seed }: { seed: Seed }) {
  return (
    <Text size="lg" component="div">
      <Link to={`/agent/${encodeURIComponent(seed.SourceHostname)}`}>{seed.SourceHostname}</Link>
      {' → '}
      <Link to={`/agent/${encodeURIComponent(seed.TargetHostname)}`}>{seed.TargetHostname}</Link>
      {` by ${seed.SeedMethod}, ${seed.Stage} `}
      <StatusBadge status={seed.Status} />
    </Text>
  );
}

/** Keeps the seed and its history fresh. */
function useLiveSeed(id: number) {
  const listener = useMemo(
    () => ({
      seed: (s: Seed) => {
        if (s.SeedID === id) queries.setQueryData(seedQuery(id).queryKey, s);
      },
      state: (row: SeedStageState) => {
        if (row.SeedID !== id) return;
        const key = seedStatesQuery(id).queryKey;
        // A row without a number, or one that repeats another, can only be read again.
        if (!row.SeedStageID) void queries.invalidateQueries({ queryKey: key });
        else queries.setQueryData(key, (old) => old && [row, ...old.filter((r) => r.SeedStageID !== row.SeedStageID)]);
      },
    }),
    [id],
  );
  useListener(listener);
}
