import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compare, epochOf, POSITIONS_PER_EPOCH } from "@/lib/core/signals/position";

const epoch = fc.integer({ min: 0, max: 8_000 });
const number = fc.integer({ min: 1, max: 2 ** 39 });
const of = (inEpoch: number, n: number) => inEpoch * POSITIONS_PER_EPOCH + n;

describe("positions", () => {
  it("contain their epoch, and stay exact integers", () => {
    fc.assert(
      fc.property(epoch, number, (e, n) => {
        expect(epochOf(of(e, n))).toBe(e);
        expect(Number.isSafeInteger(of(e, n))).toBe(true);
      }),
    );
  });

  it("tell exactly how many rows a stream of the same epoch has missed", () => {
    fc.assert(
      fc.property(epoch, number, fc.integer({ min: 1, max: 1_000_000 }), (e, n, missed) => {
        expect(compare(of(e, n), of(e, n + missed))).toEqual({ kind: "behind", missed });
      }),
    );
  });

  it("are equal if nothing was missed", () => {
    fc.assert(
      fc.property(epoch, number, (e, n) => {
        expect(compare(of(e, n), of(e, n))).toEqual({ kind: "same" });
      }),
    );
    expect(compare(0, 0)).toEqual({ kind: "same" });
  });

  it("of different epochs are not compared: the reader starts from scratch", () => {
    fc.assert(
      fc.property(epoch, epoch, number, number, (a, b, n, m) => {
        fc.pre(a !== b);
        expect(compare(of(a, n), of(b, m))).toEqual({ kind: "resync" });
      }),
    );
  });

  it("ahead of the head are not trusted: the reader starts from scratch", () => {
    expect(compare(of(1, 9), of(1, 8))).toEqual({ kind: "resync" });
    expect(compare(of(1, 1), 0)).toEqual({ kind: "resync" });
  });

  it("zero belongs to every epoch: all rows of the current one were missed", () => {
    fc.assert(
      fc.property(epoch, number, (e, n) => {
        expect(compare(0, of(e, n))).toEqual({ kind: "behind", missed: n });
      }),
    );
  });
});
