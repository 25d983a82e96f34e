"use client";
import { useMemo } from "react";
import { activeOf, shardKey } from "@/lib/client/admin/shard-groups";
import { perMinuteOf, routingWords, SHARD_STANDINGS } from "@/lib/client/admin/shard-sentences";
import { compact, counted, percent, rate } from "@/lib/client/format/numbers";
import type { TopicStatus } from "@/lib/wire/operators/admin";
import { ShardStatus, type ShardsAnswer } from "@/lib/wire/operators/shards";
import { DataTable } from "../../../primitives/data-table";
import { SearchField } from "../../people/person-picker";
import { useUrlState } from "../../url-state";
import { DownloadRows } from "../frame/download-csv";
import { Panel } from "../frame/panel";
import { useStatus } from "../frame/status-context";
import { ToneBadge } from "../frame/tone-badge";
import { type SortedColumn, useTable } from "../frame/use-table";

interface Row {
  readonly shard: ShardStatus;
  /** Status of its topic. A topic may serve several shards. */
  readonly topic: TopicStatus | undefined;
  /** Share of its group's users, 0 to 1. */
  readonly share: number | null;
}

const textOf = ({ shard }: Row) =>
  `${shardKey(shard)} ${shard.name} ${shard.topicId ?? ""} ${SHARD_STANDINGS[shard.state].text}`;

/** Every shard there has been, with the load of its topic. */
export function ShardTable({ answer }: { answer: ShardsAnswer }) {
  const { topics } = useStatus();
  const { set } = useUrlState();
  const rows = useMemo(() => rowsOf(answer, topics), [answer, topics]);
  const options = useMemo(
    () => ({ columns: columnsOf((shard) => set({ shard }, "push")), start: null, textOf }),
    [set],
  );
  const { shown, sort, query, onSort, onQuery } = useTable(rows, options);
  return (
    <Panel
      title="Shards"
      note="Press a shard for details and to drain its topic."
      action={<DownloadRows name="Shards" columns={options.columns} rows={shown} />}
    >
      <div className="mb-3 max-w-sm">
        <SearchField label="Filter shards" value={query} onChange={onQuery} />
      </div>
      <p role="status" className="sr-only">
        {shown.length} of {counted(rows.length, "shard")}
      </p>
      <DataTable
        caption="Shards"
        columns={options.columns}
        rows={shown}
        keyOf={({ shard }) => shardKey(shard)}
        sort={sort}
        onSort={onSort}
      />
      {shown.length === 0 && <p className="py-8 text-center text-ink-soft">No shard matches.</p>}
    </Panel>
  );
}

function rowsOf({ shards }: ShardsAnswer, topics: readonly TopicStatus[]): readonly Row[] {
  const byId = new Map(topics.map((topic) => [topic.topicId, topic]));
  return shards.map((shard) => ({
    shard,
    topic: shard.topicId === null ? undefined : byId.get(shard.topicId),
    share: shard.state === "active" ? 1 / activeOf(shards, shard).length : null,
  }));
}

const STATES: readonly string[] = ShardStatus.shape.state.options;

function columnsOf(open: (key: string) => void): readonly SortedColumn<Row>[] {
  return [
    {
      id: "shard",
      head: "Shard",
      isHeader: true,
      first: "asc",
      key: ({ shard }) => shardKey(shard),
      cell: ({ shard }) => <ShardCell shard={shard} onOpen={() => open(shardKey(shard))} />,
    },
    {
      id: "topic",
      head: "Topic",
      first: "asc",
      from: "md",
      className: "whitespace-nowrap",
      key: ({ shard }) => shard.topicId,
      cell: ({ shard }) => <span className="ledger text-xs">{shard.topicId ?? "none yet"}</span>,
    },
    {
      id: "state",
      head: "State",
      first: "asc",
      ways: { asc: "planned first", desc: "drained first" },
      from: "sm",
      key: ({ shard }) => STATES.indexOf(shard.state),
      csv: ({ shard }) => shard.state,
      cell: ({ shard }) => <ShardStanding shard={shard} />,
    },
    {
      id: "since",
      head: "Routing",
      from: "xl",
      className: "whitespace-nowrap",
      csv: ({ shard }) => routingWords(shard),
      cell: ({ shard }) => <span className="text-ink-soft text-xs">{routingWords(shard)}</span>,
    },
    {
      id: "share",
      head: "Group share",
      numeric: true,
      first: "desc",
      from: "sm",
      className: "whitespace-nowrap",
      key: ({ share }) => share,
      cell: ({ share }) => percent(share),
    },
    {
      id: "users",
      head: "Users",
      numeric: true,
      first: "desc",
      key: ({ topic }) => topic?.users ?? null,
      cell: ({ topic }) => compact(topic?.users ?? null),
    },
    {
      id: "rate",
      head: "Per minute",
      numeric: true,
      first: "desc",
      className: "whitespace-nowrap",
      key: ({ topic }) => perMinuteOf(topic),
      cell: ({ topic }) => rate(perMinuteOf(topic)),
    },
  ];
}

function ShardCell({ shard, onOpen }: { shard: ShardStatus; onOpen(): void }) {
  return (
    <>
      <button
        type="button"
        onClick={onOpen}
        aria-haspopup="dialog"
        className="min-h-6 rounded-md text-left text-accent-strong underline decoration-line-strong underline-offset-4 hover:decoration-current"
      >
        {shardKey(shard)}
      </button>
      <span className="ledger block text-ink-soft text-xs md:hidden">{shard.topicId ?? "no topic yet"}</span>
      <span className="mt-1 block sm:hidden">
        <ShardStanding shard={shard} />
      </span>
    </>
  );
}

export function ShardStanding({ shard }: { shard: ShardStatus }) {
  const { text, tone } = SHARD_STANDINGS[shard.state];
  return <ToneBadge tone={tone}>{text}</ToneBadge>;
}
