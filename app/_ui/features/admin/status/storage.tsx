"use client";
import { DatabaseZap } from "lucide-react";
import { bytes, compact, percent, whole } from "@/lib/client/format/numbers";
import { clockTime } from "@/lib/client/format/time";
import type { StorageStatus } from "@/lib/wire/operators/admin";
import { Button } from "../../../primitives/button";
import { DataTable } from "../../../primitives/data-table";
import { EmptyState } from "../../../primitives/states";
import { SearchField } from "../../people/person-picker";
import { useUrlState } from "../../url-state";
import { ShareBar } from "../charts/share-bar";
import { DownloadRows } from "../frame/download-csv";
import { Panel } from "../frame/panel";
import { useStatus } from "../frame/status-context";
import { type SortedColumn, useTable } from "../frame/use-table";

type Table = StorageStatus["tables"][number];
type Relation = Table["partitions"][number];

const sizeOf = ({ tableBytes, indexBytes }: Relation) => tableBytes + indexBytes;

export function Storage() {
  const { storage } = useStatus();
  if (!storage) {
    return (
      <EmptyState title="The database does not answer" icon={<DatabaseZap aria-hidden="true" />}>
        Sizes show again when it does. Until then the caches serve reads, marked stale.
      </EmptyState>
    );
  }
  return <Tables storage={storage} />;
}

const textOf = ({ name, partitions }: Table) => [name, ...partitions.map((partition) => partition.name)].join(" ");

function columnsOf(databaseBytes: number, open: string | null, onOpen: (name: string | null) => void) {
  const columns: readonly SortedColumn<Table>[] = [
    {
      id: "table",
      head: "Table",
      isHeader: true,
      first: "asc",
      key: ({ name }) => name,
      cell: ({ name, partitions }) => (
        <>
          <span className="ledger text-xs">{name}</span>
          {partitions.length > 0 && (
            <Button
              look="ghost"
              size="sm"
              aria-expanded={open === name}
              onClick={() => onOpen(open === name ? null : name)}
              className="-ml-3 block! h-auto text-xs sm:ml-0 sm:inline-flex!"
            >
              {partitions.length} partitions
            </Button>
          )}
        </>
      ),
    },
    {
      id: "rows",
      head: "Rows",
      numeric: true,
      first: "desc",
      key: ({ rows }) => rows,
      cell: ({ rows }) => compact(rows),
    },
    {
      id: "data",
      head: "Data",
      numeric: true,
      first: "desc",
      from: "sm",
      key: ({ tableBytes }) => tableBytes,
      cell: ({ tableBytes }) => bytes(tableBytes),
    },
    {
      id: "indexes",
      head: "Indexes",
      numeric: true,
      first: "desc",
      from: "sm",
      key: ({ indexBytes }) => indexBytes,
      cell: ({ indexBytes }) => bytes(indexBytes),
    },
    {
      id: "size",
      head: "Size",
      numeric: true,
      first: "desc",
      className: "whitespace-nowrap",
      key: sizeOf,
      cell: (table) => bytes(sizeOf(table)),
    },
    {
      id: "row",
      head: "Bytes per row",
      numeric: true,
      first: "desc",
      from: "md",
      key: (table) => (table.rows === 0 ? null : sizeOf(table) / table.rows),
      cell: (table) => bytes(table.rows === 0 ? null : Math.round(sizeOf(table) / table.rows)),
    },
    {
      id: "share",
      head: "Share",
      from: "md",
      className: "w-52",
      csv: (table) => sizeOf(table) / Math.max(1, databaseBytes),
      cell: (table) => (
        <span className="flex items-center gap-2">
          <ShareBar share={sizeOf(table) / Math.max(1, databaseBytes)} />
          <span className="w-20 shrink-0 whitespace-nowrap text-right text-xs tabular-nums">
            {percent(sizeOf(table) / Math.max(1, databaseBytes))}
          </span>
        </span>
      ),
    },
  ];
  return columns;
}

function Tables({ storage: { databaseBytes, tables, readMs } }: { storage: StorageStatus }) {
  const { get, set } = useUrlState();
  const open = get("table");
  const columns = columnsOf(databaseBytes, open, (table) => set({ table }));
  const { shown, sort, query, onSort, onQuery } = useTable(tables, { columns, start: null, textOf });
  return (
    <Panel
      title="Postgres"
      action={<DownloadRows name="Tables" columns={columns} rows={shown} />}
      note={`${bytes(databaseBytes)} in all, read at ${clockTime(readMs)}. Rows may be estimates.`}
    >
      <div className="mb-3 max-w-sm">
        <SearchField label="Filter tables" value={query} onChange={onQuery} />
      </div>
      <DataTable
        caption="Tables"
        columns={columns}
        rows={shown}
        keyOf={({ name }) => name}
        sort={sort}
        onSort={onSort}
        below={(table) =>
          open === table.name && (
            <tr>
              <td colSpan={columns.length} className="pb-4">
                <Partitions of={table} />
              </td>
            </tr>
          )
        }
      />
      {shown.length === 0 && <p className="py-8 text-center text-ink-soft">No table matches.</p>}
    </Panel>
  );
}

/** Partitions side by side, to spot an uneven one. */
function Partitions({ of: { name, partitions } }: { of: Table }) {
  const largest = Math.max(1, ...partitions.map(sizeOf));
  return (
    <ul
      aria-label={`Partitions of ${name}`}
      className="grid gap-x-6 gap-y-2 rounded-lg bg-paper p-3 sm:grid-cols-2 lg:grid-cols-4"
    >
      {partitions.map((partition) => (
        <li key={partition.name} className="text-xs">
          <span className="ledger block">{partition.name}</span>
          <ShareBar share={sizeOf(partition) / largest} className="my-1 h-1.5" />
          <span className="text-ink-soft tabular-nums">
            {bytes(sizeOf(partition))}, {whole(partition.rows)} rows
          </span>
        </li>
      ))}
    </ul>
  );
}
