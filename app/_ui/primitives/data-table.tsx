"use client";
import clsx from "clsx";
import { ArrowDown, ArrowUp, ChevronsUpDown } from "lucide-react";
import { Select } from "./select";

type Direction = "asc" | "desc";
/** The names of the two orders of a column, for a reader who chooses one from a list. */
type Ways = Readonly<Record<Direction, string>>;

export interface Column<Row> {
  id: string;
  head: string;
  cell(row: Row): React.ReactNode;
  /** Sort direction after the first press of the head. If absent, the column cannot be sorted. */
  first?: Direction;
  numeric?: boolean;
  /** Names of the two sort orders. If absent, those for numbers or for text. */
  ways?: Ways;
  /** The narrowest screen that shows the column. If absent, every screen does. */
  from?: "sm" | "md" | "xl";
  /** Whether the cell is the row's header. */
  isHeader?: boolean;
  className?: string;
}

export interface DataTableProps<Row> {
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf(row: Row): string;
  sort: { readonly column: string; readonly direction: Direction } | null;
  onSort(column: string, direction: Direction): void;
  /** An extra row below each row, over the whole width. */
  below?(row: Row): React.ReactNode;
}

const FROM = { sm: "hidden sm:table-cell", md: "hidden md:table-cell", xl: "hidden xl:table-cell" } as const;

/** Rows that are sorted by pressing a column's head. Phones show few columns, so a select offers all of them there. */
export function DataTable<Row>(props: DataTableProps<Row>) {
  const { caption, columns, rows, keyOf, sort, onSort, below } = props;
  return (
    <>
      <OrderSelect {...props} />
      <table className="w-full border-collapse text-sm">
        <caption className="sr-only">{caption}</caption>
        <thead className="[overflow-wrap:normal]">
          <tr className="border-line-strong border-b">
            {columns.map((column) => (
              <Head key={column.id} column={column} sort={sort} onSort={onSort} />
            ))}
          </tr>
        </thead>
        {rows.map((row) => (
          <tbody key={keyOf(row)} data-row={keyOf(row)} className="border-line border-b last:border-0">
            <tr>
              {columns.map((column) => (
                <Cell key={column.id} column={column} row={row} />
              ))}
            </tr>
            {below?.(row)}
          </tbody>
        ))}
      </table>
    </>
  );
}

const cellClass = <Row,>({ numeric, from, className }: Column<Row>) =>
  clsx("px-2 py-2 first:pl-0 last:pr-0", numeric && "text-right tabular-nums", from && FROM[from], className);

function Cell<Row>({ column, row }: { column: Column<Row>; row: Row }) {
  if (!column.isHeader) return <td className={clsx(cellClass(column), "align-middle")}>{column.cell(row)}</td>;
  return (
    <th scope="row" className={clsx(cellClass(column), "text-left align-middle font-normal")}>
      {column.cell(row)}
    </th>
  );
}

interface HeadProps<Row> extends Pick<DataTableProps<Row>, "sort" | "onSort"> {
  column: Column<Row>;
}

function Head<Row>({ column, sort, onSort }: HeadProps<Row>) {
  const { id, head, first, numeric } = column;
  const direction = sort?.column === id ? sort.direction : null;
  const className = clsx(cellClass(column), "align-bottom font-medium text-ink-soft", !numeric && "text-left");
  if (!first) {
    return (
      <th scope="col" className={className}>
        <span className="inline-flex min-h-8 items-center">{head}</span>
      </th>
    );
  }
  const Mark = direction === null ? ChevronsUpDown : direction === "asc" ? ArrowUp : ArrowDown;
  const next = direction === null ? first : direction === "asc" ? "desc" : "asc";
  return (
    <th scope="col" aria-sort={direction === null ? "none" : `${direction}ending`} className={className}>
      <button
        type="button"
        onClick={() => onSort(id, next)}
        className={clsx(
          "inline-flex min-h-8 items-center gap-1 rounded-md hover:text-ink",
          numeric && "flex-row-reverse",
          direction && "font-semibold text-ink",
        )}
      >
        {head}
        <Mark aria-hidden="true" className={clsx("size-3.5 shrink-0", direction === null && "opacity-50")} />
      </button>
    </th>
  );
}

export const OF_TIMES: Ways = { asc: "oldest first", desc: "newest first" };
const OF_NUMBERS: Ways = { asc: "lowest first", desc: "highest first" };
const OF_TEXTS: Ways = { asc: "A to Z", desc: "Z to A" };

function OrderSelect<Row>({ caption, columns, sort, onSort }: DataTableProps<Row>) {
  const choose = (value: string) => {
    const at = value.lastIndexOf(".");
    onSort(value.slice(0, at), value.slice(at + 1) as Direction);
  };
  return (
    <div className="mb-2 sm:hidden">
      <Select
        aria-label={`Order of ${caption.toLowerCase()}`}
        value={sort ? `${sort.column}.${sort.direction}` : ""}
        onChange={(event) => choose(event.target.value)}
      >
        {!sort && <option value="">Default order</option>}
        {columns
          .filter(({ first }) => first)
          .flatMap(({ id, head, numeric, ways = numeric ? OF_NUMBERS : OF_TEXTS, first }) =>
            (first === "desc" ? (["desc", "asc"] as const) : (["asc", "desc"] as const)).map((direction) => (
              <option key={`${id}.${direction}`} value={`${id}.${direction}`}>
                {head}, {ways[direction]}
              </option>
            )),
          )}
      </Select>
    </div>
  );
}
