/** The public mirror: caches and what they may keep, who may read it, and what it costs the database and the mirrors. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { TopicId } from "@/lib/core/ledger/ids";
import type { App } from "@/lib/server/boot/app";
import { damage } from "../../support/stores/database";
import { startTestApp, type TestApp } from "../../support/worlds/app";

let t: TestApp;
let contact: TopicId;
let page: string;

beforeAll(async () => {
  t = await startTestApp({ env: { RATE_LIMITS: "0", MIRROR_RPS: "40" } });
  contact = t.devnet.topics.contact;
  page = `/api/v1/topics/${contact}/messages`;
  t.devnet.submitMany(
    contact,
    Array.from({ length: 60 }, (_, i) => ({ type: "CONTACT_REQUEST", from: `tm-${i}`, to: "tm-a" })),
  );
  await t.sync();
  await damage("UPDATE topic_log SET disposition = 4, verification = 2 WHERE ref % 1099511627776 = 30");
  await damage("DELETE FROM topic_log WHERE ref % 1099511627776 = 41");
});
afterAll(() => t.close());
// Beyond the life of every copy.
beforeEach(() => t.clock.advance(5_000));

const get = (path: string, headers: Record<string, string> = {}, app: App = t.app) =>
  t.ask("GET", path, null, { headers, app, withoutBackground: true });
const lifeOf = async (path: string) => (await get(path)).headers.get("cache-control");
const statements = () => t.app.stores.stats().byPurpose.log.statements;
/** The newest messages. */
const TIP = () => `${page}?order=desc&limit=3`;
const FOR_EVER = "public, immutable, max-age=31536000";
const AT_THE_TIP = "public, max-age=1, stale-while-revalidate=1";

describe("a cache", () => {
  it("may keep a full page below the cursor for ever, and learns that its copy is still right", async () => {
    const path = `${page}?sequencenumber=gte:1&limit=20&order=asc`;
    const first = await get(path);
    expect(first.headers.get("cache-control")).toBe(FOR_EVER);
    const etag = first.headers.get("etag") ?? "";
    expect(etag).toMatch(/^"[\w-]{27}"$/);
    const again = await get(path, { "if-none-match": etag });
    expect([again.status, await again.text()]).toEqual([304, ""]);
    expect((await get(path, { "if-none-match": '"other"' })).status).toBe(200);
    expect(await lifeOf(`${page}/7`)).toBe(FOR_EVER);
  });

  it.each([
    ["the newest messages", "?order=desc&limit=5"],
    ["a page that is not full", "?sequencenumber=gte:55&limit=20"],
    ["an empty page", "?sequencenumber=gt:1000"],
    ["a page with a failed message on it", "?sequencenumber=gte:25&limit=10"],
    ["a page that begins after a failed message", "?sequencenumber=gte:30&limit=5"],
    ["a page with a missing message on it", "?sequencenumber=gte:38&limit=10"],
    ["a page downwards from a missing message", "?sequencenumber=lte:41&order=desc&limit=3"],
    ["a page downwards from beyond the end", "?sequencenumber=lte:1000&order=desc&limit=3"],
  ])("must ask again for %s", async (_, query) => {
    expect(await lifeOf(page + query)).toBe(AT_THE_TIP);
  });

  it("never gets a failed message, or an error for a missing one", async () => {
    const { messages } = (await (await get(`${page}?limit=100`)).json()) as { messages: { sequence_number: number }[] };
    const expected = Array.from({ length: 60 }, (__, i) => i + 1).filter((n) => n !== 30 && n !== 41);
    expect(messages.map((message) => message.sequence_number)).toEqual(expected);
    for (const sequence of [30, 41, 61]) expect((await get(`${page}/${sequence}`)).status).toBe(404);
  });

  it("learns how fresh the page is, and the copy in memory grows older", async () => {
    await t.sync();
    const first = await get(TIP());
    expect(first.headers.get("cache-status")).toBe("postgres; hit, l1; fwd=miss; stored");
    await t.clock.advance(900);
    const second = await get(TIP());
    expect(second.headers.get("cache-status")).toBe("l1; hit; ttl=1");
    expect(second.headers.get("trustmesh-as-of")).toBe(first.headers.get("trustmesh-as-of"));
    expect(Number(second.headers.get("trustmesh-lag-ms"))).toBe(Number(first.headers.get("trustmesh-lag-ms")) + 900);
  });
});

describe("the database", () => {
  it("is asked once for all equal requests within a second", async () => {
    const before = statements();
    await Promise.all(Array.from({ length: 50 }, () => get(TIP())));
    await get(TIP());
    expect(statements() - before).toBe(1);
    await t.clock.advance(1_000);
    await get(TIP());
    expect(statements() - before).toBe(2);
  });

  it("is not asked again for a page that can never change, until the topic starts over", async () => {
    const path = `${page}?limit=11`;
    await get(path);
    const before = statements();
    await t.clock.advance(3_600_000);
    await get(path);
    expect(statements() - before).toBe(0);
  });
});

describe("with PUBLIC_LEDGER off", () => {
  const closed = (): App => ({ ...t.app, env: { ...t.app.env, PUBLIC_LEDGER: "off" } });

  it("every request needs a session, and no shared cache keeps an answer", async () => {
    for (const path of [
      page,
      `${page}/1`,
      `/api/v1/topics/${contact}`,
      "/api/v1/accounts/0.0.2",
      "/api/v1/topics/messages/1.0",
    ])
      expect((await get(path, {}, closed())).status).toBe(401);
    for (const path of [page, `${page}/1`]) {
      const response = await t.ask("GET", path, "tm-a", { app: closed(), withoutBackground: true });
      expect(response.status).toBe(200);
      expect(response.headers.get("cache-control")).toMatch(/^private, /);
      expect(response.headers.get("vary")).toBe("Cookie, Authorization, Accept-Encoding");
    }
  });
});

describe("the mirrors", () => {
  const asked = () => t.devnet.requests.counts().total;

  it("are asked once for all equal requests within two seconds", async () => {
    const before = asked();
    await Promise.all(Array.from({ length: 20 }, () => get("/api/v1/accounts/0.0.2")));
    await t.clock.advance(1_900);
    await get("/api/v1/accounts/0.0.2");
    expect(asked() - before).toBe(1);
    await t.clock.advance(200);
    await get("/api/v1/accounts/0.0.2");
    expect(asked() - before).toBe(2);
  });

  it("get at most a quarter of the budget for readers, so that these cannot stop the sync", async () => {
    const before = asked();
    const answers = await Promise.all(Array.from({ length: 40 }, (_, i) => get(`/api/v1/accounts/0.0.${9_000 + i}`)));
    expect(asked() - before).toBe(10);
    const refused = answers.filter(({ status }) => status === 503);
    expect(refused).toHaveLength(30);
    expect(refused[0]?.headers.get("retry-after")).toBe("1");
    await t.sync();
    expect(t.app.scheduler.syncs.get(contact)?.lastError).toBeNull();
  });

  it("are not asked for anything else", async () => {
    const before = asked();
    const refused = (message: unknown) => ({ _status: { messages: [{ message }] } });
    for (const path of [
      "contracts",
      "network/none",
      "accounts/%2e%2e%2fadmin",
      "accounts/a/keys",
      "accounts/a%3Fb",
      "accounts/0.0.2/allowances/tokens",
      "tokens/0.0.5/nfts/1/transactions",
    ]) {
      const response = await get(`/api/v1/${path}`);
      expect([response.status, await response.json()], path).toEqual([404, refused("Not found")]);
    }
    const off: App = { ...t.app, env: { ...t.app.env, MIRROR_PASS_THROUGH: "off" } };
    for (const path of [
      "accounts/0.0.2",
      "blocks",
      "topics/0.0.999999",
      "topics/0.0.999999/messages",
      "topics/0.0.999999/messages/1",
    ]) {
      const response = await get(`/api/v1/${path}`, {}, off);
      expect([response.status, await response.json()], path).toEqual([
        404,
        refused(expect.stringMatching(/no mirror\.$/)),
      ]);
    }
    expect(asked() - before).toBe(0);
    expect((await get(`/api/v1/topics/${contact}`, {}, off)).status).toBe(200);
    expect((await get(`${page}?limit=2`, {}, off)).status).toBe(200);
  });

  it("may fail: a recent answer is served again, and the sync goes on", async () => {
    await get("/api/v1/accounts/0.0.3");
    await t.clock.advance(60_000);
    const fault = t.devnet.faults.add({ kind: "badGateway", route: "account" });
    const stale = await get("/api/v1/accounts/0.0.3");
    expect([stale.status, stale.headers.get("trustmesh-stale")]).toEqual([200, "true"]);
    for (let i = 0; i < 10; i += 1) expect((await get(`/api/v1/accounts/0.0.${8_000 + i}`)).status).toBe(503);
    await t.sync();
    expect(t.app.scheduler.syncs.get(contact)?.lastError).toBeNull();
    t.devnet.faults.remove(fault);
  });
});
