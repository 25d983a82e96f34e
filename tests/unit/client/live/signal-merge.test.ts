import { describe, expect, it } from "vitest";
import { mergeSignals } from "@/lib/client/live/signal-merge";
import type { Signal } from "@/lib/wire/signals";

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

const signals = (...sequences: number[]) => sequences.map((sequence) => signal(sequence));
const idsOf = (list: readonly Signal[]) => list.map(({ sequenceNumber }) => sequenceNumber);

describe("merging signals", () => {
  it("puts a new one on top of the pages", () => {
    expect(idsOf(mergeSignals(signals(3, 2), signals(1), signals(4)))).toEqual([4, 3, 2, 1]);
  });
  it("shows each signal once, even if it comes again or pages overlap", () => {
    expect(idsOf(mergeSignals(signals(3, 2), signals(2, 1), signals(4, 4, 2)))).toEqual([4, 3, 2, 1]);
  });
  it("replaces a pending one by the ledger's copy, in whichever order they come", () => {
    const pending = signal(4, { source: "pending", position: 0, consensusTimestamp: null });
    for (const lists of [
      [[pending], signals(4)],
      [signals(4), [pending]],
    ]) {
      expect(mergeSignals(...lists).map(({ source }) => source)).toEqual(["hcs"]);
    }
  });
  it("orders by consensus time to the nanosecond, not by arrival", () => {
    const late = signal(9, { consensusTimestamp: "1000.000000002", id: "0.0.8/9" });
    expect(mergeSignals(signals(3, 1), [late]).map(({ id }) => id)).toEqual(["0.0.7/3", "0.0.8/9", "0.0.7/1"]);
  });
});
