import { useMemo } from 'react';

import { seedQuery, seedsQuery, type SeedFilter } from '../../api/queries';
import type { Seed } from '../../api/types';
import { queries, useListener } from '../../app/live';

/** Rows change as events tell; a seed that is new, or fits the filter no longer, has the page read again. */
export function useLiveSeeds(filter: SeedFilter) {
  const key = JSON.stringify(filter);
  const listener = useMemo(() => {
    const f = JSON.parse(key) as SeedFilter;
    return { seed: (s: Seed) => merge(f, s) };
  }, [key]);
  useListener(listener);
}

function merge(filter: SeedFilter, seed: Seed) {
  queries.setQueryData(seedQuery(seed.SeedID).queryKey, seed);
  const key = seedsQuery(filter).queryKey;
  const page = queries.getQueryData(key);
  if (!page) return;
  const known = page.some((s) => s.SeedID === seed.SeedID);
  const fits =
    (!filter.target || filter.target === seed.TargetHostname) &&
    (!filter.source || filter.source === seed.SourceHostname) &&
    (!filter.method || filter.method === seed.SeedMethod) &&
    (!filter.status || filter.status === seed.Status) &&
    (!filter.stage || filter.stage === seed.Stage);
  const newest = filter.page === 0 && fits && page.every((s) => s.SeedID < seed.SeedID);
  if (newest || (known && !fits)) void queries.invalidateQueries({ queryKey: key });
  else if (known) queries.setQueryData(key, (old) => old?.map((s) => (s.SeedID === seed.SeedID ? seed : s)));
}
