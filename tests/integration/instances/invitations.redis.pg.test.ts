/** Two instances over one Redis and one PostgreSQL, asked at the same moment to accept one invitation: it bonds once. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "@/lib/adapters/memory/system-clock";
import { openPg } from "@/lib/adapters/postgres/drivers/pg";
import { openStore } from "@/lib/adapters/postgres/store";
import { openRedis } from "@/lib/adapters/redis/open-redis";
import { UpstashTransport } from "@/lib/adapters/redis/upstash/upstash-transport";
import type { UserId } from "@/lib/core/ledger/ids";
import { type Devnet, startDevnet } from "@/lib/devnet/devnet";
import type { App } from "@/lib/server/boot/app";
import type { AnyRoute } from "@/lib/server/http/route";
import { ROUTES, type RouteName } from "@/lib/server/routes/table";
import type { ContactsAnswer } from "@/lib/wire/contacts";
import { answer } from "../../support/contract/checked";
import { DevnetSubmitter } from "../../support/mirrors/devnet-submitter";
import { quietLog } from "../../support/quiet-log";
import { type PostgresServer, startPostgres } from "../../support/servers/postgres/postgres-server";
import { type RedisServer, startRedis } from "../../support/servers/redis/redis-server";
import { startUpstash, type UpstashStandIn } from "../../support/stand-ins/upstash";
import { createTestApp } from "../../support/worlds/create-test-app";

const BEN = "0.0.7002";

let postgres: PostgresServer;
let redis: RedisServer;
let upstash: UpstashStandIn;
beforeAll(async () => {
  [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  upstash = await startUpstash({ redisPort: redis.port });
});
afterAll(async () => {
  await upstash.stop();
  await Promise.all([postgres.stop(), redis.stop()]);
});

let devnet: Devnet;
let submitter: DevnetSubmitter;
let instances: [App, App];
let networks = 0;
beforeEach(async () => {
  devnet = await startDevnet({ grpc: false });
  submitter = new DevnetSubmitter(devnet);
  networks += 1;
  const network = `invited${process.pid}-${networks}`;
  const databaseUrl = await postgres.createDatabase();
  const start = async (): Promise<App> => {
    const app = createTestApp({
      devnet,
      stores: await openStore(openPg(databaseUrl), network, { isStrict: true }),
      shared: openRedis({
        ...{
          transport: new UpstashTransport(upstash),
          network,
          viewTtlMs: 3_600_000,
          clock: systemClock,
          log: quietLog,
        },
        // A busy machine is no outage.
        ...{ readTimeoutMs: 10_000, timeoutMs: 10_000 },
      }),
      network: { submitter },
      env: { STRICT_BONDING: "on", MIRROR_RPS: "1000", RATE_LIMITS: "0" },
    });
    await app.openTopics();
    return app;
  };
  instances = [await start(), await start()];
});
afterEach(async () => {
  await Promise.all(instances.map((app) => app.close()));
  await devnet.stop();
});

interface Sent {
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

async function ask(app: App, method: "GET" | "POST", path: string, userId: string, sent: Sent = {}) {
  const { body, headers = {} } = sent;
  const route: AnyRoute = ROUTES[`${method} ${path}` as RouteName];
  const cookie = (await app.sessions.issue(userId as UserId)).split(";")[0] as string;
  const request = new Request(`http://app.test${path}`, {
    method,
    headers: { host: "app.test", cookie, "content-type": "application/json", ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return answer(app, route, { request, params: {}, background: (work) => void work().catch(() => {}) });
}

let nonce = Date.now();
const accept = (app: App, by: string, jti: string) => {
  nonce += 1;
  const payload = { type: "CONTACT_ACCEPT", req: { jti }, from: { acct: by }, to: { acct: BEN }, mutual: true };
  const body = { type: "CONTACT_ACCEPT", from: by, nonce, ts: Math.floor(Date.now() / 1_000), payload };
  return ask(app, "POST", "/api/hcs/submit", by, { body });
};
const register = (jti: string) =>
  ask(instances[0], "POST", "/api/qr/shorten", BEN, {
    body: { d: JSON.stringify({ type: "CONTACT_REQUEST", jti, from: { acct: BEN, handle: "Ben" } }) },
  });
const typesWritten = () => submitter.submitted.map((text) => (JSON.parse(text) as { type: string }).type).sort();
/** Through all that was written, whichever instance wrote it. */
async function contactsOfBen(app: App, written: number): Promise<readonly string[]> {
  const headers = { "if-min-sequence": `${devnet.topics.contact}=${written}` };
  const read = await ask(app, "GET", "/api/contacts", BEN, written === 0 ? {} : { headers });
  expect(read.status).toBe(200);
  return ((await read.json()) as ContactsAnswer).contacts.map(({ peerId }) => peerId);
}

describe("one invitation that is accepted on two instances at once", () => {
  it("bonds one of two people, and writes the inviter's request once", async () => {
    let written = 0;
    for (let round = 0; round < 5; round += 1) {
      submitter.submitted.length = 0;
      const people = [`0.0.${7_200 + round}`, `0.0.${7_300 + round}`] as const;
      expect((await register(`jti-${round}`)).status).toBe(200);
      const before = await contactsOfBen(instances[0], written);
      const answers = await Promise.all(instances.map((app, i) => accept(app, people[i] as string, `jti-${round}`)));
      expect(answers.map(({ status }) => status)).toEqual([200, 200]);
      expect(typesWritten()).toEqual(["CONTACT_ACCEPT", "CONTACT_ACCEPT", "CONTACT_REQUEST"]);
      written += submitter.submitted.length;
      for (const app of instances) {
        const bonded = (await contactsOfBen(app, written)).filter((peer) => !before.includes(peer));
        expect(bonded).toHaveLength(1);
        expect(people).toContain(bonded[0]);
      }
    }
  });

  it("bonds one person once who accepts it on two devices", async () => {
    expect((await register("jti")).status).toBe(200);
    const answers = await Promise.all(instances.map((app) => accept(app, "0.0.7200", "jti")));
    // Two accepts of one person race for their nonces, so one of them may be refused for that.
    expect(answers.map(({ status }) => status).filter((status) => status === 200).length).toBeGreaterThan(0);
    expect(typesWritten().filter((type) => type === "CONTACT_REQUEST")).toHaveLength(1);
    const written = submitter.submitted.length;
    for (const app of instances) expect(await contactsOfBen(app, written)).toEqual(["0.0.7200"]);
  });
});
