/** Reads the outage tables of docs/operations.md: one for each tier, with a line for each fault and surface. */
import { readFileSync } from "node:fs";

export const FAULTS = ["down", "slow (2 s)", "flapping", "erroring half the time"] as const;
export type FaultName = (typeof FAULTS)[number];
export const SURFACES = ["reads", "sync", "submit", "streams"] as const;
export type Surface = (typeof SURFACES)[number];
export const TIERS = ["Redis", "Postgres", "mirror"] as const;
export type TierName = (typeof TIERS)[number];

export const TABLE_FILE = "docs/operations.md";

/** One line of the tables. `sees` says what users see of `surface` while `tier` has the fault. */
export type OutageLine = readonly [tier: string, fault: string, surface: string, sees: string];

const cellsOf = (line: string) =>
  line
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim());

/** All lines of the tables, in order. A line without a fault continues the fault above it. */
export function outageLines(): readonly OutageLine[] {
  const markdown = readFileSync(TABLE_FILE, "utf8");
  return TIERS.flatMap((tier) => {
    const section = markdown.split(`\n### ${tier}\n`)[1]?.split("\n#")[0] ?? "";
    const [, , ...rows] = section.split("\n").filter((line) => line.startsWith("|"));
    let fault = "";
    return rows.map(cellsOf).map(([named = "", surface = "", sees = ""]): OutageLine => {
      fault = named || fault;
      return [tier, fault, surface, sees];
    });
  });
}
