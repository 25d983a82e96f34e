/**
 * Decides when topics are synced. A read demands a sync. One demand in each gate period starts a run, however many readers ask,
 * on however many instances. Without demand nothing is synced. The shard registry says which topics there are; the scheduler
 * follows it while the process runs.
 */

import { type ConsensusNs, fromMs } from "../../core/ledger/consensus-time";
import type { FollowedKind, Sequence, TopicId } from "../../core/ledger/ids";
import type { RegisteredTopic } from "../../core/shards/registered-topic";
import { epochOf } from "../../core/signals/position";
import { type FreshnessNow, freshness } from "../../core/sync/freshness";
import { arrivalAfter } from "../../core/sync/sync-gate";
import { decodeWatermark } from "../../core/sync/watermark";
import type { Gate, GatedTopic, HotCache, Round, RoundTopic } from "../../ports/shared/hot-cache";
import type { StoreStamp } from "../../ports/store/store-stamp";
import { ifDown, isTierUnavailable } from "../../ports/tier-unavailable";
import type { MissedEvents } from "../live/missed-events";
import type { RegistryCache } from "../shards/registry-cache";
import { AwaitedRuns } from "./awaited-runs";
import { type Gates, gatesOf } from "./gates";
import { MirrorHeads } from "./mirror-heads";
import { type Asker, RoundTimer } from "./round-timer";
import { roundTopicOf, type ScheduledTopic, syncedAt } from "./scheduled-topic";
import {
  type SyncEnvironment,
  type Synced,
  type SyncOwner,
  type SyncReport,
  TopicSync,
  type TopicSyncDeps,
} from "./topic/topic-sync";
import { Watermarks } from "./watermarks";

export interface SchedulerDeps extends SyncEnvironment {
  /** The ledger may rest, and then it makes no blocks. Public networks never rest. */
  readonly mayBeQuiet?: boolean;
  readonly missed: MissedEvents;
  readonly hot: HotCache;
  readonly registry: RegistryCache;
  readonly stamp: StoreStamp;
  /** Half the freshness target: a reader who just missed a run is still served in time by the next one. */
  readonly gateMs: number;
  readonly freshnessTargetMs: number;
  readonly onProgress?: SyncOwner["onProgress"];
  /** Whether the topic has a live doorbell, and every message that it has announced is stored. */
  readonly isWatched?: (topicId: TopicId) => boolean;
}

const NONE: ReadonlySet<TopicId> = new Set();
/**
 * How often a drained topic is pulled, because wallets may still write to it. Open pages demand a topic that a doorbell watches as
 * rarely: a silent doorbell does not prove that there is no message.
 */
const RARE_MS = 600_000;
/** A commit keeps the database awake anyway. Then it may be asked for the registry's version this often. */
const CHECK_AFTER_COMMIT_MS = 15_000;
/**
 * A demand is met once everything is stored that the ledger had this long before the demand. A mirror is always about 5 s behind,
 * and 20 s at bad times.
 */
const MET_WITHIN_MS = 10_000;
/** Without Redis an instance asks the database for the registry's version, at most this often. */
const CHECK_ALONE_MS = 30_000;

export class SyncScheduler {
  private readonly byTopic = new Map<TopicId, TopicSync>();
  private readonly kept = new Map<TopicId, ScheduledTopic>();
  /** Drained topics that are no longer looked at. */
  private readonly closed = new Set<TopicId>();
  private readonly topicDeps: TopicSyncDeps;
  private readonly rounds: RoundTimer;
  private readonly gates: Gates;
  private readonly awaited: AwaitedRuns;
  readonly heads: MirrorHeads;
  private readonly watermarks: Watermarks;

  constructor(private readonly deps: SchedulerDeps) {
    this.awaited = new AwaitedRuns(deps.clock);
    this.rounds = new RoundTimer(deps.gateMs);
    this.gates = gatesOf(deps.gateMs);
    const { ledger, clock, incidents, mayBeQuiet = false } = deps;
    this.heads = new MirrorHeads({
      ...{ ledger, clock, incidents, mayBeQuiet },
      serveMs: deps.gateMs / 2,
      quietMs: deps.freshnessTargetMs,
    });
    this.watermarks = new Watermarks(deps, this.kept);
    this.topicDeps = { ...deps, heads: this.heads, owner: this.ownerOf() };
    this.follow();
    deps.registry.onChange(() => this.follow());
  }

  private ownerOf(): SyncOwner {
    const { deps, watermarks } = this;
    return {
      watermarkNs: (topicId) => watermarks.watermarkNs(topicId),
      onLate: (...late) => watermarks.takeBack(...late),
      onSynced: (topicId, synced) => this.caughtUp(topicId, synced),
      onProgress: (...progress) => {
        deps.onProgress?.(...progress);
        void this.checkRegistry(CHECK_AFTER_COMMIT_MS);
      },
    };
  }

  /** The topics that are read here in every round. Drained ones are left out. */
  get topics(): readonly RegisteredTopic[] {
    return [...this.kept.values()].filter(({ reading }) => reading !== "rare");
  }

  /** The kinds that a topic holds. Empty if it is not read here. */
  kindsOf(topicId: TopicId): readonly FollowedKind[] {
    const topic = this.kept.get(topicId);
    return topic === undefined || topic.reading === "rare" ? [] : topic.kinds;
  }

  get syncs(): ReadonlyMap<TopicId, TopicSync> {
    return this.byTopic;
  }

  /** Adopts the topics of the registry, and drops those that are no longer in it. */
  private follow(): void {
    const nowNs = fromMs(this.deps.clock.now());
    const before = new Map(this.kept);
    this.kept.clear();
    this.byTopic.clear();
    for (const topic of this.deps.registry.topics) {
      const known = before.get(topic.topicId);
      const hasCaughtUp = known?.hasCaughtUp ?? false;
      if (topic.reading === "rare" && hasCaughtUp && topic.untilNs < nowNs) this.closed.add(topic.topicId);
      if (topic.reading !== "rare") this.closed.delete(topic.topicId);
      if (this.closed.has(topic.topicId)) continue;
      const reading = hasCaughtUp || topic.reading !== "rare" ? topic.reading : "live";
      const syncedThroughNs = known && known.syncedThroughNs > topic.startsNs ? known.syncedThroughNs : topic.startsNs;
      const sync = known?.sync ?? new TopicSync(topic.topicId, this.topicDeps);
      this.byTopic.set(topic.topicId, sync);
      this.kept.set(topic.topicId, {
        ...topic,
        ...{ reading, sync, syncedThroughNs, hasCaughtUp, dueMs: known?.dueMs ?? 0 },
        arrivalMs: known?.arrivalMs ?? 0,
        generation: known?.generation ?? 0,
        movedMs: known?.movedMs ?? this.deps.clock.monotonicMs(),
        ...{ askedMs: known?.askedMs ?? null, unmetMs: known?.unmetMs ?? 0, metLagMs: known?.metLagMs ?? 0 },
      });
    }
  }

  /**
   * The store has lost commits, or begins a new epoch. Forgets everything about every topic, drained ones included.
   */
  startOver(): void {
    for (const { sync } of this.kept.values()) sync.startOver();
    this.closed.clear();
    for (const topic of this.kept.values()) {
      topic.syncedThroughNs = 0n;
      topic.hasCaughtUp = false;
    }
    this.follow();
  }

  /** The end of the latest block that a mirror reported and that was believed; null before the first. */
  get mirrorHeadNs(): ConsensusNs | null {
    return this.heads.lastNs;
  }

  /** Asks the preferred mirror for its head, or joins a request sent just now. */
  async askHead(): Promise<void> {
    const mirror = this.deps.ledger.choose(0);
    if (mirror !== null) await this.heads.ask(mirror).answer;
  }

  /** Whether a demand of a reader would start a round now. */
  get isDue(): boolean {
    return this.rounds.isDue("reader", this.deps.clock.monotonicMs());
  }

  /**
   * Call this for every reader. Once in each gate period this process asks which topics it is to sync, and syncs them. Resolves
   * when the runs that it started are over. Callers who serve a reader now do not wait for that.
   */
  async demand(asker: Asker = "reader"): Promise<void> {
    const nowMs = this.deps.clock.monotonicMs();
    if (!this.rounds.isDue(asker, nowMs)) return;
    const watched = asker === "page" ? this.watched() : NONE;
    const due = this.dueAt(nowMs, watched);
    if (this.rounds.tryBegin(due.length, watched.size === 0, nowMs)) await this.begin(due, this.gates.poll);
  }

  /**
   * A doorbell rang. Syncs the topic now if no instance has done so in this gate period, or if time was saved before. Resolves to 0
   * when the sync has ended, or at once to the milliseconds after which to call again.
   */
  async rung(topicId: TopicId): Promise<number> {
    const topic = this.kept.get(topicId);
    const { periodMs, savedMs } = this.gates.ring;
    if (topic === undefined) return periodMs;
    // The shared gate would refuse too: it counts this instance's syncs as well. So the command is saved.
    const waitMs = topic.arrivalMs - this.deps.clock.monotonicMs() - savedMs;
    if (waitMs > 0) return waitMs;
    const [answer] = await this.begin([roundTopicOf(topic)], this.gates.ring);
    return answer?.waitMs ?? periodMs;
  }

  /** Asks the shared gate which of these topics this instance syncs now, and syncs them. Resolves when they are synced. */
  private async begin(due: readonly RoundTopic[], gate: Gate): Promise<readonly GatedTopic[]> {
    const epoch = epochOf(this.deps.stamp.highest);
    const { topics, registryVersion, stamp, nowMs: sharedMs } = await this.round(due, gate);
    // The stamp is learned before the watermarks, so that an answer of the store which lacks commits of other instances is noticed.
    this.deps.stamp.learn(stamp);
    // A watermark of one epoch does not hold in the next one.
    if (epochOf(this.deps.stamp.highest) === epoch) for (const each of topics) this.learn(each, sharedMs);
    this.noteDemand(due.map(({ topicId }) => topicId));
    await this.deps.registry.learn(registryVersion);
    const ours = topics.flatMap(({ topicId, waitMs }) => (waitMs === 0 ? (this.kept.get(topicId) ?? []) : []));
    for (const topic of ours)
      topic.arrivalMs = arrivalAfter(topic.arrivalMs, this.deps.clock.monotonicMs(), gate.periodMs);
    await Promise.all(ours.map(({ sync }) => sync.run()));
    return topics;
  }

  private watched(): ReadonlySet<TopicId> {
    const { isWatched } = this.deps;
    return isWatched === undefined ? NONE : new Set([...this.kept.keys()].filter(isWatched));
  }

  /** The topics of a round: all live ones, and drained or watched ones that were not looked at for a long time. */
  private dueAt(nowMs: number, watched: ReadonlySet<TopicId>): readonly RoundTopic[] {
    const isDue = ({ dueMs }: ScheduledTopic) => dueMs <= nowMs;
    // A drained topic that was looked at for the last time leaves without a change of the registry.
    if ([...this.kept.values()].some((topic) => topic.reading === "rare" && isDue(topic))) this.follow();
    const isRare = ({ reading, topicId }: ScheduledTopic) => reading === "rare" || watched.has(topicId);
    const due = [...this.kept.values()].filter((topic) => !isRare(topic) || isDue(topic));
    for (const topic of due) topic.dueMs = nowMs + RARE_MS;
    return due.map(roundTopicOf);
  }

  /** Without Redis each instance syncs for itself, as often as its own readers ask. */
  private async round(known: readonly RoundTopic[], gate: Gate): Promise<Round> {
    const { version } = this.deps.registry.current;
    const stamp = this.deps.stamp.highest;
    const round = await this.deps.hot.round(known, gate, version, stamp).catch(ifDown("redis", () => null));
    if (round === null) {
      await this.checkRegistry(CHECK_ALONE_MS);
      const topics = known.map((topic) => ({ ...topic, waitMs: 0 }));
      return { topics, registryVersion: version, stamp, nowMs: null };
    }
    await this.deps.missed.publishUnpublished();
    return round;
  }

  private async checkRegistry(maxAgeMs: number): Promise<void> {
    try {
      await this.deps.registry.check(maxAgeMs);
    } catch (cause) {
      if (!isTierUnavailable(cause))
        this.deps.log.error("could not read the registry's version; trying again", { cause });
    }
  }

  /** Runs now, whatever the gate says, and joins runs under way. Unknown topics are left out. */
  async syncNow(
    topicIds: readonly TopicId[] = this.topics.map(({ topicId }) => topicId),
    untilMs?: number,
  ): Promise<readonly SyncReport[]> {
    this.noteDemand(topicIds);
    const syncs = topicIds.flatMap((topicId) => this.kept.get(topicId)?.sync ?? []);
    return Promise.all(syncs.map((sync) => sync.run(untilMs)));
  }

  /**
   * Waits until each topic's cursor has reached its sequence, with runs that all who wait share. False when `deadlineMs` comes
   * first, and at once for a message that the ledger cannot have by then.
   */
  async waitFor(minimum: ReadonlyMap<TopicId, Sequence>, deadlineMs: number): Promise<boolean> {
    for (;;) {
      const missing = [...minimum].map(([topicId, sequence]) => ({ sync: this.kept.get(topicId)?.sync, sequence }));
      const waiting = missing.filter(({ sync, sequence }) => (sync?.cursor ?? 0) < sequence);
      if (waiting.length === 0) return true;
      if (this.deps.clock.monotonicMs() >= deadlineMs) return false;
      if (waiting.some(({ sync, sequence }) => !sync || this.awaited.isOutOfReach(sync, sequence))) return false;
      // A run that a slow mirror or database holds up goes on without readers who cannot wait for it.
      const runs = waiting.flatMap(({ sync }) => (sync ? [this.awaited.next(sync, deadlineMs)] : []));
      await this.awaited.orLater(Promise.all(runs), deadlineMs);
    }
  }

  /** Waits until each topic is synced through a consensus time, as `waitFor` does. False when `deadlineMs` came first. */
  async waitThrough(topicIds: readonly TopicId[], throughNs: ConsensusNs, deadlineMs: number): Promise<boolean> {
    for (;;) {
      const behind = topicIds.flatMap((topicId) => this.kept.get(topicId) ?? []);
      const waiting = behind.filter(({ syncedThroughNs }) => syncedThroughNs < throughNs);
      if (waiting.length === 0) return true;
      if (this.deps.clock.monotonicMs() >= deadlineMs) return false;
      await this.awaited.orLater(
        Promise.all(waiting.map(({ sync }) => this.awaited.next(sync, deadlineMs))),
        deadlineMs,
      );
    }
  }

  /** Asks the store whether the topic is paused. */
  async checkPaused(topicId: TopicId): Promise<void> {
    await this.syncs.get(topicId)?.checkPaused();
  }

  freshness(): FreshnessNow {
    const live = [...this.kept.values()].filter(({ reading }) => reading === "live");
    const { clock, freshnessTargetMs, isWatched } = this.deps;
    const now = freshness(live.map(syncedAt(clock.monotonicMs())), clock.now(), freshnessTargetMs, this.heads.quiet());
    const isAllWatched = isWatched !== undefined && live.every(({ topicId }) => isWatched(topicId));
    return isAllWatched && now.asOfNs !== null ? { ...now, isWatched: true } : now;
  }

  /** Whether a topic was read to its end, by this instance or another. */
  isRead(topicId: TopicId): boolean {
    const topic = this.kept.get(topicId);
    return topic !== undefined && (topic.hasCaughtUp || topic.syncedThroughNs > 0n);
  }

  /** The consensus time through which one topic is synced; null before its first sync. */
  asOfNs(topicId: TopicId): ConsensusNs | null {
    return this.freshnessOf(this.kept.get(topicId)).asOfNs;
  }

  /**
   * How far a topic is behind what was asked for, in milliseconds: the age that readers were given when it was last asked for or
   * synced, or the time since the first demand that was not met. A topic that nobody asks for is not behind, however old it is.
   * The metric, the alarms and the operators' page all show this.
   */
  lagMs(topicId: TopicId): number {
    const topic = this.kept.get(topicId);
    if (topic === undefined) return 0;
    if (topic.askedMs === null) return topic.metLagMs;
    return Math.max(topic.metLagMs, Math.min(this.ageMs(topic), this.deps.clock.monotonicMs() - topic.unmetMs));
  }

  /** Whether a demand older than `afterMs` is still unmet here. Another instance may have met it, and not have announced it yet. */
  hasUnmetDemand(afterMs: number): boolean {
    const beforeMs = this.deps.clock.monotonicMs() - afterMs;
    return [...this.kept.values()].some(({ askedMs }) => askedMs !== null && askedMs <= beforeMs);
  }

  /** Notes that somebody asks for these topics as they are now. */
  private noteDemand(topicIds: readonly TopicId[]): void {
    const nowMs = this.deps.clock.monotonicMs();
    for (const topicId of topicIds) {
      const topic = this.kept.get(topicId);
      if (topic === undefined || topic.askedMs !== null) continue;
      Object.assign(topic, { askedMs: nowMs, unmetMs: nowMs });
      this.clearIfMet(topic);
    }
  }

  /** Clears a topic's demand if the stored messages are as recent as can be expected. */
  private clearIfMet(topic: ScheduledTopic): void {
    if (topic.askedMs === null) {
      topic.metLagMs = Math.min(topic.metLagMs, this.ageMs(topic));
      return;
    }
    const ageThenMs = this.ageMs(topic) - (this.deps.clock.monotonicMs() - topic.askedMs);
    if (ageThenMs > MET_WITHIN_MS) return;
    topic.metLagMs = Math.max(0, ageThenMs);
    topic.askedMs = null;
  }

  /** The age of what is stored, in milliseconds; infinite before the first sync. */
  private ageMs(topic: ScheduledTopic): number {
    return this.freshnessOf(topic).lagMs ?? Number.POSITIVE_INFINITY;
  }

  private freshnessOf(topic: ScheduledTopic | undefined): FreshnessNow {
    const { clock } = this.deps;
    return freshness((topic ? [topic] : []).map(syncedAt(clock.monotonicMs())), clock.now(), 0, this.heads.quiet());
  }

  /** Takes another instance's watermark of a topic. `sharedMs`: the time by the clock of Redis. */
  private learn({ topicId, watermark }: RoundTopic, sharedMs: number | null): void {
    const topic = this.kept.get(topicId);
    if (topic === undefined) return;
    this.watermarks.learn(topic, decodeWatermark(watermark), sharedMs);
    this.clearIfMet(topic);
  }

  private caughtUp(topicId: TopicId, synced: Synced): void {
    const topic = this.kept.get(topicId);
    if (topic && !topic.hasCaughtUp) {
      topic.hasCaughtUp = true;
      // A topic that was drained before this process started is only looked at now and then.
      topic.reading = this.deps.registry.topics.find((each) => each.topicId === topicId)?.reading ?? "rare";
    }
    if (topic) this.watermarks.synced(topic, synced);
    // If the ledger rests, its time does not move, but a demand is met.
    if (topic) this.clearIfMet(topic);
    if (topic && topic.askedMs !== null)
      topic.unmetMs = Math.min(topic.unmetMs, this.deps.clock.monotonicMs() - this.ageMs(topic));
  }
}
