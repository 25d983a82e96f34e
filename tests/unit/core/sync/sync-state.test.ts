/** A process's beliefs about a topic beside the phase of its sync. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { consensusNs } from "@/lib/core/ledger/consensus-time";
import type { ChainHead } from "@/lib/core/ledger/verify";
import type { SyncPolicy } from "@/lib/core/sync/sync-phase";
import {
  hasReached,
  holeOf,
  isBehind,
  isPausedLookDue,
  mayPass,
  SYNC_START,
  type SyncEvent,
  type SyncState,
  transition,
} from "@/lib/core/sync/sync-state";

const backoff = { baseMs: 1_000, maxMs: 30_000 };
const policy: SyncPolicy = { gapGraceMs: 120_000, holeBackoff: backoff, faultBackoff: backoff };
const chainAt = (sequence: number): ChainHead => ({ sequence, hash: null, consensusNs: BigInt(sequence) });
const reached = (state: SyncState, ...events: readonly SyncEvent[]) =>
  events.reduce((now, event) => transition(now, event, policy), state);
const pulling = (chain: ChainHead, nowMs = 0) =>
  reached(SYNC_START, { name: "demand", nowMs }, { name: "loaded", chain, isPaused: false });

describe("the chain", () => {
  it("moves with a commit that began at it, and stays lost if the store began a new epoch meanwhile", () => {
    const [from, to] = [chainAt(3), chainAt(9)];
    const committed = { name: "committed", from, to, needsRepair: false, nowMs: 0 } as const;
    expect(reached(pulling(from), committed).chain).toBe(to);
    const over = { name: "start-over", isRunning: true, nowMs: 0 } as const;
    expect(reached(pulling(from), over, committed).chain).toBeNull();
    const again = chainAt(3);
    expect(reached(pulling(from), over, { name: "loaded", chain: again, isPaused: false }, committed).chain).toBe(
      again,
    );
  });

  it("is unknown after a conflict, after a failure of the store, and after a start over", () => {
    const state = pulling(chainAt(3));
    for (const event of [
      { name: "conflict" },
      { name: "store-failed" },
      { name: "start-over", isRunning: false, nowMs: 0 },
    ] as const)
      expect(reached(state, event).chain).toBeNull();
  });

  it("takes the hash of a message at the cursor that was replaced", () => {
    const hash = new Uint8Array([7]);
    expect(reached(pulling(chainAt(3)), { name: "hash-replaced", hash }).chain).toEqual({ ...chainAt(3), hash });
    expect(reached(SYNC_START, { name: "hash-replaced", hash }).chain).toBeNull();
  });
});

describe("a cursor that another instance announces", () => {
  const announced = (cursor: number) => ({ name: "cursor-announced", cursor }) as const;

  it("leaves the chain behind if it is later, until the store has said where the topic stands", () => {
    const state = pulling(chainAt(3));
    expect([2, 3, 4].map((cursor) => isBehind(reached(state, announced(cursor))))).toEqual([false, false, true]);
    expect(isBehind(reached(state, announced(5), announced(4)))).toBe(true);
    for (const isPaused of [false, true]) {
      const loaded = { name: "loaded", chain: chainAt(2), isPaused } as const;
      expect(isBehind(reached(state, announced(5), loaded))).toBe(false);
    }
  });

  it("does not count before the store was asked, or after a start over", () => {
    expect(isBehind(reached(SYNC_START, announced(5)))).toBe(false);
    const over = { name: "start-over", isRunning: true, nowMs: 0 } as const;
    expect(reached(pulling(chainAt(3)), announced(5), over).announcedCursor).toBe(0);
  });
});

describe("the goal of a run", () => {
  it("is the first head that was asked for after the last call, and no other one", () => {
    const head = (number: number, ns: bigint) => ({ name: "head", number, throughNs: consensusNs(ns) }) as const;
    const called = reached(SYNC_START, { name: "called", headsBefore: 5 });
    expect(hasReached(called, 10n ** 20n)).toBe(false);
    expect(reached(called, head(5, 100n)).goal.throughNs).toBeNull();
    const state = reached(called, head(6, 100n), head(7, 200n));
    expect([hasReached(state, 99n), hasReached(state, 100n)]).toEqual([false, true]);
    expect(reached(state, { name: "called", headsBefore: 7 }).goal).toEqual({ headsBefore: 7, throughNs: null });
  });
});

describe("the gap rule", () => {
  const hole = { from: 5, to: 6, firstSeenMs: 0 };
  const seenAt = (nowMs: number) => ({ name: "hole", hole, nowMs, random: 0, reason: "missing" }) as const;

  it("passes no hole on the strength of one answer, however old the hole is for other instances", () => {
    fc.assert(
      fc.property(fc.nat({ max: 10 ** 9 }), (nowMs) => {
        expect(mayPass(pulling(chainAt(4), nowMs), hole, nowMs, policy)).toBe(false);
      }),
    );
  });

  it("passes a hole only in a run that begins after its grace time", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2_000, max: 300_000 }), (againMs) => {
        const state = reached(pulling(chainAt(4)), seenAt(0), { name: "demand", nowMs: againMs });
        expect(mayPass(state, hole, againMs, policy)).toBe(againMs >= policy.gapGraceMs);
      }),
    );
  });

  it("does not confuse a younger hole with the one whose grace time is over", () => {
    const state = reached(pulling(chainAt(4)), seenAt(0), { name: "demand", nowMs: 130_000 });
    expect(mayPass(state, { from: 9, to: 9, firstSeenMs: 129_000 }, 130_000, policy)).toBe(false);
  });

  it("never makes a hole younger than this process knows it to be, even if the wall clock is set back", () => {
    const state = reached(pulling(chainAt(4)), seenAt(0), { name: "demand", nowMs: 60_000 });
    expect(holeOf(state, { from: 5, to: 6 }, 59_000, 60_000)).toEqual({ from: 5, to: 6, firstSeenMs: 0 });
    expect(holeOf(state, { from: 5, to: 6 }, -9_000, 60_000).firstSeenMs).toBe(-9_000);
    expect(holeOf(state, { from: 8, to: 8 }, 70_000, 60_000).firstSeenMs).toBe(60_000);
  });

  it("remembers that the store has recorded a hole until it has closed", () => {
    const seen = reached(pulling(chainAt(4)), { name: "hole-seen" }, seenAt(0));
    expect([seen.isHoleStored, seen.lastError]).toEqual([true, "missing"]);
    expect(reached(seen, { name: "hole-closed" }).isHoleStored).toBe(false);
  });
});

describe("the rest", () => {
  it("a paused topic is looked at every half minute, another one never", () => {
    const paused = reached(SYNC_START, { name: "pause" });
    expect(isPausedLookDue(paused, 0)).toBe(true);
    const looked = reached(paused, { name: "paused-look", nowMs: 1_000 });
    expect([isPausedLookDue(looked, 30_999), isPausedLookDue(looked, 31_000)]).toEqual([false, true]);
    expect(isPausedLookDue(reached(looked, { name: "resume" }), 10 ** 9)).toBe(false);
  });

  it("a commit with a gap or failed messages, and a start over, ask for repairs half a minute later", () => {
    const [from, to] = [chainAt(3), chainAt(9)];
    const commit = { name: "committed", from, to, needsRepair: true, nowMs: 5_000 } as const;
    expect(reached(pulling(from), commit).repair).toMatchObject({ isNeeded: true, dueMs: 35_000 });
    const over = { name: "start-over", isRunning: false, nowMs: 7_000 } as const;
    expect(reached(pulling(from), over).repair).toMatchObject({ isNeeded: true, dueMs: 37_000 });
  });

  it("a stored message that became unproven asks for repairs half a minute later, in any phase", () => {
    const needed = { name: "repair-needed", nowMs: 5_000 } as const;
    for (const state of [pulling(chainAt(3)), reached(SYNC_START, { name: "pause" })]) {
      const { repair, ...rest } = reached(state, needed);
      expect(repair).toMatchObject({ isNeeded: true, dueMs: 35_000 });
      expect({ ...rest, repair: state.repair }).toEqual(state);
    }
  });

  it("a run says why it was not complete, until one is", () => {
    const fault = { name: "fault", nowMs: 0, random: 0, retryAfterMs: 0, reason: "no answer" } as const;
    const failed = reached(pulling(chainAt(3)), fault);
    expect([failed.phase.name, failed.lastError]).toEqual(["backing-off", "no answer"]);
    const done = reached(failed, { name: "demand", nowMs: 10 ** 6 }, { name: "caught-up", error: null });
    expect([done.phase.name, done.lastError]).toEqual(["idle", null]);
  });
});
