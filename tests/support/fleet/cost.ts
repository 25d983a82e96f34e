/** What reads cost the tiers below the process, counted where the bill is made: at the stand-ins. */
import { systemClock } from "@/lib/adapters/memory/system-clock";
import type { FleetServices } from "./services";

export interface ReadCost {
  /** Redis commands of reads: views looked up, leased and filled. */
  readonly commands: number;
  /** SQL statements of whatever kind. */
  readonly statements: number;
  /** Redis commands of the sync, by purpose: once in a period of an instance that is read, however many read. */
  readonly sync: Readonly<Record<string, number>>;
}

/** Sent by the sync and its rounds, not for a read. */
const OF_SYNC = ["round", "budget", "publish", "cursor"];

/** What `work` costs. Nothing else may run meanwhile. */
export async function costOf({ upstash, proxy }: FleetServices, work: () => Promise<unknown>): Promise<ReadCost> {
  upstash.counters.reset();
  proxy.counters.reset();
  await work();
  const { total, byPurpose } = upstash.counters.read();
  const sync = Object.fromEntries(OF_SYNC.map((purpose) => [purpose, byPurpose[purpose] ?? 0]));
  const ofSync = Object.values(sync).reduce((sum, count) => sum + count, 0);
  return { commands: total - ofSync, statements: proxy.counters.read().total, sync };
}

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
