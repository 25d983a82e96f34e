/** Which instance syncs next, when a server with slow or quick answers keeps the gates. */
import fc from "fast-check";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { MemoryHotCache } from "@/lib/adapters/memory/memory-hot-cache";
import { fromMs } from "@/lib/core/ledger/consensus-time";
import type { TopicId } from "@/lib/core/ledger/ids";
import { epochOf, POSITIONS_PER_EPOCH } from "@/lib/core/signals/position";
import { encodeWatermark } from "@/lib/core/sync/watermark";
import { RegistryCache } from "@/lib/engine/shards/registry-cache";
import { type SchedulerDeps, SyncScheduler } from "@/lib/engine/sync/sync-scheduler";
import { TopicSync } from "@/lib/engine/sync/topic/topic-sync";
import { DrivenClock } from "../../../support/control/driven-clock";

const GATE_MS = 1_000;
const TOPIC = "0.0.1001" as TopicId;
let runs = 0;

beforeEach(() => {
  runs = 0;
  vi.spyOn(TopicSync.prototype, "run").mockImplementation(async () => {
    runs += 1;
    return { topicId: TOPIC, fromSequence: 0, toSequence: 0, added: 0, verified: 0, complete: true, error: null };
  });
});
afterEach(() => void vi.restoreAllMocks());

function instances(count: number) {
  const clock = new DrivenClock();
  const travel = { ms: 0 };
  const hot = new MemoryHotCache({
    now: () => clock.now() + travel.ms,
    monotonicMs: () => clock.monotonicMs() + travel.ms,
    sleep: (ms) => clock.sleep(ms),
    after: (ms, act) => clock.after(ms, act),
  });
  const configured = [{ topicId: TOPIC, kinds: ["contact"] }];
  const schedulers = Array.from({ length: count }, () => {
    const registry = new RegistryCache({ configured, clock } as unknown as ConstructorParameters<
      typeof RegistryCache
    >[0]);
    const missed = { publishUnpublished: async () => {} };
    const stamp = { highest: 0, learn: () => {} };
    return new SyncScheduler({ clock, hot, registry, missed, stamp, gateMs: GATE_MS } as unknown as SchedulerDeps);
  });
  return { clock, travel, hot, schedulers };
}

it("syncs in every period, even if one request takes longer to the gate than the next", async () => {
  const { clock, travel, schedulers } = instances(1);
  for (const travelMs of [40, 0, 30, 10, 5, 0]) {
    travel.ms = travelMs;
    await schedulers[0]?.demand();
    await clock.advance(GATE_MS);
  }
  expect(runs).toBe(6);
});

it("syncs once in a period, however many instances ask and whenever they ask", async () => {
  const phases = fc.uniqueArray(fc.integer({ min: 0, max: GATE_MS - 1 }), { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(phases, async (unordered) => {
      runs = 0;
      const inOrder = unordered.toSorted((a, b) => a - b);
      const { clock, schedulers } = instances(inOrder.length);
      const periods = 10;
      let nowMs = 0;
      for (let period = 0; period < periods; period += 1)
        for (const [i, phase] of inOrder.entries()) {
          const atMs = period * GATE_MS + phase;
          await clock.advance(atMs - nowMs);
          nowMs = atMs;
          await schedulers[i]?.demand();
        }
      expect(runs).toBeGreaterThanOrEqual(periods);
      // A demand at the very end of a period may take it over, once.
      expect(runs).toBeLessThanOrEqual(periods + 1);
    }),
    { numRuns: 25 },
  );
});

it("syncs no more often with rings than polls would, and once more, whichever instance asks", async () => {
  const anyAct = fc.record({
    afterMs: fc.oneof(fc.nat(50), fc.nat(GATE_MS), fc.integer({ min: 0, max: 3 * GATE_MS })),
    isRing: fc.boolean(),
    by: fc.nat(2),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(anyAct, { minLength: 1, maxLength: 60 }), async (acts) => {
      runs = 0;
      const { clock, schedulers } = instances(3);
      const startMs = clock.monotonicMs();
      for (const { afterMs, isRing, by } of acts) {
        await clock.advance(afterMs);
        if (isRing) await schedulers[by]?.rung(TOPIC);
        else await schedulers[by]?.demand();
      }
      // Nine tenths of a period are saved, and a poll may come a twentieth early.
      expect(runs).toBeLessThanOrEqual(Math.floor((clock.monotonicMs() - startMs) / (0.95 * GATE_MS) + 0.95) + 1);
    }),
  );
});

it("serves a ring that comes back after the stated wait, and asks nobody before", async () => {
  const { clock, schedulers, hot } = instances(2);
  const [mine, other] = schedulers as [SyncScheduler, SyncScheduler];
  const round = vi.spyOn(hot, "round");
  const rings = async () => [await mine.rung(TOPIC), runs, round.mock.calls.length];
  expect(await rings()).toEqual([0, 1, 1]);
  // Nine tenths of a period are saved.
  expect(await rings()).toEqual([100, 1, 1]);
  await clock.advance(100);
  expect(await rings()).toEqual([0, 2, 2]);
  expect(await rings()).toEqual([GATE_MS, 2, 2]);
  await clock.advance(GATE_MS - 1);
  expect(await rings()).toEqual([1, 2, 2]);
  await clock.advance(1);
  expect(await rings()).toEqual([0, 3, 3]);
  // Only the shared gate knows of another instance's syncs.
  await clock.advance(2 * GATE_MS);
  expect([await other.rung(TOPIC), await other.rung(TOPIC)]).toEqual([0, 100]);
  await clock.advance(100);
  expect(await other.rung(TOPIC)).toBe(0);
  expect(await rings()).toEqual([GATE_MS, 5, 6]);
  await clock.advance(GATE_MS);
  expect(await rings()).toEqual([0, 6, 7]);
});

it("believes no watermark that comes with the news of another epoch", async () => {
  const clock = new DrivenClock();
  const configured = [{ topicId: TOPIC, kinds: ["contact"] }];
  const registry = new RegistryCache({ configured, clock } as unknown as ConstructorParameters<
    typeof RegistryCache
  >[0]);
  const told = { stamp: 7 };
  const hot = {
    round: async () => ({
      topics: [
        {
          topicId: TOPIC,
          watermark: encodeWatermark({ generation: 0, throughNs: fromMs(clock.now()) }),
          waitMs: 1_000,
        },
      ],
      ...{ registryVersion: 0, stamp: told.stamp, nowMs: clock.now() },
    }),
  };
  const stamp = {
    highest: 0,
    learn: (latest: number) => {
      const isNew = epochOf(latest) > epochOf(stamp.highest);
      stamp.highest = latest;
      // As the watch of the store does.
      if (isNew) scheduler.startOver();
    },
  };
  const missed = { publishUnpublished: async () => {} };
  const deps = { clock, hot, registry, missed, stamp, gateMs: GATE_MS, freshnessTargetMs: 10_000 };
  const scheduler: SyncScheduler = new SyncScheduler(deps as unknown as SchedulerDeps);
  const asOfNs = async () => {
    await clock.advance(GATE_MS);
    await scheduler.demand();
    return scheduler.freshness().asOfNs;
  };
  expect(await asOfNs()).toBe(fromMs(clock.now()));
  told.stamp = POSITIONS_PER_EPOCH + 1;
  expect(await asOfNs()).toBeNull();
  expect(await asOfNs()).toBe(fromMs(clock.now()));
});
