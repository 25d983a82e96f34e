/** Sessions over several instances: a challenge is answered once among all, and a sign-out everywhere reaches all. */

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "@/lib/adapters/memory/system-clock";
import { openRedis, type RedisTier } from "@/lib/adapters/redis/open-redis";
import { UpstashTransport } from "@/lib/adapters/redis/upstash/upstash-transport";
import type { AccountId, UserId } from "@/lib/core/ledger/ids";
import { type Devnet, startDevnet } from "@/lib/devnet/devnet";
import type { App, Stores } from "@/lib/server/boot/app";
import type { AnyRoute } from "@/lib/server/http/route";
import { ROUTES, type RouteName } from "@/lib/server/routes/table";
import { answer } from "../../support/contract/checked";
import { quietLog } from "../../support/quiet-log";
import { newNetwork, upstashFixture } from "../../support/stand-ins/upstash-fixture";
import { answerTo, ed25519Wallet } from "../../support/stand-ins/wallet";
import { emptyStores } from "../../support/stores/database";
import { createTestApp } from "../../support/worlds/create-test-app";

const fixture = upstashFixture();
const USER = "tm-alice" as UserId;

interface Instance {
  readonly app: App;
  readonly tier: RedisTier;
}

let devnet: Devnet;
let stores: Stores;
let a: Instance;
let b: Instance;

function startInstance(network: string): Instance {
  const transport = new UpstashTransport(fixture.upstash);
  const timeouts = { readTimeoutMs: 10_000, timeoutMs: 10_000 };
  const tier = openRedis({ transport, network, viewTtlMs: 60_000, clock: systemClock, log: quietLog, ...timeouts });
  const app = createTestApp({
    ...{ devnet, stores, shared: tier },
    env: { APP_DOMAIN: "app.test" },
    network: { submitter: null },
  });
  return { app, tier };
}

beforeEach(async () => {
  [devnet, stores] = await Promise.all([startDevnet({ grpc: false }), emptyStores()]);
  const network = newNetwork();
  [a, b] = [startInstance(network), startInstance(network)];
  for (const { tier } of [a, b]) await expect.poll(() => tier.stats().bus.isConnected).toBe(true);
});
afterEach(async () => {
  fixture.upstash.faults.clear();
  await Promise.all([a.app.close(), b.app.close()]);
  await devnet.stop();
});

const ask = ({ app }: Instance, name: RouteName, body: object | null, cookie?: string): Promise<Response> => {
  const [method = "", path = ""] = name.split(" ");
  const route: AnyRoute = ROUTES[name];
  const request = new Request(new URL(path, "http://app.test"), {
    method,
    headers: { host: "app.test", "content-type": "application/json", ...(cookie ? { cookie } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  return answer(app, route, { request, params: {}, background: () => {} });
};
const cookieFor = async ({ app }: Instance) => (await app.sessions.issue(USER)).split(";")[0] as string;
const isIn = async (instance: Instance, cookie: string) =>
  ((await (await ask(instance, "GET /api/auth/session", null, cookie)).json()) as { authenticated: boolean })
    .authenticated;

describe("a challenge", () => {
  it("of one instance is answered at another, and once among all", async () => {
    const wallet = ed25519Wallet();
    const accountId: AccountId = devnet.ledger.createAccount(wallet.encodedKey).id;
    const asked = await ask(a, "POST /api/auth/challenge", { accountId });
    const { challenge } = (await asked.json()) as { challenge: string };
    const body = { accountId, challenge, signatureMap: answerTo(wallet, challenge) };
    const answers = await Promise.all([b, a, b, a].map((instance) => ask(instance, "POST /api/auth/verify", body)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
    const cookie = answers
      .find(({ status }) => status === 200)
      ?.headers.get("set-cookie")
      ?.split(";")[0] as string;
    for (const instance of [a, b]) expect(await isIn(instance, cookie)).toBe(true);
  });

  it("is refused while its use cannot be checked", async () => {
    const wallet = ed25519Wallet();
    const accountId = devnet.ledger.createAccount(wallet.encodedKey).id;
    const asked = await ask(a, "POST /api/auth/challenge", { accountId });
    const { challenge } = (await asked.json()) as { challenge: string };
    fixture.upstash.faults.set({ kind: "error" });
    const body = { accountId, challenge, signatureMap: answerTo(wallet, challenge) };
    const response = await ask(a, "POST /api/auth/verify", body);
    expect([response.status, response.headers.get("set-cookie")]).toEqual([503, null]);
  });
});

describe("signing out", () => {
  it("at one instance ends that session at another that has it in its memory, and at one that starts later", async () => {
    const [cookie, laptop] = [await cookieFor(a), await cookieFor(a)];
    expect(await isIn(b, cookie)).toBe(true);
    expect((await ask(a, "POST /api/auth/logout", {}, cookie)).status).toBe(200);
    await expect.poll(() => isIn(b, cookie)).toBe(false);
    const late = startInstance(newNetwork());
    await late.app.signOuts.load();
    expect([await isIn(late, cookie), await isIn(late, laptop)]).toEqual([false, true]);
    await late.app.close();
  });
});

describe("signing out everywhere", () => {
  it("at one instance ends the session at another that has it in its memory, with no command of the other's", async () => {
    const cookie = await cookieFor(a);
    expect(await isIn(b, cookie)).toBe(true);
    // An instance's background work is not counted.
    const spent = () => {
      const { subscribe, cursor, report, ...asked } = b.tier.stats().byPurpose;
      return Object.values(asked).reduce((sum, { commands }) => sum + commands, 0);
    };
    const before = spent();
    expect((await ask(a, "POST /api/auth/logout", { everywhere: true }, cookie)).status).toBe(200);
    await expect.poll(() => isIn(b, cookie)).toBe(false);
    expect(spent()).toBe(before);
    expect(await isIn(b, await cookieFor(b))).toBe(true);
  });

  it("is learnt by an instance whose connection broke meanwhile", async () => {
    const cookie = await cookieFor(a);
    expect(await isIn(b, cookie)).toBe(true);
    await fixture.redis.send([["CLIENT", "KILL", "TYPE", "pubsub"]]);
    expect((await ask(a, "POST /api/auth/logout", { everywhere: true }, cookie)).status).toBe(200);
    await expect.poll(() => isIn(b, cookie)).toBe(false);
  });

  it("is known from the start by an instance that starts later", async () => {
    const cookie = await cookieFor(a);
    await ask(a, "POST /api/auth/logout", { everywhere: true }, cookie);
    const late = startInstance(newNetwork());
    await late.app.signOuts.load();
    expect(await isIn(late, cookie)).toBe(false);
    await late.app.close();
  });

  it("says so if other instances could not be told, and has ended the session here", async () => {
    const cookie = await cookieFor(a);
    fixture.upstash.faults.set({ kind: "error" });
    expect((await ask(a, "POST /api/auth/logout", { everywhere: true }, cookie)).status).toBe(503);
    expect(await isIn(a, cookie)).toBe(false);
    fixture.upstash.faults.clear();
  });
});
