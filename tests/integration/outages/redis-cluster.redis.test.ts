/** A Redis Cluster whose nodes die, come back or hand over slots, under commands and under a whole app. */
import net from "node:net";
import tls, { type ConnectionOptions, type TLSSocket } from "node:tls";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { systemClock } from "@/lib/adapters/memory/system-clock";
import { RedisClient } from "@/lib/adapters/redis/client/client";
import { CLUSTER_PARTITIONS } from "@/lib/adapters/redis/client/keys";
import { tierOver } from "@/lib/adapters/redis/open-redis";
import { redisAddresses } from "@/lib/adapters/redis/tcp/addresses";
import { TcpTransport } from "@/lib/adapters/redis/tcp/tcp-transport";
import type { UserId } from "@/lib/core/ledger/ids";
import { isTierUnavailable } from "@/lib/ports/tier-unavailable";
import { claimNonce } from "../../support/contract/write-claims";
import { busy } from "../../support/control/event-loop";
import { quietLog } from "../../support/quiet-log";
import { freePort } from "../../support/servers/free-port";
import type { ClusterNode, RedisCluster } from "../../support/servers/redis/redis-cluster";
import { slotOf } from "../../support/servers/redis/redis-slot";
import { tcpFixture } from "../../support/servers/tcp-fixture";
import { newNetwork } from "../../support/stand-ins/upstash-fixture";
import { startTestApp } from "../../support/worlds/app";

type Fixture = ReturnType<typeof tcpFixture>;

const PEOPLE = Array.from({ length: 300 }, (_, i) => `tm-person-${i}` as UserId);

/** A person whose keys a node has. */
async function personOn(fixture: Fixture, network: string, node: ClusterNode): Promise<UserId> {
  for (const userId of PEOPLE) {
    const slot = slotOf(fixture.keys(network).nonce(userId));
    if ((await (fixture.cluster as RedisCluster).ownerOf(slot)).id === node.id) return userId;
  }
  throw new Error("every node has somebody's keys");
}

/** The outcome of a claim: acknowledged, or refused with a clear error. Anything else fails the test. */
async function outcomeOf(claim: Promise<unknown>): Promise<"acknowledged" | "refused"> {
  return claim.then(
    () => "acknowledged",
    (cause: unknown) => {
      expect(isTierUnavailable(cause, "redis"), String(cause)).toBe(true);
      return "refused";
    },
  );
}

describe("the addresses of a cluster", () => {
  const fixture = tcpFixture("a cluster of three");
  afterEach(() => fixture.closeAll());

  it("may have a name that leads nowhere, as of a container that has stopped", async () => {
    // No name has a part of 64 characters, so no resolver is asked (RFC 1035).
    const nowhere = `${"x".repeat(64)}.invalid`;
    const transport = new TcpTransport(redisAddresses(`redis://${nowhere}:6379,${fixture.url}`));
    const write = transport.eval("return redis.call('SET', KEYS[1], '1')", ["k"], [], 10_000);
    await expect(write).resolves.toBe("OK");
    await transport.close();
  });

  it("are asked by their names, with which Node compares their certificates", async () => {
    const port = await freePort();
    const hosts: unknown[] = [];
    const connect = vi.spyOn(tls, "connect").mockImplementation((...args: readonly unknown[]) => {
      hosts.push((args[0] as ConnectionOptions).host);
      return net.connect({ host: "127.0.0.1", port }) as TLSSocket;
    });
    onTestFinished(() => connect.mockRestore());
    const url = `rediss://localhost:${port}`;
    const transport = new TcpTransport(redisAddresses(`${url},${url}`));
    await expect(transport.eval("return 1", ["k"], [], 10_000)).rejects.toThrow();
    expect([...new Set(hosts)]).toEqual(["localhost"]);
    await transport.close();
  });
});

describe("a slot that moves while commands run", () => {
  const fixture = tcpFixture("a cluster of three");
  afterEach(() => fixture.closeAll());

  it("loses no nonce that was acknowledged, and refuses what it cannot run yet", async () => {
    const network = newNetwork();
    const cluster = fixture.cluster as RedisCluster;
    const { guard } = fixture.tier(network);
    const [from, to] = cluster.masters as [ClusterNode, ClusterNode];
    const user = await personOn(fixture, network, from);
    const slot = slotOf(fixture.keys(network).nonce(user));
    let acknowledged = 0;
    const claim = async (nonce: number) => {
      if ((await outcomeOf(claimNonce(guard, user, nonce, `d${nonce}`))) === "acknowledged") acknowledged = nonce;
    };
    for (let nonce = 1; nonce <= 5; nonce += 1) await claim(nonce);
    expect(acknowledged).toBe(5);
    const end = await cluster.beginMove(slot, to);
    await claim(6);
    const ending = end();
    for (let nonce = 7; nonce <= 30; nonce += 1) await claim(nonce);
    await ending;
    for (let nonce = 31; nonce <= 33; nonce += 1) await claim(nonce);
    expect(acknowledged).toBe(33);
    expect((await cluster.ownerOf(slot)).id).toBe(to.id);
    expect((await claimNonce(guard, user, 33, "d33")).kind).toBe("same");
    expect((await claimNonce(guard, user, 32, "d32")).kind).toBe("older");
  });

  it("fails no command of one key: it is sent on to where the slot goes, scripts included", async () => {
    const network = newNetwork();
    const cluster = fixture.cluster as RedisCluster;
    const { hot } = fixture.tier(network);
    const slot = slotOf(fixture.keys(network).gate("g"));
    const from = await cluster.ownerOf(slot);
    const to = cluster.masters.find(({ id }) => id !== from.id) as ClusterNode;
    await hot.passGate("before", 60_000);
    const end = await cluster.beginMove(slot, to);
    expect(await hot.passGate("before", 60_000)).toBe(false);
    expect(await hot.passGate("during", 60_000)).toBe(true);
    expect(await hot.passGate("during", 60_000)).toBe(false);
    await end();
    for (const gate of ["before", "during"]) expect(await hot.passGate(gate, 60_000)).toBe(false);
    expect(await hot.passGate("after", 60_000)).toBe(true);
  });
});

describe("a node that dies and comes back empty", () => {
  const fixture = tcpFixture("a cluster of three");
  afterEach(() => fixture.closeAll());

  it("takes only its own people's keys with it, with a clear error, and is used again when it is back", async () => {
    const network = newNetwork();
    const cluster = fixture.cluster as RedisCluster;
    const tier = fixture.tier(network);
    const [dying, other] = cluster.masters as [ClusterNode, ClusterNode];
    const [theirs, others] = [await personOn(fixture, network, dying), await personOn(fixture, network, other)];
    for (const userId of [theirs, others]) await claimNonce(tier.guard, userId, 1, "d");
    await dying.server.kill();
    for (let i = 0; i < 10; i += 1) {
      expect(await outcomeOf(claimNonce(tier.guard, theirs, 2, "d"))).toBe("refused");
      expect((await claimNonce(tier.guard, others, 10 + i, "d")).kind).toBe("next");
    }
    expect(tier.stats().lastError).toMatch(/begin failed \((network|rejected, CLUSTERDOWN|refused)/);
    await dying.server.restart();
    await cluster.settled();
    await expect
      .poll(() => outcomeOf(claimNonce(tier.guard, theirs, 3, "d")), { timeout: 60_000 })
      .toBe("acknowledged");
  });

  it("fails no read of the app: Postgres answers, completely, for those whose keys are gone", async () => {
    const cluster = fixture.cluster as RedisCluster;
    const client = new RedisClient({ transport: new TcpTransport(redisAddresses(fixture.url)), clock: systemClock });
    const shared = tierOver(
      {
        eval: (...args: Parameters<RedisClient["eval"]>) => busy(client.eval(...args)),
        subscribe: (...args: Parameters<RedisClient["subscribe"]>) => client.subscribe(...args),
        stats: () => client.stats(),
        close: () => client.close(),
      },
      {
        ...{ network: newNetwork(), viewTtlMs: 3_600_000, clock: systemClock, log: quietLog },
        partitions: CLUSTER_PARTITIONS,
      },
    );
    const t = await startTestApp({ shared, devnet: { people: 24 } });
    try {
      await t.sync();
      const people = t.devnet.people.map(({ userId }) => userId);
      const readAll = async () => {
        t.app.l1.expireAll();
        const answers = await Promise.all(people.map((userId) => t.ask("GET", "/api/contacts", userId)));
        const bodies = await Promise.all(
          answers.map(async (answer) => ((await answer.json()) as { contacts: unknown }).contacts),
        );
        return { bodies, statuses: answers.map(({ status }) => status) };
      };
      const before = await readAll();
      expect(new Set(before.statuses)).toEqual(new Set([200]));
      for (const node of cluster.masters) {
        await node.server.kill();
        expect(await readAll()).toEqual(before);
        await t.sync();
        expect(await readAll()).toEqual(before);
        await node.server.restart();
        await cluster.settled();
      }
      const answers = () =>
        shared.hot.ping().then(
          () => true,
          () => false,
        );
      await expect.poll(answers, { timeout: 60_000 }).toBe(true);
      expect(await readAll()).toEqual(before);
    } finally {
      await t.close();
    }
  });
});

describe("a master whose replica takes over", () => {
  const fixture = tcpFixture("a cluster of three", { hasReplicas: true });
  afterEach(() => fixture.closeAll());

  it("is replaced without a restart of ours, and what its replica had is still there", async () => {
    const network = newNetwork();
    const cluster = fixture.cluster as RedisCluster;
    const tier = fixture.tier(network);
    const user = PEOPLE[0] as UserId;
    const master = await cluster.ownerOf(slotOf(fixture.keys(network).nonce(user)));
    for (let nonce = 1; nonce <= 5; nonce += 1) await claimNonce(tier.guard, user, nonce, `d${nonce}`);
    await tier.hot.attempt("k", "d", 600_000);
    await tier.hot.finish("k", "d", "answer", 600_000);
    await cluster.replicated();
    await master.server.kill();
    await expect
      .poll(() => outcomeOf(claimNonce(tier.guard, user, 5, "d5").then(({ kind }) => expect(kind).toBe("same"))), {
        timeout: 60_000,
      })
      .toBe("acknowledged");
    expect((await claimNonce(tier.guard, user, 4, "d4")).kind).toBe("older");
    await expect
      .poll(() => tier.hot.attempt("k", "d", 1_000).catch(() => null), { timeout: 60_000 })
      .toEqual({ kind: "done", answer: "answer" });
  });
});
