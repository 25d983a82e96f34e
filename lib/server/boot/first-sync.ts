import "server-only";
/** The first sync of a process, and its progress. Reads are served meanwhile. */
import type { MirrorLedger } from "../../adapters/mirror/mirror-ledger";
import { counted } from "../../core/counted";
import type { TopicId } from "../../core/ledger/ids";
import type { SyncScheduler } from "../../engine/sync/sync-scheduler";
import type { Clock } from "../../ports/clock";
import type { Log } from "../../ports/log";

export interface FirstSyncDeps {
  readonly scheduler: Pick<SyncScheduler, "topics" | "syncs" | "syncNow">;
  readonly ledger: Pick<MirrorLedger, "newestSequence">;
  readonly clock: Clock;
  readonly log: Log;
}

/** A sync that is done by then logs no progress, and does not ask the mirror for totals. */
const QUICK_MS = 2_000;
const SAY_EVERY_MS = 5_000;
const NAMED = 3;

const count = (number: number) => number.toLocaleString("en");

const MINUTE_S = 60;
const HOUR_S = 3_600;

/** `40 more seconds`, `3 more minutes`, `5 more hours`: the largest unit of which there are at least two, rounded up. */
function more(seconds: number): string {
  if (seconds < 2 * MINUTE_S) return counted(Math.max(1, Math.ceil(seconds)), "more second");
  if (seconds < 2 * HOUR_S) return counted(Math.ceil(seconds / MINUTE_S), "more minute");
  return counted(Math.ceil(seconds / HOUR_S), "more hour");
}

export class FirstSync {
  private isUnderWay = false;
  private isClosed = false;
  private running: Promise<boolean> | null = null;
  /** The number of messages of all topics on the mirror. Null before it was asked, and if it did not answer. */
  private total: number | null = null;
  /** When the total came. */
  private sinceMs = 0;
  /** Each topic's first known cursor since then. After a restart a topic has stored messages long before its cursor is known. */
  private readonly bases = new Map<TopicId, number>();

  constructor(private readonly deps: FirstSyncDeps) {}

  /** A sentence while the first sync is under way, null before and after. */
  get progress(): string | null {
    if (!this.isUnderWay) return null;
    const { stored } = this;
    const ofAll = this.total === null ? "" : ` of about ${count(Math.max(this.total, stored))}`;
    const { secondsLeft } = this;
    const left = secondsLeft === null ? "" : ` It needs about ${more(secondsLeft)}.`;
    return `The first sync has stored ${count(stored)}${ofAll} messages so far.${left}`;
  }

  private get stored(): number {
    return this.cursors.reduce((sum, [, cursor]) => sum + (cursor ?? 0), 0);
  }

  private get cursors(): readonly (readonly [TopicId, number | null])[] {
    const { topics, syncs } = this.deps.scheduler;
    return topics.map(({ topicId }) => [topicId, syncs.get(topicId)?.cursor ?? null]);
  }

  /** By the speed since the total came. Null if that is not known, or nothing was stored since. */
  private get secondsLeft(): number | null {
    const { total, bases, cursors, stored } = this;
    const gained = cursors.reduce((sum, [id, cursor]) => sum + (cursor ?? 0) - (bases.get(id) ?? cursor ?? 0), 0);
    if (total === null || gained <= 0) return null;
    const tookMs = this.deps.clock.monotonicMs() - this.sinceMs;
    return (tookMs * Math.max(0, total - stored)) / gained / 1_000;
  }

  private noteBases(): void {
    for (const [topicId, cursor] of this.cursors)
      if (cursor !== null && !this.bases.has(topicId)) this.bases.set(topicId, cursor);
  }

  /**
   * Runs the first sync once and logs its progress. Resolves with true if every topic is complete. Never rejects; if the sync
   * fails, the next reader starts another.
   */
  run(): Promise<boolean> {
    this.running ??= this.sync();
    return this.running;
  }

  /** Stops logging: a sync that breaks off because the app ends has not failed. */
  close(): void {
    this.isClosed = true;
  }

  private async sync(): Promise<boolean> {
    const { scheduler, log } = this.deps;
    const done = new AbortController();
    this.isUnderWay = true;
    log.info(`Syncing ${counted(scheduler.topics.length, "topic")} …`);
    void this.say(done.signal);
    try {
      const reports = await scheduler.syncNow();
      if (this.isClosed) return false;
      const added = reports.reduce((sum, report) => sum + report.added, 0);
      log.info(`Synced ${count(added)} new messages of ${counted(reports.length, "topic")}.`);
      const failing = reports.filter((report) => report.error !== null);
      // A lasting obstacle is also an incident, which logs it.
      for (const reason of new Set(failing.map(({ error }) => error))) {
        const names = failing.flatMap(({ topicId, error }) => (error === reason ? [topicId] : []));
        log.info(
          `Not complete yet, will retry: ${counted(names.length, "topic")} (${names.slice(0, NAMED).join(", ")}): ${reason}.`,
        );
      }
      return failing.length === 0;
    } catch (cause) {
      if (!this.isClosed) log.error("the first sync failed; the next reader starts another one", { cause });
      return false;
    } finally {
      this.isUnderWay = false;
      done.abort();
    }
  }

  private async say(done: AbortSignal): Promise<void> {
    const { clock, log } = this.deps;
    await clock.sleep(QUICK_MS, done);
    if (!done.aborted) this.total = await this.askTotal();
    this.sinceMs = clock.monotonicMs();
    while (!done.aborted) {
      this.noteBases();
      if (this.progress !== null && !this.isClosed) log.info(this.progress);
      await clock.sleep(SAY_EVERY_MS, done);
    }
  }

  /** One request for each topic, once. */
  private async askTotal(): Promise<number | null> {
    const { scheduler, ledger } = this.deps;
    const answers = await Promise.all(scheduler.topics.map(({ topicId }) => ledger.newestSequence(topicId)));
    return answers.reduce<number | null>((sum, answer) => (sum === null || !answer.ok ? null : sum + answer.value), 0);
  }
}
