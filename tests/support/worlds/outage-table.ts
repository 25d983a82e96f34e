/** The outage matrix as docs/operations.md has it: its rows and columns, and who fails how. */
import { readFileSync } from "node:fs";

export const FAULTS = ["down", "slow (2 s)", "flapping", "erroring half the time"] as const;
export type FaultName = (typeof FAULTS)[number];
export const SURFACES = ["reads", "sync", "submit", "streams"] as const;
export type Surface = (typeof SURFACES)[number];
export const TIERS = ["Redis", "Postgres", "mirror"] as const;
export type TierName = (typeof TIERS)[number];

export const TABLE_FILE = "docs/operations.md";

const cellsOf = (line: string) =>
  line
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim());

/** The table's rows: tier, fault and the four sentences. */
export function tableRows(): readonly (readonly string[])[] {
  const lines = readFileSync(TABLE_FILE, "utf8").split("\n");
  const head = lines.findIndex((line) => cellsOf(line).join() === ["tier", "is", ...SURFACES].join());
  if (head < 0) return [];
  const end = lines.findIndex((line, i) => i > head && !line.startsWith("|"));
  return lines.slice(head + 2, end).map(cellsOf);
}
