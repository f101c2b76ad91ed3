// What is read once by a query and kept fresh by events.

import { QueryClient } from '@tanstack/react-query';
import { createContext, useContext, useEffect, useSyncExternalStore, type ReactNode } from 'react';

import { apiURL } from '../api/base';
import { CallError } from '../api/call';
import { Events, type Listener } from '../api/events';

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 60_000,
      refetchOnWindowFocus: false,
      // What the service refuses it refuses again; a network comes back.
      retry: (failures, error) => error instanceof CallError && error.kind === 'network' && failures < 3,
    },
  },
});

const EventsContext = createContext<Events | null>(null);

const stream = new Events(apiURL('events'));

export function Live({ children, events = stream }: { children: ReactNode; events?: Events }) {
  // Everything that was read may be old when the place in the stream is lost.
  useEffect(() => events.listen({ resync: () => void queries.invalidateQueries() }), [events]);
  return <EventsContext value={events}>{children}</EventsContext>;
}

export function useEvents(): Events {
  const events = useContext(EventsContext);
  if (!events) throw new Error('there is no stream of events here');
  return events;
}

/** Hears of everything that happens while the component is shown; the listener must not change with each render. */
export function useListener(listener: Listener) {
  const events = useEvents();
  useEffect(() => events.listen(listener), [events, listener]);
}

export function useConnection() {
  const events = useEvents();
  return useSyncExternalStore(events.watch, events.connection);
}
