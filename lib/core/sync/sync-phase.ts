/**
 * The phase of one topic's sync, as a value: the phases of sync-state.ts. The clock and chance come in with the events.
 *
 *            demand                     hole                      demand, retry due, grace over
 *   ┌────► idle ──────► pulling ─────────────────► hole ───────────────────────────────► pulling (declares the gap)
 *   │                   │  │  ▲                    │  ▲
 *   │ caught-up         │  │  │ progress, conflict │  └─ hole (asked again, still there)
 *   └───────────────────┘  │  └────────────────────┘
 *                    fault │        demand, retry due
 *                          ▼
 *                     backing-off ──────────────────► pulling
 *
 *   pause leads to paused from everywhere; only resume leads out of it.
 */
import { type BackoffPolicy, backoffMs } from "./backoff";
import type { Interval } from "./intervals";

/** Missing sequence numbers, both ends included. */
export interface Hole extends Interval {
  /** When the first instance saw it. Like all times here, on this process's monotonic clock. */
  readonly firstSeenMs: number;
}

/** The state of a topic's sync in this process. `declare`: the hole's grace time is over, so this run may declare it a gap. */
export type SyncPhase =
  | { readonly name: "idle" }
  | { readonly name: "pulling"; readonly hole: Hole | null; readonly attempt: number; readonly declare: boolean }
  | { readonly name: "hole"; readonly hole: Hole; readonly attempt: number; readonly retryAtMs: number }
  | {
      readonly name: "backing-off";
      readonly hole: Hole | null;
      readonly attempt: number;
      readonly retryAtMs: number;
      readonly reason: string;
    }
  | { readonly name: "paused" };

/** Every name of a phase. */
export const SYNC_PHASES = [
  "idle",
  "pulling",
  "hole",
  "backing-off",
  "paused",
] as const satisfies readonly SyncPhase["name"][];

/** An event in one topic's sync. Times are on the process's monotonic clock; `random` is in [0, 1). */
export type PhaseEvent =
  /** Somebody reads, or a scheduler calls. */
  | { readonly name: "demand"; readonly nowMs: number }
  /** A batch was committed; more may follow. */
  | { readonly name: "progress" }
  /** Everything is stored that the mirror had when the run was last asked for. */
  | { readonly name: "caught-up" }
  /** The answer starts past the cursor. */
  | { readonly name: "hole"; readonly hole: Hole; readonly nowMs: number; readonly random: number }
  /** Another instance committed first. Its cursor is ours now. */
  | { readonly name: "conflict" }
  | {
      readonly name: "fault";
      readonly nowMs: number;
      readonly random: number;
      readonly retryAfterMs: number;
      readonly reason: string;
    }
  | { readonly name: "pause" }
  | { readonly name: "resume" };

/** How long a hole is waited for, and the waits between retries. */
export interface SyncPolicy {
  readonly gapGraceMs: number;
  readonly holeBackoff: BackoffPolicy;
  readonly faultBackoff: BackoffPolicy;
}

type Name = SyncPhase["name"];
type Named<T extends { name: string }, N extends string> = Extract<T, { name: N }>;
type Table = {
  readonly [S in Name]: {
    readonly [E in PhaseEvent["name"]]: (
      state: Named<SyncPhase, S>,
      event: Named<PhaseEvent, E>,
      policy: SyncPolicy,
    ) => SyncPhase;
  };
};

export const IDLE: SyncPhase = { name: "idle" };
const PAUSED: SyncPhase = { name: "paused" };
const stay = (state: SyncPhase) => state;
const pause = () => PAUSED;
const pulling = (hole: Hole | null, attempt: number, declare: boolean): SyncPhase => ({
  name: "pulling",
  hole,
  attempt,
  declare,
});

const sawHole = (
  state: { hole?: Hole | null; attempt?: number },
  event: Named<PhaseEvent, "hole">,
  policy: SyncPolicy,
): SyncPhase => {
  const isSame = state.hole?.from === event.hole.from;
  const attempt = isSame ? (state.attempt ?? 0) + 1 : 1;
  return {
    name: "hole",
    hole: event.hole,
    attempt,
    retryAtMs: event.nowMs + backoffMs(policy.holeBackoff, attempt, event.random),
  };
};

const faulted = (
  hole: Hole | null,
  attempt: number,
  event: Named<PhaseEvent, "fault">,
  policy: SyncPolicy,
): SyncPhase => ({
  name: "backing-off",
  hole,
  attempt,
  retryAtMs: event.nowMs + backoffMs(policy.faultBackoff, attempt, event.random, event.retryAfterMs),
  reason: event.reason,
});

/** Complete: a new phase or event does not compile until every pair has its answer. */
const TABLE: Table = {
  idle: {
    demand: () => pulling(null, 0, false),
    progress: stay,
    "caught-up": stay,
    hole: (_, event, policy) => sawHole({}, event, policy),
    conflict: stay,
    fault: (_, event, policy) => faulted(null, 1, event, policy),
    pause,
    resume: stay,
  },
  pulling: {
    demand: stay,
    progress: () => pulling(null, 0, false),
    "caught-up": () => IDLE,
    hole: sawHole,
    conflict: () => pulling(null, 0, false),
    fault: (state, event, policy) => faulted(state.hole, state.attempt + 1, event, policy),
    pause,
    resume: stay,
  },
  hole: {
    demand: (state, { nowMs }, policy) => {
      if (nowMs < state.retryAtMs) return state;
      return pulling(state.hole, state.attempt, nowMs - state.hole.firstSeenMs >= policy.gapGraceMs);
    },
    progress: () => pulling(null, 0, false),
    "caught-up": () => IDLE,
    hole: sawHole,
    conflict: () => pulling(null, 0, false),
    fault: (state, event, policy) => faulted(state.hole, state.attempt + 1, event, policy),
    pause,
    resume: stay,
  },
  "backing-off": {
    demand: (state, { nowMs }, policy) => {
      if (nowMs < state.retryAtMs) return state;
      const declare = state.hole !== null && nowMs - state.hole.firstSeenMs >= policy.gapGraceMs;
      return pulling(state.hole, state.attempt, declare);
    },
    progress: () => pulling(null, 0, false),
    "caught-up": () => IDLE,
    hole: sawHole,
    conflict: stay,
    fault: (state, event, policy) => faulted(state.hole, state.attempt + 1, event, policy),
    pause,
    resume: stay,
  },
  paused: {
    demand: stay,
    progress: stay,
    "caught-up": stay,
    hole: stay,
    conflict: stay,
    fault: stay,
    pause,
    resume: () => IDLE,
  },
};

/** The phase after an event. Pure. */
export function nextPhase(state: SyncPhase, event: PhaseEvent, policy: SyncPolicy): SyncPhase {
  const row = TABLE[state.name] as Record<
    string,
    (state: SyncPhase, event: PhaseEvent, policy: SyncPolicy) => SyncPhase
  >;
  return (row[event.name] as (state: SyncPhase, event: PhaseEvent, policy: SyncPolicy) => SyncPhase)(
    state,
    event,
    policy,
  );
}
