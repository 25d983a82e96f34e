/** Pages of the log by number and by time, against a plain filter over everything that is stored. */
import fc from "fast-check";
import { beforeAll, expect, it } from "vitest";
import type { LogEntry } from "@/lib/core/signals/batch";
import type { LogQuery } from "@/lib/ports/store/ledger-log";
import { type EmptyStore, emptied, type Subject } from "@/tests/support/stores/store-opening";
import { at, batchOf, type PlainSignal, seq, timeOf, topic } from "@/tests/support/worlds/histories/batches";
import { addTopics } from "../../../support/stores/add-topics";

const T = topic("0.0.7");
const OTHER = topic("0.0.8");
const EVER = { from: 0n, to: 2n ** 63n - 1n };
const ALL = { from: 1, to: 2 ** 40 - 1 };
/** Numbers 21 to 24 are a declared gap. */
const MESSAGES = 60;
const GAP = { from: seq(21), to: seq(24) };
const FAILED = new Set([1, 7, 8, 9, 25, 40, 60]);

const signal = (sequence: number): PlainSignal => ({
  type: "CONTACT_REQUEST",
  actor: "a",
  target: "b",
  ...(FAILED.has(sequence)
    ? { ns: sequence % 2 === 0 ? 0n : 2n ** 62n, entry: { verification: "failed", disposition: "failed" } }
    : {}),
});
const run = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => signal(from + i));

export function ledgerLogContract(subject: Subject): void {
  let store: EmptyStore;
  let stored: readonly LogEntry[];
  beforeAll(async () => {
    store = await emptied(subject);
    await addTopics(
      store.registry,
      [T, OTHER].map((topicId) => ({ topicId, kinds: ["contact"] as const })),
    );
    await store.sync.commit(batchOf(T, 0, run(1, 20)));
    await store.sync.commit(batchOf(T, 20, run(25, MESSAGES), { first: 25, gap: GAP }));
    await store.sync.commit(batchOf(OTHER, 0, run(1, 5)));
    stored = (await store.sync.log(T, 1, MESSAGES)).filter(({ disposition }) => disposition !== "failed");
  });

  const page = (query: Partial<LogQuery>) =>
    store.ledgerLog.page({ topicId: T, sequences: ALL, times: EVER, order: "asc", limit: 10, ...query });

  const sequence = fc.integer({ min: 1, max: MESSAGES + 5 });
  const time = fc.oneof(
    fc.integer({ min: -2, max: MESSAGES + 5 }).map((n) => timeOf(T, 0) + BigInt(n)),
    fc.constantFrom(0n, 1n, EVER.to),
  );
  const interval = <V>(value: fc.Arbitrary<V>, whole: { from: V; to: V }) =>
    fc.oneof(
      fc.constant(whole),
      fc.record({ from: value, to: value }),
      fc.record({ from: value, to: fc.constant(whole.to) }),
    );

  it("equals a filter over the whole log, in either order", async () => {
    const query = fc.record({
      sequences: interval(sequence, ALL),
      times: interval<bigint>(time, EVER),
      order: fc.constantFrom("asc" as const, "desc" as const),
      limit: fc.integer({ min: 1, max: 100 }),
    });
    await fc.assert(
      fc.asyncProperty(query, async ({ sequences, times, order, limit }) => {
        const among = stored.filter(
          ({ sequence: n, consensusNs: ns }) =>
            n >= sequences.from && n <= sequences.to && ns >= times.from && ns <= times.to,
        );
        const expected = (order === "asc" ? among : among.toReversed()).slice(0, limit);
        const found = await page({ sequences, times, order, limit });
        expect(found.rows).toEqual(expected);
        expect(found.isFull).toBe(expected.length === limit);
        expect(found.lastNs).toBe(expected.at(-1)?.consensusNs ?? null);
        const neighbour = (expected[0]?.sequence ?? 0) + (order === "asc" ? -1 : 1);
        expect(found.isNeighbourVerified).toBe(stored.some(({ sequence: n }) => n === neighbour));
      }),
      { numRuns: 300 },
    );
  });

  it("ends before a page is too large to be sent, and never before its first row", async () => {
    const long = (bytes: number): PlainSignal => ({ ...signal(2), message: new Uint8Array(bytes).fill(65) });
    await store.sync.commit(batchOf(OTHER, 5, [long(300_000), long(300_000), long(900_000), long(1)]));
    const from = async (first: number) => {
      const found = await page({ topicId: OTHER, sequences: { from: first, to: ALL.to }, limit: 100 });
      return [found.rows.map((row) => row.sequence), found.isFull, found.lastNs];
    };
    expect(await from(6)).toEqual([[6, 7], true, timeOf(OTHER, 7)]);
    expect(await from(8)).toEqual([[8], true, timeOf(OTHER, 8)]);
    expect(await from(9)).toEqual([[9], false, timeOf(OTHER, 9)]);
  });

  it("finds each message by its time among all topics", async () => {
    for (const entry of stored) {
      expect(await store.ledgerLog.at(entry.consensusNs)).toEqual({ topicId: T, entry });
    }
    expect((await store.ledgerLog.at(timeOf(OTHER, 3)))?.topicId).toBe(OTHER);
    for (const n of [0, 7, 22, MESSAGES + 1]) expect(await store.ledgerLog.at(timeOf(T, n))).toBeNull();
    for (const ns of [0n, 2n ** 62n, EVER.to]) expect(await store.ledgerLog.at(at(ns))).toBeNull();
  });
}
