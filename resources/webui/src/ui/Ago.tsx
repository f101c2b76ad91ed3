import { absolute, never, relative } from './format';
import { useNow } from './now';

/** A time as "5 s ago", in full on hover. */
export function Ago({ time }: { time: string }) {
  const now = useNow();
  if (never(time)) return <span>never</span>;
  return (
    <time dateTime={time} title={absolute(time)}>
      {relative(time, now)}
    </time>
  );
}
