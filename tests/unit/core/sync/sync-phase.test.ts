import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { BackoffPolicy } from "@/lib/core/sync/backoff";
import {
  type Hole,
  IDLE,
  nextPhase,
  type PhaseEvent,
  type SyncPhase,
  type SyncPolicy,
} from "@/lib/core/sync/sync-phase";

const backoff: BackoffPolicy = { baseMs: 1_000, maxMs: 30_000 };
const policy: SyncPolicy = { gapGraceMs: 120_000, holeBackoff: backoff, faultBackoff: backoff };
const HOLE: Hole = { from: 5, to: 6, firstSeenMs: 1_000 };

const STATES: { readonly [N in SyncPhase["name"]]: SyncPhase } = {
  idle: IDLE,
  pulling: { name: "pulling", hole: null, attempt: 0, declare: false },
  hole: { name: "hole", hole: HOLE, attempt: 1, retryAtMs: 5_000 },
  "backing-off": { name: "backing-off", hole: null, attempt: 1, retryAtMs: 5_000, reason: "429" },
  paused: { name: "paused" },
};

const EVENTS = {
  "demand too early": { name: "demand", nowMs: 4_999 },
  "demand when due": { name: "demand", nowMs: 5_000 },
  progress: { name: "progress" },
  "caught-up": { name: "caught-up" },
  hole: { name: "hole", hole: HOLE, nowMs: 5_000, random: 0 },
  conflict: { name: "conflict" },
  fault: { name: "fault", nowMs: 5_000, random: 0, retryAfterMs: 0, reason: "502" },
  pause: { name: "pause" },
  resume: { name: "resume" },
} satisfies Record<string, PhaseEvent>;

type EventName = keyof typeof EVENTS;

/** The next phase, for each phase and event. */
const TABLE: Record<SyncPhase["name"], Record<EventName, SyncPhase["name"]>> = {
  idle: {
    "demand too early": "pulling",
    "demand when due": "pulling",
    progress: "idle",
    "caught-up": "idle",
    hole: "hole",
    conflict: "idle",
    fault: "backing-off",
    pause: "paused",
    resume: "idle",
  },
  pulling: {
    "demand too early": "pulling",
    "demand when due": "pulling",
    progress: "pulling",
    "caught-up": "idle",
    hole: "hole",
    conflict: "pulling",
    fault: "backing-off",
    pause: "paused",
    resume: "pulling",
  },
  hole: {
    "demand too early": "hole",
    "demand when due": "pulling",
    progress: "pulling",
    "caught-up": "idle",
    hole: "hole",
    conflict: "pulling",
    fault: "backing-off",
    pause: "paused",
    resume: "hole",
  },
  "backing-off": {
    "demand too early": "backing-off",
    "demand when due": "pulling",
    progress: "pulling",
    "caught-up": "idle",
    hole: "hole",
    conflict: "backing-off",
    fault: "backing-off",
    pause: "paused",
    resume: "backing-off",
  },
  paused: {
    "demand too early": "paused",
    "demand when due": "paused",
    progress: "paused",
    "caught-up": "paused",
    hole: "paused",
    conflict: "paused",
    fault: "paused",
    pause: "paused",
    resume: "idle",
  },
};

const rows = Object.entries(TABLE).flatMap(([state, row]) =>
  Object.entries(row).map(([event, next]) => [state, event, next] as [SyncPhase["name"], EventName, string]),
);

const nowMs = fc.nat({ max: 1_000_000 });
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const hole = fc.record({
  from: fc.integer({ min: 1, max: 5 }),
  to: fc.integer({ min: 5, max: 9 }),
  firstSeenMs: nowMs,
});
const maybeHole = fc.option(hole, { nil: null });
const attempt = fc.nat({ max: 60 });
const anyState: fc.Arbitrary<SyncPhase> = fc.oneof(
  fc.constant(IDLE),
  fc.constant<SyncPhase>({ name: "paused" }),
  fc.record({ name: fc.constant("pulling" as const), hole: maybeHole, attempt, declare: fc.boolean() }),
  fc.record({ name: fc.constant("hole" as const), hole, attempt, retryAtMs: nowMs }),
  fc.record({
    name: fc.constant("backing-off" as const),
    hole: maybeHole,
    attempt,
    retryAtMs: nowMs,
    reason: fc.string(),
  }),
);
const anyEvent: fc.Arbitrary<PhaseEvent> = fc.oneof(
  fc.record({ name: fc.constant("demand" as const), nowMs }),
  fc.constantFrom<PhaseEvent>({ name: "progress" }, { name: "caught-up" }, { name: "conflict" }),
  fc.constantFrom<PhaseEvent>({ name: "pause" }, { name: "resume" }),
  fc.record({ name: fc.constant("hole" as const), hole, nowMs, random }),
  fc.record({
    name: fc.constant("fault" as const),
    nowMs,
    random,
    retryAfterMs: fc.nat({ max: 3_600_000 }),
    reason: fc.string(),
  }),
);

describe("the sync state machine", () => {
  it.each(rows)("%s: %s leads to %s", (state, event, next) => {
    expect(nextPhase(STATES[state], EVENTS[event], policy).name).toBe(next);
  });

  it("answers every event in every state, without throwing or changing its input", () => {
    fc.assert(
      fc.property(anyState, anyEvent, (state, event) => {
        const before = structuredClone(state);
        const next = nextPhase(state, event, policy);
        expect(Object.keys(TABLE)).toContain(next.name);
        if ("retryAtMs" in next) expect(Number.isFinite(next.retryAtMs)).toBe(true);
        if ("attempt" in next) expect(Number.isSafeInteger(next.attempt)).toBe(true);
        expect(state).toEqual(before);
      }),
    );
  });

  it("leaves paused only by resume, and enters it from everywhere by pause", () => {
    fc.assert(
      fc.property(anyState, anyEvent, (state, event) => {
        const paused: SyncPhase = { name: "paused" };
        expect(nextPhase(paused, event, policy).name).toBe(event.name === "resume" ? "idle" : "paused");
        expect(nextPhase(state, { name: "pause" }, policy)).toEqual(paused);
      }),
    );
  });

  it("waits at least as long as the mirror asked, and at least half the policy's wait", () => {
    fc.assert(
      fc.property(anyState, nowMs, random, fc.nat({ max: 3_600_000 }), (state, now, chance, retryAfterMs) => {
        fc.pre(state.name !== "paused");
        const fault: PhaseEvent = { name: "fault", nowMs: now, random: chance, retryAfterMs, reason: "429" };
        const next = nextPhase(state, fault, policy);
        expect(next).toMatchObject({ name: "backing-off", reason: "429" });
        if (next.name !== "backing-off") return;
        expect(next.retryAtMs - now).toBeGreaterThanOrEqual(Math.max(retryAfterMs, backoff.baseMs / 2));
      }),
    );
  });

  it("remembers a hole through faults, so that its grace goes on", () => {
    let state: SyncPhase = STATES.hole;
    state = nextPhase(state, EVENTS["demand when due"], policy);
    state = nextPhase(state, EVENTS.fault, policy);
    expect(state).toMatchObject({ name: "backing-off", hole: HOLE });
    expect(nextPhase(state, { name: "demand", nowMs: 120_999 }, policy)).toMatchObject({ declare: false });
    expect(nextPhase(state, { name: "demand", nowMs: 121_000 }, policy)).toMatchObject({ declare: true });
  });

  it("counts a hole that grew at its end as the same, and one that starts elsewhere as new", () => {
    const again = (from: number, to: number) =>
      nextPhase(STATES.hole, { ...EVENTS.hole, hole: { ...HOLE, from, to } }, policy);
    expect(again(5, 9)).toMatchObject({ attempt: 2 });
    expect(again(6, 6)).toMatchObject({ attempt: 1 });
  });

  it("asks again less and less often while faults go on, and never stops asking", () => {
    let state: SyncPhase = STATES.pulling;
    const waits: number[] = [];
    for (let now = 0; waits.length < 12; ) {
      state = nextPhase(
        state,
        { name: "fault", nowMs: now, random: 0.999_999, retryAfterMs: 0, reason: "429" },
        policy,
      );
      if (state.name !== "backing-off") throw new Error(state.name);
      waits.push(state.retryAtMs - now);
      now = state.retryAtMs;
      state = nextPhase(state, { name: "demand", nowMs: now }, policy);
      expect(state.name).toBe("pulling");
    }
    expect(waits.slice(0, 4)).toEqual([1_000, 2_000, 4_000, 8_000]);
    expect(waits.at(-1)).toBe(backoff.maxMs);
  });
});

/** Events that a run and its surroundings can send. A run answers only while it runs. */
// Mostly demands and holes: a life in which a grace time ends must not be a rare one.
const lifeEvent = fc.oneof(
  { weight: 3, arbitrary: anyEvent },
  { weight: 4, arbitrary: fc.record({ name: fc.constant("demand" as const), nowMs }) },
  { weight: 3, arbitrary: fc.record({ name: fc.constant("hole" as const), hole, nowMs, random }) },
);
const step = fc.record({ afterMs: fc.nat({ max: 40_000 }), event: lifeEvent, holeFrom: fc.constantFrom(5, 5, 5, 8) });
const isPullEvent = ({ name }: PhaseEvent) => name !== "demand" && name !== "pause" && name !== "resume";

describe("a topic's life", () => {
  it("leaves a wait only by a due demand, and declares a gap only when its grace time is over", () => {
    let declared = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 80 }), (steps) => {
        let state: SyncPhase = IDLE;
        let now = 0;
        const firstSeen = new Map<number, number>();
        for (const { afterMs, event, holeFrom } of steps) {
          now += afterMs;
          if (isPullEvent(event) && state.name !== "pulling") continue;
          const seen = firstSeen.get(holeFrom) ?? now;
          const timed: PhaseEvent =
            event.name === "hole"
              ? { ...event, nowMs: now, hole: { from: holeFrom, to: 9, firstSeenMs: seen } }
              : event.name === "fault"
                ? { ...event, nowMs: now, retryAfterMs: event.retryAfterMs % 20_000 }
                : event.name === "demand"
                  ? { ...event, nowMs: now }
                  : event;
          if (timed.name === "hole") firstSeen.set(holeFrom, seen);
          const next = nextPhase(state, timed, policy);
          if (state.name === "hole" || state.name === "backing-off") {
            const isDue = timed.name === "demand" && now >= state.retryAtMs;
            if (timed.name === "pause") expect(next.name).toBe("paused");
            else expect(next.name).toBe(isDue ? "pulling" : state.name);
          }
          if (next.name === "pulling" && next.declare && state.name !== "pulling") {
            declared += 1;
            expect(next.hole).not.toBeNull();
            expect(now - (next.hole as Hole).firstSeenMs).toBeGreaterThanOrEqual(policy.gapGraceMs);
            expect((next.hole as Hole).firstSeenMs).toBe(firstSeen.get((next.hole as Hole).from));
          }
          state = next;
        }
      }),
      { numRuns: 400 },
    );
    // The property would hold of a machine that never declares: it did.
    expect(declared).toBeGreaterThan(0);
  });

  it("declares a lasting hole a gap with nothing but demands", () => {
    let state: SyncPhase = nextPhase(IDLE, { name: "demand", nowMs: 0 }, policy);
    let pulls = 0;
    for (let now = 0; ; now += 500) {
      if (state.name === "pulling") {
        if (state.declare) {
          expect(now).toBeGreaterThanOrEqual(policy.gapGraceMs);
          expect(now).toBeLessThanOrEqual(policy.gapGraceMs + backoff.maxMs + 500);
          break;
        }
        pulls += 1;
        state = nextPhase(state, { name: "hole", hole: { ...HOLE, firstSeenMs: 0 }, nowMs: now, random: 0 }, policy);
      }
      state = nextPhase(state, { name: "demand", nowMs: now }, policy);
    }
    expect(pulls).toBeLessThan(20);
  });
});
