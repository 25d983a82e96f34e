/** A page that a cache may keep for ever: whatever the log comes to, it is the same. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { type FoundPage, isImmutable } from "@/lib/core/mirror/immutable-page";

type Row = FoundPage["rows"][number];
interface Asked {
  readonly order: "asc" | "desc";
  readonly limit: number;
  readonly sequences: { readonly from: number; readonly to: number };
  readonly times: { readonly from: number; readonly to: number };
}

const LEDGER = 12;
/** On this ledger the time of message n is 10 n. */
const timeOf = (sequence: number) => sequence * 10;

/** The log's state of each number: as it is, without chunk info, unverified, failed, or not at all. */
const kept = fc.constantFrom("whole", "whole", "whole", "whole", "bare", "unverifiable", "failed", "missing");
type Kept = "whole" | "bare" | "unverifiable" | "failed" | "missing";

const asked: fc.Arbitrary<Asked> = fc.record({
  order: fc.constantFrom("asc", "desc"),
  limit: fc.integer({ min: 1, max: 5 }),
  sequences: fc.oneof(
    fc.constant({ from: 1, to: 1_000 }),
    fc.record({ from: fc.integer({ min: 1, max: 14 }), to: fc.integer({ min: 1, max: 20 }) }),
  ),
  times: fc.oneof(
    fc.constant({ from: 0, to: 10_000 }),
    fc.record({ from: fc.integer({ min: 0, max: 140 }), to: fc.integer({ min: 0, max: 200 }) }),
  ),
});

const rowOf = (sequence: number, state: Kept): Row => ({
  sequence,
  verification: state === "unverifiable" ? "unverifiable" : "verified",
  ...(state === "bare" ? {} : { chunkInfo: null }),
});

function pageOf(log: readonly Kept[], { order, limit, sequences, times }: Asked): FoundPage {
  const rows = log
    .map((state, i) => ({ state, row: rowOf(i + 1, state) }))
    .filter(({ state }) => state !== "failed" && state !== "missing")
    .map(({ row }) => row);
  const isIn = (value: number, { from, to }: { from: number; to: number }) => value >= from && value <= to;
  const among = rows.filter(({ sequence }) => isIn(sequence, sequences) && isIn(timeOf(sequence), times));
  const page = (order === "asc" ? among : among.toReversed()).slice(0, limit);
  const neighbour = (page[0]?.sequence ?? 0) + (order === "asc" ? -1 : 1);
  const isNeighbourVerified = rows.some((row) => row.sequence === neighbour && row.verification === "verified");
  return { order, limit, sequences, rows: page, isNeighbourVerified };
}

it("never changes, whatever turns up, is repaired or comes later", () => {
  let immutable = 0;
  fc.assert(
    fc.property(fc.array(kept, { maxLength: LEDGER }), asked, fc.nat(5), (log, request, more) => {
      const now = pageOf(log, request);
      if (!isImmutable(now)) return;
      immutable += 1;
      const healed = log.map((state, i) => (i % 2 === 0 || state === "failed" ? "whole" : state));
      for (const later of [healed, log.map(() => "whole" as const)]) {
        const then = pageOf([...later, ...Array<Kept>(more).fill("whole")], request);
        expect(then.rows).toEqual(now.rows);
      }
    }),
    { numRuns: 3_000 },
  );
  // About one request in thirty has such a page.
  expect(immutable).toBeGreaterThan(20);
});

it("is every full page of a whole log that has an end", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 5 }), (from, limit) => {
      const log = Array<Kept>(LEDGER + 5).fill("whole");
      const times = { from: 0, to: 10_000 };
      const open = { sequences: { from, to: 1_000 }, limit, times };
      expect(isImmutable(pageOf(log, { ...open, order: "asc" }))).toBe(true);
      expect(isImmutable(pageOf(log, { ...open, order: "desc" }))).toBe(false);
      const closed = { ...open, sequences: { from: 1, to: from + limit } };
      expect(isImmutable(pageOf(log, { ...closed, order: "desc" }))).toBe(true);
      const since = { from: timeOf(from) + 1, to: 10_000 };
      expect(isImmutable(pageOf(log, { ...closed, sequences: open.sequences, order: "asc", times: since }))).toBe(true);
      const until = { from: 0, to: timeOf(from + limit) + 1 };
      expect(isImmutable(pageOf(log, { ...closed, sequences: open.sequences, order: "desc", times: until }))).toBe(
        true,
      );
    }),
  );
});
