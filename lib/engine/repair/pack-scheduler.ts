/**
 * Decides when older messages are packed and old ones dropped, and by which instance: the one that passes the gate. A process that
 * lives on packs in the background. One that does not packs for some seconds when the schedule calls it.
 */
import type { Log } from "../../ports/log";
import type { HotCache } from "../../ports/shared/hot-cache";
import type { DropStore } from "../../ports/store/sync/drop-store";
import type { PackStore } from "../../ports/store/sync/pack-store";
import { ifDown, isTierUnavailable } from "../../ports/tier-unavailable";
import { type DropDeps, dropOlder } from "./drop-old";
import { type PackDeps, type PackOptions, packOlder } from "./pack";

export interface PackSchedulerDeps extends PackDeps, Omit<DropDeps, "store"> {
  readonly store: PackDeps["store"] & DropDeps["store"] & Pick<PackStore & DropStore, "packAgeMs" | "dropAgeMs">;
  readonly hot: Pick<HotCache, "passGate">;
  readonly log: Log;
}

/** A topic with a message a second fills two further ranges of 256 messages in this time. */
const EVERY_MS = 600_000;
/**
 * An instance of the version before cannot read what is packed, and takes what is dropped for lost. It may still run beside this one
 * for minutes, and an operator may go back to it within a day.
 */
export const GRACE_MS = 86_400_000;
/** A little less than the period: the instance that passed last asks again one period later, and must not come too early. */
const PASSED_SHARE = 0.9;
/**
 * Each of the two connections works for a tenth of the time, so commits beside them are not a tenth slower (docs/measurements.md §6). A
 * busy database is left alone for longer. A run ends before another instance passes.
 */
const IN_BACKGROUND = { pauseMs: 20, restTimes: 9, mostMs: EVERY_MS * PASSED_SHARE };
/** A process that leaves something behind packs faster the next time, because otherwise a busy ledger would never be packed. */
const LESS_REST = { times: 3, least: 1 };
/** A function on a platform that bills time. */
const AT_ONCE = { pauseMs: 0, mostMs: 5_000 };

/** Counts of messages, and of rows that people had of them. */
const none = () => ({ messages: 0, rows: 0 });

export class PackScheduler {
  /** Counts since the start. A fault is a failure that is logged; a database that is down is none. */
  readonly counts = { packed: none(), dropped: none(), faults: { pack: 0, drop: 0 } };
  private readonly closing = new AbortController();
  private running: Promise<void> | null = null;
  private dueMs = 0;
  private restTimes = IN_BACKGROUND.restTimes;

  constructor(private readonly deps: PackSchedulerDeps) {}

  /** Packs in the background what has become old enough, unless that was done a short time ago. Never rejects. */
  notice(): void {
    const nowMs = this.deps.clock.monotonicMs();
    if (this.running !== null || this.closing.signal.aborted || nowMs < this.dueMs) return;
    this.dueMs = nowMs + EVERY_MS;
    this.begin({ ...IN_BACKGROUND, restTimes: this.restTimes });
  }

  /** Packs for some seconds, for a process that does not stay alive, unless that was done a short time ago. Never rejects. */
  async packForSeconds(): Promise<void> {
    if (this.running === null && !this.closing.signal.aborted) this.begin(AT_ONCE);
    await this.running;
  }

  private begin(limits: Pick<PackOptions, "pauseMs" | "restTimes" | "mostMs">): void {
    this.running = this.run(limits).finally(() => {
      this.running = null;
    });
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.running;
  }

  private async run(limits: Pick<PackOptions, "pauseMs" | "restTimes" | "mostMs">): Promise<void> {
    const { store, hot, log } = this.deps;
    const { packed, dropped, faults } = this.counts;
    let step: keyof typeof faults = "pack";
    try {
      if (!(await hot.passGate("pack", EVERY_MS * PASSED_SHARE).catch(ifDown("redis", () => true)))) return;
      if ((await store.packAgeMs()) < GRACE_MS) return;
      const { clock, keepMonths } = this.deps;
      const endMs = clock.monotonicMs() + limits.mostMs;
      const { signal } = this.closing;
      const { messages, rows } = await packOlder(this.deps, {
        ...limits,
        signal,
        onPacked: (_topicId, _through, count) => {
          packed.messages += count;
        },
        onRowsPacked: (count) => {
          packed.rows += count;
        },
        onFault: (topicId, cause) => {
          faults.pack += 1;
          log.error("one topic could not be packed; trying again later", { cause, topicId });
        },
      });
      const isBehind = clock.monotonicMs() >= endMs;
      this.restTimes = isBehind ? Math.max(LESS_REST.least, this.restTimes / LESS_REST.times) : IN_BACKGROUND.restTimes;
      if (messages + rows > 0) log.info("packed older messages", { messages, rows });
      if (keepMonths === 0 || (await store.dropAgeMs()) < GRACE_MS) return;
      step = "drop";
      const done = await dropOlder(this.deps, {
        ...limits,
        mostMs: endMs - clock.monotonicMs(),
        signal,
        onDropped: (_topicId, _through, count) => {
          dropped.messages += count;
        },
        onRowsDropped: (count) => {
          dropped.rows += count;
        },
        onFault: (topicId, cause) => {
          faults.drop += 1;
          log.error("old messages of one topic could not be dropped; trying again later", { cause, topicId });
        },
      });
      if (done.messages + done.rows > 0) log.info("dropped messages that are older than KEEP_MONTHS", { ...done });
    } catch (cause) {
      // The next run goes on where this one has stopped.
      if (isTierUnavailable(cause)) return;
      faults[step] += 1;
      log.error("older messages could not be packed or dropped; trying again later", { cause });
    }
  }
}
