"use client";
import { instanceDetails, instanceName, isIdle } from "@/lib/client/admin/instances";
import { ago, bytes, percent, whole } from "@/lib/client/format/numbers";
import { clockTime, timeAgo, useNow } from "@/lib/client/format/time";
import type { InstanceStatus } from "@/lib/wire/operators/admin";
import { Badge } from "../../../primitives/badge";
import { DataTable, OF_TIMES } from "../../../primitives/data-table";
import { DownloadRows } from "../frame/download-csv";
import { Panel } from "../frame/panel";
import { useStatus } from "../frame/status-context";
import { type SortedColumn, useTable } from "../frame/use-table";

const sum = (counts: Readonly<Record<string, number>>) =>
  Object.values(counts).reduce((total, count) => total + count, 0);

export function hitRatio({ hits, misses }: { hits: number; misses: number }): number | null {
  return hits + misses === 0 ? null : hits / (hits + misses);
}

const COLUMNS: readonly SortedColumn<InstanceStatus>[] = [
  {
    id: "instance",
    head: "Instance",
    isHeader: true,
    first: "asc",
    key: instanceName,
    cell: (instance) => (
      <>
        <InstanceName instance={instance} />
        <span className="block text-ink-soft text-xs">{instanceDetails(instance)}</span>
      </>
    ),
  },
  {
    id: "up",
    head: "Started",
    first: "asc",
    ways: OF_TIMES,
    from: "sm",
    key: ({ startedMs }) => startedMs,
    csv: ({ startedMs }) => new Date(startedMs).toISOString(),
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
    head: "L1 hit ratio",
    numeric: true,
    first: "asc",
    from: "sm",
    key: ({ tiers }) => hitRatio(tiers.l1),
    cell: ({ tiers }) => percent(hitRatio(tiers.l1)),
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
    head: "Last report",
    numeric: true,
    first: "desc",
    // The key is the age.
    ways: { asc: OF_TIMES.desc, desc: OF_TIMES.asc },
    from: "md",
    key: ({ reportedMs }) => -reportedMs,
    csv: ({ reportedMs }) => new Date(reportedMs).toISOString(),
    cell: ({ reportedMs, isEventBusConnected }) => (
      <>
        <Ago ms={reportedMs} />
        <Idle ms={reportedMs} />
        {!isEventBusConnected && <span className="block text-copper text-xs">event bus down</span>}
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
          ? "Each reports every ten seconds while it has traffic. Idle ones leave the list after five minutes."
          : "No Redis is configured, so only this instance is visible."
      }
      action={<DownloadRows name="Instances" columns={COLUMNS} rows={shown} />}
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

export function InstanceName({ instance }: { instance: InstanceStatus }) {
  return (
    <>
      <bdi className="font-medium">{instanceName(instance)}</bdi>
      {instance.isThis && (
        <>
          {" "}
          <Badge tone="accent">this one</Badge>
        </>
      )}
    </>
  );
}

function Idle({ ms }: { ms: number }) {
  const isNow = isIdle({ reportedMs: ms }, useNow());
  return isNow ? <span className="block text-ink-soft text-xs">idle</span> : null;
}

function Since({ ms }: { ms: number }) {
  const now = useNow(60_000);
  return now - ms < 86_400_000 ? clockTime(ms) : timeAgo(ms, now);
}

function Ago({ ms }: { ms: number }) {
  return ago(Math.floor((useNow() - ms) / 1_000) * 1_000);
}
