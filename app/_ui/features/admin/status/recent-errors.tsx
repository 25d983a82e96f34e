"use client";
import { instanceName } from "@/lib/client/admin/instances";
import { whole } from "@/lib/client/format/numbers";
import { calendarDate, clockTime } from "@/lib/client/format/time";
import type { AdminStatus, InstanceStatus } from "@/lib/wire/operators/admin";
import { DataTable, OF_TIMES } from "../../../primitives/data-table";
import { DownloadRows } from "../frame/download-csv";
import { Panel } from "../frame/panel";
import { useStatus } from "../frame/status-context";
import { type SortedColumn, useTable } from "../frame/use-table";

interface Row {
  readonly error: AdminStatus["errors"][number];
  readonly instance: string;
}

const COLUMNS: readonly SortedColumn<Row>[] = [
  {
    id: "kind",
    head: "Kind",
    isHeader: true,
    first: "asc",
    key: ({ error }) => error.kind,
    cell: ({ error, instance }) => (
      <>
        <span className="font-medium">{error.kind}</span>
        <span className="block text-ink-soft text-xs">{instance}</span>
      </>
    ),
  },
  {
    id: "count",
    head: "Count",
    numeric: true,
    first: "desc",
    key: ({ error }) => error.count,
    cell: ({ error }) => whole(error.count),
  },
  {
    id: "latest",
    head: "Latest, with request id",
    first: "desc",
    ways: OF_TIMES,
    key: ({ error }) => error.latest[0]?.atMs ?? 0,
    csv: ({ error }) =>
      error.latest.map(({ atMs, requestId }) => `${new Date(atMs).toISOString()} ${requestId ?? ""}`).join("; "),
    cell: ({ error }) => (
      <ul className="space-y-1">
        {error.latest.map(({ atMs, requestId, route }) => (
          <li key={`${atMs} ${requestId}`} className="text-xs">
            <span className="tabular-nums">
              {calendarDate(atMs)}, {clockTime(atMs)}
            </span>{" "}
            <span className="text-ink-soft">{route ?? "background"}</span>
            {requestId && <span className="ledger block">{requestId}</span>}
          </li>
        ))}
      </ul>
    ),
  },
];

const OPTIONS = { columns: COLUMNS, start: null, name: "errors" } as const;

/** The latest errors by kind. Their request ids lead to the lines in the log. */
export function RecentErrors() {
  const { errors, instances } = useStatus();
  const rows = errors.map((error) => ({ error, instance: nameOf(error.instanceId, instances) }));
  const { shown, sort, onSort } = useTable(rows, OPTIONS);
  return (
    <Panel
      title="Latest errors"
      note="By kind, since each instance started. Search the log for a request id."
      action={rows.length > 0 && <DownloadRows name="Latest errors" columns={COLUMNS} rows={shown} />}
    >
      {rows.length === 0 ? (
        <p className="text-ink-soft">No errors.</p>
      ) : (
        <DataTable
          caption="Latest errors"
          columns={COLUMNS}
          rows={shown}
          keyOf={({ error }) => `${error.instanceId} ${error.kind}`}
          sort={sort}
          onSort={onSort}
        />
      )}
    </Panel>
  );
}

function nameOf(instanceId: string, instances: readonly InstanceStatus[]): string {
  const instance = instances.find((each) => each.instanceId === instanceId);
  return instanceName(instance ?? { instanceId, place: null });
}
