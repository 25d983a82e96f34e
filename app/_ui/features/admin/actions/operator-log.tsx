"use client";
import { ScrollText } from "lucide-react";
import Link from "next/link";
import { personHref } from "@/lib/client/admin/lookup";
import { checkOf, entryTitle, outcomeOf, progressOf } from "@/lib/client/admin/sentences";
import { useOperatorLog } from "@/lib/client/admin/status";
import { usePeople } from "@/lib/client/format/people";
import { calendarDate, clockTime, useNow } from "@/lib/client/format/time";
import type { OperatorLogEntry } from "@/lib/wire/operators/admin";
import { Button } from "../../../primitives/button";
import { DataTable, OF_TIMES } from "../../../primitives/data-table";
import { SkeletonRows } from "../../../primitives/skeleton";
import { EmptyState } from "../../../primitives/states";
import { SearchField } from "../../people/person-picker";
import { ReadError } from "../../read-error";
import { ShareBar } from "../charts/share-bar";
import { DownloadRows } from "../frame/download-csv";
import { Panel } from "../frame/panel";
import { ToneBadge } from "../frame/tone-badge";
import { type SortedColumn, useTable } from "../frame/use-table";

const STATES = {
  running: ["notice", "Running"],
  done: ["good", "Done"],
  failed: ["bad", "Failed"],
  refused: ["plain", "Refused"],
} as const;

const COLUMNS: readonly SortedColumn<OperatorLogEntry>[] = [
  {
    id: "when",
    head: "When",
    first: "desc",
    ways: OF_TIMES,
    className: "whitespace-nowrap",
    key: ({ atMs }) => atMs,
    csv: ({ atMs }) => new Date(atMs).toISOString(),
    cell: ({ atMs }) => (
      <>
        {clockTime(atMs)}
        <span className="block text-ink-soft text-xs">{calendarDate(atMs)}</span>
      </>
    ),
  },
  {
    id: "action",
    head: "Action",
    isHeader: true,
    first: "asc",
    key: entryTitle,
    cell: (entry) => (
      <>
        <span className="font-medium">{entryTitle(entry)}</span>
        <TargetLink entry={entry} />
        <span className="block text-ink-soft text-xs md:hidden">
          by <Operator id={entry.actor} />
        </span>
      </>
    ),
  },
  {
    id: "who",
    head: "Operator",
    first: "asc",
    from: "md",
    key: ({ actor }) => actor,
    cell: ({ actor }) => <Operator id={actor} />,
  },
  {
    id: "state",
    head: "State",
    first: "asc",
    key: ({ state }) => state,
    cell: ({ state }) => <ToneBadge tone={STATES[state][0]}>{STATES[state][1]}</ToneBadge>,
  },
  {
    id: "outcome",
    head: "Result",
    from: "sm",
    className: "w-1/2",
    csv: (entry) => outcomeOf(entry, Date.now()),
    cell: (entry) => <Outcome entry={entry} />,
  },
];

const textOf = (entry: OperatorLogEntry) =>
  `${entryTitle(entry)} ${entry.actor} ${STATES[entry.state][1]} ${outcomeOf(entry, 0)}`;
const OPTIONS = { columns: COLUMNS, start: null, textOf } as const;
const NONE: readonly OperatorLogEntry[] = [];

/** An operator by name, if this page knows it, with the id that the log has. */
function Operator({ id }: { id: string }) {
  const { name } = usePeople().person(id);
  return (
    <>
      {name !== id && `${name} `}
      <bdi className="ledger text-xs">{id}</bdi>
    </>
  );
}

export function OperatorLog() {
  const { entries, error, hasMore, loadingMore, loadMore, retry } = useOperatorLog();
  const { shown, sort, query, onSort, onQuery } = useTable(entries ?? NONE, OPTIONS);
  if (!entries) {
    if (error) return <ReadError title="The log could not be read" error={error} onRetry={retry} />;
    return <SkeletonRows rows={6} label="Loading the operator log" />;
  }
  return (
    <Panel
      title="Operator log"
      note="What operators did, and the result."
      action={<DownloadRows name="Operator log" columns={COLUMNS} rows={shown} />}
    >
      {entries.length === 0 ? (
        <EmptyState title="No actions yet" icon={<ScrollText aria-hidden="true" />}>
          Every action is recorded here before it starts.
        </EmptyState>
      ) : (
        <>
          <div className="mb-3 max-w-sm">
            <SearchField label="Filter the log" value={query} onChange={onQuery} />
          </div>
          <DataTable
            caption="Actions"
            columns={COLUMNS}
            rows={shown}
            keyOf={({ id }) => `${id}`}
            sort={sort}
            onSort={onSort}
            below={(entry) => (
              <tr className="sm:hidden">
                <td colSpan={COLUMNS.length} className="pb-3">
                  <Outcome entry={entry} />
                </td>
              </tr>
            )}
          />
          {shown.length === 0 && <p className="py-8 text-center text-ink-soft">No action matches.</p>}
          {hasMore && (
            <div className="mt-4 flex justify-center">
              <Button busy={loadingMore} onClick={loadMore}>
                Show older actions
              </Button>
            </div>
          )}
        </>
      )}
    </Panel>
  );
}

/** The person or topic that an action was about. */
function TargetLink({ entry: { action, target } }: { entry: OperatorLogEntry }) {
  if (target === null) return null;
  const isTopic = action.startsWith("topic.") || action === "shards.drain";
  if (!isTopic && action !== "cache.invalidate") return null;
  return (
    <Link
      className="block text-ink-soft text-xs underline underline-offset-4"
      href={isTopic ? `/admin/topics?topic=${target}` : personHref(target)}
    >
      {isTopic ? "Topic" : "Person"}
    </Link>
  );
}

function Outcome({ entry }: { entry: OperatorLogEntry }) {
  const now = useNow();
  const check = checkOf(entry);
  return (
    <span className="block text-sm">
      {entry.state === "running" && check && <ShareBar share={progressOf(check)} className="mb-1" />}
      {outcomeOf(entry, now)}
    </span>
  );
}
