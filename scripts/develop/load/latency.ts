/** Latencies of a load run, and the verdict whether the set-up kept up. */
import type { Figures } from "./drive";

type Timed = Pick<Figures, "readMs" | "writeMs" | "failures" | "firstFailure">;

/** A page that waits longer for a view feels broken. Usability studies put the limit of attention at about a second. */
const SLOW_READ_MS = 1_000;
/** Consensus alone takes three to five seconds on a public network. */
const SLOW_WRITE_MS = 10_000;

/** The value that `share` of the values do not exceed. Null without values. */
export function quantile(values: readonly number[], share: number): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? null;
}

const shown = (ms: number | null) =>
  (ms === null ? "none" : `${ms < 10 ? ms.toFixed(1) : ms.toFixed(0)} ms`).padStart(10);

export function latencyTable({ readMs, writeMs }: Timed): string {
  const line = (name: string, values: readonly number[]) =>
    [
      name.padEnd(10),
      String(values.length).padStart(8),
      shown(quantile(values, 0.5)),
      shown(quantile(values, 0.99)),
    ].join("");
  return [
    ["".padEnd(10), "answered".padStart(8), "p50".padStart(10), "p99".padStart(10)].join(""),
    line("reads", readMs),
    line("writes", writeMs),
  ].join("\n");
}

/** Says whether the set-up kept up, and why, in one sentence. */
export function verdictOf(timed: Timed): { readonly keepsUp: boolean; readonly sentence: string } {
  const { readMs, writeMs, failures, firstFailure } = timed;
  const slow = [
    ["reads", quantile(readMs, 0.99), SLOW_READ_MS],
    ["writes", quantile(writeMs, 0.99), SLOW_WRITE_MS],
  ] as const;
  const problems = [
    ...(failures > 0 ? [`${failures} requests failed (${firstFailure})`] : []),
    ...(readMs.length + writeMs.length === 0 ? ["nothing was answered"] : []),
    ...slow.flatMap(([name, p99, most]) => (p99 !== null && p99 > most ? [`p99 of ${name} is over ${most} ms`] : [])),
  ];
  return problems.length === 0
    ? { keepsUp: true, sentence: "The set-up keeps up: no request failed, and p99 is within the limits." }
    : { keepsUp: false, sentence: `The set-up does not keep up: ${problems.join(", ")}.` };
}
