import { Badge } from '@mantine/core';

import type { Status } from '../api/types';

const colors: Record<Status, string> = {
  Scheduled: 'gray',
  Running: 'blue',
  Completed: 'green',
  Error: 'orange',
  Failed: 'red',
  Aborting: 'yellow',
};

/** A status as a coloured word; the colour says nothing that the word does not. */
export function StatusBadge({ status }: { status: Status }) {
  return (
    <Badge color={colors[status]} variant="light" autoContrast tt="none" style={{ flex: 'none', minWidth: 'max-content' }}>
      {status}
    </Badge>
  );
}
