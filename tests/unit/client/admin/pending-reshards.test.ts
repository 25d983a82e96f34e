import { describe, expect, it } from "vitest";
import { type PendingReshard, pendingReshards } from "@/lib/client/admin/pending-reshards";
import { groupKey, ownersOf, parseSplit, shardKey } from "@/lib/client/admin/shard-groups";
import { reshardAdvice, reshardProgress, reshardStep, reshardTitle } from "@/lib/client/admin/shard-sentences";
import { clockTime } from "@/lib/client/format/time";
import { DRAIN_AT_LEAST_MS, type ShardStatus } from "@/lib/wire/operators/shards";
import { shardStatus, shardsAnswer } from "@/tests/support/samples/admin-shards";
import { operatorLogEntry } from "@/tests/support/samples/admin-status";

const NOW = 1_700_000_000_000;
const entry = (more: object) => operatorLogEntry({ action: "shards.split", detail: null, ...more }, NOW);
const openOf = (shards: readonly ShardStatus[], ...entries: readonly ReturnType<typeof entry>[]) =>
  pendingReshards({ ...shardsAnswer({ topics: 0 }), shards: [...shards] }, entries, NOW);
const say = (reshard: PendingReshard) => `${reshardTitle(reshard)}. ${reshardStep(reshard)} ${reshardAdvice(reshard)}`;

const active = shardStatus();
const coming = (segment: number, more: Partial<ShardStatus> = {}) =>
  shardStatus({ segment, state: "planned", topicId: null, ...more });

describe("an unfinished split", () => {
  const shards = [active, coming(1, { state: "creating", topicId: "0.0.8" }), coming(2)];

  it("is found in the registry alone, as interrupted", () => {
    const [split] = openOf(shards);
    expect(split).toMatchObject({
      goal: { name: "split", to: 3 },
      standing: "interrupted",
      step: "create",
      reason: null,
    });
    expect(say(split as PendingReshard)).toBe(
      "Split contact (standard) into 3. Step 1 of 2: 1 of 2 new topics created; no messages go there yet. Nobody works on it. Continue it, unless npm run shards is doing so now; no step is repeated.",
    );
    expect(reshardProgress(split as PendingReshard)).toBeCloseTo(1 / 3);
  });

  it("is running while its log entry is running and recent", () => {
    const running = { target: "standard contact 3", state: "running" };
    expect(openOf(shards, entry(running))[0]?.standing).toBe("running");
    expect(openOf(shards, entry({ ...running, updatedMs: NOW - 61_000 }))[0]?.standing).toBe("interrupted");
    expect(openOf(shards, entry({ ...running, target: "standard trust 3" }))[0]?.standing).toBe("interrupted");
    expect(openOf(shards, entry({ ...running, target: "standard contact 0.0.5 3" }))[0]?.standing).toBe("interrupted");
  });

  it("gives the reason of its failure, and ignores refused entries", () => {
    const [split] = openOf(
      shards,
      entry({ target: "standard contact 3", state: "refused", detail: { error: "no" } }),
      entry({ target: "standard contact 3", state: "failed", detail: { error: "the ledger did not say" } }),
    );
    expect(reshardAdvice(split as PendingReshard)).toBe("The ledger did not say. Continue it; no step is repeated.");
  });

  it("is at the routing step when all topics exist", () => {
    const [split] = openOf([active, coming(1, { state: "creating", topicId: "0.0.8" })]);
    expect(reshardStep(split as PendingReshard)).toBe(
      "Step 2 of 2: the new topic is created; routing has not changed yet.",
    );
  });
});

describe("an unfinished drain", () => {
  const drainsFrom = (ms: number) => `${ms / 1_000}.000000000`;
  const drain = (more: object) => entry({ action: "shards.drain", target: active.topicId, ...more });

  it("starts with the topic that replaces the old one", () => {
    const open = openOf([active, coming(0, { generation: 1 })]);
    expect(open).toHaveLength(1);
    expect(say(open[0] as PendingReshard)).toMatch(
      /^Drain 0\.0\.7148000\. Step 1 of 3: 0 of 1 new topic created to replace it; messages still go to the old topic\./,
    );
  });

  it("waits 15 minutes, then until the time of the next check", () => {
    const beganMs = NOW - 60_000;
    const shards = [shardStatus({ state: "draining", drainsFrom: drainsFrom(beganMs) })];
    const [waiting] = openOf(shards);
    expect(waiting).toMatchObject({ step: "wait", standing: "waiting", untilMs: beganMs + DRAIN_AT_LEAST_MS });
    expect(reshardAdvice(waiting as PendingReshard)).toBe(
      `Finish it at ${clockTime(beganMs + DRAIN_AT_LEAST_MS)} or later.`,
    );
    const old = [shardStatus({ state: "draining", drainsFrom: drainsFrom(NOW - DRAIN_AT_LEAST_MS) })];
    expect(openOf(old)[0]).toMatchObject({ step: "look", standing: "ready" });
    const later = drain({ detail: { waitingUntilMs: NOW + 5_000, reason: "messages still come in" } });
    expect(openOf(old, later)[0]).toMatchObject({ standing: "waiting", untilMs: NOW + 5_000 });
    expect(openOf(old, drain({ state: "running" }))[0]?.standing).toBe("running");
  });

  it("counts once, however many kinds the topic serves", () => {
    const state = { state: "draining", drainsFrom: drainsFrom(NOW) } as const;
    expect(openOf([shardStatus(state), shardStatus({ ...state, kind: "trust" })])).toHaveLength(1);
  });
});

it("nothing is pending when every shard is active or drained", () => {
  expect(openOf([active, shardStatus({ segment: 1, state: "drained" })])).toEqual([]);
});

describe("names", () => {
  it("of groups parse back to the same group", () => {
    for (const group of [
      { tier: "standard", kind: "contact", owner: null },
      { tier: "enterprise", kind: "trust", owner: "acme" },
      { tier: "busy", kind: "profile", owner: "0.0.5" },
    ] as const)
      expect(parseSplit(`${groupKey(group)} 12`)).toEqual({ group, to: 12 });
    for (const text of [null, "", "standard contact", "standard feed 2", "some contact 2", "busy trust a b 2"])
      expect(parseSplit(text)).toBeNull();
  });

  it("of shards distinguish the topics of one segment", () => {
    expect([shardKey(active), shardKey(shardStatus({ generation: 1 }))]).toEqual([
      "standard contact 0",
      "standard contact 0, topic 2",
    ]);
  });

  it("of groups appear once each, also tenants without topics", () => {
    expect(ownersOf(shardsAnswer()).map(({ tier, owner }) => `${tier} ${owner}`)).toEqual([
      "standard null",
      "busy null",
      "enterprise acme",
      "enterprise lodge",
      "busy 0.0.90211",
    ]);
  });
});
