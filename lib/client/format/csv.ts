/** Tables as CSV files (RFC 4180) that spreadsheets open safely. Pure. */

export type CsvValue = string | number | null;

/** Spreadsheet programs need this mark to read the file as UTF-8. */
const BYTE_ORDER_MARK = "\ufeff";
/** A spreadsheet takes text that begins like this for a formula, even after white space and in full-width forms. */
const FORMULA = /^[\s\p{C}]*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/u;
const QUOTED = /[",\r\n]|^\s|\s$/;

/** One line for each row, each as long as the heads. Null is an empty cell. */
export function csvText(heads: readonly string[], rows: readonly (readonly CsvValue[])[]): string {
  return BYTE_ORDER_MARK + [heads, ...rows].map((cells) => `${cells.map(cell).join(",")}\r\n`).join("");
}

function cell(value: CsvValue): string {
  if (value === null) return "";
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : "";
  // An apostrophe makes the cell a text. Spreadsheets do not show it.
  const text = FORMULA.test(value) ? `'${value}` : value;
  return QUOTED.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** `trustmesh-topics-2026-11-28T06-30-00Z.csv` */
export function csvFileName(table: string, nowMs: number): string {
  const name = table.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  const time = new Date(nowMs).toISOString().slice(0, 19).replaceAll(":", "-");
  return `trustmesh-${name}-${time}Z.csv`;
}
