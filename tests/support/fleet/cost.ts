/** The cost of reads for the tiers below the process, counted where the bill is made: at the stand-ins. */
import { systemClock } from "@/lib/adapters/memory/system-clock";
import type { FleetServices } from "./services";

export interface ReadCost {
  /** Redis commands of reads: views looked up, leased and filled. */
  readonly commands: number;
  /** SQL statements of whatever kind. */
  readonly statements: number;
  /** Redis commands of the instances themselves, by purpose: of the sync once in a period, of the report once in ten seconds. */
  readonly own: Readonly<Record<string, number>>;
}

/** Sent by the sync, its rounds and an instance's report of its numbers, not for a read nor for a stream. */
const OWN = ["round", "budget", "publish", "cursor", "report"];

/** The cost of `work`. Nothing else may run meanwhile. */
export async function costOf({ upstash, proxy }: FleetServices, work: () => Promise<unknown>): Promise<ReadCost> {
  upstash.counters.reset();
  proxy.counters.reset();
  await work();
  const { total, byPurpose } = upstash.counters.read();
  const own = Object.fromEntries(OWN.map((purpose) => [purpose, byPurpose[purpose] ?? 0]));
  const sum = Object.values(own).reduce((sum, count) => sum + count, 0);
  return { commands: total - sum, statements: proxy.counters.read().total, own };
}

/** After the last commit, each instance looks at the database once more, at most this late (lib/server/health/watch.ts). */
const LAST_LOOK_MS = 16_000;

/** Waits until no instance has to look at the database any more because something was committed. */
export const settled = () => systemClock.sleep(LAST_LOOK_MS);

/** Longer than anything that a read or a start leaves behind pauses before it goes on. */
const QUIET_MS = 1_200;
const QUIET_TRIES = 50;

/** Waits until nobody asks the tiers for anything any more. */
export async function quiet({ upstash, proxy }: FleetServices): Promise<void> {
  const seen = () => proxy.counters.read().total + upstash.counters.read().total;
  for (let tries = 0; tries < QUIET_TRIES; tries += 1) {
    const before = seen();
    await systemClock.sleep(QUIET_MS);
    if (seen() === before) return;
  }
  throw new Error("the tiers are asked without end");
}
