/** Numbers as people read them, and aligned columns. */

type Steps = readonly (readonly [size: number, unit: string])[];

const COUNTS: Steps = [
  [1e9, "B"],
  [1e6, "M"],
  [1e3, "K"],
];
const BYTES: Steps = [
  [1e15, "PB"],
  [1e12, "TB"],
  [1e9, "GB"],
  [1e6, "MB"],
  [1e3, "KB"],
];

/** Three digits, or more if the number is whole. */
function digits(value: number): string {
  const places = value >= 100 || Number.isInteger(value) ? 0 : value >= 10 ? 1 : 2;
  return value.toLocaleString("en", { maximumFractionDigits: places });
}

function scaled(value: number, steps: Steps): string {
  const found = steps.find(([size]) => value >= size);
  return found === undefined ? digits(value) : `${digits(value / found[0])} ${found[1]}`;
}

/** `1.75 M`. Whole numbers below 10,000. */
export const count = (value: number): string => (value < 10_000 ? digits(value) : scaled(value, COUNTS));

/** `27.7 GB` */
export const bytes = (value: number): string => (value === 0 ? "none" : scaled(value, BYTES));

/** `$1,234` */
export const dollars = (value: number): string => `$${Math.round(value).toLocaleString("en")}`;

/** `20.3 (60.8)`: the mean and the busiest minute. */
export const meanAndPeak = (mean: number, peak: number): string => `${count(mean)} (${count(peak)})`;

/** Lines of cells with the first column to the left and the others to the right. Each column is as wide as its widest cell. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = rows.reduce<number[]>((wide, row) => {
    for (const [i, cell] of row.entries()) wide[i] = Math.max(wide[i] ?? 0, cell.length);
    return wide;
  }, []);
  const line = (row: readonly string[]) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart((widths[i] ?? 0) + 3))).join("");
  return rows.map((row) => line(row).trimEnd()).join("\n");
}
