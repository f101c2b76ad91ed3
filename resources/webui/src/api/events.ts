// What happens, as the service tells it: one stream of server-sent events for the whole page. It reconnects by itself, goes
// on after the last event it saw, and says when what is shown may be out of date.

import type { Agent, Seed, SeedStageState } from './types';

export interface Listener {
  seed?(seed: Seed): void;
  state?(row: SeedStageState): void;
  agent?(agent: Agent): void;
  /** The place in the stream is lost: everything that is shown has to be read again. */
  resync?(): void;
}

export type Connection = 'connecting' | 'live' | 'stale';

/** No sign of life for so long means that the stream is dead; the service says something every 15 s. */
const silence = 40_000; // ms
const firstWait = 1_000; // ms
const longestWait = 15_000; // ms

type Source = Pick<EventSource, 'close' | 'addEventListener' | 'onopen' | 'onerror'>;

/** Events holds the stream while somebody listens. */
export class Events {
  private listeners = new Set<Listener>();
  private watchers = new Set<() => void>();
  private source: Source | null = null;
  private state: Connection = 'connecting';
  private lastID = '';
  private wait = firstWait;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private watchdog: ReturnType<typeof setTimeout> | undefined;
  private readonly open: (url: string) => Source;
  private readonly url: string;

  constructor(url: string, open: (url: string) => Source = (u) => new EventSource(u)) {
    this.url = url;
    this.open = open;
  }

  listen(l: Listener): () => void {
    this.listeners.add(l);
    if (!this.source && this.retry === undefined) this.connect();
    return () => {
      this.listeners.delete(l);
      if (this.listeners.size === 0) this.close();
    };
  }

  /** For useSyncExternalStore. */
  watch = (changed: () => void): (() => void) => {
    this.watchers.add(changed);
    return () => this.watchers.delete(changed);
  };
  connection = (): Connection => this.state;

  private become(state: Connection) {
    if (this.state === state) return;
    this.state = state;
    for (const w of this.watchers) w();
  }

  private connect() {
    this.retry = undefined;
    const source = this.open(this.lastID ? `${this.url}?lastEventId=${this.lastID}` : this.url);
    this.source = source;
    source.onopen = () => {
      this.wait = firstWait;
      this.become('live');
      this.alive();
    };
    source.onerror = () => this.lost();
    const on = <T>(kind: string, tell: (l: Listener, v: T) => void) =>
      source.addEventListener(kind, (e) => {
        const message = e as MessageEvent<string>;
        this.alive();
        if (message.lastEventId) this.lastID = message.lastEventId;
        const v = message.data ? (JSON.parse(message.data) as T) : (undefined as T);
        for (const l of this.listeners) tell(l, v);
      });
    on<Seed>('seed', (l, v) => l.seed?.(v));
    on<SeedStageState>('seed-state', (l, v) => l.state?.(v));
    on<Agent>('agent', (l, v) => l.agent?.(v));
    on('resync', (l) => l.resync?.());
    on('resynced', () => {});
    on('alive', () => {});
    source.addEventListener('end', () => this.lost());
    this.alive();
  }

  private alive() {
    clearTimeout(this.watchdog);
    this.watchdog = setTimeout(() => this.lost(), silence);
  }

  private lost() {
    this.source?.close();
    this.source = null;
    clearTimeout(this.watchdog);
    this.become('stale');
    if (this.listeners.size === 0 || this.retry !== undefined) return;
    this.retry = setTimeout(() => this.connect(), this.wait);
    this.wait = Math.min(2 * this.wait, longestWait);
  }

  private close() {
    this.source?.close();
    this.source = null;
    clearTimeout(this.watchdog);
    clearTimeout(this.retry);
    this.retry = undefined;
    this.become('connecting');
  }
}
