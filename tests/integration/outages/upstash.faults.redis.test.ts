/** The gate to the shared tier, while the tier does what it should not. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import { beforeEach, describe, expect, it } from "vitest";
import type { RedisClient } from "@/lib/adapters/redis/client/client";
import type { CommandSample } from "@/lib/adapters/redis/client/command-stats";
import { Keys } from "@/lib/adapters/redis/client/keys";
import { RedisHotCache } from "@/lib/adapters/redis/hot-cache";
import { UpstashTransport } from "@/lib/adapters/redis/upstash/upstash-transport";
import { RedisViewCache } from "@/lib/adapters/redis/view-cache";
import { RedisWriteGuard } from "@/lib/adapters/redis/write-guard";
import { redisDownWords } from "@/lib/core/health/reasons";
import type { UserId } from "@/lib/core/ledger/ids";
import { claimNonce } from "../../support/contract/write-claims";
import { DrivenClock } from "../../support/control/driven-clock";
import { newNetwork, upstashFixture } from "../../support/stand-ins/upstash-fixture";

const fixture = upstashFixture();
const SECRETS = ["tm-secret-user", "secret-body", "secret-etag", "local-token", "wrong-token"];
const USER = "tm-secret-user" as UserId;

let network: string;
beforeEach(() => {
  network = newNetwork();
});

const viewsOf = (commands: RedisClient) =>
  new RedisViewCache({ commands, keys: new Keys(network), instanceId: "a", ttlMs: 60_000 });
const hotOf = (commands: RedisClient) => new RedisHotCache({ commands, keys: new Keys(network) });
const guardOf = (commands: RedisClient) => new RedisWriteGuard(commands, new Keys(network));

const fill = (client: RedisClient) =>
  viewsOf(client).fill(USER, "contacts", { body: "secret-body", etag: "secret-etag", position: 1, readMs: 1 }, "x");

async function failureOf(work: Promise<unknown>): Promise<Error> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ name: "TierUnavailable", tier: "redis" });
  // With causes and own properties: whatever a log would print.
  for (const secret of SECRETS) expect(inspect(error, { depth: 10 })).not.toContain(secret);
  return error as Error;
}

describe("a failure says its kind, and nothing of what was asked", () => {
  it.each([
    [{ kind: "slow", ms: 60_000 } as const, /fill failed \(timeout/],
    [{ kind: "error" } as const, /fill failed \(rejected/],
    [{ kind: "error", status: 429 } as const, /fill failed \(rejected/],
    [{ kind: "down" } as const, /fill failed \(network, (ECONNRESET|UND_ERR_SOCKET)/],
    [{ kind: "down", how: "refused" } as const, /fill failed \(network, ECONNREFUSED/],
    [{ kind: "lostAnswer" } as const, /fill failed \(network, (ECONNRESET|UND_ERR_SOCKET)/],
  ])("of %o", async (fault, message) => {
    const client = fixture.client({ timeoutMs: fault.kind === "slow" ? 50 : 10_000 });
    await fixture.upstash.faults.set(fault);
    expect((await failureOf(fill(client))).message).toMatch(message);
    expect(client.stats().lastError).toMatch(message);
  });

  it("of a key that holds something else, and of a wrong token", async () => {
    await fixture.redis.send([["RPUSH", new Keys(network).view(USER, "contacts"), "secret-body"]]);
    expect((await failureOf(fill(fixture.client()))).message).toMatch(/fill failed \(rejected/);
    const stranger = fixture.client({
      transport: new UpstashTransport({ url: fixture.upstash.url, token: "wrong-token" }),
    });
    expect((await failureOf(fill(stranger))).message).toMatch(/fill failed \(rejected, WRONGPASS/);
  });

  it("of an answer that is none of ours", async () => {
    await fixture.redis.send([["HSET", new Keys(network).view(USER, "contacts"), "v", "secret-body", "g", ""]]);
    expect((await failureOf(viewsOf(fixture.client()).lookup(USER, "contacts", 100))).message).toMatch(/no head/);
  });

  it.each([
    [
      "ERR max requests limit exceeded. Limit: 500000, Usage: 500000",
      /fill failed \(rejected, QUOTA\)/,
      "Redis refuses every command: the plan's number of commands is used up.",
    ],
    [
      "ERR DB capacity quota exceeded. Threshold: 268435456 bytes, Usage: 268979370 bytes.",
      /fill failed \(rejected, OOM\)/,
      "Redis is out of memory: it refuses every command that writes.",
    ],
  ])("of a plan that is used up, as operators read it (%s)", async (error, message, words) => {
    const server = createServer((_, response) => response.writeHead(400).end(JSON.stringify({ error })));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const client = fixture.client({
      transport: new UpstashTransport({ url: `http://127.0.0.1:${port}`, token: "local-token" }),
    });
    expect((await failureOf(fill(client))).message).toMatch(message);
    expect(redisDownWords(client.stats().lastError)).toBe(words);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it("for a reader with a shorter time limit", async () => {
    const client = fixture.client({ readTimeoutMs: 50, timeoutMs: 10_000 });
    await fixture.upstash.faults.set({ kind: "slow", ms: 200 });
    expect((await failureOf(viewsOf(client).lookup(USER, "contacts", 100))).message).toMatch(/lookup failed \(timeout/);
    expect(await fill(client)).toBe(false);
  });
});

describe("a lookup whose answer was lost", () => {
  it("is made again once, and finds its own lease", async () => {
    const client = fixture.client();
    const views = viewsOf(client);
    await fixture.upstash.faults.set({ kind: "lostAnswer", probability: 0.4 });
    const found: string[] = [];
    for (let i = 0; i < 20; i += 1) {
      const looked = views.lookup(`tm-${i}` as UserId, "contacts", 60_000);
      found.push(await looked.then(({ kind }) => kind).catch(() => "failed"));
    }
    const answered = found.filter((kind) => kind !== "failed");
    expect(answered).toEqual(answered.map(() => "lease"));
    const { commands, errors } = client.stats().byPurpose.lookup;
    expect(commands).toBe(20 + errors - found.filter((kind) => kind === "failed").length);
    expect(errors).toBeGreaterThan(found.filter((kind) => kind === "failed").length);
  });

  it("is the only command that is repeated", async () => {
    const client = fixture.client();
    await fixture.upstash.faults.set({ kind: "lostAnswer" });
    fixture.upstash.counters.reset();
    await failureOf(claimNonce(guardOf(client), USER, 1, "d"));
    expect(fixture.upstash.counters.read().total).toBe(1);
    await fixture.upstash.faults.clear();
    expect((await claimNonce(guardOf(client), USER, 1, "d")).kind).toBe("same");
  });
});

describe("the circuit", () => {
  it("opens after five failures in a row, sends nothing while it is open, and closes when Redis is back", async () => {
    const clock = new DrivenClock();
    const client = fixture.client({ clock, random: () => 0.5 });
    await fixture.upstash.faults.set({ kind: "error" });
    for (let i = 0; i < 5; i += 1) {
      expect(client.stats().circuit).toBe("closed");
      await failureOf(fill(client));
    }
    expect(client.stats().circuit).toBe("open");
    await fixture.upstash.faults.clear();
    fixture.upstash.counters.reset();
    expect((await failureOf(fill(client))).message).toBe("Redis: fill failed (refused)");
    expect((await failureOf(viewsOf(client).lookup(USER, "contacts", 100))).message).toMatch(/refused/);
    expect(fixture.upstash.counters.read().requests).toBe(0);
    await clock.advance(500);
    expect(await fill(client)).toBe(false);
    expect(client.stats().circuit).toBe("closed");
    const { commands, errors, refused } = client.stats().byPurpose.fill;
    expect({ commands, errors, refused }).toEqual({ commands: 6, errors: 5, refused: 1 });
  });

  it("sends one probe for all callers, and waits longer each time that one fails", async () => {
    const clock = new DrivenClock();
    const client = fixture.client({ clock, random: () => 0.999 });
    await fixture.upstash.faults.set({ kind: "error" });
    for (let i = 0; i < 5; i += 1) await failureOf(fill(client));
    await clock.advance(500);
    await Promise.all(Array.from({ length: 10 }, () => failureOf(fill(client))));
    expect(client.stats().byPurpose.fill.commands).toBe(6);
    await fixture.upstash.faults.clear();
    await clock.advance(500);
    await failureOf(fill(client));
    expect(client.stats().byPurpose.fill.commands).toBe(6);
    await clock.advance(500);
    expect(await fill(client)).toBe(false);
  });

  it("stays closed while every second answer comes", async () => {
    const client = fixture.client();
    for (let i = 0; i < 12; i += 1) {
      await fixture.upstash.faults.set(...(i % 2 === 0 ? [{ kind: "error" } as const] : []));
      await fill(client).catch(() => {});
    }
    expect(client.stats().circuit).toBe("closed");
    expect(client.stats().byPurpose.fill).toMatchObject({ commands: 12, errors: 6, refused: 0 });
  });
});

describe("the counters", () => {
  it("count commands, bytes and times by purpose, as Redis bills them", async () => {
    const samples: CommandSample[] = [];
    const client = fixture.client({ onCommand: (sample) => samples.push(sample) });
    const views = viewsOf(client);
    fixture.upstash.counters.reset();
    const found = await views.lookup(USER, "contacts", 60_000);
    const lease = found.kind === "lease" ? found.lease : "";
    const body = "ä".repeat(1_000);
    await views.fill(USER, "contacts", { body, etag: '"1"', position: 1, readMs: 1 }, lease);
    await views.lookup(USER, "contacts", 60_000);
    await hotOf(client).passGate("g", 1_000);
    const { byPurpose } = client.stats();
    const commands = Object.values(byPurpose).reduce((sum, counts) => sum + counts.commands, 0);
    expect(commands).toBe(fixture.upstash.counters.read().total);
    expect(byPurpose.lookup).toMatchObject({ commands: 2, errors: 0 });
    expect(byPurpose.fill.sentBytes).toBeGreaterThan(2_000);
    expect(byPurpose.lookup.receivedBytes).toBeGreaterThan(2_000);
    expect(byPurpose.lookup.maxMs).toBeGreaterThan(0);
    expect(samples.map(({ purpose, isError }) => `${purpose} ${isError}`)).toEqual([
      "lookup false",
      "fill false",
      "lookup false",
      "gate false",
    ]);
  });
});
