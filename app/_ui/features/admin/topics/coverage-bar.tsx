import { coverageWords } from "@/lib/client/admin/sentences";
import type { TopicStatus } from "@/lib/wire/operators/admin";

const WIDTH = 1_000;
/** A gap of one message in a million must stay visible. */
const LEAST_PX = 3;

/** The topic from first to last message: dropped, verified, stored and missing. Missing parts are taller. */
export function CoverageBar({ topic }: { topic: TopicStatus }) {
  const { cursor, verifiedThrough, dropped, gaps } = topic;
  const end = Math.max(1, cursor, ...gaps.map(({ to }) => to));
  const x = (sequence: number) => (sequence / end) * WIDTH;
  return (
    <span className="block">
      <svg
        viewBox={`0 0 ${WIDTH} 14`}
        preserveAspectRatio="none"
        role="img"
        aria-label={coverageWords(topic)}
        className="block h-3.5 w-full"
      >
        <rect y="2" width={WIDTH} height="10" className="fill-line" />
        <rect y="2" width={x(cursor)} height="10" className="fill-gold" />
        <rect y="2" width={x(Math.min(cursor, verifiedThrough))} height="10" className="fill-accent" />
        {dropped && <rect y="2" width={x(dropped.through)} height="10" className="fill-line-strong" />}
        {gaps.map(({ from, to }) => (
          <rect
            key={from}
            x={x(from - 1)}
            width={x(to) - x(from - 1)}
            height="14"
            strokeWidth={LEAST_PX}
            vectorEffect="non-scaling-stroke"
            className="fill-danger stroke-danger"
          />
        ))}
      </svg>
    </span>
  );
}

const DROPPED = ["fill-line-strong", "no longer kept"] as const;
const KEY = [
  ["fill-accent", "verified from the first message on"],
  ["fill-gold", "stored, after an unverified message"],
  ["fill-danger", "missing"],
] as const;

export function CoverageKey({ hasDropped }: { hasDropped: boolean }) {
  return (
    <ul className="flex flex-wrap gap-x-4 gap-y-1 text-ink-soft text-xs">
      {(hasDropped ? [DROPPED, ...KEY] : KEY).map(([fill, words]) => (
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
