/** Sorts and filters rows. Pure. */

export type SortKey = number | string | null;
export type Direction = "asc" | "desc";

export interface Sort {
  readonly column: string;
  readonly direction: Direction;
}

/** Parses `lag.desc`. Null for anything else. */
export function parseSort(text: string | null, columns: readonly string[]): Sort | null {
  const match = /^([a-z0-9-]+)\.(asc|desc)$/i.exec(text ?? "");
  const [column, direction] = [match?.[1], match?.[2]];
  if (!column || !direction || !columns.includes(column)) return null;
  return { column, direction: direction as Direction };
}

/** Undoes `parseSort`: `lag.desc`. */
export const formatSort = ({ column, direction }: Sort): string => `${column}.${direction}`;

/** Sorts numbers by size and texts in natural order (2 before 10). Unknown values come last in both directions. */
export function sorted<Row>(rows: readonly Row[], keyOf: (row: Row) => SortKey, direction: Direction): readonly Row[] {
  const sign = direction === "asc" ? 1 : -1;
  return [...rows].sort((a, b) => {
    const [x, y] = [keyOf(a), keyOf(b)];
    if (x === null || y === null) return Number(x === null) - Number(y === null);
    return sign * compare(x, y);
  });
}

function compare(x: number | string, y: number | string): number {
  if (typeof x === "number" && typeof y === "number") return x - y;
  return String(x).localeCompare(String(y), "en", { numeric: true });
}

/** Rows whose text contains every word of the query. */
export function rowsMatching<Row>(rows: readonly Row[], query: string, textOf: (row: Row) => string): readonly Row[] {
  const words = query.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return rows;
  return rows.filter((row) => {
    const text = textOf(row).toLocaleLowerCase();
    return words.every((word) => text.includes(word));
  });
}
