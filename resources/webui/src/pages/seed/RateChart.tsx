import { AreaChart } from '@mantine/charts';
import '@mantine/charts/styles.css';
import { Card, Text } from '@mantine/core';

import { amount, seconds } from '../../ui/format';
import type { Sample } from './rates';

/** How fast the stage went since this page was opened. */
export default function RateChart({ samples, unit }: { samples: Sample[]; unit: string }) {
  const newest = samples.at(-1)?.at ?? 0;
  const fastest = Math.max(...samples.map((s) => s.rate));
  const data = samples.map((s) => ({ at: (s.at - newest) / 1000, Rate: s.rate }));
  const ago = (v: number) => (v === 0 ? 'now' : `-${seconds(-v)}`);
  return (
    <Card withBorder component="section" aria-label={`Rate, at most ${amount(fastest, unit)} a second`}>
      <Text size="sm" mb="xs">
        Rate
      </Text>
      <AreaChart
        h={160}
        data={data}
        dataKey="at"
        series={[{ name: 'Rate', color: 'blue.6' }]}
        withDots={false}
        curveType="linear"
        valueFormatter={(v) => `${amount(v, unit)}/s`}
        xAxisProps={{ type: 'number', domain: ['dataMin', 0], tickFormatter: ago }}
        yAxisProps={{ width: 90 }}
        areaProps={{ isAnimationActive: false }}
      />
    </Card>
  );
}
