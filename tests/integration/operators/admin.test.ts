/** Operators' reads and actions on one instance. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { TopicId } from "@/lib/core/ledger/ids";
import { TierUnavailable } from "@/lib/ports/tier-unavailable";
import type { AnyRoute } from "@/lib/server/http/route";
import { ROUTES, type RouteName } from "@/lib/server/routes/table";
import { Problem } from "@/lib/wire/common";
import { ActionAnswer, AdminStatus, OperatorLogAnswer, type OperatorLogEntry } from "@/lib/wire/operators/admin";
import { intercepted } from "../../support/control/intercepted";
import { startTestApp, type TestApp } from "../../support/worlds/app";

const TOKEN = "a-token-of-the-tests-that-nobody-could-guess";
const ALICE = "tm-alice";
let t: TestApp;
let operator: string;
let contact: TopicId;
let isDatabaseDown = false;

beforeAll(async () => {
  t = await startTestApp({
    env: { ADMIN_TOKEN: TOKEN, ADMIN_ACCOUNTS: "tm-root" },
    wrapStores: (stores) => ({
      ...stores,
      admin: intercepted(stores.admin, () => (isDatabaseDown ? new TierUnavailable("postgres", "down") : null)),
    }),
  });
  operator = t.devnet.operatorId;
  contact = t.devnet.topics.contact;
});
afterAll(() => t.close());
beforeEach(() => {
  isDatabaseDown = false;
});

const adminRoutes = (Object.keys(ROUTES) as RouteName[]).filter(
  (name) => (ROUTES[name] as AnyRoute).access === "admin",
);
const request = (name: RouteName): ["GET" | "POST", string, { body?: object }] => {
  const [method, path = ""] = name.split(" ") as ["GET" | "POST", string];
  return [
    method,
    path.replace("{topicId}", contact).replace("{userId}", ALICE).replace("{sequence}", "1"),
    method === "POST" ? { body: {} } : {},
  ];
};
const say = (...messages: (object | string)[]) => void t.devnet.submitMany(contact, messages);
const status = async () => AdminStatus.parse(await t.json("/api/admin/status", operator));
const topic = async () =>
  (await status()).topics.find(({ topicId }) => topicId === contact) as AdminStatus["topics"][number];

async function act(path: string, body: object = {}, headers: Record<string, string> = {}): Promise<ActionAnswer> {
  const response = await t.ask("POST", `/api/admin/${path}`, operator, { body, headers });
  expect(response.status, await response.clone().text()).toBe(200);
  return ActionAnswer.parse(await response.json());
}

describe("access", () => {
  it.each(adminRoutes)("%s is for operators alone", async (name) => {
    const [method, path, options] = request(name);
    const of = async (userId: string | null, headers: Record<string, string> = {}) => {
      const response = await t.ask(method, path, userId, { ...options, headers, withoutBackground: true });
      if (response.status >= 400) Problem.parse(await response.json());
      return response.status;
    };
    expect(await of(null)).toBe(401);
    expect(await of(ALICE)).toBe(403);
    expect(await of(null, { authorization: "Bearer wrong" })).toBe(401);
    // A session does not make up for a wrong token.
    expect(await of(operator, { authorization: "Bearer wrong" })).toBe(401);
  });

  it("admits the devnet's operator, ADMIN_ACCOUNTS, and holders of the token", async () => {
    for (const [userId, headers] of [
      [operator, {}],
      ["tm-root", {}],
      [null, { authorization: `Bearer ${TOKEN}` }],
    ] as const)
      expect((await t.ask("GET", "/api/admin/audit-log", userId, { headers })).status).toBe(200);
    for (const [userId, admin] of [
      [operator, true],
      [ALICE, false],
    ] as const)
      expect(await t.json("/api/auth/session", userId)).toMatchObject({ admin });
  });

  it("names the devnet's operator, who publishes no profile, as the sign-in page does", async () => {
    const people = [{ userId: operator, name: "Devnet operator" }];
    const session = await t.ask("GET", "/api/auth/session", operator, { app: { ...t.app, people } });
    expect(await session.json()).toMatchObject({ userId: operator, handle: "Devnet operator" });
  });

  it("names the devnet's people as their profiles do, wherever it lists them or signs them in", async () => {
    t.devnet.submit(t.devnet.topics.profile, { actor: "tm-renamed", displayName: "Their new name" });
    await t.sync();
    const people = [
      { userId: "tm-renamed", name: "Seeded name" },
      { userId: operator, name: "Devnet operator" },
    ];
    const app = { ...t.app, people };
    const list = await t.ask("GET", "/api/auth/demo", null, { app });
    expect(await list.json()).toEqual({
      people: [
        { userId: "tm-renamed", name: "Their new name" },
        { userId: operator, name: "Devnet operator" },
      ],
    });
    const entered = await t.ask("POST", "/api/auth/demo", null, { app, body: { userId: "tm-renamed" } });
    expect(await entered.json()).toMatchObject({ userId: "tm-renamed", handle: "Their new name" });
  });

  it("does not admit the operator's account outside the devnet", async () => {
    const public_ = { ...t.app, env: { ...t.app.env, isDevnet: false } };
    expect((await t.ask("GET", "/api/admin/status", operator, { app: public_ })).status).toBe(403);
    expect((await t.ask("GET", "/api/admin/audit-log", "tm-root", { app: public_ })).status).toBe(200);
  });

  it("refuses requests of other sites and forms", async () => {
    const path = "/api/admin/cache/invalidate";
    const foreign = { "sec-fetch-site": "cross-site" };
    expect((await t.ask("POST", path, operator, { body: {}, headers: foreign })).status).toBe(403);
    const form = { "content-type": "text/plain" };
    expect((await t.ask("POST", path, operator, { body: {}, headers: form })).status).toBe(415);
  });
});

describe("the status", () => {
  it("shows counts, verification and messages per minute of the topics", async () => {
    say(
      { type: "CONTACT_REQUEST", from: "tm-bob", to: ALICE },
      { type: "CONTACT_REQUEST", from: "tm-carol", to: ALICE },
    );
    say("no message of \u202eours");
    await t.sync();
    await t.clock.advance(2_000);
    const shown = await topic();
    expect(shown).toMatchObject({
      ...{ state: "idle", paused: false, cursor: 3, gaps: [], gapCount: 0, verifiedThrough: 3, lastError: null },
      counts: { messages: 3, verified: 3, unverifiable: 0, failed: 0, undecodable: 1, untrusted: 0, unproven: 0 },
    });
    expect(shown.perMinute).toHaveLength(30);
    expect(shown.perMinute.at(-1)).toBe(3);
    expect(shown.asOf).not.toBeNull();
    expect(shown).toMatchObject({ users: 3, hottestShare: 1 });
    await t.clock.advance(60_000);
    expect((await topic()).perMinute.slice(-2)).toEqual([3, 0]);
  });

  it("shows rejected messages as harmless text", async () => {
    const { rejected } = await status();
    expect(rejected).toMatchObject([{ topicId: contact, sequence: 3, disposition: "undecodable", bytes: 21 }]);
    expect(rejected[0]?.text).toContain("no message of ours");
    expect(rejected[0]?.reason).not.toBeNull();
  });

  it("shows topics as verified up to the first gap or unverified message", async () => {
    const hole = t.devnet.faults.add({ kind: "missingHash", topicId: contact, fromSequence: 5, toSequence: 5 });
    say(...[4, 5, 6].map((n) => ({ type: "CONTACT_REQUEST", from: `tm-${n}`, to: ALICE })));
    await t.sync();
    t.devnet.faults.remove(hole);
    await t.clock.advance(61_000);
    expect(await topic()).toMatchObject({ cursor: 6, verifiedThrough: 4, counts: { unverifiable: 2 } });
  });

  it("counts reads of the tiers, and their cost", async () => {
    const before = await status();
    await t.ask("GET", "/api/contacts", ALICE);
    await t.ask("GET", "/api/contacts", ALICE);
    const after = await status();
    expect(after.total.tiers.l1.hits - before.total.tiers.l1.hits).toBe(1);
    expect(after.total.tiers.l1.latency.p99Ms).toBeGreaterThan(0);
    expect(after.total.requests["2xx"]).toBeGreaterThan(before.total.requests["2xx"] ?? 0);
    expect(after.total.statements.commit).toBeGreaterThan(0);
    expect(after.mirror.requests).toBe(t.app.ledger.requests);
    expect(after.instances).toMatchObject([{ isThis: true, instanceId: t.app.instanceId, isEventBusConnected: true }]);
    expect(after.cost?.items.map(({ name }) => name)).toContain("Postgres: storage");
    expect(after.cost?.dollars).toBeGreaterThan(0);
    expect(after.storage?.tables.find(({ name }) => name === "hcs_messages")?.partitions).toHaveLength(16);
  });

  it("shows the minutes before the page was opened, all instances together", async () => {
    await t.clock.advance(60_000 - (t.clock.now() % 60_000));
    await status();
    for (let i = 0; i < 7; i += 1) await t.ask("GET", "/api/contacts", ALICE);
    await t.clock.advance(80_000);
    const { history } = await status();
    expect(history.minutes.at(-1)).toBe(Math.floor(t.clock.now() / 60_000) - 1);
    expect(history.l1Hits.at(-1)).toBeGreaterThanOrEqual(6);
    // The seven reads, and the read of the status before them.
    expect(history.requests.at(-1)).toBe(8);
  });

  it("shows the latest errors by kind, with the ids of their requests", async () => {
    isDatabaseDown = true;
    const response = await t.ask("GET", "/api/admin/audit-log", operator);
    expect(response.status).toBe(503);
    isDatabaseDown = false;
    const found = (await status()).errors.find(({ kind }) => kind === "postgres down");
    expect(found).toMatchObject({ instanceId: t.app.instanceId, count: 1 });
    expect(found?.latest).toEqual([
      { atMs: t.clock.now(), requestId: response.headers.get("x-request-id"), route: "GET /api/admin/audit-log" },
    ]);
  });

  it("reads the database once, however many operators look", async () => {
    await t.clock.advance(61_000);
    const count = () => t.app.stores.stats().byPurpose.admin.statements;
    const before = count();
    for (let i = 0; i < 10; i += 1) await status();
    // Topics, checks, the first unverified message, sizes, rows of tables without an estimate, and rejected messages. Users per
    // topic are counted less often.
    expect(count() - before).toBe(6);
  });

  it("still shows what it knows while the database is down", async () => {
    await status();
    isDatabaseDown = true;
    await t.clock.advance(61_000);
    expect(await topic()).toMatchObject({ cursor: 6 });
    expect((await status()).storage).not.toBeNull();
  });
});

describe("an action", () => {
  it("runs once for one Idempotency-Key, and is in the log", async () => {
    const headers = { "idempotency-key": "k-1" };
    const first = await act("cache/invalidate", { userId: ALICE }, headers);
    expect(first).toMatchObject({
      repeated: false,
      entry: { actor: operator, action: "cache.invalidate", target: ALICE, state: "done" },
    });
    expect(await act("cache/invalidate", { userId: ALICE }, headers)).toEqual({ ...first, repeated: true });
    const other = await act("cache/invalidate", { userId: "tm-bob" }, headers);
    expect(other.entry.id).not.toBe(first.entry.id);
    const { items, nextBefore } = OperatorLogAnswer.parse(await t.json("/api/admin/audit-log?limit=1", operator));
    expect(items).toEqual([other.entry]);
    const rest = OperatorLogAnswer.parse(await t.json(`/api/admin/audit-log?limit=1&before=${nextBefore}`, operator));
    expect(rest.items).toEqual([first.entry]);
  });

  it("that is refused is in the log as refused", async () => {
    await act(`topics/${contact}/pause`);
    const refused = await t.ask("POST", `/api/admin/topics/${contact}/resync`, operator, { body: {} });
    expect(refused.status).toBe(409);
    const { detail } = Problem.parse(await refused.json());
    const { items } = OperatorLogAnswer.parse(await t.json("/api/admin/audit-log", operator));
    expect(items[0]).toMatchObject({ action: "topic.resync", state: "refused", detail: { error: detail } });
    await act(`topics/${contact}/resume`);
  });

  it("on an unknown topic is 404, and on a bad topic id 400", async () => {
    expect((await t.ask("POST", "/api/admin/topics/0.0.99/audit", operator, { body: {} })).status).toBe(404);
    expect((await t.ask("POST", "/api/admin/topics/x/audit", operator, { body: {} })).status).toBe(400);
  });
});

describe("invalidating", () => {
  const cacheStatus = async (userId: string) =>
    (await t.ask("GET", "/api/contacts", userId)).headers.get("cache-status") ?? "";

  it("one person's views keeps the others'; everybody's keeps none", async () => {
    for (const userId of [ALICE, "tm-bob"]) {
      await cacheStatus(userId);
      expect(await cacheStatus(userId)).toMatch(/^l1; hit/);
    }
    await act("cache/invalidate", { userId: ALICE });
    expect(await cacheStatus(ALICE)).toContain("l1; fwd=miss");
    expect(await cacheStatus("tm-bob")).toMatch(/^l1; hit/);
    t.logged.length = 0;
    await act("cache/invalidate");
    expect(t.logged).toContain("info: an operator invalidated all views; everything kept is read again");
    expect(t.logged.join()).not.toContain("missed");
    expect(await cacheStatus("tm-bob")).toContain("l1; fwd=miss");
  });
});

describe("a paused topic", () => {
  const cursor = async () => (await t.app.stores.sync.topic(contact))?.cursor as number;

  it("takes no messages, also after a restart, leaves the instance ready, and continues at its cursor", async () => {
    await act(`topics/${contact}/pause`);
    const before = await cursor();
    say({ type: "CONTACT_REQUEST", from: "tm-late", to: ALICE });
    await t.sync();
    expect(await cursor()).toBe(before);
    // As after a restart: this process believes that the topic runs, and reads the row.
    const sync = t.app.scheduler.syncs.get(contact);
    await t.app.stores.sync.setPaused(contact, false);
    await sync?.checkPaused();
    await t.app.stores.sync.setPaused(contact, true);
    sync?.startOver();
    await t.sync();
    expect(sync?.state.name).toBe("paused");
    expect(await cursor()).toBe(before);
    await t.clock.advance(60_000);
    await t.sync();
    expect((await t.ask("GET", "/api/health/ready", null)).status).toBe(200);
    const shown = await topic();
    expect(shown).toMatchObject({ state: "paused", paused: true });
    expect((await status()).incidents).toMatchObject([
      { code: "topic-paused", subject: contact, summary: expect.stringContaining("is paused by ") },
    ]);
    await act(`topics/${contact}/resume`);
    expect(await cursor()).toBe(before + 1);
    await t.clock.advance(2_000);
    expect(await topic()).toMatchObject({ state: "idle", paused: false });
  });

  it("that was resumed elsewhere continues by itself, even if the event was lost", async () => {
    await act(`topics/${contact}/pause`);
    say({ type: "CONTACT_REQUEST", from: "tm-later", to: ALICE });
    await t.app.stores.sync.setPaused(contact, false);
    const before = await cursor();
    await t.sync();
    await t.clock.advance(30_000);
    await t.sync();
    expect(await cursor()).toBe(before + 1);
  });
});

it("logs every action above, newest first", async () => {
  const { items } = OperatorLogAnswer.parse(await t.json("/api/admin/audit-log?limit=200", operator));
  const ids = items.map(({ id }: OperatorLogEntry) => id);
  expect(ids).toEqual([...ids].sort((a, b) => b - a));
  expect(items.length).toBeGreaterThan(8);
});
