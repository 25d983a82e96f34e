/**
 * Drops what is older than KEEP_MONTHS: packed messages, topic by topic, then the rows that people have of them
 * (ports/store/sync/drop-store). Each step is one statement. So it may be killed at any moment, and several instances may do it at
 * once.
 */

import { type ConsensusNs, fromMs } from "../../core/ledger/consensus-time";
import type { TopicId } from "../../core/ledger/ids";
import { keptSince, ledgerMs } from "../../core/signals/retention";
import type { Clock } from "../../ports/clock";
import type { DropStore } from "../../ports/store/sync/drop-store";
import type { TopicStore } from "../../ports/store/sync/topic-store";
import { isTierUnavailable } from "../../ports/tier-unavailable";
import { dropBlocker, packBlocker, type TopicWork } from "./blockers";
import { type PackOptions, rest } from "./pack";

export interface DropDeps {
  readonly store: Pick<TopicStore & DropStore, "topics" | "nextDrop" | "drop" | "dropRows">;
  readonly clock: Pick<Clock, "now" | "monotonicMs" | "sleep">;
  /** Everything of the last so many months is kept. 0: everything is. */
  readonly keepMonths: number;
}

export interface DropOptions {
  /** The pause after each step. */
  readonly pauseMs: number;
  /** The pause is at least this many times as long as its step took. Absent: 0. */
  readonly restTimes?: number;
  /** No step begins after this, in milliseconds. */
  readonly mostMs: number;
  readonly signal: AbortSignal;
  /** Called after each step with messages: those of this topic through a sequence are dropped now, so many of them by this step. */
  readonly onDropped?: (topicId: TopicId, through: number, messages: number) => void;
  /** Called after each step with the rows of people: so many were dropped. */
  readonly onRowsDropped?: (rows: number) => void;
  /** Called for a topic of which this run leaves messages. */
  readonly onLeft?: PackOptions["onLeft"];
  /** Called for a topic that keeps this run from dropping messages of any topic. While it is paused, the work on it waits. */
  readonly onHeldUp?: (topicId: TopicId, by: TopicWork, isPaused: boolean) => void;
  /**
   * Called for a topic that this run leaves because of a fault; then those of the topics after it are dropped. Absent: the fault
   * ends the run.
   */
  readonly onFault?: PackOptions["onFault"];
}

export interface Dropped {
  readonly messages: number;
  /** Rows that people had of messages. */
  readonly rows: number;
}

/** Another instance drops messages of this topic, or changes what is stored of it: leave it until the next run. */
const MOST_CONFLICTS = 3;

/** Resolves to what was dropped. Rejects with TierUnavailable if the database is down. */
export async function dropOlder(deps: DropDeps, { mostMs, ...options }: DropOptions): Promise<Dropped> {
  const { store, clock, keepMonths } = deps;
  if (keepMonths === 0) return { messages: 0, rows: 0 };
  const endMs = clock.monotonicMs() + mostMs;
  const isOver = () => options.signal.aborted || clock.monotonicMs() >= endMs;
  const topics = await store.topics();
  const nowMs = ledgerMs(
    clock.now(),
    topics.map(({ headNs }) => headNs),
  );
  const beforeNs = keptSince(nowMs, keepMonths);
  let [messages, rows] = [0, 0];
  for (const topic of topics) {
    const { topicId } = topic;
    const [work, skipped] = [dropBlocker(topic), packBlocker(topic)];
    if (work !== null) options.onHeldUp?.(topicId, work, topic.paused);
    else if (skipped !== null) options.onLeft?.(topicId, skipped);
    const onDropped: Run["onDropped"] = (_topicId, through, count) => {
      messages += count;
      options.onDropped?.(topicId, through, count);
    };
    try {
      await dropTopic(deps, { ...options, beforeNs, isOver, onDropped }, topicId);
    } catch (cause) {
      if (isTierUnavailable(cause) || options.onFault === undefined) throw cause;
      options.onFault(topicId, cause);
    }
  }
  // Rows are looked for once all messages are gone: people are looked at from the first one on whenever more are.
  while (!isOver()) {
    const sinceMs = clock.monotonicMs();
    const { people, rows: some } = await store.dropRows(fromMs(nowMs));
    if (people === 0) break;
    rows += some;
    options.onRowsDropped?.(some);
    await rest(options, clock, sinceMs);
  }
  return { messages, rows };
}

interface Run extends Omit<DropOptions, "mostMs"> {
  readonly beforeNs: ConsensusNs;
  isOver(): boolean;
}

async function dropTopic({ store, clock }: DropDeps, run: Run, topicId: TopicId): Promise<void> {
  for (let conflicts = 0; !run.isOver(); ) {
    const sinceMs = clock.monotonicMs();
    const range = await store.nextDrop(topicId, run.beforeNs);
    if (range === null) return;
    if (await store.drop(range)) run.onDropped?.(topicId, range.through, range.messages);
    else if (++conflicts === MOST_CONFLICTS) return run.onLeft?.(topicId, "changing");
    await rest(run, clock, sinceMs);
  }
}
