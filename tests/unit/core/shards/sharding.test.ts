import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { segmentOf } from "@/lib/core/shards/sharding";

/** By an independent implementation of FNV-1a, the finalizer and the jump hash (in Python): among 2, 5, 16 and 1,000. */
const GOLDEN = {
  "tm-alice": [0, 4, 15, 975],
  "tm-bob": [0, 4, 12, 509],
  "0.0.7226146": [1, 3, 3, 705],
  "0.0.1": [1, 1, 1, 711],
  李雷: [0, 3, 3, 830],
  "🦊": [0, 4, 4, 269],
};

/** Ids as TrustMesh has them: account numbers in sequence, and legacy names. */
const USERS = Array.from({ length: 20_000 }, (_, i) => (i % 2 === 0 ? `0.0.${7_000_000 + i}` : `tm-user-${i}`));

describe("segments", () => {
  it("stay the same from version to version: a user's topic must not move by itself", () => {
    const users = ["tm-alice", "tm-bob", "0.0.7226146", "0.0.1", "李雷", "🦊"];
    const golden = Object.fromEntries(users.map((user) => [user, [2, 5, 16, 1_000].map((n) => segmentOf(user, n))]));
    expect(golden).toEqual(GOLDEN);
  });

  it.each([2, 3, 8, 16])("share users evenly among %i", (segments) => {
    const counts = new Array<number>(segments).fill(0);
    for (const user of USERS) counts[segmentOf(user, segments)] = (counts[segmentOf(user, segments)] ?? 0) + 1;
    const fair = USERS.length / segments;
    // Three standard deviations of a fair draw: under 8 % for 16 segments of 1,250.
    for (const count of counts) expect(Math.abs(count - fair)).toBeLessThan(3 * Math.sqrt(fair) + 1);
  });

  it.each([
    [1, 2],
    [2, 3],
    [4, 8],
    [5, 6],
    [8, 11],
    [16, 20],
  ])("growing from %i to %i move no more users than they must, and only to new ones", (n, m) => {
    let moved = 0;
    for (const user of USERS) {
      const [before, after] = [segmentOf(user, n), segmentOf(user, m)];
      if (before === after) continue;
      moved += 1;
      expect(after).toBeGreaterThanOrEqual(n);
    }
    expect(Math.abs(moved / USERS.length - (m - n) / m)).toBeLessThan(0.02);
  });

  it("are found for every text and every count", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), fc.integer({ min: 1, max: 5_000 }), (user, segments) => {
        const segment = segmentOf(user, segments);
        expect(Number.isInteger(segment) && segment >= 0 && segment < segments).toBe(true);
      }),
    );
  });

  it.each([0, -1, 1.5, Number.NaN])("are refused for a count of %d", (segments) => {
    expect(() => segmentOf("tm-alice", segments)).toThrow(RangeError);
  });
});
