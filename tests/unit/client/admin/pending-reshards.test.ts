import { describe, expect, it } from "vitest";
import { type Undertaking, undertakings } from "@/lib/client/admin/pending-reshards";
import { groupKey, ownersOf, parseSplit, shardKey } from "@/lib/client/admin/shard-groups";
import {
  undertakingAdvice,
  undertakingShare,
  undertakingStep,
  undertakingTitle,
} from "@/lib/client/admin/shard-sentences";
import { clockTime } from "@/lib/client/format/time";
import { DRAIN_AT_LEAST_MS, type ShardStatus } from "@/lib/wire/shards";
import { shardStatus, shardsAnswer } from "@/tests/support/samples/admin-shards";
import { auditEntry } from "@/tests/support/samples/admin-status";

const NOW = 1_700_000_000_000;
const entry = (more: object) => auditEntry({ action: "shards.split", detail: null, ...more }, NOW);
const openOf = (shards: readonly ShardStatus[], ...entries: readonly ReturnType<typeof entry>[]) =>
  undertakings({ ...shardsAnswer({ topics: 0 }), shards: [...shards] }, entries, NOW);
const say = (undertaking: Undertaking) =>
  `${undertakingTitle(undertaking)}. ${undertakingStep(undertaking)} ${undertakingAdvice(undertaking)}`;

const active = shardStatus();
const coming = (segment: number, more: Partial<ShardStatus> = {}) =>
  shardStatus({ segment, state: "planned", topicId: null, ...more });

describe("an unfinished split", () => {
  const shards = [active, coming(1, { state: "creating", topicId: "0.0.8" }), coming(2)];

  it("is found in the registry alone, as one that nobody is at", () => {
    const [split] = openOf(shards);
    expect(split).toMatchObject({
      goal: { name: "split", to: 3 },
      standing: "interrupted",
      step: "create",
      reason: null,
    });
    expect(say(split as Undertaking)).toBe(
      "Split contact (standard) into 3. Step 1 of 2: 1 of 2 new topics created; nothing is written to them yet. Nobody is heard of who is at it. Go on with it, unless npm run shards is doing so just now; nothing is done twice.",
    );
    expect(undertakingShare(split as Undertaking)).toBeCloseTo(1 / 3);
  });

  it("is under way while the log says so and was told lately", () => {
    const running = { target: "standard contact 3", state: "running" };
    expect(openOf(shards, entry(running))[0]?.standing).toBe("under-way");
    expect(openOf(shards, entry({ ...running, updatedMs: NOW - 61_000 }))[0]?.standing).toBe("interrupted");
    expect(openOf(shards, entry({ ...running, target: "standard trust 3" }))[0]?.standing).toBe("interrupted");
    expect(openOf(shards, entry({ ...running, target: "standard contact 0.0.5 3" }))[0]?.standing).toBe("interrupted");
  });

  it("says what stopped it, passing over what was refused", () => {
    const [split] = openOf(
      shards,
      entry({ target: "standard contact 3", state: "refused", detail: { error: "no" } }),
      entry({ target: "standard contact 3", state: "failed", detail: { error: "the ledger did not say" } }),
    );
    expect(undertakingAdvice(split as Undertaking)).toBe(
      "The ledger did not say. Go on with it; nothing is done twice.",
    );
  });

  it("has its routing before it when all topics are there", () => {
    const [split] = openOf([active, coming(1, { state: "creating", topicId: "0.0.8" })]);
    expect(undertakingStep(split as Undertaking)).toBe(
      "Step 2 of 2: the new topic is created; new messages are not routed there yet.",
    );
  });
});

describe("an unfinished drain", () => {
  const drainsFrom = (ms: number) => `${ms / 1_000}.000000000`;
  const drain = (more: object) => entry({ action: "shards.drain", target: active.topicId, ...more });

  it("begins with the topic that takes the place", () => {
    const open = openOf([active, coming(0, { generation: 1 })]);
    expect(open).toHaveLength(1);
    expect(say(open[0] as Undertaking)).toMatch(
      /^Drain 0\.0\.7148000\. Step 1 of 3: 0 of 1 new topic created to take its place; messages still go to the old one\./,
    );
  });

  it("waits until nobody can know the topic, then for the next look", () => {
    const beganMs = NOW - 60_000;
    const shards = [shardStatus({ state: "draining", drainsFrom: drainsFrom(beganMs) })];
    const [waiting] = openOf(shards);
    expect(waiting).toMatchObject({ step: "wait", standing: "waiting", untilMs: beganMs + DRAIN_AT_LEAST_MS });
    expect(undertakingAdvice(waiting as Undertaking)).toBe(
      `Ask for it again at ${clockTime(beganMs + DRAIN_AT_LEAST_MS)} or later, to let it go.`,
    );
    const old = [shardStatus({ state: "draining", drainsFrom: drainsFrom(NOW - DRAIN_AT_LEAST_MS) })];
    expect(openOf(old)[0]).toMatchObject({ step: "look", standing: "ready" });
    const later = drain({ detail: { waitingUntilMs: NOW + 5_000, reason: "messages still come in" } });
    expect(openOf(old, later)[0]).toMatchObject({ standing: "waiting", untilMs: NOW + 5_000 });
    expect(openOf(old, drain({ state: "running" }))[0]?.standing).toBe("under-way");
  });

  it("is one, however many kinds the topic serves", () => {
    const state = { state: "draining", drainsFrom: drainsFrom(NOW) } as const;
    expect(openOf([shardStatus(state), shardStatus({ ...state, kind: "trust" })])).toHaveLength(1);
  });
});

it("nothing is open where every shard is written to or let go", () => {
  expect(openOf([active, shardStatus({ segment: 1, state: "drained" })])).toEqual([]);
});

describe("names", () => {
  it("of groups are read back as they are written", () => {
    for (const group of [
      { tier: "standard", kind: "contact", owner: null },
      { tier: "enterprise", kind: "trust", owner: "acme" },
      { tier: "busy", kind: "profile", owner: "0.0.5" },
    ] as const)
      expect(parseSplit(`${groupKey(group)} 12`)).toEqual({ group, to: 12 });
    for (const text of [null, "", "standard contact", "standard feed 2", "some contact 2", "busy trust a b 2"])
      expect(parseSplit(text)).toBeNull();
  });

  it("of shards tell the topics of one segment apart", () => {
    expect([shardKey(active), shardKey(shardStatus({ generation: 1 }))]).toEqual([
      "standard contact 0",
      "standard contact 0, topic 2",
    ]);
  });

  it("of groups are each there once, tenants without topics too", () => {
    expect(ownersOf(shardsAnswer()).map(({ tier, owner }) => `${tier} ${owner}`)).toEqual([
      "standard null",
      "busy null",
      "enterprise acme",
      "enterprise lodge",
      "busy 0.0.90211",
    ]);
  });
});
