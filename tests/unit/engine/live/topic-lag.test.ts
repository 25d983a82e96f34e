/** How far behind a topic is said to be: what was asked for and did not come, and not how long nobody has asked. */
import fc from "fast-check";
import { afterEach, expect, it, vi } from "vitest";
import { MemoryHotCache } from "@/lib/adapters/memory/memory-hot-cache";
import { BEHIND_MS } from "@/lib/core/health/judgement";
import { fromMs } from "@/lib/core/ledger/consensus-time";
import type { TopicId } from "@/lib/core/ledger/ids";
import { RegistryCache } from "@/lib/engine/shards/registry-cache";
import { type SchedulerDeps, SyncScheduler } from "@/lib/engine/sync/sync-scheduler";
import { TopicSync, type TopicSyncDeps } from "@/lib/engine/sync/topic/topic-sync";
import { DrivenClock } from "../../../support/control/driven-clock";

const TOPIC = "0.0.1001" as TopicId;
afterEach(() => void vi.restoreAllMocks());

/** Instances over one ledger, whose mirror is `headLagMs` behind while it answers. */
function instances(count: number, headLagMs: number) {
  const clock = new DrivenClock();
  const mirror = { answers: true };
  vi.spyOn(TopicSync.prototype, "run").mockImplementation(async function (this: TopicSync) {
    const { deps } = this as unknown as { readonly deps: TopicSyncDeps };
    if (mirror.answers) deps.owner.onSynced(TOPIC, { headNs: fromMs(clock.now() - headLagMs), chainNs: 0n });
    return {
      topicId: TOPIC,
      fromSequence: 0,
      toSequence: 0,
      added: 0,
      verified: 0,
      complete: mirror.answers,
      error: null,
    };
  });
  const hot = new MemoryHotCache(clock);
  const configured = [{ topicId: TOPIC, kinds: ["contact"] }];
  const schedulers = Array.from({ length: count }, () => {
    const registry = new RegistryCache({ configured, clock } as unknown as ConstructorParameters<
      typeof RegistryCache
    >[0]);
    const missed = { publishUnpublished: async () => {} };
    const stamp = { highest: 0, learn: () => {} };
    return new SyncScheduler({ clock, hot, registry, missed, stamp, gateMs: 1_000 } as unknown as SchedulerDeps);
  });
  return { clock, mirror, schedulers };
}

it("is small on each of two instances that are asked every 31 s, at the same moment or not", async () => {
  for (const apartMs of [0, 1, 600, 5_000]) {
    const { clock, schedulers } = instances(2, 3_000);
    for (let turn = 0; turn < 6; turn += 1) {
      const lags: number[] = [];
      for (const scheduler of schedulers) {
        await scheduler.demand();
        lags.push(scheduler.lagMs(TOPIC));
        await clock.advance(apartMs);
      }
      expect(Math.max(...lags)).toBeLessThan(BEHIND_MS);
      await clock.advance(31_000 - 2 * apartMs);
    }
  }
});

it("equals what readers are told of the same topic, once a sync has ended", async () => {
  const { clock, schedulers } = instances(1, 1_000);
  const [scheduler] = schedulers as [SyncScheduler];
  // Rarely enough that the topic has aged, and not so rarely that it counts as behind.
  for (const pauseMs of [0, 5_000, 5_000, 8_000, 2_000]) {
    await clock.advance(pauseMs);
    await scheduler.demand();
    expect(scheduler.lagMs(TOPIC)).toBe(scheduler.freshness().lagMs);
  }
});

const turns = fc.array(
  fc.record({ who: fc.nat({ max: 2 }), pauseMs: fc.oneof(fc.nat({ max: 3_000 }), fc.nat({ max: 900_000 })) }),
  { minLength: 1, maxLength: 25 },
);

it("never counts as behind while the mirror answers, whoever asks and whenever", async () => {
  await fc.assert(
    fc.asyncProperty(turns, fc.nat({ max: 9_000 }), async (asked, headLagMs) => {
      const { clock, schedulers } = instances(3, headLagMs);
      for (const { who, pauseMs } of asked) {
        await clock.advance(pauseMs);
        const scheduler = schedulers[who] as SyncScheduler;
        await scheduler.demand();
        expect(scheduler.lagMs(TOPIC)).toBeLessThan(BEHIND_MS);
        // An instance that did not hold the turn asks once more, as the watch of health does.
        await clock.advance(3_000);
        if (scheduler.hasUnmetDemand(3_000)) await scheduler.demand();
        for (const each of schedulers) expect(each.lagMs(TOPIC)).toBeLessThan(BEHIND_MS);
      }
    }),
    { numRuns: 30 },
  );
});

it("grows from the first demand that is not met, and ends with the first sync that meets it", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: 600_000 }), fc.integer({ min: 1, max: 120 }), async (idleMs, seconds) => {
      const { clock, mirror, schedulers } = instances(1, 3_000);
      const [scheduler] = schedulers as [SyncScheduler];
      await scheduler.demand();
      await clock.advance(idleMs + 15_000);
      mirror.answers = false;
      for (let second = 0; second < seconds; second += 1) {
        await scheduler.demand();
        await clock.advance(1_000);
      }
      expect(scheduler.lagMs(TOPIC)).toBeGreaterThanOrEqual(seconds * 1_000);
      mirror.answers = true;
      await scheduler.demand();
      expect(scheduler.lagMs(TOPIC)).toBeLessThanOrEqual(3_000);
    }),
    { numRuns: 8 },
  );
});
