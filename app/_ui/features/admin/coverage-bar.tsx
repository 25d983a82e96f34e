import { coverageWords } from "@/lib/client/admin-sentences";
import type { TopicStatus } from "@/lib/wire/admin";

const WIDTH = 1_000;
/** A gap of one message among a million must still be seen. */
const LEAST = 8;

/** The topic from its first message to its last: verified, stored, and missing. */
export function CoverageBar({ topic }: { topic: TopicStatus }) {
  const { cursor, verifiedThrough, gaps } = topic;
  const end = Math.max(1, cursor, ...gaps.map(({ to }) => to));
  const x = (sequence: number) => (sequence / end) * WIDTH;
  return (
    <span className="block">
      <svg
        viewBox={`0 0 ${WIDTH} 10`}
        preserveAspectRatio="none"
        role="img"
        aria-label={coverageWords(topic)}
        className="block h-2.5 w-full rounded-sm"
      >
        <rect width={WIDTH} height="10" className="fill-line" />
        <rect width={x(cursor)} height="10" className="fill-gold" />
        <rect width={x(Math.min(cursor, verifiedThrough))} height="10" className="fill-accent" />
        {gaps.map(({ from, to }) => {
          const width = Math.max(LEAST, x(to) - x(from - 1));
          return (
            <rect
              key={from}
              x={Math.min(WIDTH - width, x(from - 1))}
              width={width}
              height="10"
              className="fill-danger"
            />
          );
        })}
      </svg>
    </span>
  );
}

const KEY = [
  ["fill-accent", "verified, without a break from the first message"],
  ["fill-gold", "stored after the first that could not be verified"],
  ["fill-danger", "missing"],
] as const;

export function CoverageKey() {
  return (
    <ul className="flex flex-wrap gap-x-4 gap-y-1 text-ink-soft text-xs">
      {KEY.map(([fill, words]) => (
        <li key={fill} className="flex items-center gap-1.5">
          <svg viewBox="0 0 10 10" aria-hidden="true" className="size-2.5">
            <rect width="10" height="10" rx="2" className={fill} />
          </svg>
          {words}
        </li>
      ))}
    </ul>
  );
}
