import { expect, test } from 'vitest';

import { bytes, relative, seconds } from './format';

test('sizes have three digits at most and never say 1024 of a unit', () => {
  const said = { 0: '0 B', 1023: '1023 B', 1024: '1.0 KiB', 1048575: '1.0 MiB', 10_240: '10 KiB', 122_406_567_936: '114 GiB' };
  for (const [n, text] of Object.entries(said)) expect(bytes(Number(n))).toBe(text);
});

test('times read as people say them', () => {
  expect(seconds(59.4)).toBe('59 s');
  expect(seconds(185)).toBe('3 min 5 s');
  expect(seconds(7800)).toBe('2 h 10 min');
  const now = Date.parse('2030-01-01T00:00:00Z');
  expect(relative('2029-12-31T23:59:50Z', now)).toBe('10 s ago');
  expect(relative('2030-01-01T00:03:00Z', now)).toBe('in 3 min');
  expect(relative('0001-01-01T00:00:00Z', now)).toBe('never');
});
