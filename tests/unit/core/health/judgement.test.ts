import { describe, expect, it } from "vitest";
import { type HealthFacts, judge } from "@/lib/core/health/judgement";
import { NOW_MS, SIGHTS, WELL } from "../../../support/samples/health-facts";

const codesOf = (facts: Partial<HealthFacts>) => judge({ ...WELL, ...facts }).map(({ code }) => code);
const [topic] = WELL.topics;
if (topic === undefined) throw new Error("there is a topic");
const named = (topicId: string, lagMs: number) => ({ ...topic, topicId, lagMs });

describe("the judgement of health", () => {
  it("finds nothing if all is well", () => {
    expect(judge(WELL)).toEqual([]);
    expect(judge({ ...WELL, redis: null })).toEqual([]);
  });

  it.each(Object.entries(SIGHTS))("finds %s, and nothing else, by its facts", (code, { facts, subject, says }) => {
    expect(judge({ ...WELL, ...facts })).toMatchObject([{ code, subject, summary: says }]);
  });

  it("reports nothing about an idle topic, however old it is", () => {
    expect(judge({ ...WELL, topics: [{ ...topic, asOfMs: NOW_MS - 86_400_000, lagMs: 0 }] })).toEqual([]);
  });

  it("reports once that all topics are behind if they share one cause, and names it", () => {
    const circuit = { ...WELL.mirrors[0], origin: "https://mirror.test", circuit: "open" as const, calls: null };
    const state = {
      name: "backing-off",
      hole: null,
      attempt: 3,
      retryAtMs: NOW_MS,
      reason: "no mirror node has answered lately",
    } as const;
    const topics = ["0.0.1", "0.0.2", "0.0.3", "0.0.4"].map((topicId) => ({
      ...named(topicId, 38_000),
      state,
      lastError: state.reason,
    }));
    const found = judge({
      ...WELL,
      topics,
      mirrors: [{ ...circuit, lastError: "the mirror answered 429, too many requests" }],
    });
    expect(found.map(({ summary }) => summary)).toEqual([
      "Mirror https://mirror.test has failed several times in a row: the mirror answered 429, too many requests. It is asked again within a minute.",
      "4 of 4 topics are behind the ledger (0.0.1, 0.0.2, 0.0.3, …): the mirror answered 429, too many requests.",
    ]);
  });

  it.each([
    [300_000, "This instance's clock is behind that of mirror https://mirror.test."],
    [-300_000, "This instance's clock is ahead of that of mirror https://mirror.test."],
  ])("sees a clock that is off by %i ms against a mirror's", (clockAheadMs, summary) => {
    const mirrors = WELL.mirrors.map((mirror) => ({ ...mirror, clockAheadMs }));
    expect(judge({ ...WELL, mirrors })).toMatchObject([{ code: "clock-off", subject: "https://mirror.test", summary }]);
  });

  it.each([
    [300_000, "This instance's clock is behind that of the database."],
    [-300_000, "This instance's clock is ahead of that of the database."],
  ])("sees a clock that is off by %i ms against the database's", (clockAheadMs, summary) => {
    const postgres = { ...WELL.postgres, clockAheadMs };
    expect(judge({ ...WELL, postgres })).toMatchObject([{ code: "clock-off", subject: "database", summary }]);
    expect(judge({ ...WELL, postgres: { ...postgres, clockAheadMs: Math.sign(clockAheadMs) * 10_000 } })).toEqual([]);
  });

  it("names only the ended devnet as the reason why topics are behind", () => {
    const topics = [named("0.0.7", 60_000)];
    const { facts } = SIGHTS["devnet-ended"];
    expect(judge({ ...WELL, ...facts, topics }).map(({ summary }) => summary)).toEqual([
      SIGHTS["devnet-ended"].says,
      "Topic 0.0.7 is behind the ledger: the local Hedera (devnet) has ended.",
    ]);
  });

  it("never counts a paused topic as behind, stuck or starting, whoever knows of the pause", () => {
    const paused = { name: "paused" } as const;
    const here = { isStarting: true, topics: [{ ...named("0.0.7", 600_000), asOfMs: null, state: paused }] };
    expect(codesOf(here)).toEqual([]);
    const elsewhere = { topics: [named("0.0.7", 600_000)], ...SIGHTS["topic-paused"].facts };
    expect(codesOf(elsewhere)).toEqual(["topic-paused"]);
  });

  it("needs at least three failures, and one in ten calls, so that one lost connection is nothing", () => {
    const calls = (sent: number, failed: number) =>
      codesOf({ postgres: { ...WELL.postgres, calls: { sent, failed, meanMs: 1 } } });
    expect(calls(2, 2)).toEqual([]);
    expect(calls(31, 3)).toEqual([]);
    expect(calls(30, 3)).toEqual(["postgres-failing"]);
  });
});
