/**
 * Brings one topic up to date. One run at a time in this process; any number of processes may race, since the compare-and-swap
 * of the store's cursor decides. A run goes on until it has what the mirror had when it was last asked for, or until the
 * mirror answers with nothing after the cursor: a short page alone proves nothing. Later messages belong to the next run;
 * otherwise a topic that never rests would never be up to date.
 */

import type { ConsensusNs } from "../../../core/ledger/consensus-time";
import { type TopicId, toSequence } from "../../../core/ledger/ids";
import type { LedgerMessage } from "../../../core/ledger/message";
import { CHAIN_START, type ChainHead, verifyNext } from "../../../core/ledger/verify";
import { ok, type Result } from "../../../core/result";
import type { NextBatch } from "../../../core/signals/batch";
import { extend } from "../../../core/sync/coverage";
import type { Interval } from "../../../core/sync/intervals";
import { PAGE, RANGES } from "../../../core/sync/pages";
import { isRepairDue } from "../../../core/sync/repair-timer";
import type { Hole, SyncPhase, SyncPolicy } from "../../../core/sync/sync-phase";
import {
  hasReached,
  isBehind,
  isPausedLookDue,
  SYNC_START,
  type SyncEvent,
  type SyncState,
  transition,
} from "../../../core/sync/sync-state";
import type { Clock } from "../../../ports/clock";
import type { LedgerError, MirrorName } from "../../../ports/ledger/ledger";
import type { Log } from "../../../ports/log";
import { isTierUnavailable } from "../../../ports/tier-unavailable";
import type { Incidents } from "../../health/incidents";
import type { MissedEvents } from "../../live/missed-events";
import { repairTopic } from "../../repair/repair";
import { foldedTopic } from "../../repair/reproject";
import type { MirrorHeads } from "../mirror-heads";
import { count, newCounts, type SyncCounts } from "../sync-counts";
import { announce, type CommitDeps, interpretChecked } from "./commit";
import { commitInPieces, type Run } from "./commit-in-pieces";
import { type Checked, HistoryCheck } from "./history-check";
import { meetHole } from "./holes";
import { type Pages, readPages } from "./topic-pages";

/** The parts that the syncs of all topics share. */
export interface SyncEnvironment extends CommitDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
  readonly incidents: Incidents;
  readonly policy: SyncPolicy;
  /**
   * Checks each cursor that was read from the store: another instance brought it there, or this one did before a restart. The run
   * waits for the answer. Until then shared views may lack what the store has, and the watermark must not move.
   */
  readonly missed: Pick<MissedEvents, "unpublished" | "check">;
}

/** Hears what a topic's sync finds out. */
export interface SyncOwner {
  /** The topic's watermark; 0n for none. */
  watermarkNs(topicId: TopicId): bigint;
  /** A message came whose time is not after the watermark at the time of the request. */
  onLate(topicId: TopicId, messageNs: ConsensusNs, watermarkNs: bigint): void;
  /** A run has met the topic's end. */
  onSynced(topicId: TopicId, synced: Synced): void;
  /** A batch was committed, but is not published yet. `cursor`: where the topic stands. */
  onProgress(topicId: TopicId, cursor: number, added: number): void;
}

export interface TopicSyncDeps extends SyncEnvironment {
  readonly heads: Pick<MirrorHeads, "ask" | "count">;
  readonly owner: SyncOwner;
}

/** The result of a run that met a topic's end. */
export interface Synced {
  /**
   * The mirror reported that it has everything through this time, and then had nothing after the cursor; null: it has no block
   * yet.
   */
  readonly headNs: ConsensusNs | null;
  /** The time of the last message that the hash chain proves: everything before it is stored, whatever a mirror says. */
  readonly chainNs: bigint;
}

/** The outcome of one run. Sequences are the cursor before and after it. A run that is not complete says why in `error`. */
export interface SyncReport {
  readonly topicId: TopicId;
  readonly fromSequence: number;
  readonly toSequence: number;
  readonly added: number;
  readonly verified: number;
  /** Everything is stored that the mirror had when the run was last asked for. */
  readonly complete: boolean;
  readonly error: string | null;
}

export class TopicSync {
  private current: SyncState = SYNC_START;
  private running: Promise<SyncReport> | null = null;
  /** The number of calls of `run`, and how many of them the complete runs have served so far. */
  private calls = 0;
  private callsMet = 0;
  private readonly history: HistoryCheck;
  readonly counts: SyncCounts = newCounts();

  constructor(
    readonly topicId: TopicId,
    private readonly deps: TopicSyncDeps,
  ) {
    this.history = new HistoryCheck(topicId, deps);
  }

  /** The phase of the sync, which pages and metrics call the topic's state. */
  get state(): SyncPhase {
    return this.current.phase;
  }

  get lastError(): string | null {
    return this.current.lastError;
  }

  /** The mirror's topic is not the one that is stored, so nobody knows what the stored topic lacks. */
  get isReset(): boolean {
    return this.history.isReset;
  }

  /** How many mirrors gave the same hash at a message, the last time that they were asked. */
  get agreed(): HistoryCheck["agreed"] {
    return this.history.agreed;
  }

  /** The topic's cursor as far as this process knows it; null before the first run. */
  get cursor(): number | null {
    return this.current.chain?.sequence ?? null;
  }

  /** The chain at the cursor; null before the first run. */
  get head(): ChainHead | null {
    return this.current.chain;
  }

  /** Nothing is left to do until a message comes: no hole, no fault, and nothing to repair now. */
  get isAtRest(): boolean {
    return this.isIn("idle") && !this.isReset && !isRepairDue(this.current.repair, this.nowMs());
  }

  /**
   * Starts a run, or joins the one under way, which then goes on to what the mirror has now. A call that comes too late for that run
   * starts another one. All late callers share it. Never rejects. `untilMs`: no further batch starts after this instant of the
   * monotonic clock.
   */
  async run(untilMs = Number.POSITIVE_INFINITY): Promise<SyncReport> {
    this.calls += 1;
    const call = this.calls;
    this.step({ name: "called", headsBefore: this.deps.heads.count });
    this.running ??= this.runOnce(untilMs).finally(() => {
      this.running = null;
    });
    const report = await this.running;
    if (!report.complete || this.callsMet >= call) return report;
    if (this.nowMs() >= untilMs) return { ...report, complete: false };
    const next = await this.run(untilMs);
    const { fromSequence, added, verified } = report;
    return { ...next, fromSequence, added: added + next.added, verified: verified + next.verified };
  }

  /** Drops what is believed about the cursor: the next run reads it from the store. A run under way ends without a result. */
  startOver(): void {
    this.step({ name: "start-over", isRunning: this.running !== null, nowMs: this.nowMs() });
    this.history.recheck();
  }

  /** Notes that an instance has brought the topic to this cursor. If it was another one, the next run asks the store first. */
  noteCursor(cursor: number): void {
    this.step({ name: "cursor-announced", cursor });
  }

  /** A stored message has become unproven. Runs look at it from half a minute on. */
  repairSoon(): void {
    this.step({ name: "repair-needed", nowMs: this.nowMs() });
  }

  /** The store has unproven messages. Another instance may have stored them, and have ended since. */
  repairStored(): void {
    if (!this.current.repair.isNeeded) this.repairSoon();
  }

  /** Pauses or resumes as the store says: another instance may have been told to. */
  async checkPaused(): Promise<void> {
    const topic = await this.deps.store.topic(this.topicId);
    if (topic?.paused) this.step({ name: "pause" });
    else if (this.isIn("paused")) this.step({ name: "resume" });
  }

  private step(event: SyncEvent): void {
    this.current = transition(this.current, event, this.deps.policy);
  }

  private isIn(name: SyncPhase["name"]): boolean {
    return this.state.name === name;
  }

  /** How many times in a row the sync has failed or met the same hole. */
  private attempt(): number {
    return this.state.name === "pulling" ? this.state.attempt : 0;
  }

  private nowMs(): number {
    return this.deps.clock.monotonicMs();
  }

  private async runOnce(untilMs: number): Promise<SyncReport> {
    const progress = { fromSequence: this.cursor ?? 0, added: 0, verified: 0 };
    try {
      if (isPausedLookDue(this.current, this.nowMs())) {
        this.step({ name: "paused-look", nowMs: this.nowMs() });
        await this.checkPaused();
      }
      this.step({ name: "demand", nowMs: this.nowMs() });
      if (this.isIn("pulling")) {
        await this.load();
        progress.fromSequence = this.cursor ?? 0;
        await this.pull(untilMs, progress);
        if (this.isIn("idle")) await this.repair();
      }
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      const isRepeated = this.attempt() > 0 && reason === this.lastError;
      if (!isTierUnavailable(cause) && !isRepeated)
        this.deps.log.error("a sync has failed because of a defect", { topicId: this.topicId, cause });
      this.step({ name: "store-failed" });
      this.fault(reason);
    }
    const isComplete = this.isIn("idle");
    return {
      topicId: this.topicId,
      fromSequence: progress.fromSequence,
      toSequence: this.cursor ?? progress.fromSequence,
      added: progress.added,
      verified: progress.verified,
      complete: isComplete,
      error: isComplete ? null : this.lastError,
    };
  }

  /** Asks again for gaps, failed and unproven messages, if it is time to. Costs nothing if there are none. */
  private async repair(): Promise<void> {
    const startedMs = this.nowMs();
    const { repair } = this.current;
    if (!isRepairDue(repair, startedMs)) return;
    const result = await repairTopic(this.deps, this.topicId, repair.failedThrough);
    this.step({ name: "repaired", result, startedMs });
  }

  private async load(): Promise<void> {
    // If the topic was reset, an operator may have started it over since, and the cursor is another one.
    if (this.current.chain !== null && !isBehind(this.current) && !this.history.isReset) return;
    const known = this.cursor;
    const { starts, announcedCursor } = this.current;
    const topic = await foldedTopic(this.deps, this.topicId);
    if (this.current.starts !== starts) return this.load();
    if (!topic) throw new Error(`topic ${this.topicId} is not registered in the store`);
    const chain =
      topic.cursor === 0 ? CHAIN_START : { sequence: topic.cursor, hash: topic.headHash, consensusNs: topic.headNs };
    this.step({ name: "loaded", chain, isPaused: topic.paused });
    // If this instance has heard of the commit's event, the commit was published, and needs no check.
    if (topic.cursor !== known && topic.cursor > announcedCursor)
      await this.deps.missed.check(this.topicId, topic.cursor);
  }

  private async pull(untilMs: number, progress: { added: number; verified: number }): Promise<void> {
    // The head and the pages of a run come from the same mirror: one mirror's answer says nothing about what another one lacks.
    const mirror = this.mirrorOf(this.attempt());
    if (mirror === null) return this.fault("no mirror node has answered lately; trying again shortly");
    const ask = (after: number, ranges: number) => readPages(this.deps.ledger, this.topicId, mirror, { after, ranges });
    const committer = { commit: (run: Run) => this.commit(run), head: () => this.current.chain };
    let ranges = 1;
    let ahead: { readonly after: number; readonly answer: Promise<Pages> } | null = null;
    while (this.isIn("pulling") && this.current.chain !== null && this.nowMs() < untilMs) {
      const { chain } = this.current;
      const watermarkNs = this.deps.owner.watermarkNs(this.topicId);
      // The head is asked for before the page: an empty page after it shows that the mirror has nothing more up to that head.
      const asked = ranges === 1 ? this.deps.heads.ask(mirror) : null;
      const head = asked && (await asked.answer);
      if (head?.ok && asked) this.step({ name: "head", number: asked.number, throughNs: head.value });
      const { calls } = this;
      const answer = await (ahead?.after === chain.sequence ? ahead.answer : ask(chain.sequence, ranges));
      ahead = null;
      if (!answer.ok) {
        // Two failures in a row are an outage. After an outage the mirror may have another history.
        if (this.attempt() > 0) this.history.recheck();
        return this.fault(answer.error.message, answer.error.retryAfterMs);
      }
      const checked = await this.check(chain, mirror, answer.value);
      // The store has begun a new epoch meanwhile.
      if (this.current.chain !== chain) return;
      if (checked.kind === "refused") return this.fault(checked.reason);
      if (checked.kind === "outdated") {
        this.step({ name: "hash-replaced", hash: checked.hash });
        continue;
      }
      const { run, hole, beyond } = extend(chain.sequence, answer.value);
      if (run.length === 0 && hole === null) {
        if (head !== null) return this.caughtUp(head, calls);
        // An empty answer to bounded ranges does not say what is beyond them: ask once more without a bound.
        ranges = 1;
        continue;
      }
      let [batch, gap]: [readonly LedgerMessage[], Interval | null] = [run, null];
      if (run.length === 0 && hole !== null) {
        this.step({ name: "hole-seen" });
        const met = await meetHole(this.deps, this.topicId, this.current, hole, { beyond, mirror });
        if (met.kind === "waits") return this.wait(met.hole, met.reason);
        [batch, gap] = [met.batch, met.gap];
      }
      // After full pages there are probably more: fetch them while these are checked and committed.
      ranges = batch.length >= PAGE ? RANGES : 1;
      const last = batch.at(-1) as LedgerMessage;
      if (ranges > 1 && !hasReached(this.current, last.consensusNs))
        ahead = { after: last.sequence, answer: ask(last.sequence, ranges) };
      const verified = await commitInPieces(committer, { chain, messages: batch, gap });
      const [first] = batch;
      if (verified && first && first.consensusNs <= watermarkNs)
        this.deps.owner.onLate(this.topicId, first.consensusNs, watermarkNs);
      if (verified !== null) {
        progress.added += batch.length;
        progress.verified += verified;
      }
      // The chain's time is that of a verified message: everything before it is stored, by us or by another instance.
      const { chain: now, goal } = this.current;
      if (now !== null && goal.throughNs !== null && hasReached(this.current, now.consensusNs))
        return this.caughtUp(ok(goal.throughNs), this.calls);
      // Another instance was first. The page that was fetched ahead is from before the next head, so it is dropped.
      if (verified === null) [ranges, ahead] = [1, null];
    }
  }

  /** Whether the mirror's topic is the one that is stored, as far as its answer and the history check can tell. */
  private check(chain: ChainHead, mirror: MirrorName, answer: readonly LedgerMessage[]): Promise<Checked> {
    const next = answer.find(({ sequence }) => sequence === chain.sequence + 1);
    const verdict = next && verifyNext(this.deps.sha384, chain, next).verification;
    if (verdict === "failed") this.history.recheck();
    const after = verdict === "verified" ? "follows" : answer.length > 0 ? "something" : "nothing";
    return this.history.check(chain, mirror, after);
  }

  /** The mirror of a run: if possible one whose history is the stored one. */
  private mirrorOf(attempt: number): MirrorName | null {
    const turns = this.deps.ledger.mirrors.map((_, i) => this.deps.ledger.choose(attempt + i));
    return turns.find((mirror) => mirror !== null && !this.history.isDivergent(mirror)) ?? turns[0] ?? null;
  }

  /** Ends a run that has everything which the mirror had at call number `calls` of `run`. */
  private async caughtUp(head: Result<ConsensusNs | null, LedgerError>, calls: number): Promise<void> {
    const { chain, isHoleStored } = this.current;
    if (isHoleStored) await this.deps.store.forgetHole(this.topicId);
    this.step({ name: "hole-closed" });
    if (this.current.chain !== chain) return;
    this.callsMet = calls;
    this.step({ name: "caught-up", error: head.ok ? null : head.error.message });
    if (head.ok) this.deps.owner.onSynced(this.topicId, { headNs: head.value, chainNs: chain?.consensusNs ?? 0n });
  }

  /** Commits a run. Resolves with the number of verified messages, or null if another instance was first. */
  private async commit({ chain, messages, gap }: Run): Promise<number | null> {
    const first = messages[0] as LedgerMessage;
    const head: ChainHead =
      gap === null ? chain : { sequence: first.sequence - 1, hash: null, consensusNs: chain.consensusNs };
    const { head: reached, ...content } = await interpretChecked(this.deps, this.topicId, head, messages);
    const declared = gap && { from: toSequence(gap.from), to: toSequence(gap.to) };
    const batch: NextBatch = { ...content, advance: { from: chain.sequence, to: reached, gap: declared } };
    const { entries } = batch;
    if (this.current.chain !== chain) return null;
    // Another instance has announced a later cursor, so the store would refuse the batch.
    const outcome = isBehind(this.current) ? null : await this.deps.store.commit(batch);
    if (outcome === null || outcome.kind === "conflict") {
      this.counts.conflicts += 1;
      this.step({ name: "conflict" });
      await this.load();
      return null;
    }
    const failures = entries.filter((entry) => entry.verification === "failed").length;
    const isUnproven = entries.some(({ disposition }) => disposition === "unproven");
    const needsRepair = gap !== null || failures > 0 || isUnproven;
    this.step({ name: "committed", from: chain, to: reached, needsRepair, nowMs: this.nowMs() });
    count(this.counts, entries, gap !== null);
    this.deps.owner.onProgress(this.topicId, reached.sequence, entries.length);
    await announce(this.deps, batch, outcome.rows);
    return entries.filter((entry) => entry.verification === "verified").length;
  }

  private wait(hole: Hole, reason: string): void {
    this.step({ name: "hole", hole, nowMs: this.nowMs(), random: this.deps.random(), reason });
  }

  private fault(reason: string, retryAfterMs = 0): void {
    this.step({ name: "fault", nowMs: this.nowMs(), random: this.deps.random(), retryAfterMs, reason });
  }
}
