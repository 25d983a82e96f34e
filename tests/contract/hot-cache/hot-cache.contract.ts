/** The contract of every hot cache. */
import { beforeEach, describe, expect, it } from "vitest";
import { fromMs } from "@/lib/core/ledger/consensus-time";
import type { TopicId } from "@/lib/core/ledger/ids";
import { decodeWatermark, encodeWatermark } from "@/lib/core/sync/watermark";
import type { HotCache } from "@/lib/ports/shared/hot-cache";

export interface HotCacheSubject {
  readonly hot: HotCache;
  /** Lets time pass for the cache. */
  pass(ms: number): Promise<void>;
  /** The cache's own time. */
  nowMs(): number;
}

export function hotCacheContract(open: () => Promise<HotCacheSubject>): void {
  let hot: HotCache;
  let pass: HotCacheSubject["pass"];
  let nowMs: HotCacheSubject["nowMs"];
  beforeEach(async () => {
    ({ hot, pass, nowMs } = await open());
  });

  it("answers a ping, which neither closes nor opens a gate", async () => {
    await hot.ping();
    expect(await hot.passGate("ping", 1_000)).toBe(true);
    await hot.ping();
    expect(await hot.passGate("ping", 1_000)).toBe(false);
  });

  describe("a gate", () => {
    it("lets one caller through in each period, independently of other gates", async () => {
      const many = await Promise.all(Array.from({ length: 20 }, () => hot.passGate("a", 1_000)));
      expect(many.filter(Boolean)).toHaveLength(1);
      expect(await hot.passGate("b", 1_000)).toBe(true);
      await pass(1_001);
      expect(await hot.passGate("a", 1_000)).toBe(true);
    });
  });

  describe("a lease", () => {
    const [a, b] = ["0.0.1", "0.0.2"] as TopicId[] as [TopicId, TopicId];
    const wish = (topicId: TopicId, isLive = false) => ({ topicId, isLive });

    it("belongs to one owner, who renews it, and others learn whether that owner is live", async () => {
      const many = await Promise.all(Array.from({ length: 10 }, (_, i) => hot.lease([wish(a)], `owner ${i}`, 1_000)));
      const holders = many.flatMap(([lease], i) => (lease === "ours" ? [`owner ${i}`] : []));
      expect(holders).toHaveLength(1);
      const [holder] = holders as [string];
      expect(many.flat().filter((lease) => lease === "held")).toHaveLength(9);
      await pass(600);
      expect(await hot.lease([wish(a, true)], holder, 1_000)).toEqual(["ours"]);
      await pass(600);
      expect(await hot.lease([wish(b), wish(a)], "another", 1_000)).toEqual(["ours", "live"]);
      expect(await hot.lease([wish(a), wish(b)], holder, 1_000)).toEqual(["ours", "held"]);
      expect(await hot.lease([wish(a)], "another", 1_000)).toEqual(["held"]);
    });

    it("goes to another owner when it lapses, or when its own owner releases it", async () => {
      await hot.lease([wish(a, true), wish(b, true)], "first", 1_000);
      await hot.release([a, b], "second");
      expect(await hot.lease([wish(a), wish(b)], "second", 1_000)).toEqual(["live", "live"]);
      await hot.release([a], "first");
      expect(await hot.lease([wish(a), wish(b)], "second", 1_000)).toEqual(["ours", "live"]);
      await pass(1_001);
      expect(await hot.lease([wish(b)], "second", 1_000)).toEqual(["ours"]);
      expect(await hot.lease([], "second", 1_000)).toEqual([]);
    });
  });

  describe("a round", () => {
    const [a, b] = ["0.0.1", "0.0.2"] as TopicId[] as [TopicId, TopicId];
    it("gives each topic to one caller in each period", async () => {
      const asked = [
        { topicId: a, watermark: 0n },
        { topicId: b, watermark: 0n },
      ];
      const rounds = await Promise.all(Array.from({ length: 10 }, () => hot.round(asked, { periodMs: 1_000 }, 0)));
      for (const i of [0, 1]) expect(rounds.filter((round) => round.topics[i]?.waitMs === 0)).toHaveLength(1);
      await pass(1_001);
      expect((await hot.round(asked, { periodMs: 1_000 }, 0)).topics.map(({ waitMs }) => waitMs)).toEqual([0, 0]);
    });

    it("says how long the others wait, and lets a saved period be spent once", async () => {
      const waitMs = async (savedMs: number) =>
        (await hot.round([{ topicId: a, watermark: 0n }], { periodMs: 1_000, savedMs }, 0)).topics[0]?.waitMs;
      expect([await waitMs(0), await waitMs(1_000)]).toEqual([0, 0]);
      for (const savedMs of [1_000, 0]) {
        const wait = await waitMs(savedMs);
        expect(wait).toBeGreaterThan(0);
        expect(wait).toBeLessThanOrEqual(1_000);
      }
      await pass(1_001);
      expect(await waitMs(1_000)).toBe(0);
      expect(await waitMs(1_000)).toBeGreaterThan(0);
      await pass(2_001);
      expect([await waitMs(1_000), await waitMs(1_000)]).toEqual([0, 0]);
    });

    it("lets a sync pass that is early by no more than it may be, and serves less of what is saved later", async () => {
      const waitMs = async (gate: object) =>
        (await hot.round([{ topicId: a, watermark: 0n }], { periodMs: 10_000, ...gate }, 0)).topics[0]?.waitMs;
      expect(await waitMs({})).toBe(0);
      expect(await waitMs({ earlyMs: 5_000 })).toBeGreaterThan(4_000);
      expect(await waitMs({ savedMs: 5_000 })).toBeGreaterThan(4_000);
      expect(await waitMs({ earlyMs: 10_000 })).toBe(0);
    });

    it("returns the latest watermark of all callers to each, to the nanosecond, and never lowers it", async () => {
      const late = 1_790_000_000_123_456_789n;
      await hot.round([{ topicId: a, watermark: late }], { periodMs: 1_000 }, 0);
      const [of] = (await hot.round([{ topicId: a, watermark: late - 1n }], { periodMs: 1_000 }, 0)).topics;
      expect(of).toEqual({ topicId: a, watermark: late, waitMs: expect.any(Number) });
      expect((await hot.round([{ topicId: b, watermark: 5n }], { periodMs: 1_000 }, 0)).topics).toEqual([
        { topicId: b, watermark: 5n, waitMs: 0 },
      ]);
    });

    it("tells the time of the cache's own clock", async () => {
      for (const ms of [0, 3_600_000]) {
        await pass(ms);
        expect((await hot.round([], { periodMs: 1_000 }, 0)).nowMs).toBe(nowMs());
      }
    });

    it("takes the watermark of a later generation, even a smaller one, and forgets the earlier one", async () => {
      const wrong = 1_790_000_000_000_000_000n;
      const tell = async (word: bigint) =>
        (await hot.round([{ topicId: a, watermark: word }], { periodMs: 1_000 }, 0)).topics[0]?.watermark;
      const takenBack = encodeWatermark({ generation: 1, throughNs: 5n });
      expect(await tell(wrong)).toBe(wrong);
      expect(await tell(takenBack)).toBe(takenBack);
      expect(await tell(wrong + 1n)).toBe(takenBack);
      expect(decodeWatermark((await tell(encodeWatermark({ generation: 1, throughNs: wrong }))) ?? 0n)).toEqual({
        ...{ generation: 1, throughNs: wrong },
      });
    });

    it("keeps no watermark from the future, which the real one could not overtake", async () => {
      const tell = async (word: bigint) =>
        (await hot.round([{ topicId: a, watermark: word }], { periodMs: 1_000 }, 0)).topics[0]?.watermark;
      const honest = fromMs(nowMs() - 2_000);
      for (const generation of [0, 3]) {
        const [true_, ahead] = [honest, fromMs(nowMs() + 3 * 3_600_000)].map((throughNs) =>
          encodeWatermark({ generation, throughNs }),
        ) as [bigint, bigint];
        expect(await tell(true_)).toBe(true_);
        expect(await tell(ahead)).toBe(true_);
        expect(await tell(0n)).toBe(true_);
      }
    });
  });

  describe("the version of the registry", () => {
    const asked = [{ topicId: "0.0.1" as TopicId, watermark: 1n }];
    it("is shared in a round, even one without topics, and the newest wins", async () => {
      expect((await hot.round(asked, { periodMs: 1_000 }, 0)).registryVersion).toBe(0);
      expect((await hot.round([], { periodMs: 1_000 }, 10)).registryVersion).toBe(10);
      expect((await hot.round(asked, { periodMs: 1_000 }, 9)).registryVersion).toBe(10);
      expect((await hot.round(asked, { periodMs: 1_000 }, 11)).registryVersion).toBe(11);
    });
  });

  describe("a budget", () => {
    const policy = { perSecond: 10, burst: 5, maxWaitMs: 1_000 };
    it("gives its burst at once, then makes callers wait at its rate, then refuses", async () => {
      const waits: (number | null)[] = [];
      for (let i = 0; i < 16; i += 1) waits.push(await hot.reserve("m", policy));
      expect(waits.slice(0, 5)).toEqual([0, 0, 0, 0, 0]);
      expect(waits[5]).toBeGreaterThan(0);
      expect(waits[14]).toBeLessThanOrEqual(1_000);
      expect(waits[15]).toBeNull();
    });

    it("recovers at its rate, and saves up no more than its burst", async () => {
      for (let i = 0; i < 15; i += 1) await hot.reserve("m", policy);
      await pass(60_000);
      const waits = await Promise.all(Array.from({ length: 6 }, () => hot.reserve("m", policy)));
      expect(waits.filter((ms) => ms === 0)).toHaveLength(5);
    });

    it("over any minute gives no more than its rate and its burst", async () => {
      let given = 0;
      for (let step = 0; step < 600; step += 1) {
        if ((await hot.reserve("m", { ...policy, maxWaitMs: 0 })) === 0) given += 1;
        if ((await hot.reserve("m", { ...policy, maxWaitMs: 0 })) === 0) given += 1;
        await pass(100);
      }
      expect(given).toBeLessThanOrEqual(606);
      expect(given).toBeGreaterThan(580);
    });
  });

  describe("an attempt", () => {
    it("is new for one caller, running for the others, and then has an answer for all", async () => {
      const kinds = (await Promise.all([1, 2, 3].map(() => hot.attempt("k", "d", 1_000)))).map(({ kind }) => kind);
      expect(kinds.sort()).toEqual(["first", "running", "running"]);
      await hot.finish("k", "d", "answer", 5_000);
      expect(await hot.attempt("k", "d", 1_000)).toEqual({ kind: "done", answer: "answer" });
    });

    it("with another request under the same key is recognised, running or done", async () => {
      await hot.attempt("k", "d", 1_000);
      expect(await hot.attempt("k", "e", 1_000)).toEqual({ kind: "other" });
      await hot.finish("k", "d", "a\nb", 5_000);
      expect(await hot.attempt("k", "e", 1_000)).toEqual({ kind: "other" });
      expect(await hot.attempt("k", "d", 1_000)).toEqual({ kind: "done", answer: "a\nb" });
    });

    it("keeps its answer if its caller abandons it too late", async () => {
      await hot.attempt("k", "d", 1_000);
      await hot.finish("k", "d", "answer", 5_000);
      await hot.abandon("k");
      expect(await hot.attempt("k", "d", 1_000)).toEqual({ kind: "done", answer: "answer" });
    });

    it("may be made again after it was abandoned, or after its time is over", async () => {
      await hot.attempt("k", "d", 1_000);
      await hot.abandon("k");
      expect(await hot.attempt("k", "d", 1_000)).toEqual({ kind: "first" });
      await pass(1_001);
      expect(await hot.attempt("k", "d", 1_000)).toEqual({ kind: "first" });
    });
  });
}
