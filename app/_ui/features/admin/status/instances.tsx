"use client";
import { bytes, lasting, percent, whole } from "@/lib/client/format/numbers";
import { clockTime, timeAgo, useNow } from "@/lib/client/format/time";
import type { InstanceStatus } from "@/lib/wire/admin";
import { Badge } from "../../../primitives/badge";
import { DataTable } from "../../../primitives/data-table";
import { Panel } from "../frame/panel";
import { useStatus } from "../frame/status-context";
import { type SortedColumn, useTable } from "../frame/use-table";

const sum = (counts: Readonly<Record<string, number>>) =>
  Object.values(counts).reduce((total, count) => total + count, 0);

export function hitShare({ hits, misses }: { hits: number; misses: number }): number | null {
  return hits + misses === 0 ? null : hits / (hits + misses);
}

const COLUMNS: readonly SortedColumn<InstanceStatus>[] = [
  {
    id: "instance",
    head: "Instance",
    isHeader: true,
    first: "asc",
    key: ({ instanceId }) => instanceId,
    cell: ({ instanceId, isThis, version }) => (
      <>
        <span className="ledger text-xs">{instanceId}</span> {isThis && <Badge tone="accent">answers you</Badge>}
        <span className="block text-ink-soft text-xs">version {version}</span>
      </>
    ),
  },
  {
    id: "up",
    head: "Up since",
    first: "asc",
    from: "sm",
    key: ({ startedMs }) => startedMs,
    cell: ({ startedMs }) => <Since ms={startedMs} />,
  },
  {
    id: "requests",
    head: "Requests",
    numeric: true,
    first: "desc",
    key: ({ requests }) => sum(requests),
    cell: ({ requests }) => whole(sum(requests)),
  },
  {
    id: "l1",
    head: "First tier",
    numeric: true,
    first: "asc",
    from: "sm",
    key: ({ tiers }) => hitShare(tiers.l1),
    cell: ({ tiers }) => percent(hitShare(tiers.l1)),
  },
  {
    id: "streams",
    head: "Streams",
    numeric: true,
    first: "desc",
    key: ({ streams }) => streams.open,
    cell: ({ streams }) => whole(streams.open),
  },
  {
    id: "memory",
    head: "Memory",
    numeric: true,
    first: "desc",
    from: "sm",
    key: ({ memory }) => memory.rssBytes,
    cell: ({ memory }) => bytes(memory.rssBytes),
  },
  {
    id: "heard",
    head: "Heard of",
    numeric: true,
    first: "desc",
    from: "md",
    key: ({ reportedMs }) => -reportedMs,
    cell: ({ reportedMs, isEventBusConnected }) => (
      <>
        <Ago ms={reportedMs} />
        {!isEventBusConnected && <span className="block text-copper text-xs">no events from others</span>}
      </>
    ),
  },
];

const OPTIONS = { columns: COLUMNS, start: null, name: "instances" } as const;

export function Instances() {
  const { instances, instancesAreShared } = useStatus();
  const { shown, sort, onSort } = useTable(instances, OPTIONS);
  return (
    <Panel
      title="Instances"
      note={
        instancesAreShared
          ? "Each tells of itself every ten seconds while somebody asks it for anything."
          : "There is no Redis that instances share, so this one is all there is to see."
      }
    >
      <DataTable
        caption="Instances"
        columns={COLUMNS}
        rows={shown}
        keyOf={({ instanceId }) => instanceId}
        sort={sort}
        onSort={onSort}
      />
    </Panel>
  );
}

function Since({ ms }: { ms: number }) {
  const now = useNow(60_000);
  return now - ms < 86_400_000 ? clockTime(ms) : timeAgo(ms, now);
}

function Ago({ ms }: { ms: number }) {
  const agoMs = Math.floor(Math.max(0, useNow() - ms) / 1_000) * 1_000;
  return agoMs === 0 ? "just now" : `${lasting(agoMs)} ago`;
}
