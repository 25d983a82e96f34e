import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromMs } from "@/lib/core/ledger/consensus-time";
import { agedSince, type FreshnessNow, freshness, unknownAge } from "@/lib/core/sync/freshness";

const NOW_MS = 1_790_000_000_000;
const agoMs = (ms: number) => fromMs(NOW_MS - ms);
const through = (syncedThroughNs: bigint, unmovedMs = 0) => ({ syncedThroughNs, unmovedMs, hasCaughtUp: true });

describe("freshness", () => {
  it("is as old as the slowest topic", () => {
    const result = freshness(
      [agoMs(500), agoMs(3_000), agoMs(1)].map((ns) => through(ns)),
      NOW_MS,
      2_000,
    );
    expect(result).toEqual({ asOfNs: agoMs(3_000), lagMs: 3_000, stale: true, isQuiet: false });
  });

  it("is fresh up to the target, and stale beyond it", () => {
    expect(freshness([through(agoMs(2_000))], NOW_MS, 2_000).stale).toBe(false);
    expect(freshness([through(agoMs(2_001))], NOW_MS, 2_000).stale).toBe(true);
  });

  it("is unknown and stale while one topic was never synced", () => {
    expect(freshness([through(agoMs(1)), through(0n)], NOW_MS, 2_000)).toEqual({
      asOfNs: null,
      lagMs: null,
      isQuiet: false,
      stale: true,
      isIncomplete: false,
    });
  });

  it("is unknown and stale if there is no topic at all", () => {
    expect(freshness([], NOW_MS, 2_000)).toEqual({
      ...{ asOfNs: null, lagMs: null, stale: true, isQuiet: false },
      isIncomplete: false,
    });
  });

  it("is incomplete while one topic was not read to its end, and not on a ledger without blocks that is read", () => {
    const unread = { syncedThroughNs: 0n, unmovedMs: 0, hasCaughtUp: false };
    const isIncomplete = (...of: Parameters<typeof freshness>) => freshness(...of).isIncomplete === true;
    expect(isIncomplete([through(agoMs(1)), unread], NOW_MS, 2_000)).toBe(true);
    expect(isIncomplete([through(0n), unread], NOW_MS, 2_000, { throughNs: null })).toBe(true);
    expect(isIncomplete([through(agoMs(60_000))], NOW_MS, 2_000)).toBe(false);
    expect(isIncomplete([through(0n)], NOW_MS, 2_000)).toBe(false);
    expect(isIncomplete([through(0n)], NOW_MS, 2_000, { throughNs: null })).toBe(false);
  });

  it("has no negative lag if the ledger's clock is ahead of ours", () => {
    expect(freshness([through(agoMs(-700))], NOW_MS, 2_000)).toEqual({
      asOfNs: agoMs(-700),
      lagMs: 0,
      stale: false,
      isQuiet: false,
    });
  });

  it("is at least as old as the time for which it has not moved, whatever the wall clock says", () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e10, max: 1e10 }), fc.nat(100_000), (steppedMs, unmovedMs) => {
        const now = freshness([through(agoMs(0), unmovedMs)], NOW_MS + steppedMs, 2_000);
        expect(now.lagMs).toBeGreaterThanOrEqual(unmovedMs);
        expect(now.stale).toBe(Math.max(steppedMs, unmovedMs) > 2_000);
      }),
    );
  });

  it("never improves with one more topic", () => {
    const topic = fc
      .tuple(fc.integer({ min: 0, max: 100_000 }), fc.nat(100_000))
      .map(([ms, unmovedMs]) => through(agoMs(ms), unmovedMs));
    fc.assert(
      fc.property(fc.array(topic, { minLength: 1 }), topic, (topics, another) => {
        const before = freshness(topics, NOW_MS, 2_000);
        const after = freshness([...topics, another], NOW_MS, 2_000);
        expect(after.lagMs).toBeGreaterThanOrEqual(before.lagMs ?? 0);
        expect(before.stale && !after.stale).toBe(false);
      }),
    );
  });
});

describe("the freshness of what was complete a while ago", () => {
  const topics = fc.array(
    fc.nat({ max: 100_000 }).map((ms) => through(agoMs(ms))),
    { minLength: 1, maxLength: 3 },
  );

  it("names no later time than then or now, and no smaller age than then", () => {
    fc.assert(
      fc.property(topics, topics, fc.nat({ max: 100_000 }), (before, after, elapsedMs) => {
        const then = freshness(before, NOW_MS - elapsedMs, 2_000);
        const now = freshness(after, NOW_MS, 2_000);
        const aged = agedSince(then, now, elapsedMs, 2_000);
        const nsOf = ({ asOfNs }: FreshnessNow) => asOfNs ?? 0n;
        expect([nsOf(then), nsOf(now)]).toContain(nsOf(aged));
        expect(nsOf(aged) <= nsOf(then) && nsOf(aged) <= nsOf(now)).toBe(true);
        expect(aged.lagMs).toBeGreaterThanOrEqual(Math.min((then.lagMs ?? 0) + elapsedMs, now.lagMs ?? 0));
        expect(aged.stale).toBe((aged.lagMs ?? 0) > 2_000);
      }),
    );
  });

  it("is incomplete if it was, and if everything is read again now", () => {
    const complete = freshness([through(agoMs(1))], NOW_MS, 2_000);
    const incomplete = freshness([{ ...through(0n), hasCaughtUp: false }], NOW_MS, 2_000);
    expect(agedSince(incomplete, complete, 100, 2_000)).toMatchObject({
      asOfNs: null,
      stale: true,
      isIncomplete: true,
    });
    expect(agedSince(complete, incomplete, 100, 2_000)).toMatchObject({
      asOfNs: null,
      stale: true,
      isIncomplete: true,
    });
    expect(agedSince(complete, complete, 100, 2_000).isIncomplete ?? false).toBe(false);
  });

  it("is incomplete at an unknown age only if everything is read again now", () => {
    const incomplete = freshness([{ ...through(0n), hasCaughtUp: false }], NOW_MS, 2_000);
    expect(unknownAge(incomplete)).toMatchObject({ asOfNs: null, lagMs: null, stale: true, isIncomplete: true });
    const unknown = unknownAge(freshness([through(0n)], NOW_MS, 2_000, { throughNs: null }));
    expect(unknown).toEqual({ asOfNs: null, lagMs: null, stale: true, isQuiet: false });
  });
});
