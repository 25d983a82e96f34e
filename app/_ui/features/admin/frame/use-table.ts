"use client";
import { useMemo } from "react";
import type { CsvValue } from "@/lib/client/format/csv";
import {
  type Direction,
  formatSort,
  parseSort,
  rowsMatching,
  type Sort,
  type SortKey,
  sorted,
} from "@/lib/client/format/table";
import type { Column } from "../../../primitives/data-table";
import { useUrlState } from "../../url-state";

/** A column that may have a sort key. */
export interface SortedColumn<Row> extends Column<Row> {
  key?(row: Row): SortKey;
  /** Value in a CSV file. If absent, the sort key; if false, the file leaves the column out. */
  csv?: false | ((row: Row) => CsvValue);
}

export interface TableState<Row> {
  readonly shown: readonly Row[];
  readonly sort: Sort | null;
  readonly query: string;
  onSort(column: string, direction: Direction): void;
  onQuery(query: string): void;
}

export interface TableStateOptions<Row> {
  readonly columns: readonly SortedColumn<Row>[];
  readonly start: Sort | null;
  /** The text that the filter searches. If absent, the table has no filter. */
  textOf?(row: Row): string;
  /** Prefix of the address parameters, for pages with several tables. */
  readonly name?: string;
}

/** Sort order and filter of a table, kept in the address. Pass the same `options` object on each render. */
export function useTable<Row>(rows: readonly Row[], options: TableStateOptions<Row>): TableState<Row> {
  const { get, set } = useUrlState();
  const prefix = options.name ? `${options.name}-` : "";
  const asked = get(`${prefix}sort`);
  const query = get(`${prefix}q`) ?? "";
  const sort = useMemo(() => {
    const sortable = options.columns.filter(({ key }) => key).map(({ id }) => id);
    return parseSort(asked, sortable) ?? options.start;
  }, [asked, options]);
  const shown = useMemo(() => {
    const chosen = options.textOf ? rowsMatching(rows, query, options.textOf) : rows;
    const keyOf = sort && options.columns.find(({ id }) => id === sort.column)?.key;
    return sort && keyOf ? sorted(chosen, keyOf, sort.direction) : chosen;
  }, [rows, query, sort, options]);
  return {
    shown,
    sort,
    query,
    onSort: (column, direction) => set({ [`${prefix}sort`]: formatSort({ column, direction }) }),
    onQuery: (text) => set({ [`${prefix}q`]: text || null }),
  };
}
