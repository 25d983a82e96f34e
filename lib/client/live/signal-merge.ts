/** Merges live signals and read pages into one list. Pure. */
import type { Signal } from "@/lib/wire/signals";

/** The ledger's copy replaces the pending one, never the other way round. */
function better(a: Signal, b: Signal): Signal {
  return a.source === "pending" ? b : a;
}

const timeKey = (signal: Signal) => {
  const [seconds = "0", nanos = "0"] = (signal.consensusTimestamp ?? `${signal.ts / 1_000}`).split(".");
  return `${seconds.padStart(12, "0")}.${nanos.padEnd(9, "0")}`;
};

function newestFirst(a: Signal, b: Signal): number {
  const [x, y] = [timeKey(a), timeKey(b)];
  return x < y ? 1 : x > y ? -1 : 0;
}

/** All read and live signals, newest first, each once. */
export function mergeSignals(...lists: readonly (readonly Signal[])[]): Signal[] {
  const byId = new Map<string, Signal>();
  for (const signal of lists.flat()) {
    const seen = byId.get(signal.id);
    byId.set(signal.id, seen ? better(seen, signal) : signal);
  }
  return [...byId.values()].sort(newestFirst);
}
