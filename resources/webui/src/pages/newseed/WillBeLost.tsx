import { Alert, List, Text } from '@mantine/core';

import type { AgentData } from '../../api/types';
import { bytes } from '../../ui/format';

const shown = 20;

/** The target's databases that the seed replaces, largest first. */
export const lost = (data: AgentData | null) =>
  Object.entries(data?.MySQLDatabases ?? {}).toSorted(([a, x], [b, y]) => y.Size - x.Size || a.localeCompare(b));

/** What will be lost on the target, by name and size. */
export function WillBeLost({ data }: { data: AgentData | null }) {
  const all = lost(data);
  if (all.length === 0) return <Text size="sm">The target holds no database of its own, as far as its agent knows: nothing is lost.</Text>;
  return (
    <Alert color="red" title={`Lost on the target: ${all.length} ${all.length === 1 ? 'database' : 'databases'}, ${bytes(all.reduce((n, [, d]) => n + d.Size, 0))}`}>
      <List size="sm">
        {all.slice(0, shown).map(([name, d]) => (
          <List.Item key={name}>
            {name}, {bytes(d.Size)}
          </List.Item>
        ))}
      </List>
      {all.length > shown && <Text size="sm">and {all.length - shown} more</Text>}
    </Alert>
  );
}
