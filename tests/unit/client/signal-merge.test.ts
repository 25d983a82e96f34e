import { describe, expect, it } from "vitest";
import { flatten, mergeSignal } from "@/lib/client/signal-merge";
import type { Signal, SignalsAnswer } from "@/lib/wire/signals";

const signal = (sequenceNumber: number, more: Partial<Signal> = {}): Signal => ({
  id: `0.0.7/${sequenceNumber}`,
  type: "TRUST_ALLOCATE",
  actor: "a",
  target: "b",
  ts: 1_000_000 + sequenceNumber,
  consensusTimestamp: `1000.${String(sequenceNumber).padStart(9, "0")}`,
  topicId: "0.0.7",
  sequenceNumber,
  metadata: {},
  source: "hcs",
  verified: "verified",
  position: sequenceNumber,
  ...more,
});

const page = (...sequences: number[]): SignalsAnswer => ({
  items: sequences.map((sequence) => signal(sequence)),
  nextCursor: null,
  position: Math.max(...sequences),
  asOf: null,
  lagMs: null,
  stale: false,
});

const idsOf = (signals: readonly Signal[]) => signals.map(({ sequenceNumber }) => sequenceNumber);

describe("merging signals", () => {
  it("puts a new one on top and moves the position", () => {
    const pages = mergeSignal([page(3, 2), page(1)], signal(4));
    expect(idsOf(flatten(pages))).toEqual([4, 3, 2, 1]);
    expect(pages[0]?.position).toBe(4);
  });
  it("shows no signal twice, however often it comes", () => {
    const pages = [4, 4, 2].reduce((shown, sequence) => mergeSignal(shown, signal(sequence)), [page(3, 2), page(1)]);
    expect(idsOf(flatten(pages))).toEqual([4, 3, 2, 1]);
  });
  it("replaces a pending one by the ledger's copy in place, and not the other way round", () => {
    const pending = signal(4, { source: "pending", position: 0, consensusTimestamp: null });
    const settled = mergeSignal(mergeSignal([page(3)], pending), signal(4));
    expect(flatten(settled)[0]?.source).toBe("hcs");
    expect(flatten(mergeSignal(settled, pending))[0]?.source).toBe("hcs");
  });
  it("orders by consensus time to the nanosecond, not by arrival", () => {
    const late = signal(9, { consensusTimestamp: "1000.000000002", id: "0.0.8/9" });
    expect(flatten(mergeSignal([page(3, 1)], late)).map(({ id }) => id)).toEqual(["0.0.7/3", "0.0.8/9", "0.0.7/1"]);
  });
  it("shows a signal of two overlapping pages once", () => {
    expect(idsOf(flatten([page(3, 2), page(2, 1)]))).toEqual([3, 2, 1]);
  });
});
