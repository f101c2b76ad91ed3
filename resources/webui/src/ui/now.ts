import { useSyncExternalStore } from 'react';

// One clock for the page, so that all relative times turn over together.
let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;
const readers = new Set<() => void>();

function subscribe(reader: () => void) {
  readers.add(reader);
  timer ??= setInterval(() => {
    now = Date.now();
    for (const r of readers) r();
  }, 1000);
  return () => {
    readers.delete(reader);
    if (readers.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

/** The time now in milliseconds, anew each second. */
export const useNow = () => useSyncExternalStore(subscribe, () => now);
