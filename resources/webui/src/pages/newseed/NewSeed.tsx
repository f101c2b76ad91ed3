import { Alert, Button, Group, Radio, Stack, Text, TextInput, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate, useSearchParams } from 'react-router';

import { apiURL } from '../../api/base';
import { agentQuery } from '../../api/queries';
import { methods, type Agent, type Method } from '../../api/types';
import { useAction } from '../../app/action';
import { useMayChange } from '../../app/me';
import { Page } from '../../app/Shell';
import { HostInput } from '../../ui/HostInput';
import { Problem } from '../../ui/Problem';
import { Checks, useChecks } from './Checks';
import { HostFacts } from './HostFacts';
import { WillBeLost, losesData } from './WillBeLost';
import { lessons } from './lessons';

/** Leads through the questions before a seed; nothing is changed before the last button. */
export default function NewSeed() {
  const [choice, choose] = useChoice();
  const target = useQuery({ ...agentQuery(choice.target), enabled: choice.target !== '' });
  const source = useQuery({ ...agentQuery(choice.source), enabled: choice.source !== '' });
  const offered = target.data && source.data ? both(target.data, source.data) : [];
  const ready = choice.method !== '' && offered.includes(choice.method as Method);
  return (
    <Page title="New seed">
      <Stack maw={960}>
        <Group align="flex-start" grow preventGrowOverflow={false}>
          <Stack gap="xs" miw={260}>
            <HostInput label="Target: is filled, and becomes the replica" value={choice.target} onChange={(t) => choose({ ...choice, target: t })} w="100%" />
            {target.error && <Problem error={target.error} />}
            {target.data && <HostFacts agent={target.data} />}
          </Stack>
          <Stack gap="xs" miw={260}>
            <HostInput label="Source: is copied from" value={choice.source} onChange={(s) => choose({ ...choice, source: s })} w="100%" />
            {source.error && <Problem error={source.error} />}
            {source.data && <HostFacts agent={source.data} />}
          </Stack>
        </Group>
        {target.data && source.data && <MethodChoice offered={offered} value={choice.method} change={(method) => choose({ ...choice, method })} />}
        {ready && <Rest key={`${choice.target} ${choice.source} ${choice.method}`} choice={choice} />}
      </Stack>
    </Page>
  );
}

interface Choice {
  target: string;
  source: string;
  method: string;
}

/** The answers so far, kept in the address. */
function useChoice(): [Choice, (c: Choice) => void] {
  const [params, setParams] = useSearchParams();
  const choice = { target: params.get('target') ?? '', source: params.get('source') ?? '', method: params.get('method') ?? '' };
  const choose = (c: Choice) => setParams(Object.entries(c).filter(([, v]) => v !== ''), { replace: true });
  return [choice, choose];
}

/** The methods that both agents offer. */
function both(target: Agent, source: Agent): Method[] {
  return methods.filter((m) => {
    const there = source.Data?.AvailiableSeedMethods?.[m];
    return target.Data?.AvailiableSeedMethods?.[m] !== undefined && there !== undefined && !there.NotAsSource;
  });
}

function MethodChoice({ offered, value, change }: { offered: Method[]; value: string; change: (m: string) => void }) {
  if (offered.length === 0) {
    return (
      <Alert color="orange" title="No method that both agents offer">
        <Text size="sm">A method is offered when its section in the agent’s configuration is enabled and its tools are installed. See the two hosts’ pages.</Text>
      </Alert>
    );
  }
  return (
    <Radio.Group label="Method" value={value} onChange={change}>
      <Stack gap="xs" mt="xs">
        {offered.map((m) => (
          <Radio key={m} value={m} label={m} description={lessons[m]} />
        ))}
      </Stack>
    </Radio.Group>
  );
}

/** Checks, what will be lost, and the button. */
function Rest({ choice }: { choice: Choice }) {
  const may = useMayChange();
  const navigate = useNavigate();
  const [typed, setTyped] = useState('');
  const checks = useChecks(choice);
  const start = useAction<number>('The seed has begun', (id) => void navigate(`/seed-details/${id}`));
  const refused = checks.data?.some((c) => c.Result === 'fail') ?? true;
  const loses = losesData(checks.data ?? []);
  return (
    <>
      <Title order={2} size="h5">
        Checks
      </Title>
      <Checks {...checks} />
      {checks.data && <WillBeLost checks={checks.data} />}
      {may && !refused && (
        <Group align="flex-end">
          {loses && (
            <TextInput
              label={`Type ${choice.target} to say that its data may be replaced`}
              value={typed}
              onChange={(e) => setTyped(e.currentTarget.value)}
              autoComplete="off"
              w={360}
            />
          )}
          <Button
            color={loses ? 'red' : 'blue'}
            disabled={loses && typed !== choice.target}
            loading={start.running}
            onClick={() => start.run(apiURL('agent-seed', choice.method, choice.target, choice.source))}
          >
            Seed {choice.target}
          </Button>
        </Group>
      )}
    </>
  );
}
