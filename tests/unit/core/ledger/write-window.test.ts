import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { settledNs, startNs, startS, transactionIdText, VALID_S, writeWindow } from "@/lib/core/ledger/write-window";

const digest = fc.stringMatching(/^[0-9a-f]{64}$/);
const madeS = fc.integer({ min: 1_700_000_000, max: 1_900_000_000 });
/** When a message comes, in ms after it says that it was made: within what the server takes. */
const afterMs = fc.integer({ min: -120_000, max: 600_000 });
const S = 1_000_000_000n;

describe("the window of a message", () => {
  it("is valid from before it is sent until well after, whenever that is", () => {
    fc.assert(
      fc.property(digest, madeS, afterMs, (hash, made, after) => {
        const nowNs = BigInt(made * 1_000 + after) * 1_000_000n;
        const { validStartNs } = writeWindow(hash, made, made * 1_000 + after);
        expect(nowNs - validStartNs).toBeGreaterThanOrEqual(9n * S);
        expect(validStartNs + BigInt(VALID_S) * S - nowNs).toBeGreaterThanOrEqual(15n * S);
      }),
    );
  });

  it("is the same for a retry within a minute, if the sender's clock is right", () => {
    fc.assert(
      fc.property(digest, madeS, fc.integer({ min: 0, max: 60_000 }), (hash, made, after) => {
        expect(writeWindow(hash, made, made * 1_000 + after)).toEqual(writeWindow(hash, made, made * 1_000));
      }),
    );
  });

  it("settles earlier windows: their messages have arrived, or never will", () => {
    fc.assert(
      fc.property(digest, madeS, afterMs, afterMs, (hash, made, first, second) => {
        const [earlier, later] = [Math.min(first, second), Math.max(first, second)].map((after) =>
          writeWindow(hash, made, made * 1_000 + after),
        ) as [ReturnType<typeof writeWindow>, ReturnType<typeof writeWindow>];
        if (earlier.validStartNs === later.validStartNs) return;
        expect(earlier.validStartNs + BigInt(VALID_S) * S).toBeLessThan(settledNs(later.usedFromS));
      }),
    );
  });

  it("needs no more of the log than the mirror has when the message first comes", () => {
    const made = 1_790_000_000;
    const { usedFromS } = writeWindow("00", made, made * 1_000);
    expect(BigInt(made) * S - settledNs(usedFromS)).toBe(14n * S);
  });

  it("has room for every chunk, so that no two messages of a second share an id unless their slots do", () => {
    fc.assert(
      fc.property(digest, digest, madeS, (a, b, made) => {
        const [x, y] = [a, b].map((hash) => writeWindow(hash, made, made * 1_000).validStartNs) as [bigint, bigint];
        const apart = x > y ? x - y : y - x;
        expect(apart === 0n || apart >= 20n).toBe(true);
      }),
    );
  });
});

it("is for any transaction what its last moment makes it: valid then and 15 s longer, and settled right after", () => {
  fc.assert(
    fc.property(digest, madeS, (hash, untilS) => {
      const endNs = startNs(startS(untilS), hash) + BigInt(VALID_S) * S;
      expect(endNs - BigInt(untilS) * S).toBeGreaterThanOrEqual(15n * S);
      expect(endNs).toBeLessThan(settledNs(untilS));
    }),
  );
});

it("writes the transaction id of the last chunk, as the network's tools do", () => {
  expect(transactionIdText("0.0.5", 1_790_000_000_000_000_020n, 1)).toBe("0.0.5@1790000000.000000020");
  expect(transactionIdText("0.0.5", 1_790_000_000_000_000_020n, 3)).toBe("0.0.5@1790000000.000000022");
});
