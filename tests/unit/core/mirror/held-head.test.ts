/** The head that is told: never later than what the oldest copy that may still be served has, and not much earlier. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ConsensusNs, formatConsensusTime, fromMs } from "@/lib/core/ledger/consensus-time";
import { blocksToAsk, heldBlocks } from "@/lib/core/mirror/held-blocks";
import { type HeadSamples, HOLD_MS, toldThrough, withHeadSample } from "@/lib/core/mirror/held-head";

const at = (s: number) => fromMs(s * 1_000);

it("was known to every copy that may still be served", () => {
  const step = fc.record({ waitMs: fc.nat(2_000), asOf: fc.option(fc.nat(50)) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      let samples: HeadSamples = [];
      let nowMs = 0;
      const known: { atMs: number; asOf: number | null }[] = [];
      for (const { waitMs, asOf } of steps) {
        nowMs += waitMs;
        known.push({ atMs: nowMs, asOf });
        samples = withHeadSample(samples, asOf === null ? null : at(asOf), nowMs);
        const told = toldThrough(samples, nowMs);
        // A copy was made between two samples, and had what was known at the first of them.
        const copies = known.filter(({ atMs }, i) => (known[i + 1]?.atMs ?? nowMs) > nowMs - HOLD_MS && atMs > 0);
        const madeIn = [known.findLast(({ atMs }) => atMs <= nowMs - HOLD_MS), ...copies];
        for (const copy of madeIn) {
          if (told === null || copy === undefined) continue;
          expect(copy.asOf === null ? -1n : at(copy.asOf)).toBeGreaterThanOrEqual(told);
        }
        expect(samples.length).toBeLessThanOrEqual(known.filter(({ atMs }) => nowMs - atMs < HOLD_MS).length + 1);
      }
    }),
    { numRuns: 500 },
  );
});

it("follows what is known by as long as copies live", () => {
  let samples: HeadSamples = [];
  for (let s = 0; s <= 60; s += 1) samples = withHeadSample(samples, at(s), s * 1_000);
  expect(toldThrough(samples, 60_000)).toBe(at(57));
});

describe("a list of blocks", () => {
  const block = (number: number) => ({
    number,
    timestamp: { from: formatConsensusTime(at(number - 1)), to: formatConsensusTime(at(number)) },
  });
  const list = (numbers: readonly number[], next: string | null = null) =>
    JSON.stringify({ blocks: numbers.map(block), links: { next } });
  const held = (body: string, through: number | null, limit: number | null = null, mayRest = false) => {
    const throughNs: ConsensusNs | null = through === null ? null : at(through);
    const told = heldBlocks(body, { throughNs, limit, mayRest });
    return told === null
      ? null
      : (JSON.parse(told) as { blocks: { number: number }[]; links: { next: string | null } });
  };

  it("of the newest ends where it was asked to, with a link to the rest", () => {
    expect(blocksToAsk(25)).toBe(45);
    expect(blocksToAsk(100)).toBe(100);
    const told = held(list([9, 8, 7, 6, 5], "/older"), 7, 2);
    expect(told?.blocks.map(({ number }) => number)).toEqual([7, 6]);
    expect(told?.links.next).toBe("/api/v1/blocks?limit=2&order=desc&block.number=lt:6");
    expect(held(list([9, 8], "/older"), 9, 2)?.links.next).toBe("/older");
  });

  it("of any others has no block that ends later, and no link past one", () => {
    expect(held(list([5, 6, 7], "/newer"), 6)).toEqual({ blocks: [block(5), block(6)], links: { next: null } });
    expect(held(list([5, 6], "/newer"), 6)?.links.next).toBe("/newer");
  });

  it("is not passed on if nothing is left of it, or if it would look as if the ledger were quiet", () => {
    expect(held(list([9, 8]), 7)).toBeNull();
    expect(held(list([9, 8]), null)).toBeNull();
    expect(held('{"blocks":[{"timestamp":{"from":"1.0","to":null}}],"links":{"next":null}}', 9)).toBeNull();
    expect(held("[]", 9)).toBeNull();
    expect(held(list([30, 8]), 9, null, true)).toBeNull();
    expect(held(list([15, 8]), 9, null, true)?.blocks).toHaveLength(1);
    expect(held(list([30, 8]), 9)?.blocks).toHaveLength(1);
  });
});
