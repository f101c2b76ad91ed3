import { expect, test } from 'vitest';

import type { SeedStageState, Stage, Status } from '../../api/types';
import { lanes } from './lanes';

const row = (second: number, Stage: Stage, Hostname: string, Status: Status, Attempt = 1): SeedStageState => ({
  SeedStageID: second,
  SeedID: 1,
  Stage,
  Hostname,
  Status,
  Attempt,
  Repeats: 1,
  Details: '',
  Timestamp: new Date(second * 1000).toISOString(),
});

test('each attempt of a stage on a host is one bar', () => {
  const history = [
    row(1, 'Prepare', 'tgt', 'Running'),
    row(3, 'Prepare', 'tgt', 'Completed'),
    row(4, 'Backup', 'src', 'Running', 2),
    row(9, 'Backup', 'src', 'Error', 2),
    row(20, 'Backup', 'src', 'Running', 3),
  ].toReversed();
  const got = lanes(history, 30_000, false);
  expect([...got.keys()]).toEqual(['tgt', 'src']);
  expect(got.get('tgt')).toMatchObject([{ stage: 'Prepare', from: 1000, to: 3000, end: 'completed' }]);
  expect(got.get('src')).toMatchObject([
    { attempt: 2, from: 4000, to: 9000, end: 'failed' },
    { attempt: 3, from: 20_000, to: 30_000, end: 'running' },
  ]);
});

test('nothing runs on in a seed that has ended', () => {
  const history = [row(5, 'Restore', 'tgt', 'Running')];
  expect(lanes(history, 60_000, true).get('tgt')).toMatchObject([{ from: 5000, to: 5000 }]);
});
