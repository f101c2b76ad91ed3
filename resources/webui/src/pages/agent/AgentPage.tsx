import { Alert, Badge, Button, Group, Loader, Stack, Tabs, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { Link as RouterLink, useParams } from 'react-router';

import { apiURL } from '../../api/base';
import { agentQuery, hostSeedsQuery } from '../../api/queries';
import type { Agent, Seed } from '../../api/types';
import { useAction } from '../../app/action';
import { queries, useListener } from '../../app/live';
import { useMayChange } from '../../app/me';
import { Link, Page } from '../../app/Shell';
import { Ago } from '../../ui/Ago';
import { Problem } from '../../ui/Problem';
import { Commands } from './Commands';
import { Databases } from './Databases';
import { ErrorLog } from './ErrorLog';
import { Facts } from './Facts';
import { Seeds } from './Seeds';
import { Snapshots } from './Snapshots';

/** One host: what its agent knows of it and can do there. */
export default function AgentPage() {
  const host = useParams().host ?? '';
  const { data, error, refetch } = useQuery(agentQuery(host));
  useLiveAgent(host);
  if (error) {
    return (
      <Page title={host}>
        <Problem error={error} retry={() => void refetch()} />
      </Page>
    );
  }
  if (!data) {
    return (
      <Page title={host}>
        <Loader aria-label="The agent is being read" />
      </Page>
    );
  }
  const lvm = data.Data?.AvailiableSeedMethods?.LVM !== undefined;
  return (
    <Page title={host} actions={<Actions agent={data} />}>
      <Stack>
        <Standing agent={data} />
        <Facts agent={data} />
        <Tabs defaultValue="seeds" keepMounted={false}>
          <Tabs.List>
            <Tabs.Tab value="seeds">Seeds</Tabs.Tab>
            <Tabs.Tab value="databases">Databases</Tabs.Tab>
            {lvm && <Tabs.Tab value="snapshots">Snapshots</Tabs.Tab>}
            <Tabs.Tab value="log">MySQL’s error log</Tabs.Tab>
            <Tabs.Tab value="commands">Commands</Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value="seeds" pt="md">
            <Seeds host={host} />
          </Tabs.Panel>
          <Tabs.Panel value="databases" pt="md">
            <Databases data={data.Data} />
          </Tabs.Panel>
          {lvm && (
            <Tabs.Panel value="snapshots" pt="md">
              <Snapshots agent={data} />
            </Tabs.Panel>
          )}
          <Tabs.Panel value="log" pt="md">
            <ErrorLog host={host} />
          </Tabs.Panel>
          <Tabs.Panel value="commands" pt="md">
            <Commands agent={data} />
          </Tabs.Panel>
        </Tabs>
      </Stack>
    </Page>
  );
}

function useLiveAgent(host: string) {
  const listener = useMemo(
    () => ({
      agent: (a: Agent) => {
        if (a.Info.Hostname === host) queries.setQueryData(agentQuery(host).queryKey, a);
      },
      seed: (s: Seed) => {
        if (s.TargetHostname !== host && s.SourceHostname !== host) return;
        for (const which of ['active', 'recent'] as const) {
          const key = hostSeedsQuery(host, which).queryKey;
          const old = queries.getQueryData(key);
          const ended = s.Status === 'Completed' || s.Status === 'Failed';
          if (!old?.some((o) => o.SeedID === s.SeedID) || (which === 'active' && ended)) void queries.invalidateQueries({ queryKey: key });
          else queries.setQueryData(key, old.map((o) => (o.SeedID === s.SeedID ? s : o)));
        }
      },
    }),
    [host],
  );
  useListener(listener);
}

function Standing({ agent }: { agent: Agent }) {
  return (
    <>
      <Group gap="xs">
        <Badge color={agent.Status === 'Active' ? 'green' : 'red'} variant="light" autoContrast tt="none">
          {agent.Status}
        </Badge>
        <Text size="sm">
          seen <Ago time={agent.LastSeen} />
        </Text>
        {agent.ClusterAlias && (
          <Text size="sm">
            in cluster <Link to={`/agents/cluster/${encodeURIComponent(agent.ClusterAlias)}`}>{agent.ClusterAlias}</Link>
          </Text>
        )}
      </Group>
      {agent.LastError && (
        <Alert color="orange" title="Its agent did not answer when it was last asked">
          <Text size="sm">{agent.LastError}</Text>
        </Alert>
      )}
    </>
  );
}

function Actions({ agent }: { agent: Agent }) {
  const may = useMayChange();
  const host = agent.Info.Hostname;
  const keep = (a: Agent) => queries.setQueryData(agentQuery(host).queryKey, a);
  const update = useAction<Agent>('These are its facts now', keep);
  const start = useAction<Agent>('MySQL was started', keep);
  const stop = useAction<Agent>('MySQL was stopped', keep);
  if (!may) return null;
  const service = agent.Data?.ServiceControl ?? true;
  return (
    <>
      <Button component={RouterLink} to={`/new-seed?target=${encodeURIComponent(host)}`}>
        Seed to here
      </Button>
      <Button component={RouterLink} to={`/new-seed?source=${encodeURIComponent(host)}`} variant="default">
        Seed from here
      </Button>
      {service && agent.Data?.MySQLRunning && (
        <Button
          variant="default"
          loading={stop.running}
          onClick={() => window.confirm(`Stop MySQL on ${host}?`) && stop.run(apiURL('agent-mysql-stop', host))}
        >
          Stop MySQL
        </Button>
      )}
      {service && agent.Data && !agent.Data.MySQLRunning && (
        <Button variant="default" loading={start.running} onClick={() => start.run(apiURL('agent-mysql-start', host))}>
          Start MySQL
        </Button>
      )}
      <Button variant="default" loading={update.running} onClick={() => update.run(apiURL('agent-update', host))}>
        Update now
      </Button>
    </>
  );
}
