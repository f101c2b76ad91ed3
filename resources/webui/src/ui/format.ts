// How numbers and times read, everywhere alike.

import { ZeroTime } from '../api/types';

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** A size in binary units with three digits at most: 512 B, 1.5 KiB, 114 GiB. */
export function bytes(n: number): string {
  let v = n;
  let unit = 0;
  while (Math.round(v) >= 1024 && unit < units.length - 1) {
    v /= 1024;
    unit++;
  }
  return `${unit > 0 && v < 9.95 ? v.toFixed(1) : Math.round(v)} ${units[unit]}`;
}

/** A count of something that may not be bytes. */
export const amount = (n: number, unit: string) => (unit && unit !== 'log bytes' ? `${n.toLocaleString('en')} ${unit}` : bytes(n));

/** Seconds as a person says them: 42 s, 3 min 5 s, 2 h 10 min, 3 d 4 h. */
export function seconds(n: number): string {
  const s = Math.max(0, Math.round(n));
  if (s < 60) return `${s} s`;
  if (s < 3600) return s % 60 && s < 600 ? `${Math.floor(s / 60)} min ${s % 60} s` : `${Math.round(s / 60)} min`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.round((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86400)} d ${Math.round((s % 86400) / 3600)} h`;
}

export const never = (time: string | undefined) => !time || time === ZeroTime || time.startsWith('0001-');

/** How long ago, or in how long: "5 s ago", "in 3 min". */
export function relative(time: string, now: number): string {
  if (never(time)) return 'never';
  const s = (now - Date.parse(time)) / 1000;
  if (Math.abs(s) < 2) return 'now';
  return s > 0 ? `${seconds(s)} ago` : `in ${seconds(-s)}`;
}

/** The time in full, in the reader's zone. */
export const absolute = (time: string) => (never(time) ? 'never' : new Date(time).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'long' }));

/** Seconds from one time to another, or to now when the second never came. */
export const between = (from: string, to: string, now: number) => ((never(to) ? now : Date.parse(to)) - Date.parse(from)) / 1000;
