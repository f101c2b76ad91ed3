import { Alert, Text } from '@mantine/core';

import type { Check } from '../../api/types';

/** The check that has just asked the target's server what it holds; what the agent said earlier may be out of date. */
const dataCheck = (checks: Check[]) => checks.find((c) => c.Name === 'target-data');

/** Whether the seed replaces data; it is taken to when that is not known. */
export const losesData = (checks: Check[]) => dataCheck(checks)?.Result !== 'pass';

/** What will be lost on the target, by name and size. */
export function WillBeLost({ checks }: { checks: Check[] }) {
  const check = dataCheck(checks);
  if (!losesData(checks)) return <Text size="sm">{check?.Found}</Text>;
  return (
    <Alert color="red" title="The target’s data is replaced">
      <Text size="sm">{check?.Found ?? 'What the target holds could not be found out.'}</Text>
    </Alert>
  );
}
