/**
 * Decides when topics are pulled. A read demands; one demand in each gate period starts a run, whoever asks, however many ask,
 * on however many instances. With no demand nothing is pulled.
 */
import type { ConsensusNs } from "../core/consensus-time";
import { type FreshnessNow, freshness } from "../core/freshness";
import type { Sequence, TopicId, TopicKind } from "../core/ids";
import { ok, type Result } from "../core/result";
import type { HotCache, RoundTopic } from "../ports/hot-cache";
import type { LedgerError } from "../ports/ledger";
import { HotTierUnavailable } from "../ports/view-cache";
import type { Mender } from "./mend";
import { type SyncReport, TopicSync, type TopicSyncDeps } from "./topic-sync";

export interface RegisteredTopic {
  readonly topicId: TopicId;
  readonly kinds: readonly TopicKind[];
}

export interface SchedulerDeps extends Omit<TopicSyncDeps, "mirrorHead" | "onSynced" | "onLoaded" | "onUnpublished"> {
  readonly mender: Mender;
  readonly hot: HotCache;
  readonly topics: readonly RegisteredTopic[];
  /** Half the freshness target, so that a reader who just misses one run is served by the next in time. */
  readonly gateMs: number;
  readonly freshnessTargetMs: number;
}

export class SyncScheduler {
  readonly syncs: ReadonlyMap<TopicId, TopicSync>;
  private readonly syncedThrough = new Map<TopicId, bigint>();
  private mirrorHead: { readonly readMs: number; readonly answer: Promise<Result<ConsensusNs, LedgerError>> } | null =
    null;
  private lastHeadNs: ConsensusNs | null = null;
  private nextRoundMs = 0;

  constructor(private readonly deps: SchedulerDeps) {
    const topicDeps: TopicSyncDeps = {
      ...deps,
      mirrorHead: () => this.head(),
      onSynced: (topicId, throughNs) => this.synced(topicId, throughNs),
      onUnpublished: (topicId, cursor) => deps.mender.doubt(topicId, cursor),
      onLoaded: (topicId, cursor) => void deps.mender.check(topicId, cursor),
    };
    this.syncs = new Map(deps.topics.map(({ topicId }) => [topicId, new TopicSync(topicId, topicDeps)]));
    for (const { topicId } of deps.topics) this.syncedThrough.set(topicId, 0n);
  }

  get topics(): readonly RegisteredTopic[] {
    return this.deps.topics;
  }

  /** What the mirror said last of its own head; null before the first answer. */
  get mirrorHeadNs(): ConsensusNs | null {
    return this.lastHeadNs;
  }

  /** Asks the mirror for its head, or joins a question asked just now. */
  async askHead(): Promise<void> {
    await this.head();
  }

  /**
   * A reader was here. In each gate period this process asks once which topics are its own to sync, and syncs those. Resolves
   * when the runs that it started, if any, are over; callers who serve now do not wait for it.
   */
  async demand(): Promise<void> {
    const nowMs = this.deps.clock.now();
    if (nowMs < this.nextRoundMs) return;
    this.nextRoundMs = nowMs + this.deps.gateMs;
    const known = [...this.syncedThrough].map(([topicId, syncedThroughNs]) => ({ topicId, syncedThroughNs }));
    const round = await this.round(known);
    for (const { topicId, syncedThroughNs } of round) this.synced(topicId, syncedThroughNs);
    await Promise.all(round.map(({ topicId, isOurs }) => (isOurs ? this.syncs.get(topicId)?.run() : undefined)));
  }

  /** Without the shared tier each instance syncs for itself, as often as its own readers ask. */
  private async round(known: readonly RoundTopic[]): Promise<readonly (RoundTopic & { readonly isOurs: boolean })[]> {
    try {
      const round = await this.deps.hot.round(known, this.deps.gateMs);
      await this.deps.mender.settle();
      return round;
    } catch (cause) {
      if (!(cause instanceof HotTierUnavailable)) throw cause;
      return known.map((topic) => ({ ...topic, isOurs: true }));
    }
  }

  /** Runs now, whatever the gate says; joins runs under way. Unknown topics are left out. */
  async syncNow(
    topicIds: readonly TopicId[] = [...this.syncs.keys()],
    untilMs?: number,
  ): Promise<readonly SyncReport[]> {
    const syncs = topicIds.flatMap((topicId) => this.syncs.get(topicId) ?? []);
    return Promise.all(syncs.map((sync) => sync.run(untilMs)));
  }

  /** Waits until each topic's cursor has reached its sequence, syncing as often as it takes. False when `deadlineMs` came first. */
  async waitFor(minimum: ReadonlyMap<TopicId, Sequence>, deadlineMs: number): Promise<boolean> {
    const { clock } = this.deps;
    const missing = () =>
      [...minimum]
        .filter(([topicId, sequence]) => (this.syncs.get(topicId)?.cursor ?? 0) < sequence)
        .map(([topicId]) => topicId);
    for (let waitMs = 50; missing().length > 0; waitMs = Math.min(waitMs * 2, 400)) {
      if (clock.now() >= deadlineMs) return false;
      // A run that is held up, by a slow mirror or database, goes on without who cannot wait for it.
      await this.orLater(this.syncNow(missing(), deadlineMs), deadlineMs);
      if (missing().length === 0) return true;
      await clock.sleep(Math.max(1, Math.min(waitMs, deadlineMs - clock.now())));
    }
    return true;
  }

  /** Resolves with the work or at the deadline, whichever comes first. */
  private async orLater(work: Promise<unknown>, deadlineMs: number): Promise<void> {
    const { clock } = this.deps;
    const done = new AbortController();
    try {
      await Promise.race([work, clock.sleep(deadlineMs - clock.now(), done.signal)]);
    } finally {
      done.abort();
    }
  }

  /** Something about a topic other than its messages has changed: whether it is paused. */
  async heed(topicId: TopicId): Promise<void> {
    await this.syncs.get(topicId)?.heed();
  }

  freshness(): FreshnessNow {
    return freshness([...this.syncedThrough.values()], this.deps.clock.now(), this.deps.freshnessTargetMs);
  }

  /** The consensus time through which one topic is synced; null before its first sync. */
  asOfNs(topicId: TopicId): ConsensusNs | null {
    return freshness([this.syncedThrough.get(topicId) ?? 0n], this.deps.clock.now(), 0).asOfNs;
  }

  /** How far one topic is behind, in milliseconds; null before its first sync. */
  lagMs(topicId: TopicId): number | null {
    return freshness([this.syncedThrough.get(topicId) ?? 0n], this.deps.clock.now(), 0).lagMs;
  }

  private synced(topicId: TopicId, throughNs: bigint): void {
    if (throughNs > (this.syncedThrough.get(topicId) ?? 0n)) this.syncedThrough.set(topicId, throughNs);
  }

  /** One head request serves all topics that ask within half a gate period: an older head only understates our freshness. */
  private head(): Promise<Result<ConsensusNs, LedgerError>> {
    const nowMs = this.deps.clock.now();
    if (this.mirrorHead === null || nowMs - this.mirrorHead.readMs >= this.deps.gateMs / 2) {
      const answer = this.deps.ledger.head().then((head) => {
        if (head.ok) this.lastHeadNs = head.value;
        return head.ok ? ok(head.value) : head;
      });
      this.mirrorHead = { readMs: nowMs, answer };
    }
    return this.mirrorHead.answer;
  }
}
