import { Group, Pagination } from '@mantine/core';

/** Turns the pages of a list whose length is not known: there is a next page while this one is full. */
export function PageTurner({ page, full, change }: { page: number; full: boolean; change: (page: number) => void }) {
  if (page === 0 && !full) return null;
  return (
    <Group justify="center">
      <Pagination
        total={full ? page + 2 : page + 1}
        value={page + 1}
        onChange={(p) => change(p - 1)}
        getItemProps={(p) => ({ 'aria-label': `Page ${p}` })}
        getControlProps={(c) => ({ 'aria-label': `${c} page` })}
      />
    </Group>
  );
}
