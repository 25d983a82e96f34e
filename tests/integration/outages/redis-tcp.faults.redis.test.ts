/** Redis over TCP, while it or the network does what it should not. */
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { systemClock } from "@/lib/adapters/memory/system-clock";
import { RedisClient, type RedisClientOptions } from "@/lib/adapters/redis/client/client";
import { Keys } from "@/lib/adapters/redis/client/keys";
import { RedisHotCache } from "@/lib/adapters/redis/hot-cache";
import { redisAddresses } from "@/lib/adapters/redis/tcp/addresses";
import { TcpTransport } from "@/lib/adapters/redis/tcp/tcp-transport";
import { RedisWriteGuard } from "@/lib/adapters/redis/write-guard";
import type { UserId } from "@/lib/core/ledger/ids";
import { claimNonce } from "../../support/contract/write-claims";
import { DrivenClock } from "../../support/control/driven-clock";
import { freePort } from "../../support/servers/free-port";
import { type RedisServer, startRedis } from "../../support/servers/redis/redis-server";
import { RespConnection } from "../../support/servers/redis/resp";
import { newNetwork } from "../../support/stand-ins/upstash-fixture";

const PATIENT = { readTimeoutMs: 10_000, timeoutMs: 10_000 };
const SECRETS = ["tm-secret-user", "secret-answer", "secret-password"];
let redis: RedisServer;
let direct: RespConnection;
let clients: RedisClient[];
let network: string;

beforeEach(async () => {
  redis = await startRedis();
  direct = await RespConnection.open(redis.port);
  [clients, network] = [[], newNetwork()];
});
afterEach(async () => {
  await Promise.all(clients.map((client) => client.close()));
  direct.close();
  await redis.stop();
});

function clientOf(url = redis.url, options: Partial<RedisClientOptions> = {}, silentMs?: number): RedisClient {
  const transport = new TcpTransport(redisAddresses(url), silentMs);
  const client = new RedisClient({ transport, clock: systemClock, ...PATIENT, ...options });
  clients.push(client);
  return client;
}

const guardOf = (client: RedisClient) => new RedisWriteGuard(client, new Keys(network));
const hotOf = (client: RedisClient) => new RedisHotCache({ commands: client, keys: new Keys(network) });
const look = (client: RedisClient) => client.eval("lookup", "return redis.call('GET', KEYS[1]) or 'none'", ["k"], []);

async function failureOf(work: Promise<unknown>): Promise<Error> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ name: "TierUnavailable", tier: "redis" });
  for (const secret of SECRETS) expect(inspect(error, { depth: 10 })).not.toContain(secret);
  return error as Error;
}

/** Takes connections and answers nothing. */
async function silentServer(): Promise<{ url: string; accepted: () => number; close(): void }> {
  const sockets = new Set<Socket>();
  let accepted = 0;
  const server: Server = createServer((socket) => {
    accepted += 1;
    sockets.add(socket.on("error", () => {}));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const close = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { url: `redis://127.0.0.1:${port}`, accepted: () => accepted, close };
}

/** An address that leads to one server, and later to another one, like a name whose DNS entry changes. Open connections stay. */
async function movableAddress(
  to: RedisServer,
): Promise<{ url: string; accepted(): number; moveTo(server: RedisServer): void }> {
  let { port } = to;
  let accepted = 0;
  const server = createServer((client) => {
    accepted += 1;
    const upstream = connect(port, "127.0.0.1");
    client.pipe(upstream).pipe(client);
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const)
      one.on("error", () => {}).on("close", () => other.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const { port: own } = server.address() as AddressInfo;
  return {
    url: `redis://127.0.0.1:${own}`,
    accepted: () => accepted,
    moveTo: (next) => {
      port = next.port;
    },
  };
}

describe("a failure says its kind, and nothing of what was asked", () => {
  const finish = (client: RedisClient) => hotOf(client).finish("tm-secret-user", "d", "secret-answer", 1_000);

  it("of a server that is not there", async () => {
    const client = clientOf(`redis://127.0.0.1:${await freePort()}`);
    expect((await failureOf(finish(client))).message).toMatch(/idempotency failed \(network, ECONNREFUSED/);
  });

  it("of a wrong password, or none", async () => {
    await direct.send([["CONFIG", "SET", "requirepass", "another"]]);
    const wrong = clientOf(redis.url.replace("redis://", "redis://:secret-password@"));
    expect((await failureOf(finish(wrong))).message).toMatch(/failed \(rejected, (WRONGPASS|NOAUTH)/);
    expect((await failureOf(finish(clientOf()))).message).toMatch(/failed \(rejected, NOAUTH/);
    expect(await hotOf(clientOf(redis.url.replace("redis://", "redis://:another@"))).passGate("g", 1_000)).toBe(true);
  });

  it("of a key that holds something else, and of a server that is out of memory", async () => {
    await direct.send([["RPUSH", new Keys(network).attempt("k"), "secret-answer"]]);
    expect((await failureOf(hotOf(clientOf()).attempt("k", "d", 1_000))).message).toMatch(/failed \(rejected/);
    await direct.send([["CONFIG", "SET", "maxmemory", "1"]]);
    expect((await failureOf(finish(clientOf()))).message).toMatch(/failed \(rejected, (OOM|MISCONF)?/);
  });

  it("of a server that takes commands and never answers", async () => {
    const client = clientOf(redis.url, { timeoutMs: 50 });
    await hotOf(clientOf()).ping();
    redis.pause();
    expect((await failureOf(finish(client))).message).toMatch(/failed \(timeout\)/);
    redis.resume();
  });

  it("of the node of a cluster that was taken for a single server", async () => {
    const folder = mkdtempSync(join(tmpdir(), "redis-node-"));
    const node = await startRedis({
      settings: {
        "cluster-enabled": "yes",
        "cluster-port": String(await freePort()),
        "cluster-config-file": join(folder, "nodes.conf"),
      },
    });
    // Without slots a node refuses every key.
    expect((await failureOf(finish(clientOf(node.url)))).message).toMatch(/failed \(rejected, CLUSTERDOWN/);
    await node.stop();
    rmSync(folder, { recursive: true });
  });
});

describe("scripts", () => {
  it("are sent by their hash, and again in full where the server has forgotten them", async () => {
    const client = clientOf();
    const counts = async () => {
      const [stats] = await direct.send([["INFO", "commandstats"]]);
      const of = (name: string) => Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(String(stats))?.[1] ?? 0);
      return [of("evalsha"), of("eval")];
    };
    for (let i = 0; i < 5; i += 1) await hotOf(client).ping();
    expect(await counts()).toEqual([5, 1]);
    await direct.send([["SCRIPT", "FLUSH"]]);
    await hotOf(client).ping();
    expect(await counts()).toEqual([6, 2]);
    expect(client.stats().byPurpose.ping).toMatchObject({ commands: 6, errors: 0 });
  });

  it("bring numbers, texts, lists and nothing back as they are", async () => {
    const client = clientOf();
    const answer = (script: string) => client.eval("settings", script, [], []);
    expect(await answer("return {1, 'a', {'b', 2}, false, 3}")).toEqual([1, "a", ["b", 2], null, 3]);
    expect(await answer("return false")).toBeNull();
    expect(await answer("return ''")).toBe("");
    expect(await answer("return 'ü🌱'")).toBe("ü🌱");
    expect(await answer("return redis.status_reply('OK')")).toBe("OK");
  });
});

describe("while Redis is down", () => {
  it("every command fails at once, and none is sent when it is back", async () => {
    const clock = new DrivenClock();
    const client = clientOf(redis.url, { clock, random: () => 0.5 });
    const hot = hotOf(client);
    await hot.ping();
    await redis.kill();
    const claims = Array.from({ length: 300 }, (_, i) => claimNonce(guardOf(client), "tm-a" as UserId, i, "d"));
    const results = await Promise.allSettled(claims);
    expect(results.filter(({ status }) => status === "rejected")).toHaveLength(300);
    expect(client.stats().circuit).toBe("open");
    await redis.restart();
    direct = await RespConnection.open(redis.port);
    await clock.advance(60_000);
    await hot.ping();
    expect(client.stats().circuit).toBe("closed");
    const [keys] = await direct.send([["KEYS", "*"]]);
    expect(keys).toEqual([]);
  });

  it("a frozen server gets five commands, and the others are refused without being sent", async () => {
    const clock = new DrivenClock();
    const client = clientOf(redis.url, { clock, timeoutMs: 30 });
    const answers = () => isAnswered(client);
    await expect.poll(answers).toBe(true);
    const before = client.stats().byPurpose.ping;
    redis.pause();
    for (let i = 0; i < 20; i += 1) await failureOf(hotOf(client).ping());
    const { errors, refused } = client.stats().byPurpose.ping;
    expect([errors - before.errors, refused - before.refused]).toEqual([5, 15]);
    redis.resume();
    await clock.advance(60_000);
    await expect.poll(answers).toBe(true);
  });
});

describe("a broken connection", () => {
  const cut = () => direct.send([["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]]);

  it("is opened again by the next command", async () => {
    const client = clientOf();
    for (let i = 0; i < 3; i += 1) {
      expect(await look(client)).toBe("none");
      await cut();
    }
    expect(await look(client)).toBe("none");
  });

  it("does not send a command a second time that may not run twice", async () => {
    const client = clientOf();
    // It cuts its own connection once it has run.
    const script = "redis.call('INCR', KEYS[1]) redis.call('CLIENT', 'KILL', 'TYPE', 'normal') return 1";
    await failureOf(client.eval("begin", script, ["runs"], []));
    expect(String((await (await RespConnection.open(redis.port)).send([["GET", "runs"]]))[0])).toMatch(/^(1|null)$/);
  });

  it("on which nothing is answered is given up, though TCP would hold it", async () => {
    const server = await silentServer();
    const client = clientOf(server.url, { timeoutMs: 20 }, 10);
    for (let i = 0; i < 4; i += 1) await failureOf(client.eval("ping", "return 1", [], []));
    expect(server.accepted()).toBeGreaterThan(1);
    server.close();
  });
});

it("names the server to a proxy in front of it, which TLS alone would not do", async () => {
  const greetings: Buffer[] = [];
  const proxy = createServer((socket) => {
    socket
      .on("error", () => {})
      .once("data", (bytes) => {
        greetings.push(bytes);
        socket.destroy();
      });
  });
  await new Promise<void>((resolve) => proxy.listen(0, resolve));
  onTestFinished(() => void proxy.close());
  const { port } = proxy.address() as AddressInfo;
  await failureOf(look(clientOf(`rediss://localhost:${port}`)));
  // The first bytes of TLS hold the name as plain text (SNI, RFC 6066). An address must not stand there.
  expect(greetings.some((greeting) => greeting.includes("localhost"))).toBe(true);
  greetings.length = 0;
  await failureOf(look(clientOf(`rediss://127.0.0.1:${port}`)));
  expect(greetings.map((greeting) => greeting.includes("127.0.0.1"))).toContain(false);
  expect(greetings.map((greeting) => greeting.includes("127.0.0.1"))).not.toContain(true);
});

/** Whether a command of this client gets its answer. */
const isAnswered = (client: RedisClient): Promise<boolean> =>
  hotOf(client)
    .ping()
    .then(
      () => true,
      () => false,
    );

describe("a managed Redis that fails over", () => {
  it("is used again once its name leads to the server that took over, though the old one keeps its connections", async () => {
    const successor = await startRedis();
    onTestFinished(() => successor.stop());
    const address = await movableAddress(redis);
    const client = clientOf(address.url);
    const answers = () => isAnswered(client);
    expect(await answers()).toBe(true);
    await direct.send([["REPLICAOF", "127.0.0.1", String(successor.port)]]);
    expect((await failureOf(hotOf(client).ping())).message).toMatch(/failed \(rejected, READONLY\)/);
    address.moveTo(successor);
    await expect.poll(answers, { timeout: 10_000 }).toBe(true);
    expect(client.stats().circuit).toBe("closed");
  });

  it("costs no connection for each command while its address leads to a replica", async () => {
    const successor = await startRedis();
    onTestFinished(() => successor.stop());
    const address = await movableAddress(redis);
    const client = clientOf(address.url);
    await direct.send([["REPLICAOF", "127.0.0.1", String(successor.port)]]);
    const startMs = performance.now();
    // Reads keep the circuit breaker closed.
    for (let i = 0; i < 20; i += 1) {
      await failureOf(hotOf(client).ping());
      await client.eval("ping", "return 1", [], []);
    }
    const seconds = (performance.now() - startMs) / 1_000;
    expect(address.accepted()).toBeLessThanOrEqual(2 + Math.ceil(seconds));
  });
});

it("a closed client answers nothing more, and holds no connection", async () => {
  const client = clientOf();
  await look(client);
  await client.close();
  await failureOf(look(client));
  const connected = async () => {
    const [list] = await direct.send([["CLIENT", "LIST", "TYPE", "normal"]]);
    return String(list).trim().split("\n").length;
  };
  await expect.poll(connected).toBe(1);
});
