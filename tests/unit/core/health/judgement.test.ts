import { describe, expect, it } from "vitest";
import type { HealthFacts } from "@/lib/core/health/health-facts";
import { judge } from "@/lib/core/health/judgement";
import { HEALTHY, INCIDENT_SAMPLES, NOW_MS } from "../../../support/samples/health-facts";

const codesOf = (facts: Partial<HealthFacts>) => judge({ ...HEALTHY, ...facts }).map(({ code }) => code);
const [topic] = HEALTHY.topics;
if (topic === undefined) throw new Error("there is a topic");
const named = (topicId: string, lagMs: number) => ({ ...topic, topicId, lagMs });

describe("the judgement of health", () => {
  it("finds nothing if all is well", () => {
    expect(judge(HEALTHY)).toEqual([]);
    expect(judge({ ...HEALTHY, redis: null })).toEqual([]);
  });

  it.each(Object.entries(INCIDENT_SAMPLES))(
    "finds %s, and nothing else, by its facts",
    (code, { facts, subject, says }) => {
      expect(judge({ ...HEALTHY, ...facts })).toMatchObject([{ code, subject, summary: says }]);
    },
  );

  it("reports nothing about an idle topic, however old it is", () => {
    expect(judge({ ...HEALTHY, topics: [{ ...topic, asOfMs: NOW_MS - 86_400_000, lagMs: 0 }] })).toEqual([]);
  });

  it("says in one sentence what is still missing after a topic was started over", () => {
    const [stored] = HEALTHY.stored;
    if (stored === undefined) throw new Error("a topic is stored");
    const work = (of: "dropping" | "folding" | null, ...ids: readonly string[]) =>
      ids.map((topicId) => ({ ...stored, topicId, work: of }));
    const topics = ["0.0.1", "0.0.2", "0.0.8"].map((topicId) => ({ ...topic, topicId, isSyncingAgain: true }));
    const said = (facts: Partial<HealthFacts>) => judge({ ...HEALTHY, ...facts }).map(({ summary }) => summary);
    const rest = (words: string) => [
      `Contacts, trust and profiles may be incomplete, and answers are marked stale: ${words}.`,
    ];
    expect(
      said({
        stored: [...work("dropping", "0.0.1"), ...work("folding", "0.0.2", "0.0.3", "0.0.4", "0.0.5")],
        topics,
      }),
    ).toEqual(
      rest(
        "topic 0.0.1 starts over, 4 topics are folded again (0.0.2, 0.0.3, 0.0.4, …), topic 0.0.8 is read from the ledger again",
      ),
    );
    expect(said({ stored: work(null, "0.0.1"), topics: topics.slice(0, 2) })).toEqual(
      rest("2 topics are read from the ledger again (0.0.1, 0.0.2)"),
    );
  });

  it("says so while such a topic is paused too, since then nothing that is missing comes", () => {
    const topics = [{ ...topic, asOfMs: null, isSyncingAgain: true, state: { name: "paused" } as const }];
    expect(codesOf({ topics })).toContain("topics-incomplete");
  });

  it("does not call a topic behind while it starts over or is folded again, but does when a fault holds it up", () => {
    const [stored] = HEALTHY.stored;
    if (stored === undefined) throw new Error("a topic is stored");
    const late = { ...topic, lagMs: 38_000, asOfMs: null };
    const pulling = { name: "pulling", hole: null, attempt: 0, declare: false } as const;
    const waits = { name: "backing-off", hole: null, attempt: 1, retryAtMs: NOW_MS, reason: "no answer" } as const;
    const held = ["topics-behind", "topics-incomplete"];
    for (const work of ["dropping", "folding"] as const) {
      const codes = (facts: Partial<typeof topic>) =>
        codesOf({ topics: [{ ...late, ...facts }], stored: [{ ...stored, work }] });
      for (const state of [pulling, { name: "idle" } as const]) expect(codes({ state })).toEqual(["topics-incomplete"]);
      expect(codes({ state: waits, lastError: waits.reason })).toEqual(held);
      expect(codes({ state: { name: "idle" }, lastError: "no answer" })).toEqual(held);
    }
    for (const state of [pulling, { name: "idle" } as const])
      expect(codesOf({ topics: [{ ...late, isSyncingAgain: true, state }] })).toEqual(["topics-incomplete"]);
    expect(codesOf({ topics: [{ ...late, isSyncingAgain: true, state: waits }] })).toEqual(held);
    expect(codesOf({ topics: [{ ...late, state: pulling }] })).toEqual(["topics-behind"]);
  });

  it("reports once that all topics are behind if they share one cause, and names it", () => {
    const circuit = { ...HEALTHY.mirrors[0], origin: "https://mirror.test", circuit: "open" as const, calls: null };
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
      ...HEALTHY,
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
    const mirrors = HEALTHY.mirrors.map((mirror) => ({ ...mirror, clockAheadMs }));
    expect(judge({ ...HEALTHY, mirrors })).toMatchObject([
      { code: "clock-off", subject: "https://mirror.test", summary },
    ]);
  });

  it.each([
    [300_000, "This instance's clock is behind that of the database."],
    [-300_000, "This instance's clock is ahead of that of the database."],
  ])("sees a clock that is off by %i ms against the database's", (clockAheadMs, summary) => {
    const postgres = { ...HEALTHY.postgres, clockAheadMs };
    expect(judge({ ...HEALTHY, postgres })).toMatchObject([{ code: "clock-off", subject: "database", summary }]);
    expect(judge({ ...HEALTHY, postgres: { ...postgres, clockAheadMs: Math.sign(clockAheadMs) * 10_000 } })).toEqual(
      [],
    );
  });

  it("names only the ended devnet as the reason why topics are behind", () => {
    const topics = [named("0.0.7", 60_000)];
    const { facts } = INCIDENT_SAMPLES["devnet-ended"];
    expect(judge({ ...HEALTHY, ...facts, topics }).map(({ summary }) => summary)).toEqual([
      INCIDENT_SAMPLES["devnet-ended"].says,
      "Topic 0.0.7 is behind the ledger: the local Hedera (devnet) has ended.",
    ]);
  });

  it("never counts a paused topic as behind, stuck or starting, whoever knows of the pause", () => {
    const paused = { name: "paused" } as const;
    const here = { isStarting: true, topics: [{ ...named("0.0.7", 600_000), asOfMs: null, state: paused }] };
    expect(codesOf(here)).toEqual([]);
    const elsewhere = { topics: [named("0.0.7", 600_000)], ...INCIDENT_SAMPLES["topic-paused"].facts };
    expect(codesOf(elsewhere)).toEqual(["topic-paused"]);
  });

  it("does not call a topic stuck whose reason is an incident already", () => {
    const { topics = [] } = INCIDENT_SAMPLES["topic-stuck"].facts;
    expect(codesOf({ topics })).toEqual(["topic-stuck"]);
    expect(codesOf({ topics: topics.map((topic) => ({ ...topic, isNamedElsewhere: true })) })).toEqual([]);
  });

  it("needs at least three failures, and one in ten calls, so that one lost connection is nothing", () => {
    const calls = (sent: number, failed: number) =>
      codesOf({ postgres: { ...HEALTHY.postgres, calls: { sent, failed, meanMs: 1 } } });
    expect(calls(2, 2)).toEqual([]);
    expect(calls(31, 3)).toEqual([]);
    expect(calls(30, 3)).toEqual(["postgres-failing"]);
  });
});
