// What is read of the service, by name. Answers are kept fresh by events where the page follows them.

import { queryOptions } from '@tanstack/react-query';

import { apiURL } from './base';
import { get } from './call';
import type { Agent, AuditEntry, Check, NodeStatus, Seed, SeedStageState } from './types';

export const pageSize = 20;

/** What the list of seeds is narrowed by; empty texts do not narrow. */
export interface SeedFilter {
  page: number;
  target: string;
  source: string;
  method: string;
  status: string;
  stage: string;
}

const names: Record<Exclude<keyof SeedFilter, 'page'>, string> = {
  target: 'targethostname',
  source: 'sourcehostname',
  method: 'method',
  status: 'status',
  stage: 'stage',
};

function seedsURL(f: SeedFilter): string {
  const query = new URLSearchParams({ page: String(f.page) });
  for (const [key, name] of Object.entries(names)) {
    const value = f[key as keyof typeof names];
    if (value) query.set(name, value);
  }
  return `${apiURL('seeds')}?${query}`;
}

export const seedsQuery = (f: SeedFilter) =>
  queryOptions({ queryKey: ['seeds', f], queryFn: ({ signal }) => get<Seed[] | null>(seedsURL(f), signal).then((l) => l ?? []) });

export const seedQuery = (id: number) =>
  queryOptions({ queryKey: ['seed', id], queryFn: ({ signal }) => get<Seed>(apiURL('agent-seed-details', id), signal) });

export const seedStatesQuery = (id: number) =>
  queryOptions({
    queryKey: ['seed-states', id],
    queryFn: ({ signal }) => get<SeedStageState[] | null>(apiURL('agent-seed-states', id), signal).then((l) => l ?? []),
  });

export const agentQuery = (host: string) =>
  queryOptions({ queryKey: ['agent', host], queryFn: ({ signal }) => get<Agent>(apiURL('agent', host), signal) });

export const hostsQuery = (prefix: string) =>
  queryOptions({
    queryKey: ['hosts', prefix],
    queryFn: ({ signal }) => get<string[] | null>(`${apiURL('agents-hosts')}?hostname=${encodeURIComponent(prefix)}`, signal).then((l) => l ?? []),
  });

export const statusQuery = queryOptions({ queryKey: ['status'], queryFn: ({ signal }) => get<NodeStatus>(apiURL('status'), signal) });

export const auditQuery = (page: number) =>
  queryOptions({
    queryKey: ['audit', page],
    queryFn: ({ signal }) => get<AuditEntry[] | null>(`${apiURL('audit')}?page=${page}`, signal).then((l) => l ?? []),
  });

/** What the list of agents is narrowed by. */
export interface AgentFilter {
  page: number;
  host: string;
  cluster: string;
  status: string;
}

export const agentsQuery = (f: AgentFilter) =>
  queryOptions({
    queryKey: ['agents', f],
    queryFn: ({ signal }) => {
      const query = new URLSearchParams({ page: String(f.page) });
      if (f.host) query.set('hostname', f.host);
      if (f.cluster) query.set('clusteralias', f.cluster);
      if (f.status) query.set('status', f.status);
      return get<Agent[] | null>(`${apiURL('agents')}?${query}`, signal).then((l) => l ?? []);
    },
  });

export const clustersQuery = (prefix: string) =>
  queryOptions({
    queryKey: ['clusters', prefix],
    queryFn: ({ signal }) =>
      get<string[] | null>(`${apiURL('clusters-aliases')}?clusteralias=${encodeURIComponent(prefix)}`, signal).then((l) => l ?? []),
  });

/** Seeds of one host: those that are live, or the last ten. */
export const hostSeedsQuery = (host: string, which: 'active' | 'recent') =>
  queryOptions({
    queryKey: ['host-seeds', host, which],
    queryFn: ({ signal }) => get<Seed[] | null>(apiURL(`agent-${which}-seeds`, host), signal).then((l) => l ?? []),
  });

export const checksQuery = (method: string, target: string, source: string) =>
  queryOptions({
    queryKey: ['checks', method, target, source],
    queryFn: ({ signal }) => get<Check[] | null>(apiURL('agent-seed-check', method, target, source), signal).then((l) => l ?? []),
    staleTime: 0,
    gcTime: 0,
  });

export const errorLogQuery = (host: string) =>
  queryOptions({ queryKey: ['error-log', host], queryFn: ({ signal }) => get<string>(apiURL('agent-mysql-error-log', host), signal), staleTime: 0 });
