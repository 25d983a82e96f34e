import { coverageWords, standingOf, storedOf } from "@/lib/client/admin/sentences";
import { compact, durationText, percent, whole } from "@/lib/client/format/numbers";
import { calendarDate } from "@/lib/client/format/time";
import type { TopicStatus } from "@/lib/wire/operators/admin";
import { Sparkline } from "../charts/sparkline";
import { ToneBadge } from "../frame/tone-badge";
import type { SortedColumn } from "../frame/use-table";
import { CoverageBar } from "./coverage-bar";

/** Sort key: the worst state is the highest. */
const URGENCY = { bad: 3, notice: 2, good: 1, plain: 0 } as const;
const perMinuteSum = ({ perMinute }: TopicStatus) => perMinute.reduce((sum, count) => sum + count, 0);
const rejectedOf = ({ counts }: TopicStatus) => counts.undecodable + counts.untrusted + counts.failed + counts.unproven;

/** Shown if old messages of any topic were dropped. A topic that keeps all its messages has no value here. */
const KEPT_FROM: SortedColumn<TopicStatus> = {
  id: "kept",
  head: "Kept from",
  numeric: true,
  first: "desc",
  from: "sm",
  className: "whitespace-nowrap",
  key: ({ dropped }) => (dropped === undefined ? null : dropped.through + 1),
  cell: ({ dropped }) =>
    dropped && (
      <>
        {whole(dropped.through + 1)}
        <span className="block text-ink-soft text-xs">after {dateOf(dropped.throughTime)}</span>
      </>
    ),
};

const dateOf = (consensusTimestamp: string) => calendarDate(Number(consensusTimestamp) * 1_000);

export interface TopicColumnsOptions {
  open(topicId: string): void;
  /** Whether old messages of any topic were dropped. */
  readonly hasDropped: boolean;
  /** False before the database's first answer: the topics then count what this process has committed. */
  readonly isCounted: boolean;
}

export function topicColumns({
  open,
  hasDropped,
  isCounted,
}: TopicColumnsOptions): readonly SortedColumn<TopicStatus>[] {
  const stored = (topic: TopicStatus) => (isCounted ? storedOf(topic).messages : null);
  return [
    {
      id: "topic",
      head: "Topic",
      isHeader: true,
      first: "asc",
      key: ({ topicId }) => topicId,
      cell: (topic) => <TopicCell topic={topic} onOpen={() => open(topic.topicId)} />,
    },
    {
      id: "state",
      head: "State",
      first: "desc",
      from: "sm",
      ways: { asc: "least urgent first", desc: "most urgent first" },
      key: (topic) => URGENCY[standingOf(topic).tone],
      csv: (topic) => standingOf(topic).text,
      cell: (topic) => <Standing topic={topic} />,
    },
    {
      id: "lag",
      head: "Lag",
      numeric: true,
      first: "desc",
      className: "whitespace-nowrap",
      key: ({ lagMs }) => lagMs,
      cell: ({ lagMs }) => durationText(lagMs),
    },
    {
      id: "stored",
      head: "Stored",
      numeric: true,
      first: "desc",
      from: "sm",
      key: stored,
      cell: (topic) => compact(stored(topic)),
    },
    ...(hasDropped ? [KEPT_FROM] : []),
    {
      id: "coverage",
      head: "Coverage",
      first: "desc",
      from: "sm",
      ways: { asc: "most complete first", desc: "least complete first" },
      className: "w-36 xl:w-48",
      key: ({ gapCount, cursor, verifiedThrough }) => gapCount * 1e12 + cursor - verifiedThrough,
      csv: coverageWords,
      cell: (topic) => <CoverageBar topic={topic} />,
    },
    {
      id: "rate",
      head: "30 minutes",
      first: "desc",
      ways: { asc: "fewest messages first", desc: "most messages first" },
      className: "w-24 sm:w-32",
      key: perMinuteSum,
      cell: ({ perMinute }) => <Sparkline perMinute={perMinute} />,
    },
    {
      id: "users",
      head: "Users",
      numeric: true,
      first: "desc",
      from: "xl",
      key: ({ users }) => users,
      cell: ({ users }) => compact(users),
    },
    {
      id: "hottest",
      head: "Top 10",
      numeric: true,
      first: "desc",
      from: "xl",
      className: "whitespace-nowrap",
      key: ({ hottestShare }) => hottestShare,
      cell: ({ hottestShare }) => percent(hottestShare),
    },
    {
      id: "rejected",
      head: "Rejected",
      numeric: true,
      first: "desc",
      from: "xl",
      key: rejectedOf,
      cell: (topic) => whole(rejectedOf(topic)),
    },
  ];
}

function TopicCell({ topic, onOpen }: { topic: TopicStatus; onOpen(): void }) {
  return (
    <>
      <button
        type="button"
        onClick={onOpen}
        aria-haspopup="dialog"
        className="ledger min-h-6 whitespace-nowrap rounded-md text-accent-strong underline decoration-line-strong underline-offset-4 hover:decoration-current"
      >
        {topic.topicId}
      </button>
      <span className="block text-ink-soft text-xs [overflow-wrap:normal]">{topic.kinds.join(", ") || "no kind"}</span>
      {topic.dropped && (
        <span className="block text-ink-soft text-xs sm:hidden">
          kept from {whole(topic.dropped.through + 1)}, after {dateOf(topic.dropped.throughTime)}
        </span>
      )}
      <span className="mt-1 block sm:hidden">
        <Standing topic={topic} />
      </span>
    </>
  );
}

export function Standing({ topic }: { topic: TopicStatus }) {
  const { text, tone } = standingOf(topic);
  return <ToneBadge tone={tone}>{text}</ToneBadge>;
}
