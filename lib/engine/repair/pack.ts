/**
 * Packs the messages of topics that are older than HOT_HOURS, range by range, and the rows of people, some people at a time
 * (ports/store/sync/pack-store). Each step is one statement. So it may be killed at any moment, and several instances may do it at
 * once: one of them takes each range.
 */
import { type ConsensusNs, fromMs } from "../../core/ledger/consensus-time";
import type { TopicId } from "../../core/ledger/ids";
import { packable } from "../../core/signals/packable";
import type { Clock } from "../../ports/clock";
import type { PackRange, PackStore } from "../../ports/store/sync/pack-store";
import type { TopicStore } from "../../ports/store/sync/topic-store";
import { isTierUnavailable } from "../../ports/tier-unavailable";
import { packBlocker, type SkipReason } from "./blockers";

export interface PackDeps {
  readonly store: Pick<TopicStore & PackStore, "topics" | "nextRange" | "pack" | "packRows">;
  readonly clock: Pick<Clock, "now" | "monotonicMs" | "sleep">;
  /** Younger messages keep their rows. */
  readonly hotMs: number;
}

export interface PackOptions {
  /** The pause after each step. */
  readonly pauseMs: number;
  /** The pause is at least this many times as long as its step took. Absent: 0. */
  readonly restTimes?: number;
  /** No range begins after this, in milliseconds. */
  readonly mostMs: number;
  readonly signal: AbortSignal;
  /** Called after each range: `messages` of it were packed. */
  readonly onPacked?: (topicId: TopicId, through: number, messages: number) => void;
  /** Called after each step with the rows of people: so many were packed. */
  readonly onRowsPacked?: (rows: number) => void;
  /** Called for a topic of which this run leaves messages. */
  readonly onLeft?: (topicId: TopicId, why: SkipReason) => void;
  /** Called for a topic that this run leaves because of a fault; then the topics after it are packed. Absent: the fault ends the run. */
  readonly onFault?: (topicId: TopicId, cause: unknown) => void;
}

/** Another instance packs this topic, or changes what is stored of it: leave it until the next run. */
const MOST_CONFLICTS = 3;

export interface Packed {
  readonly messages: number;
  /** Rows that people have of messages. */
  readonly rows: number;
}

/**
 * Packs messages and rows at the same time: this process packs the messages, and the database the rows. Resolves to what was packed.
 * Rejects with TierUnavailable if the database is down.
 */
export async function packOlder(deps: PackDeps, options: PackOptions): Promise<Packed> {
  const nowMs = deps.clock.now();
  const run = {
    ...options,
    endMs: deps.clock.monotonicMs() + options.mostMs,
    ...{ beforeNs: fromMs(nowMs - deps.hotMs), nowNs: fromMs(nowMs) },
  };
  const [messages, rows] = await Promise.allSettled([packTopics(deps, run), packRows(deps, run)]);
  if (messages.status === "rejected") throw messages.reason;
  if (rows.status === "rejected") throw rows.reason;
  return { messages: messages.value, rows: rows.value };
}

interface Run extends Omit<PackOptions, "mostMs"> {
  readonly endMs: number;
  readonly beforeNs: ConsensusNs;
  readonly nowNs: ConsensusNs;
}

const isOver = ({ signal, endMs }: Run, clock: PackDeps["clock"]) => signal.aborted || clock.monotonicMs() >= endMs;

/** Pauses after a step that began at this time. */
export const rest = (
  run: Pick<PackOptions, "pauseMs" | "restTimes" | "signal">,
  clock: PackDeps["clock"],
  sinceMs: number,
): Promise<void> =>
  clock.sleep(Math.max(run.pauseMs, (run.restTimes ?? 0) * (clock.monotonicMs() - sinceMs)), run.signal);

async function packRows({ store, clock }: PackDeps, run: Run): Promise<number> {
  let packed = 0;
  while (!isOver(run, clock)) {
    const sinceMs = clock.monotonicMs();
    const { people, rows } = await store.packRows(run.beforeNs, run.nowNs);
    if (people === 0) break;
    packed += rows;
    run.onRowsPacked?.(rows);
    await rest(run, clock, sinceMs);
  }
  return packed;
}

async function packTopics(deps: PackDeps, run: Run): Promise<number> {
  let packed = 0;
  const onPacked: Run["onPacked"] = (topicId, through, messages) => {
    packed += messages;
    run.onPacked?.(topicId, through, messages);
  };
  for (const topic of await deps.store.topics()) {
    if (isOver(run, deps.clock)) break;
    const { topicId } = topic;
    const skipped = packBlocker(topic);
    if (skipped !== null) run.onLeft?.(topicId, skipped);
    try {
      await packTopic(deps, { ...run, onPacked }, topicId);
    } catch (cause) {
      if (isTierUnavailable(cause) || run.onFault === undefined) throw cause;
      run.onFault(topicId, cause);
    }
  }
  return packed;
}

async function packTopic({ store, clock }: PackDeps, run: Run, topicId: TopicId): Promise<void> {
  for (let conflicts = 0; !isOver(run, clock); ) {
    const sinceMs = clock.monotonicMs();
    const range = await store.nextRange(topicId);
    if (range === null || !isOld(range, run.beforeNs)) return;
    const sequences = packable(range.entries).map(({ sequence }) => sequence);
    if (await store.pack(range, sequences)) run.onPacked?.(topicId, range.through, sequences.length);
    else if (++conflicts === MOST_CONFLICTS) return run.onLeft?.(topicId, "changing");
    await rest(run, clock, sinceMs);
  }
}

/** The times of messages that are not verified may be anything, and those keep their rows. */
const isOld = ({ entries }: PackRange, beforeNs: ConsensusNs): boolean =>
  entries.every(({ consensusNs, verification }) => consensusNs < beforeNs || verification !== "verified");
