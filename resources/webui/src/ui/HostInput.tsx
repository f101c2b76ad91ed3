import { Autocomplete } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';

import { hostsQuery } from '../api/queries';

const shown = 50; // of the hosts that fit

/** A host's name with autocomplete. onChange hears of a whole name: one that was picked, or typed and left. */
export function HostInput({ label, value, onChange, w = 220 }: { label: string; value: string; onChange: (host: string) => void; w?: number | string }) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  const [settled] = useDebouncedValue(text, 150);
  const { data } = useQuery({ ...hostsQuery(settled), placeholderData: (old) => old });
  const done = (host: string) => host !== value && onChange(host.trim());
  return (
    <Autocomplete
      label={label}
      placeholder="any host"
      w={w}
      data={data?.slice(0, shown) ?? []}
      filter={({ options }) => options}
      value={text}
      onChange={(t) => {
        setText(t);
        if (t === '') done('');
      }}
      onOptionSubmit={done}
      onBlur={() => done(text)}
      onKeyDown={(e) => e.key === 'Enter' && done(text)}
    />
  );
}
