"use client";
import { Download } from "lucide-react";
import { type CsvValue, csvFileName, csvText } from "@/lib/client/format/csv";
import { Button } from "../../../primitives/button";
import type { SortedColumn } from "./use-table";

export interface DownloadCsvProps {
  /** Name of the table: part of the file's name. */
  name: string;
  heads: readonly string[];
  /** Called when the button is pressed. */
  rows(): readonly (readonly CsvValue[])[];
}

/** Downloads a table as CSV. The browser makes the file from what the page shows. */
export function DownloadCsv({ name, heads, rows }: DownloadCsvProps) {
  return (
    <Button size="sm" onClick={() => save(csvFileName(name, Date.now()), csvText(heads, rows()))}>
      <Download aria-hidden="true" className="size-4" />
      CSV<span className="sr-only"> of {name}</span>
    </Button>
  );
}

export interface DownloadRowsProps<Row> {
  name: string;
  columns: readonly SortedColumn<Row>[];
  /** The rows as the table shows them, sorted and filtered. */
  rows: readonly Row[];
}

/** The same for a table of columns: each column gives its `csv` value, otherwise its sort key. */
export function DownloadRows<Row>({ name, columns, rows }: DownloadRowsProps<Row>) {
  const cells = columns.flatMap(({ head, csv, key }) => {
    const value = csv ?? key;
    return value ? [{ head, value }] : [];
  });
  return (
    <DownloadCsv
      name={name}
      heads={cells.map(({ head }) => head)}
      rows={() => rows.map((row) => cells.map(({ value }) => value(row)))}
    />
  );
}

function save(fileName: string, text: string) {
  const url = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = fileName;
  link.click();
  // The download has begun, but the browser may still be reading the file.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
