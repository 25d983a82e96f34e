/** The facts from which an instance judges its health: its own, and those of its tiers and topics. The caller of `judge` gathers them. */
import type { Interval } from "../sync/intervals";
import type { SyncPhase } from "../sync/sync-phase";

/** Calls to one tier during the last half minute or so. */
export interface Calls {
  readonly sent: number;
  readonly failed: number;
  /** Without the time in which this process was busy itself. Null if none was sent. */
  readonly meanMs: number | null;
}

/** The circuit breaker of a tier, and how its calls went. */
export interface TierFacts {
  readonly circuit: "closed" | "open" | "half-open";
  /** False: it was asked just now and did not answer. */
  readonly answers: boolean;
  readonly lastError: string | null;
  /** Null: too little is known yet. */
  readonly calls: Calls | null;
}

/** Whether Redis may lose keys. Both are null if Redis does not say. */
export interface RedisPersistence {
  /** Whether each write is logged to a disk. */
  readonly persists: boolean | null;
  /** The policy by which keys leave when memory is full; null also if none leave. */
  readonly evicts: string | null;
}

/** One topic's sync, as this instance knows it. */
export interface SyncFacts {
  readonly topicId: string;
  readonly state: SyncPhase;
  readonly lastError: string | null;
  /** The part that noticed the reason reports an incident of its own for it. */
  readonly isNamedElsewhere: boolean;
  /** For how many milliseconds the topic has been behind what its readers asked for. */
  readonly lagMs: number;
  /** The topic is synced through this time; null if that is not known yet. */
  readonly asOfMs: number | null;
  /** It started over, and the messages from before are not all stored again. */
  readonly isSyncingAgain: boolean;
}

/** One topic, as the database knew it when it was last asked. */
export interface StoredFacts {
  readonly topicId: string;
  readonly failed: number;
  /** The lowest sequence numbers of failed messages. */
  readonly failedSequences: readonly number[];
  /** The lowest declared gaps. */
  readonly gaps: readonly Interval[];
  readonly gapCount: number;
  /** Messages whose signature could not be judged yet. */
  readonly unproven: number;
  /**
   * `dropping`: the topic starts over, and its stored rows are being dropped. `folding`: another topic started over, and this one's
   * messages are folded again. Null: neither.
   */
  readonly work: "dropping" | "folding" | null;
  /** Null: it is not paused. `by` is null if it is not known. */
  readonly paused: { readonly by: string | null; readonly sinceMs: number | null } | null;
}

/** Everything that `judge` looks at. */
export interface HealthFacts {
  readonly nowMs: number;
  readonly postgres: TierFacts & {
    /** Ms by which its clock is ahead of ours; null or absent if it is unknown, or the tier has no clock of its own. */
    readonly clockAheadMs?: number | null;
  };
  /** Null: no Redis is configured. */
  readonly redis: (TierFacts & { readonly deafMs: number; readonly persistence: RedisPersistence | null }) | null;
  readonly mirrors: readonly (Omit<TierFacts, "answers"> & {
    readonly origin: string;
    /** Ms by which its clock is ahead of ours; null or absent if it is unknown. */
    readonly clockAheadMs?: number | null;
  })[];
  /** Why doorbells at this address are dead although pages are open; null while they are live, and without any. */
  readonly doorbellDown: { readonly name: string; readonly reason: string } | null;
  /** The mirror's head as the mirror reports it; null before it was asked. */
  readonly mirrorHeadMs: number | null;
  readonly budgetRefused: number;
  /** Topics that are read here and that the mirror does not know. */
  readonly unknownTopics: readonly string[];
  /** Why no mirror says which key an account had at a time; null while one does. */
  readonly keysUnknown: { readonly reason: string } | null;
  /** Why the local Hedera (devnet) of this process has ended; null while it runs, and where there is none. */
  readonly devnetEnded: string | null;
  readonly isStarting: boolean;
  /** A tier or mirror was down a moment ago, so the topics that it held up are still backing off. */
  readonly isSettling: boolean;
  readonly topics: readonly SyncFacts[];
  /** Empty before the database has answered for the first time. */
  readonly stored: readonly StoredFacts[];
  /** The last write, if it failed and none has succeeded since. */
  readonly failedWrite: { readonly topicId: string; readonly reason: string; readonly sinceMs: number } | null;
  readonly isAnyPayerTrusted: boolean;
  /** On a public network one accept makes a bond, even if the other person never asked. */
  readonly isBondingLoose: boolean;
  /** The share of the last half minute or so for which the event loop worked; null if too little is known yet. */
  readonly busyShare: number | null;
  readonly memory: { readonly heapShare: number; readonly rssShare: number };
  /** Other instances whose clocks are ahead of this one's. */
  readonly clocksAhead: readonly { readonly instanceId: string; readonly aheadMs: number }[];
}
