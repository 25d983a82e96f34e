/**
 * Everything that one process believes about one topic's sync, as a value. The clock and chance come in with the events. What the
 * sync is doing is its phase (sync-phase.ts); beside it stand the chain, the goal of the run, the hole and the repairs.
 */
import type { ConsensusNs } from "../ledger/consensus-time";
import type { ChainHead } from "../ledger/verify";
import type { Interval } from "./intervals";
import { afterRepair, REPAIR_AT_START, type Repaired, type RepairTimer, repairNeeded } from "./repair-timer";
import { type Hole, IDLE, nextPhase, type PhaseEvent, type SyncPhase, type SyncPolicy } from "./sync-phase";

/** The goal that a run must reach to be complete. */
interface Goal {
  /** The number of heads asked for before the last demand. Only later heads show what that demand needs. */
  readonly headsBefore: number;
  /** The mirror's head after that demand; null until it answers. */
  readonly throughNs: ConsensusNs | null;
}

/** One topic's sync, as this process believes it to be. */
export interface SyncState {
  readonly phase: SyncPhase;
  /** The chain at the topic's cursor; null if the store must be asked for it. */
  readonly chain: ChainHead | null;
  /** The highest cursor that any instance has announced since the store was last asked; 0 if none has. */
  readonly announcedCursor: number;
  /** How often the topic was started over. A state that was read from the store before the last time does not count. */
  readonly starts: number;
  readonly goal: Goal;
  /** The store has recorded a hole of this topic, and is to forget it when the hole has closed. */
  readonly isHoleStored: boolean;
  readonly repair: RepairTimer;
  /** When a paused topic is looked at again. */
  readonly pausedLookMs: number;
  /** Why the last run was not complete, as a sentence; null if it was. */
  readonly lastError: string | null;
}

export const SYNC_START: SyncState = {
  phase: IDLE,
  chain: null,
  announcedCursor: 0,
  starts: 0,
  goal: { headsBefore: 0, throughNs: null },
  isHoleStored: false,
  repair: REPAIR_AT_START,
  pausedLookMs: 0,
  lastError: null,
};

/** An event in one topic's sync: one of its phase, or news about its store, its mirror or its goal. */
export type SyncEvent =
  | Exclude<PhaseEvent, { name: "progress" | "caught-up" | "hole" | "conflict" | "fault" }>
  /** Somebody asks for everything that the mirror has now. */
  | { readonly name: "called"; readonly headsBefore: number }
  /** The mirror has reported its head: it has everything through this time. `number` counts the heads. */
  | { readonly name: "head"; readonly number: number; readonly throughNs: ConsensusNs | null }
  | { readonly name: "paused-look"; readonly nowMs: number }
  /** The store has answered with the topic's state. */
  | { readonly name: "loaded"; readonly chain: ChainHead; readonly isPaused: boolean }
  /** The message at the cursor was replaced, by a repair or another instance. */
  | { readonly name: "hash-replaced"; readonly hash: Uint8Array | null }
  /** A batch after `from` was committed. `needsRepair`: it declared a gap, or holds failed or unproven messages. */
  | {
      readonly name: "committed";
      readonly from: ChainHead;
      readonly to: ChainHead;
      readonly needsRepair: boolean;
      readonly nowMs: number;
    }
  /** A stored message is found to be unproven, outside of the topic's own runs. */
  | { readonly name: "repair-needed"; readonly nowMs: number }
  /** An instance, this one or another, has announced that it brought the topic to this cursor. */
  | { readonly name: "cursor-announced"; readonly cursor: number }
  /** Another instance committed first. */
  | { readonly name: "conflict" }
  | { readonly name: "hole-seen" }
  /** The hole cannot be passed yet. */
  | {
      readonly name: "hole";
      readonly hole: Hole;
      readonly nowMs: number;
      readonly random: number;
      readonly reason: string;
    }
  | { readonly name: "hole-closed" }
  | Extract<PhaseEvent, { name: "fault" }>
  /** The store failed, maybe after it had committed: its cursor is not known any more. */
  | { readonly name: "store-failed" }
  /** Everything on the mirror is stored. `error`: why that is not certain. */
  | { readonly name: "caught-up"; readonly error: string | null }
  /** The store begins a new epoch: nothing that was believed holds. A run that is under way ends by itself. */
  | { readonly name: "start-over"; readonly isRunning: boolean; readonly nowMs: number }
  | { readonly name: "repaired"; readonly result: Repaired; readonly startedMs: number };

/** A paused topic is looked at this often while it has readers, in case the event of its resumption was lost. */
const PAUSED_LOOK_MS = 30_000;

/** The state after an event. Pure. */
export function transition(state: SyncState, event: SyncEvent, policy: SyncPolicy): SyncState {
  const inPhase = (next: PhaseEvent, more: Partial<SyncState> = {}): SyncState => ({
    ...state,
    ...more,
    phase: nextPhase(state.phase, next, policy),
  });
  switch (event.name) {
    case "demand":
    case "pause":
    case "resume":
      return inPhase(event);
    case "called":
      return { ...state, goal: { headsBefore: event.headsBefore, throughNs: null } };
    case "head":
      if (event.number <= state.goal.headsBefore || state.goal.throughNs !== null) return state;
      return { ...state, goal: { ...state.goal, throughNs: event.throughNs } };
    case "paused-look":
      return { ...state, pausedLookMs: event.nowMs + PAUSED_LOOK_MS };
    case "loaded":
      return event.isPaused
        ? inPhase({ name: "pause" }, { chain: event.chain, announcedCursor: 0 })
        : { ...state, chain: event.chain, announcedCursor: 0 };
    case "hash-replaced":
      return { ...state, chain: state.chain && { ...state.chain, hash: event.hash } };
    case "committed": {
      const repair = event.needsRepair ? repairNeeded(state.repair, event.nowMs) : state.repair;
      // If the chain is another one, the store has begun a new epoch meanwhile, and the next run reads the cursor from the store.
      const chain = state.chain === event.from ? event.to : state.chain;
      return inPhase({ name: "progress" }, { chain, repair });
    }
    case "cursor-announced":
      return { ...state, announcedCursor: Math.max(state.announcedCursor, event.cursor) };
    case "conflict":
      return inPhase(event, { chain: null });
    case "hole-seen":
      return { ...state, isHoleStored: true };
    case "hole":
      return inPhase(event, { lastError: event.reason });
    case "hole-closed":
      return { ...state, isHoleStored: false };
    case "fault":
      return inPhase(event, { lastError: event.reason });
    case "store-failed":
      return { ...state, chain: null };
    case "caught-up":
      return inPhase(event, { lastError: event.error });
    case "start-over": {
      const fresh = {
        chain: null,
        announcedCursor: 0,
        starts: state.starts + 1,
        repair: repairNeeded(state.repair, event.nowMs),
      };
      // The phase was about rows that are gone.
      return event.isRunning ? { ...state, ...fresh } : inPhase({ name: "caught-up" }, fresh);
    }
    case "repair-needed":
      return { ...state, repair: repairNeeded(state.repair, event.nowMs) };
    case "repaired":
      return { ...state, repair: afterRepair(state.repair, event.result, event.startedMs) };
  }
}

/** Whether a paused topic is to be looked at now. */
export const isPausedLookDue = ({ phase, pausedLookMs }: SyncState, nowMs: number): boolean =>
  phase.name === "paused" && nowMs >= pausedLookMs;

/** Whether another instance has announced a later cursor than this process's. Then the store would accept no commit from here. */
export const isBehind = ({ chain, announcedCursor }: SyncState): boolean =>
  chain !== null && chain.sequence < announcedCursor;

/** Whether the run has everything that the mirror had when it was last asked for. */
export const hasReached = ({ goal }: SyncState, throughNs: bigint): boolean =>
  goal.throughNs !== null && throughNs >= goal.throughNs;

/**
 * A hole with its age. `firstSeenMs`: when the first instance saw it. That time comes from a wall clock, which may have been set back
 * since. So the hole is never younger than this process itself has seen it.
 */
export function holeOf({ phase }: SyncState, { from, to }: Interval, firstSeenMs: number, nowMs: number): Hole {
  const known = phase.name === "pulling" && phase.hole?.from === from ? phase.hole : null;
  return { from, to, firstSeenMs: Math.min(firstSeenMs, known?.firstSeenMs ?? nowMs) };
}

/**
 * The gap rule: a hole may be declared a gap if its grace time is over now, and was over already when this run began. The cursor
 * never passes a hole on the strength of one answer.
 */
export const mayPass = ({ phase }: SyncState, hole: Hole, nowMs: number, { gapGraceMs }: SyncPolicy): boolean =>
  phase.name === "pulling" && phase.declare && nowMs - hole.firstSeenMs >= gapGraceMs;
