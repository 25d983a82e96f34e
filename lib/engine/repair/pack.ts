/**
 * Packs the messages of topics that are older than HOT_HOURS, range by range (ports/store/sync/pack-store). Each step is one
 * statement. So it may be killed at any moment, and several instances may do it at once: one of them takes each range.
 */
import { type ConsensusNs, fromMs } from "../../core/ledger/consensus-time";
import type { TopicId } from "../../core/ledger/ids";
import { isPackable } from "../../core/signals/packable";
import type { Clock } from "../../ports/clock";
import type { PackRange, PackStore } from "../../ports/store/sync/pack-store";
import type { TopicStore } from "../../ports/store/sync/topic-store";

export interface PackDeps {
  readonly store: Pick<TopicStore & PackStore, "topics" | "nextRange" | "pack">;
  readonly clock: Pick<Clock, "now" | "monotonicMs" | "sleep">;
  /** Younger messages keep their rows. */
  readonly hotMs: number;
}

export interface PackOptions {
  /** The pause after each range. */
  readonly pauseMs: number;
  /** No range begins after this, in milliseconds. */
  readonly mostMs: number;
  readonly signal: AbortSignal;
  /** Called after each range: `messages` of it were packed. */
  readonly onPacked?: (topicId: TopicId, through: number, messages: number) => void;
  /** Called for a topic that this run leaves: it is paused, or others keep changing its stored messages. */
  readonly onLeft?: (topicId: TopicId, why: "paused" | "changing") => void;
}

/** Another instance packs this topic, or changes what is stored of it: leave it until the next run. */
const MOST_CONFLICTS = 3;

/** Resolves to the number of messages that were packed. Rejects with TierUnavailable if the database is down. */
export async function packTopics(deps: PackDeps, options: PackOptions): Promise<number> {
  const { store, clock, hotMs } = deps;
  const endMs = clock.monotonicMs() + options.mostMs;
  const beforeNs = fromMs(clock.now() - hotMs);
  let packed = 0;
  for (const { topicId, paused } of await store.topics()) {
    if (paused) options.onLeft?.(topicId, "paused");
    for (let conflicts = 0; ; ) {
      if (options.signal.aborted || clock.monotonicMs() >= endMs) return packed;
      const range = await store.nextRange(topicId);
      if (range === null || !isOld(range, beforeNs)) break;
      const sequences = range.entries.filter(isPackable).map(({ sequence }) => sequence);
      if (await store.pack(range, sequences)) {
        packed += sequences.length;
        options.onPacked?.(topicId, range.through, sequences.length);
      } else if (++conflicts === MOST_CONFLICTS) {
        options.onLeft?.(topicId, "changing");
        break;
      }
      await clock.sleep(options.pauseMs, options.signal);
    }
  }
  return packed;
}

/** The times of messages that are not verified may be anything, and those keep their rows. */
const isOld = ({ entries }: PackRange, beforeNs: ConsensusNs): boolean =>
  entries.every((entry) => entry.consensusNs < beforeNs || !isPackable(entry));
