/** The Upstash stand-in, through the vendor's own client. */
import { existsSync } from "node:fs";
import { connect } from "node:net";
import { Redis } from "@upstash/redis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type RedisServer, startRedis } from "@/tests/support/servers/redis/redis-server";
import { RespConnection } from "@/tests/support/servers/redis/resp";
import { startUpstash, type UpstashStandIn } from "@/tests/support/stand-ins/upstash";

let redisServer: RedisServer;
let upstash: UpstashStandIn;
let redis: Redis;
let nowMs = 0;

const options = { retry: { retries: 0 }, enableTelemetry: false, automaticDeserialization: false } as const;
const client = (extra: object = {}) => new Redis({ url: upstash.url, token: upstash.token, ...options, ...extra });

beforeAll(async () => {
  redisServer = await startRedis();
  upstash = await startUpstash({ redisPort: redisServer.port, nowMs: () => nowMs, maxRequestBytes: 200_000 });
});
beforeEach(async () => {
  redis = client();
  await redis.flushall();
  upstash.counters.reset();
});
afterEach(() => upstash.faults.clear());
afterAll(async () => {
  await upstash.stop();
  await redisServer.stop();
});

describe("commands", () => {
  it("set and get any text, encoded or not", async () => {
    const texts = ["OK", "42", "", "ä€😀", "a,b\nc", "PONG", "x".repeat(150_000)];
    for (const one of [redis, client({ responseEncoding: false })]) {
      for (const text of texts) {
        expect(await one.set("k", text)).toBe("OK");
        expect(await one.get("k")).toBe(text);
      }
    }
  });

  it("answer statuses, numbers, null and nested arrays", async () => {
    expect(await redis.ping()).toBe("PONG");
    expect(await redis.incr("n")).toBe(1);
    expect(await redis.get("absent")).toBeNull();
    expect(await redis.mget("n", "absent")).toEqual(["1", null]);
    expect(await redis.eval("return {1, 'OK', {'OK', false, 2}, redis.status_reply('OK')}", [], [])).toEqual([
      1,
      "OK",
      ["OK", null, 2],
      "OK",
    ]);
  });

  it("run scripts by text, and by hash once the script is known", async () => {
    expect(await redis.eval("return {KEYS[1], ARGV[1]}", ["k"], ["v"])).toEqual(["k", "v"]);
    const script = redis.createScript<string>("return redis.call('SET', KEYS[1], ARGV[1])");
    expect([await script.exec(["k"], ["1"]), await script.exec(["k"], ["2"])]).toEqual(["OK", "OK"]);
    expect(upstash.counters.read().byName).toEqual({ EVAL: 2, EVALSHA: 2 });
  });

  it("run in a pipeline, where one that fails leaves the others alone", async () => {
    await redis.set("text", "a");
    const results = await redis.pipeline().incr("n").incr("text").get("n").exec({ keepErrors: true });
    expect(results.map(({ result }) => result)).toEqual([1, undefined, "1"]);
    expect(results[1]?.error).toContain("not an integer");
  });

  it("run in a transaction, which is discarded as a whole when a member is not a command", async () => {
    expect(await redis.multi().set("k", "v").get("k").exec()).toEqual(["OK", "v"]);
    const broken = client().multi().set("k", "w").eval("syntax error", [], []);
    await expect(broken.exec()).rejects.toThrow(/Error compiling script/);
    const discarded = await post("/multi-exec", [["SET", "k", "w"], ["NO-SUCH"]]);
    expect(discarded).toEqual({ status: 400, body: { error: expect.stringContaining("EXECABORT") } });
  });

  it("that fail say why, in the client's words", async () => {
    await redis.set("k", "text");
    // Commands are pipelined unless told not to; alone, the message carries the whole command.
    await expect(redis.lpush("k", "x")).rejects.toThrow(/^Command failed: WRONGTYPE /);
    const alone = client({ enableAutoPipelining: false });
    await expect(alone.lpush("k", "x")).rejects.toThrow(/^WRONGTYPE .*, command was: \["lpush","k","x"\]/);
    expect(await post("/", ["BLPOP", "k", 0])).toEqual({
      status: 400,
      body: { error: "ERR Command is not available: 'BLPOP'" },
    });
    await expect(redis.set("k", "x".repeat(200_000))).rejects.toThrow(/max request size exceeded/);
    await expect(client({ token: "wrong" }).get("k")).rejects.toThrow(/WRONGPASS/);
  });
});

describe("a subscription", () => {
  it("gets messages that are published after it was confirmed", async () => {
    const subscriber = client().subscribe<unknown>("bus:1");
    await new Promise((resolve) => subscriber.on("subscribe", resolve));
    const received = new Promise((resolve) => subscriber.on("message", resolve));
    const payload = JSON.stringify({ text: "a,b", more: "ä€😀\n" });
    expect(await redis.publish("bus:1", payload)).toBe(1);
    expect(await received).toEqual({ channel: "bus:1", message: payload });
    await subscriber.unsubscribe();
  });

  it("has the documented lines, and breaks when the server goes down", async () => {
    const response = await fetch(`${upstash.url}/subscribe/bus:2`, { method: "POST", headers: bearer() });
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value).toBe("data: subscribe,bus:2,1\n\n");
    await redis.publish("bus:2", '{"a":1}');
    expect((await reader?.read())?.value).toBe('data: message,bus:2,{"a":1}\n\n');
    await upstash.faults.set({ kind: "down" });
    await expect(reader?.read()).rejects.toThrow();
  });
});

describe("counters", () => {
  it("count each member of a pipeline, an EVAL as one, and by purpose", async () => {
    await redis.pipeline().get("a").get("b").set("c", 1).exec();
    await redis.eval("redis.call('SET', 'x', 1) return redis.call('GET', 'x')", [], []);
    await post("/", ["GET", "a"], { "x-purpose": "read" });
    expect(upstash.counters.read()).toEqual({
      requests: 3,
      total: 5,
      byName: { GET: 3, SET: 1, EVAL: 1 },
      byPurpose: { none: 4, read: 1 },
    });
    await fetch(`${upstash.controlUrl}/counters`, { method: "DELETE" });
    expect(upstash.counters.read().total).toBe(0);
  });
});

describe("a fault", () => {
  it("down refuses connections, or resets them, until it is cleared", async () => {
    await redis.set("k", "v");
    await upstash.faults.set({ kind: "down", how: "refused" });
    expect(await connectTo(upstash.port)).toBe("ECONNREFUSED");
    await expect(redis.get("k")).rejects.toThrow("fetch failed");
    await upstash.faults.set({ kind: "down" });
    expect(await failure(redis.get("k"))).toMatch(/ECONNRESET|UND_ERR_SOCKET/);
    await upstash.faults.clear();
    expect(await redis.get("k")).toBe("v");
  });

  it("slow outlasts a client's patience", async () => {
    const hasty = client({ signal: () => AbortSignal.timeout(50) });
    await upstash.faults.set({ kind: "slow", ms: 60_000 });
    await expect(hasty.get("k")).rejects.toMatchObject({ name: "TimeoutError" });
  });

  it("error hits its share of the requests, and the same ones each time", async () => {
    const share = async () => {
      await upstash.faults.set({ kind: "error", probability: 0.5 });
      const hits: boolean[] = [];
      for (let i = 0; i < 40; i += 1)
        hits.push(
          await redis.get("k").then(
            () => false,
            () => true,
          ),
        );
      return hits;
    };
    const first = await share();
    expect(first.filter(Boolean).length).toBeGreaterThan(10);
    expect(first.filter(Boolean).length).toBeLessThan(30);
    expect(await share()).toEqual(first);
  });

  it("lostAnswer breaks the connection after the command was executed", async () => {
    await upstash.faults.set({ kind: "lostAnswer" });
    expect(await failure(redis.incr("n"))).toMatch(/ECONNRESET|UND_ERR_SOCKET/);
    await upstash.faults.clear();
    expect(await redis.get("n")).toBe("1");
  });

  it("flapping is down and up by turns", async () => {
    nowMs = 1_000;
    await upstash.faults.set({ kind: "flapping", periodMs: 60_000 });
    await expect(redis.ping()).rejects.toThrow();
    nowMs += 30_000;
    expect(await redis.ping()).toBe("PONG");
    nowMs += 30_000;
    await expect(redis.ping()).rejects.toThrow();
  });

  it("is switched over the control route, and a wrong one is refused with a reason", async () => {
    const put = (faults: unknown) =>
      fetch(`${upstash.controlUrl}/faults`, { method: "PUT", body: JSON.stringify(faults) });
    expect((await put([{ kind: "error", status: 503 }])).status).toBe(200);
    expect((await post("/", ["PING"])).status).toBe(503);
    const refused = await put([{ kind: "slow" }]);
    expect([refused.status, await refused.json()]).toEqual([400, { error: expect.stringContaining("faults: 0.ms") }]);
  });
});

describe("the redis behind it", () => {
  it("can be frozen, and is empty after a crash", async () => {
    await redis.set("k", "v");
    redisServer.pause();
    await expect(client({ signal: () => AbortSignal.timeout(50) }).get("k")).rejects.toMatchObject({
      name: "TimeoutError",
    });
    redisServer.resume();
    expect(await redis.get("k")).toBe("v");
    await redisServer.kill();
    await expect(redis.get("k")).rejects.toThrow(/the database does not answer/);
    await redisServer.restart();
    expect(await redis.get("k")).toBeNull();
  });

  it("has a folder of its own, which goes with it", async () => {
    const others = await Promise.all([startRedis({ isKept: true }), startRedis()]);
    const folders = await Promise.all(
      others.map(async ({ port }) => {
        const connection = await RespConnection.open(port);
        const [reply] = await connection.send([["CONFIG", "GET", "dir"]]);
        connection.socket.destroy();
        return String((reply as unknown[])[1]);
      }),
    );
    expect(new Set(folders).size).toBe(2);
    expect(folders.map((folder) => existsSync(folder))).toEqual([true, true]);
    await Promise.all(others.map((other) => other.stop()));
    expect(folders.map((folder) => existsSync(folder))).toEqual([false, false]);
  });

  it("says how to install it if it is missing", async () => {
    const path = process.env.REDIS_SERVER_PATH;
    process.env.REDIS_SERVER_PATH = "/no/such/redis-server";
    await expect(startRedis()).rejects.toThrow(/apt-get install redis-server/);
    if (path === undefined) delete process.env.REDIS_SERVER_PATH;
    else process.env.REDIS_SERVER_PATH = path;
  });
});

const bearer = () => ({ authorization: `Bearer ${upstash.token}` });

async function post(path: string, body: unknown, headers: Record<string, string> = {}) {
  const init = { method: "POST", body: JSON.stringify(body), headers: { ...bearer(), ...headers } };
  const response = await fetch(`${upstash.url}${path}`, init);
  return { status: response.status, body: (await response.json()) as unknown };
}

const connectTo = (port: number) =>
  new Promise<string | undefined>((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => socket.end(() => resolve("connected")));
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code));
  });

/** The code of the network error below fetch's own. */
const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => null,
    (error: Error) => (error.cause as { code?: string } | undefined)?.code,
  );
