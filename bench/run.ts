/**
 * `npm run bench -- NAME…` measures the rows whose name equals or starts with one of the given names; without names, all rows.
 * Prints a table while it runs and writes `bench/results.json`. Exit status 2 for an unknown name.
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { command, UsageError } from "../scripts/command";
import { ROW_MODULES } from "./rows";
import type { BenchRow, RowModule } from "./types";

const RESULTS = fileURLToPath(new URL("results.json", import.meta.url));
const NAME_WIDTH = 34;
const VALUE_WIDTH = 12;
const UNIT_WIDTH = 12;

const USAGE = `npm run bench -- [NAME…]
  Measures the rows whose name is or starts with one of the given ones; without names, all of them.
  Leaves bench/results.json.`;
/** More than the number of rows. */
const MAX_NAMES = 1_000;

async function main(asked: readonly string[]): Promise<void> {
  const isAsked = (name: string) => asked.length === 0 || asked.some((prefix) => name.startsWith(prefix));
  const modules: RowModule[] = [];
  for (const load of ROW_MODULES) modules.push(await load());
  const names = modules.flatMap((module) => module.names);
  const unknown = asked.filter((prefix) => !names.some((name) => name.startsWith(prefix)));
  if (unknown.length > 0)
    throw new UsageError(`No row is called ${unknown.join(", ")}; there are:\n  ${names.join("\n  ")}`);
  const rows: BenchRow[] = [];
  console.log(line("row", "value", "unit", "detail"));
  for (const module of modules.filter(({ names }) => names.some(isAsked))) {
    for (const row of await module.run()) {
      if (!isAsked(row.name)) continue;
      rows.push(row);
      console.log(line(row.name, readable(row.value), row.unit, row.detail));
      writeFileSync(RESULTS, `${JSON.stringify({ rows }, null, 2)}\n`);
    }
  }
}

const line = (name: string, value: string, unit: string, detail: string) =>
  `${name.padEnd(NAME_WIDTH)}${value.padStart(VALUE_WIDTH)}  ${unit.padEnd(UNIT_WIDTH)}${detail}`;

/** Four digits, because a noisy machine measures no better. */
function readable(value: number): string {
  return Math.abs(value) >= 1_000 ? String(Math.round(value)) : String(Number(value.toPrecision(4)));
}

// Exits explicitly, because a row that leaves a handle open must not block the end.
void command({ usage: USAGE, words: { least: 0, most: MAX_NAMES } }, ({ words }) => main(words)).then(() =>
  process.exit(),
);
