/** The gate of a topic in a round of demand. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { MemoryHotCache } from "@/lib/adapters/memory/memory-hot-cache";
import type { TopicId } from "@/lib/core/ledger/ids";
import { DrivenClock } from "../../../support/control/driven-clock";

const TOPIC = "0.0.1" as TopicId;
const PERIOD_MS = 1_000;

const anyRound = fc.record({
  afterMs: fc.oneof(fc.nat(50), fc.nat(PERIOD_MS), fc.integer({ min: 0, max: 5 * PERIOD_MS })),
  savedMs: fc.constantFrom(0, 0, 500, 950, PERIOD_MS),
});

it("lets no more syncs pass than there were periods, and one, whoever asks and when", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyRound, { minLength: 1, maxLength: 60 }), async (rounds) => {
      const clock = new DrivenClock();
      const hot = new MemoryHotCache(clock);
      const startMs = clock.monotonicMs();
      let synced = 0;
      for (const { afterMs, savedMs } of rounds) {
        await clock.advance(afterMs);
        const { topics } = await hot.round([{ topicId: TOPIC, watermark: 0n }], { periodMs: PERIOD_MS, savedMs }, 0);
        if (topics[0]?.waitMs === 0) synced += 1;
        expect(topics[0]?.waitMs).toBeLessThanOrEqual(PERIOD_MS);
      }
      expect(synced).toBeLessThanOrEqual(Math.floor((clock.monotonicMs() - startMs) / PERIOD_MS) + 2);
    }),
  );
});

it("serves a poll one period after the last sync, whatever was saved and spent", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyRound, { maxLength: 20 }), async (rounds) => {
      const clock = new DrivenClock();
      const hot = new MemoryHotCache(clock);
      const asked = (savedMs: number) =>
        hot.round([{ topicId: TOPIC, watermark: 0n }], { periodMs: PERIOD_MS, savedMs }, 0);
      for (const { afterMs, savedMs } of rounds) {
        await clock.advance(afterMs);
        await asked(savedMs);
      }
      await clock.advance(PERIOD_MS);
      expect((await asked(0)).topics[0]?.waitMs).toBe(0);
    }),
  );
});
