import { Autocomplete, Badge, Group, Loader, Select, Stack, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useSearchParams } from 'react-router';

import { agentQuery, agentsQuery, clustersQuery, pageSize, type AgentFilter } from '../../api/queries';
import type { Agent } from '../../api/types';
import { queries, useListener } from '../../app/live';
import { Link, Page } from '../../app/Shell';
import { Ago } from '../../ui/Ago';
import { DiskBar } from '../../ui/DiskBar';
import { HostInput } from '../../ui/HostInput';
import { PageTurner } from '../../ui/Pages';
import { Lesson, Problem } from '../../ui/Problem';
import { bytes } from '../../ui/format';

/** All agents, by cluster and host. */
export default function Agents() {
  const [filter, setFilter] = useAgentFilter();
  const { data, error, refetch, isPending } = useQuery(agentsQuery(filter));
  useLiveAgents(filter);
  const narrowed = Boolean(filter.host || filter.cluster || filter.status);
  return (
    <Page title="Agents">
      <Stack>
        <Filters filter={filter} change={setFilter} />
        {error && <Problem error={error} retry={() => void refetch()} />}
        {isPending && !error && <Loader aria-label="The agents are being read" />}
        {data?.length === 0 && <Nothing narrowed={narrowed || filter.page > 0} />}
        {data && data.length > 0 && <AgentTable agents={data} />}
        {data && <PageTurner page={filter.page} full={data.length === pageSize} change={(page) => setFilter({ ...filter, page })} />}
      </Stack>
    </Page>
  );
}

function useAgentFilter(): [AgentFilter, (f: AgentFilter) => void] {
  const [params, setParams] = useSearchParams();
  const word = (name: string) => params.get(name) ?? '';
  const page = Number.parseInt(word('page'), 10);
  const filter = { page: page > 0 ? page : 0, host: word('host'), cluster: word('cluster'), status: word('status') };
  const change = (f: AgentFilter) => {
    const next = new URLSearchParams();
    for (const [name, value] of Object.entries(f)) if (value) next.set(name, String(value));
    setParams(next);
  };
  return [filter, change];
}

/** Rows change as agents are heard of. */
function useLiveAgents(filter: AgentFilter) {
  const key = JSON.stringify(filter);
  const listener = useMemo(() => {
    const queryKey = agentsQuery(JSON.parse(key) as AgentFilter).queryKey;
    return {
      agent: (a: Agent) => {
        queries.setQueryData(agentQuery(a.Info.Hostname).queryKey, a);
        const page = queries.getQueryData(queryKey);
        if (page?.some((old) => old.Info.Hostname === a.Info.Hostname))
          queries.setQueryData(queryKey, page.map((old) => (old.Info.Hostname === a.Info.Hostname ? a : old)));
        else if (page?.length === 0) void queries.invalidateQueries({ queryKey });
      },
    };
  }, [key]);
  useListener(listener);
}

function Filters({ filter, change }: { filter: AgentFilter; change: (f: AgentFilter) => void }) {
  const { data } = useQuery(clustersQuery(''));
  const set = (part: Partial<AgentFilter>) => change({ ...filter, page: 0, ...part });
  return (
    <Group align="flex-end" role="search" aria-label="Narrow the list">
      <HostInput label="Host" value={filter.host} onChange={(host) => set({ host })} />
      <Autocomplete
        key={filter.cluster}
        label="Cluster"
        placeholder="any cluster"
        data={data ?? []}
        limit={50}
        defaultValue={filter.cluster}
        onOptionSubmit={(cluster) => set({ cluster })}
        onBlur={(e) => e.currentTarget.value !== filter.cluster && set({ cluster: e.currentTarget.value })}
      />
      <Select label="Status" placeholder="any" clearable w={140} data={['Active', 'Inactive']} value={filter.status || null} onChange={(v) => set({ status: v ?? '' })} />
    </Group>
  );
}

function AgentTable({ agents }: { agents: Agent[] }) {
  return (
    <Table.ScrollContainer minWidth={1080}>
      <Table verticalSpacing="xs" highlightOnHover>
        <Table.Thead>
          <Table.Tr>
            {['Cluster', 'Host', 'Status', 'Last seen', 'Version', 'Databases', 'System', 'Data directory', 'Methods'].map((h) => (
              <Table.Th key={h}>{h}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {agents.map((a) => (
            <Row key={a.Info.Hostname} agent={a} />
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function Row({ agent }: { agent: Agent }) {
  const d = agent.Data;
  return (
    <Table.Tr>
      <Table.Td>{agent.ClusterAlias && <Link to={`/agents/cluster/${encodeURIComponent(agent.ClusterAlias)}`}>{agent.ClusterAlias}</Link>}</Table.Td>
      <Table.Td>
        <Link to={`/agent/${encodeURIComponent(agent.Info.Hostname)}`}>{agent.Info.Hostname}</Link>
      </Table.Td>
      <Table.Td>
        <Badge color={agent.Status === 'Active' ? 'green' : 'red'} variant="light" autoContrast tt="none" title={agent.LastError}>
          {agent.Status}
        </Badge>
        {d && !d.MySQLRunning && <Text size="xs">MySQL does not run</Text>}
      </Table.Td>
      <Table.Td>
        <Ago time={agent.LastSeen} />
      </Table.Td>
      <Table.Td>{agent.MySQLVersion}</Table.Td>
      <Table.Td>{d && Object.keys(d.MySQLDatabases ?? {}).length}</Table.Td>
      <Table.Td>
        {d && (
          <>
            <Text size="sm">{d.OsName}</Text>
            <Text size="xs">
              {d.NumCPU} CPUs, {bytes(d.MemTotal)}
            </Text>
          </>
        )}
      </Table.Td>
      <Table.Td>{d && <DiskBar used={d.MySQLDatadirDiskUsed} free={d.MySQLDatadirDiskFree} name={`Disk of ${agent.Info.Hostname}`} />}</Table.Td>
      <Table.Td>{d && Object.keys(d.AvailiableSeedMethods ?? {}).join(', ')}</Table.Td>
    </Table.Tr>
  );
}

function Nothing({ narrowed }: { narrowed: boolean }) {
  if (narrowed) return <Lesson title="No such agent" text="No agent fits these filters. Clear one of them to see more." />;
  return (
    <Lesson
      title="No agent yet"
      text="On each MySQL or MariaDB host copy conf/orchestrator-agent.conf to /etc, set the service’s address in it, and run:"
      command="orchestrator-agent --config /etc/orchestrator-agent.conf"
    />
  );
}
