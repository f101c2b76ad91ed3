import { Progress, Stack, Text } from '@mantine/core';

import { bytes } from './format';

/** Used and free space as a bar with words. */
export function DiskBar({ used, free, name }: { used: number; free: number; name: string }) {
  const share = used + free > 0 ? (100 * used) / (used + free) : 0;
  return (
    <Stack gap={2} miw={110}>
      <Progress value={share} color={share > 90 ? 'red' : share > 75 ? 'orange' : 'blue'} aria-label={`${name}: ${Math.round(share)} % used`} />
      <Text size="xs">
        {bytes(used)} · {bytes(free)} free
      </Text>
    </Stack>
  );
}
