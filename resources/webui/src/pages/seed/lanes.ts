// What the history says of when each stage ran on each host.

import { stages, type SeedStageState, type Stage } from '../../api/types';

/** One attempt of a stage on one host. */
export interface Bar {
  stage: Stage;
  host: string;
  attempt: number;
  from: number; // ms
  to: number; // ms; of one that still runs: now
  end: 'completed' | 'failed' | 'running';
}

/** lanes reads a history (newest first) and returns the bars by host, oldest first. */
export function lanes(history: SeedStageState[], now: number, ended: boolean): Map<string, Bar[]> {
  const all = new Map<string, Bar[]>();
  for (const row of history.toReversed()) {
    if (!stages.includes(row.Stage) || row.Status === 'Scheduled') continue;
    const bars = all.get(row.Hostname) ?? [];
    all.set(row.Hostname, bars);
    const at = Date.parse(row.Timestamp);
    let bar = bars.find((b) => b.stage === row.Stage && b.attempt === row.Attempt);
    if (!bar) {
      bar = { stage: row.Stage, host: row.Hostname, attempt: row.Attempt, from: at, to: at, end: 'running' };
      bars.push(bar);
    }
    bar.to = at;
    if (row.Status === 'Completed') bar.end = 'completed';
    else if (row.Status === 'Error' || row.Status === 'Failed') bar.end = 'failed';
  }
  for (const bars of all.values()) {
    for (const [i, bar] of bars.entries()) {
      if (bar.end !== 'running') continue;
      const next = bars[i + 1];
      if (next) bar.to = Math.max(bar.to, Math.min(next.from, now));
      else if (!ended) bar.to = now;
    }
  }
  return all;
}
