import { useSearchParams } from 'react-router';

import type { SeedFilter } from '../../api/queries';

/** The filter as the address has it; changing it changes the address, and goes back to the first page unless a page is asked for. */
export function useSeedFilter(): [SeedFilter, (f: SeedFilter) => void] {
  const [params, setParams] = useSearchParams();
  const word = (name: string) => params.get(name) ?? '';
  const page = Number.parseInt(word('page'), 10);
  const filter: SeedFilter = {
    page: Number.isFinite(page) && page > 0 ? page : 0,
    target: word('target'),
    source: word('source'),
    method: word('method'),
    status: word('status'),
    stage: word('stage'),
  };
  const change = (f: SeedFilter) => {
    const next = new URLSearchParams();
    for (const [name, value] of Object.entries(f)) if (value) next.set(name, String(value));
    setParams(next);
  };
  return [filter, change];
}
