/** Redis Cluster refuses a script whose keys lie in several slots. This runs every script, and looks at the keys that it is given. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { systemClock } from "@/lib/adapters/memory/system-clock";
import type { Purpose } from "@/lib/adapters/redis/client/command-stats";
import { CLUSTER_PARTITIONS, Keys } from "@/lib/adapters/redis/client/keys";
import * as eventScripts from "@/lib/adapters/redis/events/event-scripts";
import * as hotScripts from "@/lib/adapters/redis/hot-scripts";
import * as reportScripts from "@/lib/adapters/redis/instance-reports";
import { tierOver } from "@/lib/adapters/redis/open-redis";
import * as persistenceScripts from "@/lib/adapters/redis/persistence";
import * as viewScripts from "@/lib/adapters/redis/view-scripts";
import * as writeScripts from "@/lib/adapters/redis/write-scripts";
import type { Position, TopicId, UserId } from "@/lib/core/ledger/ids";
import { endOf, messageOf } from "../../../support/contract/write-claims";
import { quietLog } from "../../../support/quiet-log";
import { filesUnder } from "../../../support/repository/files-under";
import { hashedPart, slotOf } from "../../../support/servers/redis/redis-slot";

const PEOPLE = Array.from({ length: 200 }, (_, i) => `tm-person-${i}` as UserId);
const [ADA] = PEOPLE as [UserId];
const TOPIC = "0.0.101" as TopicId;
const FOLDER = "lib/adapters/redis";

interface Sent {
  readonly script: string;
  readonly keys: readonly string[];
}

/** Calls every method of every port, with answers that lead through each script. */
async function everything(partitions: number): Promise<readonly Sent[]> {
  const sent: Sent[] = [];
  const answers = new Map<string, unknown>([
    [viewScripts.LOOKUP, [1, null, "0"]],
    [viewScripts.HELD, [[], [], []]],
    [hotScripts.ROUND, [0, "", 0, 0, "0", "0", 0, [], "0", 1]],
    [hotScripts.LEASE, [2, 2]],
    [hotScripts.RESERVE, 0],
    [hotScripts.ATTEMPT, null],
    [reportScripts.REPORT, []],
    [writeScripts.BEGIN, ["begun", "next", 1]],
    [persistenceScripts.INFO, ""],
    [eventScripts.PUBLISH, [1, 0, 0]],
    [eventScripts.START_OVER, [2, "2 m", 1, "2 m"]],
    [eventScripts.LAST_EVENT, [1, "1 m", 0, 0, []]],
    [eventScripts.LAST_PUBLISHED, ["0", "0"]],
  ]);
  const client = {
    eval: async (_: Purpose, script: string, keys: readonly string[]) => {
      sent.push({ script, keys });
      return answers.get(script) ?? 1;
    },
    subscribe: async (_: string, { onOpen }: { onOpen(): void }) => {
      onOpen();
      await new Promise((resolve) => setImmediate(resolve));
      return "closed";
    },
    stats: () => {
      throw new Error("nobody asks");
    },
    close: async () => {},
  };
  const { hot, views, bus, reports, guard, persistence } = tierOver(client, {
    ...{ network: "testnet", viewTtlMs: 60_000, clock: systemClock, log: quietLog, partitions },
  });
  await hot.ping();
  await hot.passGate("g", 1_000);
  const topics = ["0.0.1", "0.0.2"] as TopicId[];
  await hot.lease(
    topics.map((topicId) => ({ topicId, isLive: true })),
    "o",
    1_000,
  );
  await hot.release(topics, "o");
  await hot.round([{ topicId: TOPIC, watermark: 1n }], { periodMs: 1_000 }, 0);
  await hot.reserve("m", { perSecond: 1, burst: 1, maxWaitMs: 0 });
  await hot.reserve("m", { perSecond: 1, burst: 1, maxWaitMs: 0 }, ADA);
  await hot.attempt("k", "d", 1_000);
  await hot.finish("k", "d", "answer", 1_000);
  await hot.abandon("k");
  await views.lookup(ADA, "contacts", 1_000);
  await views.fill(ADA, "contacts", { body: "{}", etag: '"1"', position: 1, readMs: 1 }, "lease");
  await views.release(ADA, "contacts", "lease");
  await views.held(ADA);
  await views.expire(PEOPLE);
  await views.expireAll();
  const limit = { bucket: "m", policy: { perSecond: 1, burst: 1, maxWaitMs: 0 } };
  const ended = { key: "k", digest: "d", answer: "answer", ttlMs: 1_000 };
  for (const userId of PEOPLE.slice(0, 20)) {
    const message = messageOf(1, { kind: "trust" });
    await guard.begin(userId, { limit, attempt: { key: "k", digest: "d", ttlMs: 1_000 } }, message);
    await guard.begin(userId, null, message);
    await guard.end(userId, ended, endOf(message));
    await guard.end(userId, null, endOf(message));
  }
  await reports.report({ instanceId: "a", report: "1", ttlMs: 1_000 }, "everybody");
  await reports.remove("a");
  await persistence();
  bus.subscribe({});
  await new Promise((resolve) => setImmediate(resolve));
  const change = (userId: UserId) => ({ userId, head: 1 as Position, added: 1, peers: [] });
  const users = PEOPLE.map(change);
  const commit = { type: "commit", topicId: TOPIC, cursor: { from: 1, to: 2 }, users, renamed: [] } as const;
  await bus.publish({ ...commit, definitionsChanged: false });
  await bus.publishMissed({ topicId: TOPIC, cursor: 5 });
  await bus.lastPublished(TOPIC);
  await bus.newEpoch(7);
  await bus.close();
  return sent;
}

/** Every script, by the name that its module exports. Parts of scripts return nothing by themselves. */
const SCRIPTS = Object.entries({
  ...eventScripts,
  ...hotScripts,
  ...persistenceScripts,
  ...reportScripts,
  ...viewScripts,
  ...writeScripts,
}).filter(([, text]) => typeof text === "string" && /^return /m.test(text)) as [string, string][];

describe("a script in a cluster", () => {
  it("touches one slot, whatever it does and for however many people", async () => {
    const sent = await everything(CLUSTER_PARTITIONS);
    for (const [name, script] of SCRIPTS) {
      const runs = sent.filter((each) => each.script === script);
      expect(runs.length, `${name} was not run: run it in this test`).toBeGreaterThan(0);
      for (const { keys } of runs) expect([name, new Set(keys.map(slotOf)).size]).toEqual([name, 1]);
    }
  });

  it("is exported, so that the test above runs it", () => {
    const sources = filesUnder(FOLDER).map((path) => readFileSync(path, "utf8"));
    const sentBy = sources.flatMap((text) =>
      [...text.matchAll(/\.eval\(\s*"\w+",\s*([\w.]+)/g)].map(([, name]) => name),
    );
    expect(new Set(sentBy)).toEqual(new Set(SCRIPTS.map(([name]) => name)));
  });

  it("that took keys of two people would be noticed", () => {
    const keys = new Keys("testnet", undefined, CLUSTER_PARTITIONS);
    expect(new Set(PEOPLE.map((userId) => slotOf(keys.view(userId, "contacts")))).size).toBeGreaterThan(30);
  });
});

describe("a person's keys in a cluster", () => {
  it("are all in one slot, and people are spread over all partitions", () => {
    const keys = new Keys("testnet", "strict", CLUSTER_PARTITIONS);
    const used = new Set<number>();
    for (let i = 0; i < 2_000; i += 1) {
      const userId = `0.0.${i}` as UserId;
      const partition = keys.partitionOf(userId);
      used.add(partition);
      const theirs = [
        ...[keys.view(userId, "contacts"), keys.view(userId, "signals"), keys.nonce(userId), keys.nonceDigest(userId)],
        ...[keys.nonceClaim(userId), keys.attempt("k", userId), keys.budget("b", userId)],
        ...[keys.lastWrite(userId, "trust"), keys.in(partition).history, keys.in(partition).generation],
      ];
      expect(new Set(theirs.map(slotOf)).size).toBe(1);
    }
    expect(used.size).toBe(CLUSTER_PARTITIONS);
  });

  it("never change their partition: nonces would be forgotten", () => {
    const keys = new Keys("testnet", undefined, CLUSTER_PARTITIONS);
    expect(["0.0.7226146", "tm-ada", "tm-ü🌱"].map((id) => keys.view(id as UserId, "contacts"))).toEqual([
      "tm:{testnet:37}:0.0.7226146:contacts",
      "tm:{testnet:27}:tm-ada:contacts",
      "tm:{testnet:60}:tm-%C3%BC%F0%9F%8C%B1:contacts",
    ]);
  });
});

describe("keys of a Redis that is not a cluster", () => {
  it("have the names that releases before gave them", () => {
    const keys = new Keys("testnet");
    expect([
      keys.view(ADA, "contacts"),
      keys.nonce(ADA),
      keys.attempt("k"),
      keys.attempt("k", ADA),
      keys.everybody.history,
    ]).toEqual([
      "tm:testnet:tm-person-0:contacts",
      "tm:testnet:tm-person-0:nonce",
      "tm:testnet::attempt:k",
      "tm:testnet::attempt:k",
      "tm:testnet::history",
    ]);
  });

  it("are all in partition 0", async () => {
    for (const { keys } of await everything(1)) for (const key of keys) expect(key).toMatch(/^tm:testnet:[^{]*$/);
  });
});

describe("the slot of a key", () => {
  it("is the one that Redis computes", () => {
    // `CLUSTER KEYSLOT` of Redis 7.0.
    expect(["123456789", "foo", "{user1000}.following", "foo{}{bar}", "foo{{bar}}zap"].map(slotOf)).toEqual([
      ...[12_739, 12_182, 3_443, 8_363, 4_015],
    ]);
    expect(hashedPart("{user1000}.following")).toBe("user1000");
  });
});
