/** Incidents of rows that cannot be read: which they are, what each says, and when it ends. */
import { beforeEach, describe, expect, it } from "vitest";
import type { TopicId } from "@/lib/core/ledger/ids";
import { Incidents } from "@/lib/engine/health/incidents";
import { watchUnreadable } from "@/lib/engine/repair/unreadable-watch";
import type { OnRead } from "@/lib/ports/store/unreadable-rows";

const [T, U] = ["0.0.1001", "0.0.1002"] as [TopicId, TopicId];
const TEN_MINUTES_MS = 600_000;

let nowMs: number;
let incidents: Incidents;
let read: OnRead;
beforeEach(() => {
  nowMs = 0;
  const clock = { now: () => nowMs, monotonicMs: () => nowMs };
  incidents = new Incidents({ clock, log: { info: () => {}, warn: () => {}, error: () => {} } });
  watchUnreadable({ count: () => {}, follow: (onRead) => (read = onRead) }, { incidents, clock });
});

const told = () => incidents.current().map(({ subject, summary }) => [subject, summary]);
const segment = (topicId: TopicId, from: number) => ({ topicId, from, to: from + 255 });
const SEGMENTS = "topic_segments";

describe("the incident of a damaged log segment", () => {
  it("names its topic and the sequence numbers, neighbours as one range", () => {
    read(SEGMENTS, 3, [segment(T, 257), segment(U, 1), segment(T, 1)]);
    read(SEGMENTS, 1, [segment(T, 1_025)]);
    expect(told()).toEqual([
      [
        T,
        `Packed messages of topic ${T} cannot be read by this version, and were left out of answers 3 times: sequence numbers 1 to 512, 1025 to 1280.`,
      ],
      [
        U,
        `Packed messages of topic ${U} cannot be read by this version, and were left out of answers 1 times: sequence numbers 1 to 256.`,
      ],
    ]);
  });

  it("names five ranges at most, and counts the others", () => {
    for (let i = 0; i < 7; i += 1) read(SEGMENTS, 1, [segment(T, 1 + 512 * i)]);
    expect(told()[0]?.[1]).toMatch(/ 2049 to 2304 and 2 more ranges\.$/);
  });

  it("forgets a range that was not met for ten minutes, and ends when none was", () => {
    read(SEGMENTS, 2, [segment(T, 1), segment(U, 1)]);
    nowMs += TEN_MINUTES_MS - 1;
    read(SEGMENTS, 1, [segment(T, 513)]);
    expect(told()).toHaveLength(2);
    nowMs += 1;
    read(SEGMENTS, 1, [segment(T, 513)]);
    expect(told().map(([subject]) => subject)).toEqual([T]);
    expect(told()[0]?.[1]).toMatch(/: sequence numbers 513 to 768\.$/);
    nowMs += TEN_MINUTES_MS;
    read("topic_log", 0, []);
    expect(told()).toHaveLength(1);
    read(SEGMENTS, 0, []);
    expect(told()).toEqual([]);
  });
});

describe("the incident of any other row", () => {
  it("names its table, and ends when the table was read for ten minutes without one", () => {
    read("topic_log", 2, []);
    expect(told()).toEqual([
      [
        "topic_log",
        "Rows of the table topic_log cannot be read by this version, and were left out of answers 2 times.",
      ],
    ]);
    nowMs += TEN_MINUTES_MS;
    read("topic_log", 0, []);
    expect(told()).toEqual([]);
  });
});
