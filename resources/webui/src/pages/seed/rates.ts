import { useEffect, useState } from 'react';

import type { Seed } from '../../api/types';

/** One look at how fast a stage goes. */
export interface Sample {
  at: number; // ms
  rate: number; // of the progress's unit, a second
}

const kept = 600; // samples, the newest

/** The rates that this page has seen of the seed, oldest first; they begin anew with each stage. */
export function useRates(seed: Seed | undefined): Sample[] {
  const [seen, setSeen] = useState<{ stage: string; samples: Sample[] }>({ stage: '', samples: [] });
  useEffect(() => {
    if (!seed) return;
    const stage = `${seed.SeedID} ${seed.Stage} ${seed.Attempt} ${seed.Progress.Unit}`;
    const sample = { at: Date.parse(seed.UpdatedAt), rate: seed.Progress.BytesPerSecond };
    setSeen((old) => {
      const samples = old.stage === stage ? old.samples : [];
      if (sample.rate <= 0 || (samples.at(-1)?.at ?? 0) >= sample.at) return old.stage === stage ? old : { stage, samples };
      return { stage, samples: [...samples.slice(1 - kept), sample] };
    });
  }, [seed]);
  return seen.samples;
}
