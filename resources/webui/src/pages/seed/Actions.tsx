import { Button, Group, Modal, NumberInput, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useState } from 'react';

import { apiURL } from '../../api/base';
import type { Seed } from '../../api/types';
import { useAction } from '../../app/action';
import { useMayChange } from '../../app/me';

/** What a person can do with the seed now; nothing for those who may only read. */
export function Actions({ seed }: { seed: Seed }) {
  const may = useMayChange();
  if (!may) return null;
  if (seed.Status === 'Failed') return seed.Held ? <HeldActions seed={seed} /> : null;
  if (seed.Status === 'Completed') return null;
  return (
    <>
      {(seed.Stage === 'Prepare' || seed.Stage === 'Backup') && seed.Status !== 'Aborting' && <Bandwidth seed={seed} />}
      <Abort seed={seed} />
    </>
  );
}

function HeldActions({ seed }: { seed: Seed }) {
  const retry = useAction('The seed goes on');
  const release = useAction('The seed lets go of its hosts');
  return (
    <>
      <Button loading={retry.running} onClick={() => retry.run(apiURL('agent-retry-seed', seed.SeedID))}>
        Retry
      </Button>
      <Button variant="default" loading={release.running} onClick={() => release.run(apiURL('agent-release-seed', seed.SeedID))}>
        Release
      </Button>
    </>
  );
}

function Abort({ seed }: { seed: Seed }) {
  const [open, { open: ask, close }] = useDisclosure();
  const abort = useAction('The seed is being aborted');
  const aborting = seed.Status === 'Aborting';
  const go = (force: boolean) => {
    close();
    abort.run(`${apiURL('agent-abort-seed', seed.SeedID)}${force ? '?force=true' : ''}`);
  };
  return (
    <>
      <Button color="red" variant="light" loading={abort.running} onClick={ask}>
        {aborting ? 'Force' : 'Abort'}
      </Button>
      <Modal opened={open} onClose={close} title={aborting ? 'Give up agents that do not answer?' : `Abort seed ${seed.SeedID}?`}>
        <Stack>
          <Text size="sm">
            {aborting
              ? 'The seed ends at once. What an agent that does not answer still runs or holds has to be looked after by hand, on its host.'
              : 'What runs for it is ended on both hosts. The target’s old data are put back where they still exist.'}
          </Text>
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              Let it go on
            </Button>
            <Button color="red" onClick={() => go(aborting)}>
              {aborting ? 'Force the abort' : 'Abort'}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}

function Bandwidth({ seed }: { seed: Seed }) {
  const [open, { open: ask, close }] = useDisclosure();
  const [mib, setMiB] = useState<number | string>(seed.Bandwidth > 0 ? seed.Bandwidth / (1 << 20) : '');
  const change = useAction('The copy’s bound is changed');
  const set = (bytesPerSecond: number) => {
    close();
    change.run(apiURL('agent-seed-bandwidth', seed.SeedID, bytesPerSecond));
  };
  return (
    <>
      <Button variant="default" loading={change.running} onClick={ask}>
        Bandwidth
      </Button>
      <Modal opened={open} onClose={close} title="Bound the copy">
        <Stack>
          <NumberInput label="At most" suffix=" MiB/s" min={1} value={mib} onChange={setMiB} data-autofocus />
          <Group justify="flex-end">
            <Button variant="default" onClick={() => set(0)}>
              No bound
            </Button>
            <Button disabled={typeof mib !== 'number'} onClick={() => typeof mib === 'number' && set(Math.round(mib * (1 << 20)))}>
              Set
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}
