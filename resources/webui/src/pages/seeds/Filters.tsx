import { Group, Select } from '@mantine/core';

import type { SeedFilter } from '../../api/queries';
import { methods, stages, statuses } from '../../api/types';
import { HostInput } from '../../ui/HostInput';

/** What the list is narrowed by. */
export function Filters({ filter, change }: { filter: SeedFilter; change: (f: SeedFilter) => void }) {
  const set = (part: Partial<SeedFilter>) => change({ ...filter, page: 0, ...part });
  const words = (label: string, key: 'method' | 'status' | 'stage', all: readonly string[]) => (
    <Select label={label} placeholder="any" clearable searchable w={150} data={[...all]} value={filter[key] || null} onChange={(v) => set({ [key]: v ?? '' })} />
  );
  return (
    <Group align="flex-end" role="search" aria-label="Narrow the list">
      <HostInput label="Target" value={filter.target} onChange={(target) => set({ target })} />
      <HostInput label="Source" value={filter.source} onChange={(source) => set({ source })} />
      {words('Method', 'method', methods)}
      {words('Stage', 'stage', stages)}
      {words('Status', 'status', statuses)}
    </Group>
  );
}
