/** Requests that fail in every way that is logged: each line names its request, and none says what was in it. */
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import type { UserId } from "@/lib/core/ledger/ids";
import { TierUnavailable } from "@/lib/ports/tier-unavailable";
import { secretsOf } from "@/lib/server/access/secrets";
import { createLog } from "@/lib/server/observe/log";
import { intercepted } from "../../../support/control/intercepted";
import { startTestApp, type TestApp } from "../../../support/worlds/app";

const SECRETS = {
  SESSION_SECRET: "session-secret-of-this-test-0123456789",
  ADMIN_TOKEN: "admin-token-of-this-test-0123456789",
  CRON_SECRET: "cron-secret-of-this-test-0123456789",
};
/** In bodies, queries and cookies: what people send is not written down. */
const CANARY = "canary-of-alice";
const ALICE = "tm-alice";

let t: TestApp;
let session: string;
const lines: string[] = [];
const failing = { with: null as Error | null, syncWith: null as Error | null };

beforeAll(async () => {
  t = await startTestApp({
    env: { ...SECRETS, LOG_REQUESTS: "on" },
    wrapStores: (stores) => ({
      ...stores,
      views: intercepted(stores.views, () => failing.with),
      sync: intercepted(stores.sync, () => failing.syncWith),
    }),
  });
  await t.sync();
  session = (await t.app.sessions.issue(ALICE as UserId)).split(/[=;]/)[1] as string;
  Object.assign(
    t.app.log,
    createLog((line) => void lines.push(line), false, { secrets: secretsOf(t.app.env) }),
  );
});
afterAll(() => t.close());
beforeEach(() => {
  failing.with = null;
  failing.syncWith = null;
  lines.length = 0;
});
const parsed = () => lines.map((line) => JSON.parse(line) as Record<string, unknown>);

it("gives every answer an id, or keeps a well-formed one from a proxy", async () => {
  const ids = [
    "a-proxy's",
    "short",
    "x".repeat(101),
    `${CANARY}" "level":"error`,
    "line\u0085break-in-it",
    "fra1::abcde-1234",
  ];
  const made = new Set<string | null>();
  for (const given of [undefined, ...ids]) {
    const response = await t.ask(
      "GET",
      "/api/health",
      null,
      given === undefined ? {} : { headers: { "x-request-id": given } },
    );
    const id = response.headers.get("x-request-id");
    if (given === "fra1::abcde-1234") expect(id).toBe(given);
    else expect(id).toMatch(/^[0-9a-f]{24}$/);
    expect(parsed().at(-1)).toMatchObject({ requestId: id, message: "GET /api/health", status: 200 });
    made.add(id);
  }
  expect(made.size).toBe(1 + ids.length);
});

it("names the request in a problem, so that its line can be found", async () => {
  const headers = { "x-request-id": "from-the-proxy-1" };
  const response = await t.ask("GET", "/api/signals?limit=none", ALICE, { headers });
  expect(await response.json()).toMatchObject({ instance: "urn:trustmesh:request:from-the-proxy-1", status: 400 });
});

it("logs the kind and the request of a failure, but nothing that was sent, no secret and no user", async () => {
  const asked: string[] = [];
  const ask = async (...args: Parameters<TestApp["ask"]>) => {
    const response = await t.ask(...args);
    asked.push(response.headers.get("x-request-id") as string);
    await response.body?.cancel();
    return response.status;
  };
  failing.with = new TierUnavailable("postgres", `no answer to ${CANARY}`);
  expect(await ask("GET", "/api/contacts", "tm-new-1")).toBe(503);
  failing.with = new Error(`cookie tm_session=${session}, Bearer ${SECRETS.ADMIN_TOKEN}, postgres://app:hunter2@db/x`);
  expect(await ask("GET", "/api/profiles?ids=tm-new-2", "tm-new-2")).toBe(500);
  failing.with = null;
  const bad = { body: { type: CANARY, from: ALICE, nonce: 1, ts: 1, payload: { note: CANARY } } };
  expect(await ask("POST", "/api/hcs/submit", ALICE, bad)).toBe(400);
  expect(await ask("GET", `/api/signals?type=${CANARY}&limit=1`, ALICE)).toBe(200);
  expect(await ask("GET", "/api/cron/sync", null, { headers: { authorization: `Bearer ${CANARY}-0123` } })).toBe(401);
  const operator = { headers: { authorization: `Bearer ${SECRETS.ADMIN_TOKEN}` } };
  expect(await ask("GET", "/api/admin/status", null, operator)).toBe(200);
  expect(await ask("POST", "/api/admin/cache/invalidate", null, { ...operator, body: {} })).toBe(200);

  const levels = parsed().map(({ level }) => level);
  for (const level of ["info", "error"]) expect(levels).toContain(level);
  expect(new Set(parsed().map(({ requestId }) => requestId))).toEqual(new Set(asked));
  const secret = [...Object.values(SECRETS), session, "hunter2"];
  for (const line of lines) for (const hidden of [...secret, CANARY, ALICE]) expect(line).not.toContain(hidden);
});

it.each([
  new SyntaxError(`Unexpected token 'c', "${CANARY}" is not valid JSON`),
  Object.assign(new Error(`invalid input syntax for type bigint: "${CANARY}"`), { severity: "ERROR", code: "22P02" }),
])("writes the kind of an error whose message quotes what it was given, and where it arose: %s", async (cause) => {
  failing.with = cause;
  expect((await t.ask("GET", "/api/hcs/events", ALICE)).status).toBe(500);
  const [line] = parsed().filter(({ message }) => message === "a request failed");
  expect(line?.cause).toMatchObject({ name: cause.name, at: expect.stringMatching(/^at /) });
  expect(lines.join("\n")).not.toContain(CANARY);
});

it("logs once for each topic that a defect ended its sync, and leaves a database outage to its incident", async () => {
  t.devnet.submit(t.devnet.topics.contact, { type: "CONTACT_REQUEST", from: "tm-bob", to: ALICE });
  const told = async (cause: Error) => {
    lines.length = 0;
    failing.syncWith = cause;
    for (let turn = 0; turn < 3; turn += 1) {
      // Beyond the back-off of the one before.
      await t.clock.advance(120_000);
      await t.sync();
    }
    return parsed().filter(({ level, topicId }) => level !== "info" && topicId === t.devnet.topics.contact);
  };
  expect(await told(new TierUnavailable("postgres", "no answer"))).toEqual([]);
  expect(await told(new Error("a defect"))).toMatchObject([
    { level: "error", message: "a sync has failed because of a defect", cause: { message: "a defect" } },
  ]);
});

it("keeps the request's id for work that continues after its answer", async () => {
  failing.with = new Error("later");
  const response = await t.ask("GET", "/api/contacts", "tm-new-3", {
    headers: { "x-request-id": "the-one-that-began" },
  });
  expect(response.status).toBe(500);
  expect(parsed().every(({ requestId }) => requestId === "the-one-that-began")).toBe(true);
  expect(lines.length).toBeGreaterThan(1);
});
