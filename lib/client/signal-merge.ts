/** How live signals and read pages become one list. Pure. */
import type { Signal, SignalsAnswer } from "@/lib/wire/signals";

/** The ledger's copy replaces the pending one, never the other way round. */
function better(a: Signal, b: Signal): Signal {
  return a.source === "pending" ? b : b.source === "pending" ? a : b;
}

const timeKey = (signal: Signal) => {
  const [seconds = "0", nanos = "0"] = (signal.consensusTimestamp ?? `${signal.ts / 1_000}`).split(".");
  return `${seconds.padStart(12, "0")}.${nanos.padEnd(9, "0")}`;
};

function newestFirst(a: Signal, b: Signal): number {
  const [x, y] = [timeKey(a), timeKey(b)];
  return x < y ? 1 : x > y ? -1 : 0;
}

/** All pages as one list, newest first, each signal once. */
export function flatten(pages: readonly SignalsAnswer[]): Signal[] {
  const byId = new Map<string, Signal>();
  for (const page of pages) {
    for (const signal of page.items) {
      const seen = byId.get(signal.id);
      byId.set(signal.id, seen ? better(seen, signal) : signal);
    }
  }
  return [...byId.values()].sort(newestFirst);
}

/** The pages with one more signal, in place where it is known already, on top of the first page otherwise. */
export function mergeSignal(pages: readonly SignalsAnswer[], signal: Signal): SignalsAnswer[] {
  const known = pages.some((page) => page.items.some((item) => item.id === signal.id));
  return pages.map((page, index) => {
    const items = known
      ? page.items.map((item) => (item.id === signal.id ? better(item, signal) : item))
      : index === 0
        ? [signal, ...page.items]
        : page.items;
    return { ...page, items, position: Math.max(page.position, signal.position) };
  });
}
