/** The cost of reads in Redis commands and SQL statements. The stand-ins count them, as the vendors bill them. */
import { systemClock } from "@/lib/adapters/memory/system-clock";
import type { FleetServices } from "./services";

export interface ReadCost {
  /** Redis commands of reads: views looked up, leased and filled. */
  readonly commands: number;
  /** All SQL statements. */
  readonly statements: number;
  /**
   * Redis commands of the instances themselves, by purpose: the sync once in a period, the report once in ten seconds, the gate of
   * topics that nobody reads once a minute (lib/engine/sync/keep-up.ts).
   */
  readonly own: Readonly<Record<string, number>>;
}

/** Purposes of commands that the sync and an instance's report send. No read and no stream sends them. */
export const OWN = ["round", "budget", "publish", "cursor", "report", "gate"];

/** The cost of `work`. Nothing else may run at the same time. */
export async function costOf({ upstash, proxy }: FleetServices, work: () => Promise<unknown>): Promise<ReadCost> {
  upstash.counters.reset();
  proxy.counters.reset();
  await work();
  const { total, byPurpose } = upstash.counters.read();
  const own = Object.fromEntries(OWN.map((purpose) => [purpose, byPurpose[purpose] ?? 0]));
  const sum = Object.values(own).reduce((sum, count) => sum + count, 0);
  return { commands: total - sum, statements: proxy.counters.read().total, own };
}

/** Each instance asks the database once more after the last commit, at most this late (lib/server/health/watch.ts). */
const LAST_LOOK_MS = 16_000;

/** Waits until the last commit causes no more statements. */
export const settled = () => systemClock.sleep(LAST_LOOK_MS);

/** Longer than any pause in the work that follows a read or a start. */
const QUIET_MS = 1_200;
const QUIET_TRIES = 50;

/** Waits until no command and no statement comes any more. */
export async function quiet({ upstash, proxy }: FleetServices): Promise<void> {
  const seen = () => proxy.counters.read().total + upstash.counters.read().total;
  for (let tries = 0; tries < QUIET_TRIES; tries += 1) {
    const before = seen();
    await systemClock.sleep(QUIET_MS);
    if (seen() === before) return;
  }
  throw new Error("commands or statements went on without end");
}
