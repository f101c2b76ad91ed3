import { Card, Text, Tooltip } from '@mantine/core';
import { useMemo } from 'react';

import { stages, type Seed, type SeedStageState } from '../../api/types';
import { seconds } from '../../ui/format';
import { useNow } from '../../ui/now';
import { lanes, type Bar } from './lanes';
import classes from './Timeline.module.css';

/** The five stages in time, a lane for each host. */
export function Timeline({ seed, states }: { seed: Seed; states: SeedStageState[] }) {
  const ended = seed.Status === 'Completed' || seed.Status === 'Failed';
  const second = useNow();
  const now = ended ? 0 : second; // an ended seed's picture is drawn once
  const byHost = useMemo(() => lanes(states, now, ended), [states, now, ended]);
  const bars = [...byHost.values()].flat();
  if (bars.length === 0) return null;
  const from = Math.min(...bars.map((b) => b.from));
  const span = Math.max(1, Math.max(...bars.map((b) => b.to)) - from);
  const hosts = [seed.TargetHostname, seed.SourceHostname].filter((h) => byHost.has(h));
  return (
    <Card withBorder component="section" aria-label="Stages in time">
      {hosts.map((host) => (
        <div key={host} className={classes.lane}>
          <Text size="sm" className={classes.name} title={host}>
            {host === seed.TargetHostname ? 'Target' : 'Source'}
          </Text>
          <ol className={classes.track}>
            {byHost.get(host)?.map((bar) => (
              <One key={`${bar.stage} ${bar.attempt}`} bar={bar} from={from} span={span} />
            ))}
          </ol>
        </div>
      ))}
      <Stages seed={seed} bars={bars} />
    </Card>
  );
}

function One({ bar, from, span }: { bar: Bar; from: number; span: number }) {
  const text = `${bar.stage}, attempt ${bar.attempt}: ${seconds((bar.to - bar.from) / 1000)}, ${bar.end}`;
  return (
    <Tooltip label={text}>
      <li
        className={classes.bar}
        data-end={bar.end}
        aria-label={text}
        style={{ insetInlineStart: `${(100 * (bar.from - from)) / span}%`, inlineSize: `max(4px, ${(100 * (bar.to - bar.from)) / span}%)` }}
      >
        <span className={classes.word}>{bar.stage}</span>
      </li>
    </Tooltip>
  );
}

/** How long each stage took, its attempts together. */
function Stages({ seed, bars }: { seed: Seed; bars: Bar[] }) {
  return (
    <ul className={classes.stages}>
      {stages.map((stage) => {
        const of = bars.filter((b) => b.stage === stage);
        const took = of.length ? (Math.max(...of.map((b) => b.to)) - Math.min(...of.map((b) => b.from))) / 1000 : 0;
        const attempts = new Set(of.map((b) => b.attempt)).size;
        return (
          <li key={stage} data-now={stage === seed.Stage || undefined} aria-current={stage === seed.Stage ? 'step' : undefined}>
            <Text size="sm" fw={stage === seed.Stage ? 700 : 400}>
              {stage}
            </Text>
            <Text size="xs" c="dimmed">
              {of.length === 0 ? 'not yet' : seconds(took) + (attempts > 1 ? `, ${attempts} attempts` : '')}
            </Text>
          </li>
        );
      })}
    </ul>
  );
}
