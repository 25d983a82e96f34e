import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { extend } from "@/lib/core/sync/coverage";

const at = (...sequences: number[]) => sequences.map((sequence) => ({ sequence }));

describe("coverage", () => {
  it("extends the prefix by the messages that follow it without a hole", () => {
    expect(extend(4, at(5, 6, 7))).toEqual({ run: at(5, 6, 7), hole: null, beyond: [] });
  });

  it("does not move past a hole, and names it and the messages beyond", () => {
    expect(extend(4, at(5, 8, 9, 12))).toEqual({ run: at(5), hole: { from: 6, to: 7 }, beyond: at(8, 9) });
    expect(extend(0, at(3))).toEqual({ run: [], hole: { from: 1, to: 2 }, beyond: at(3) });
  });

  it("reports no hole if nothing was answered beyond: a short answer proves nothing", () => {
    expect(extend(4, at(5))).toEqual({ run: at(5), hole: null, beyond: [] });
    expect(extend(4, [])).toEqual({ run: [], hole: null, beyond: [] });
  });

  it("leaves out messages at or before the cursor, and takes the first copy of a repeat", () => {
    const answer = [
      { sequence: 6, copy: 1 },
      { sequence: 3, copy: 1 },
      { sequence: 5, copy: 1 },
      { sequence: 6, copy: 2 },
    ];
    expect(extend(4, answer).run).toEqual([
      { sequence: 5, copy: 1 },
      { sequence: 6, copy: 1 },
    ]);
  });

  it("leaves no number between the run, the hole and the messages beyond, in any order and with any repeats", () => {
    const answer = fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 60 });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 30 }), answer, (cursor, sequences) => {
        const { run, hole, beyond } = extend(cursor, at(...sequences));
        const answered = new Set(sequences.filter((n) => n > cursor));
        let next = cursor + 1;
        for (const { sequence } of run) expect(sequence).toBe(next++);
        expect(answered.has(next)).toBe(false);
        expect(hole === null).toBe(answered.size === run.length);
        if (hole === null) {
          expect(beyond).toEqual([]);
          return;
        }
        expect(hole.from).toBe(next);
        for (let n = hole.from; n <= hole.to; n += 1) expect(answered.has(n)).toBe(false);
        next = hole.to + 1;
        expect(beyond.length).toBeGreaterThan(0);
        for (const { sequence } of beyond) expect(sequence).toBe(next++);
        expect(answered.has(next)).toBe(false);
      }),
    );
  });
});
