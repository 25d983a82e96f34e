/** Whose turn it is, where the gates are kept by a server whose answers take more or less time. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { MemoryHotCache } from "@/lib/adapters/memory/memory-hot-cache";
import type { TopicId } from "@/lib/core/ids";
import { RegistryCache } from "@/lib/engine/registry-cache";
import { type SchedulerDeps, SyncScheduler } from "@/lib/engine/sync-scheduler";
import { TopicSync } from "@/lib/engine/topic-sync";
import { DrivenClock } from "../support/driven-clock";

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
  const hot = new MemoryHotCache({ now: () => clock.now() + travel.ms, sleep: (ms) => clock.sleep(ms) });
  const configured = [{ topicId: TOPIC, kinds: ["contact"] }];
  const schedulers = Array.from({ length: count }, () => {
    const registry = new RegistryCache({ configured, clock } as unknown as ConstructorParameters<
      typeof RegistryCache
    >[0]);
    const mender = { settle: async () => {} };
    return new SyncScheduler({ clock, hot, registry, mender, gateMs: GATE_MS } as unknown as SchedulerDeps);
  });
  return { clock, travel, schedulers };
}

it("syncs in every period, though one question takes longer to the gate than the next", async () => {
  const { clock, travel, schedulers } = instances(1);
  for (const travelMs of [40, 0, 30, 10, 5, 0]) {
    travel.ms = travelMs;
    await schedulers[0]?.demand();
    await clock.advance(GATE_MS);
  }
  expect(runs).toBe(6);
});

it("syncs once in a period, however many instances ask, and at whatever time in it", async () => {
  const { clock, schedulers } = instances(4);
  for (let period = 0; period < 10; period += 1)
    for (const scheduler of schedulers) {
      await scheduler.demand();
      await clock.advance(GATE_MS / schedulers.length);
    }
  expect(runs).toBe(10);
});
