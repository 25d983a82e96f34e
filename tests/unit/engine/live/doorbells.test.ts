/** Instances that share the doorbells of their topics by leases. */
import { beforeEach, describe, expect, it } from "vitest";
import { MemoryHotCache } from "@/lib/adapters/memory/memory-hot-cache";
import { consensusNs } from "@/lib/core/ledger/consensus-time";
import type { TopicId } from "@/lib/core/ledger/ids";
import type { ChainHead } from "@/lib/core/ledger/verify";
import { Doorbells, type DoorbellsDeps } from "@/lib/engine/live/doorbells";
import { TierUnavailable } from "@/lib/ports/tier-unavailable";
import { DrivenClock } from "../../../support/control/driven-clock";
import { StandInDoorbell } from "../../../support/mirrors/stand-in-doorbell";
import { quietLog } from "../../../support/quiet-log";

const TOPICS = ["0.0.1", "0.0.2"] as TopicId[];
let clock: DrivenClock;
let cache: MemoryHotCache;
let isRedisDown: boolean;
let commands: number;
let hot: { -readonly [K in keyof DoorbellsDeps["hot"]]: DoorbellsDeps["hot"][K] };

beforeEach(() => {
  clock = new DrivenClock();
  cache = new MemoryHotCache(clock);
  isRedisDown = false;
  commands = 0;
  hot = {
    lease: (wishes, owner, ttlMs) => counted(() => cache.lease(wishes, owner, ttlMs)),
    release: (topicIds, owner) => counted(() => cache.release(topicIds, owner)),
  };
});

const down = () => Promise.reject(new TierUnavailable("redis", "down"));
const counted = <T>(run: () => Promise<T>): Promise<T> => {
  commands += 1;
  return isRedisDown ? down() : run();
};

/** An instance that has stored one message of each topic. */
function instance(owner: string) {
  const head: ChainHead = { sequence: 1, hash: Buffer.alloc(48, 1), consensusNs: 5n };
  const message = { sequence: 1, consensusNs: 5n, runningHash: Buffer.alloc(48, 1) };
  const ledger = { topics: new Map(TOPICS.map((topicId) => [topicId, { messages: [message] }])), onMessage: () => {} };
  const bell = new StandInDoorbell(ledger as never);
  const sync = { head, cursor: 1, isAtRest: true };
  const gate = { waitMs: 0, asked: 0, answered: Promise.resolve() };
  const scheduler = {
    topics: TOPICS.map((topicId) => ({ topicId, kinds: [] })),
    syncs: new Map(TOPICS.map((topicId) => [topicId, sync])),
    rung: async () => {
      gate.asked += 1;
      await gate.answered;
      return gate.waitMs;
    },
  } as unknown as DoorbellsDeps["scheduler"];
  const doorbells = new Doorbells({
    ...{ doorbell: bell, hot, scheduler, clock, owner, log: quietLog },
    ...{ random: () => 0.5 },
  });
  const ring = (sequence: number) =>
    bell.ring(TOPICS[0] as TopicId, { sequence, consensusNs: consensusNs(9n), runningHash: null });
  return { bell, sync, gate, ring, doorbells, covered: () => TOPICS.filter((topicId) => doorbells.covers(topicId)) };
}

/** Lets time pass while pages are open on these instances. */
async function pass(ms: number, ...open: readonly { readonly doorbells: Doorbells }[]): Promise<void> {
  for (let at = 0; at < ms; at += 1_000) {
    for (const { doorbells } of open) doorbells.watch();
    await clock.advance(1_000);
  }
}

describe("the doorbell of a topic", () => {
  it("is one among all instances, and serves all of them", async () => {
    const [a, b] = [instance("a"), instance("b")];
    await pass(12_000, a, b);
    expect([a.bell.topics, b.bell.topics]).toEqual([TOPICS, []]);
    expect([a.covered(), b.covered()]).toEqual([TOPICS, TOPICS]);
    commands = 0;
    await pass(60_000, a, b);
    // Each asks once in five seconds, for all topics together.
    expect(commands).toBeLessThanOrEqual(2 * 13);
    await Promise.all([a.doorbells.close(), b.doorbells.close()]);
  });

  it("goes to another instance at once when its own one ends in order", async () => {
    const [a, b] = [instance("a"), instance("b")];
    await pass(12_000, a, b);
    await a.doorbells.close();
    expect([a.bell.topics, a.bell.isClosed]).toEqual([[], true]);
    await pass(6_000, b);
    expect([b.bell.topics, b.covered()]).toEqual([TOPICS, TOPICS]);
    await b.doorbells.close();
    expect(clock.waiting).toBe(0);
  });

  it("goes to another instance when its own one has died, and topics are polled until it is live there", async () => {
    const [a, b] = [instance("a"), instance("b")];
    await pass(12_000, a, b);
    // Nothing of the first instance runs any more; its lease lapses.
    hot.lease = (wishes, owner, ttlMs) => (owner === "a" ? new Promise(() => {}) : cache.lease(wishes, owner, ttlMs));
    await pass(20_000, b);
    expect([b.bell.topics, b.covered()]).toEqual([TOPICS, TOPICS]);
  });

  it("covers nothing elsewhere while its holder lacks a message that it has announced", async () => {
    const [a, b] = [instance("a"), instance("b")];
    await pass(12_000, a, b);
    a.ring(2);
    await pass(7_000, a, b);
    expect([a.covered(), b.covered()]).toEqual([[TOPICS[1]], [TOPICS[1]]]);
    a.sync.cursor = 2;
    await pass(11_000, a, b);
    expect([a.covered(), b.covered()]).toEqual([TOPICS, TOPICS]);
    // The holder has no page open any more, and nobody polls there.
    a.ring(3);
    await pass(7_000, b);
    expect([a.covered(), b.covered()]).toEqual([[TOPICS[1]], [TOPICS[1]]]);
    await Promise.all([a.doorbells.close(), b.doorbells.close()]);
  });

  it("stays behind when its subscription is renewed, until the message comes or ten minutes of polls have not brought it", async () => {
    const a = instance("a");
    await pass(12_000, a);
    a.ring(2);
    const { asked } = a.bell;
    for (let second = 0; second < 150; second += 1) {
      await pass(1_000, a);
      expect(a.covered()).toEqual([TOPICS[1]]);
    }
    expect(a.bell.asked - asked).toBeGreaterThanOrEqual(4);
    await pass(520_000, a);
    expect(a.covered()).toEqual(TOPICS);
    await a.doorbells.close();
  });

  it("is not opened before its topic was read to its end", async () => {
    const a = instance("a");
    a.sync.isAtRest = false;
    await pass(12_000, a);
    expect([a.bell.asked, a.covered()]).toEqual([0, []]);
    a.sync.isAtRest = true;
    await pass(2_000, a);
    expect([a.bell.topics, a.covered()]).toEqual([TOPICS, TOPICS]);
    await a.doorbells.close();
  });

  it("that cannot be reached from one instance is tried by another", async () => {
    const [a, b] = [instance("a"), instance("b")];
    a.bell.manner = "refuses";
    await pass(60_000, a);
    expect([a.covered(), a.doorbells.trouble]).toEqual([[], "the mirror cannot be reached by gRPC"]);
    await pass(120_000, a, b);
    expect([b.bell.topics, b.covered(), a.covered()]).toEqual([TOPICS, TOPICS, TOPICS]);
    expect(a.doorbells.trouble).toBeNull();
    await Promise.all([a.doorbells.close(), b.doorbells.close()]);
  });

  it("is held by nobody while Redis is down, so that every instance polls, and again when it is back", async () => {
    const a = instance("a");
    await pass(6_000, a);
    expect(a.covered()).toEqual(TOPICS);
    isRedisDown = true;
    await pass(7_000, a);
    expect([a.bell.topics, a.covered()]).toEqual([[], []]);
    isRedisDown = false;
    await pass(7_000, a);
    expect([a.bell.topics, a.covered()]).toEqual([TOPICS, TOPICS]);
    isRedisDown = true;
    await a.doorbells.close();
    expect([a.bell.topics, clock.waiting]).toEqual([[], 0]);
  });

  it("asks the gate for a message until its turn comes, and only while it holds the topic", async () => {
    const a = instance("a");
    await pass(6_000, a);
    a.gate.waitMs = 700;
    a.ring(2);
    await pass(3_000, a);
    expect(a.gate.asked).toBe(5);
    // More news does not ask more often.
    for (const sequence of [3, 4]) a.ring(sequence);
    await pass(1_000, a);
    expect(a.gate.asked).toBe(6);
    a.gate.waitMs = 0;
    await pass(1_000, a);
    expect([a.gate.asked, a.doorbells.counts.pulls]).toEqual([7, 1]);

    a.sync.cursor = 4;
    a.gate.waitMs = 700;
    a.ring(5);
    await pass(1_000, a);
    a.bell.manner = "refuses";
    a.bell.end("the mirror ended the subscription", TOPICS[0]);
    const { asked } = a.gate;
    await pass(5_000, a);
    expect(a.gate.asked).toBe(asked);
    await a.doorbells.close();
  });

  it("asks once at a time, and again for what came meanwhile", async () => {
    const a = instance("a");
    await pass(6_000, a);
    let answer = () => {};
    a.gate.answered = new Promise((resolve) => {
      answer = resolve;
    });
    a.ring(2);
    a.sync.cursor = 2;
    a.ring(3);
    await pass(1_000, a);
    expect(a.gate.asked).toBe(1);
    answer();
    await pass(1_000, a);
    expect(a.gate.asked).toBe(2);
    await a.doorbells.close();
  });

  it("asks for nothing more once its instance ends", async () => {
    const a = instance("a");
    await pass(6_000, a);
    a.gate.waitMs = 700;
    a.ring(2);
    await pass(1_000, a);
    const { asked } = a.gate;
    await a.doorbells.close();
    expect([a.gate.asked, clock.waiting]).toEqual([asked, 0]);
    await clock.advance(5_000);
    expect(a.gate.asked).toBe(asked);
  });

  it("is tried ever more rarely at a mirror that is gone, for all topics together", async () => {
    const a = instance("a");
    a.bell.manner = "refuses";
    await pass(120_000, a);
    const before = a.bell.asked;
    await pass(600_000, a);
    expect(a.bell.asked - before).toBeLessThanOrEqual(20);
    expect(a.bell.asked - before).toBeGreaterThanOrEqual(8);
    await a.doorbells.close();
  });
});
