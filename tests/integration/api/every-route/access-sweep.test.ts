/** Every route of the table by whom it lets in. Generated from the table: a route without a rule here fails. */
import { SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as z from "zod/mini";
import type { TopicId, UserId } from "@/lib/core/ledger/ids";
import type { App } from "@/lib/server/boot/app";
import type { AnyRoute } from "@/lib/server/http/route";
import { ROUTES, type RouteName } from "@/lib/server/routes/table";
import { Problem } from "@/lib/wire/common";
import { DevnetSubmitter } from "../../../support/mirrors/devnet-submitter";
import { startTestApp, type TestApp } from "../../../support/worlds/app";

const SECRET = "a secret of the tests that is long enough to be one";
const ALICE = "tm-alice";
const BOB = "tm-bob";
const MALLORY = "tm-mallory";
/** In everything that is Alice's. */
const PRIVATE = "for Alice and Bob alone";
const OWNER_NAMES = ["sessionId", "userId", "owner"];
const CRON_SECRET = "c".repeat(32);
const METRICS_TOKEN = "m".repeat(32);
const ADMIN_TOKEN = "a".repeat(32);

/** Routes that need no session, and why that is no hole. `bearer`: a secret of its own lets in, nothing else does. */
const PUBLIC: Partial<Record<RouteName, "open" | "bearer">> & Record<string, "open" | "bearer"> = {
  // Says who the caller is, to the caller.
  "GET /api/auth/session": "open",
  // The door itself.
  "POST /api/auth/challenge": "open",
  "POST /api/auth/verify": "open",
  "POST /api/auth/logout": "open",
  // Where choosing a person is the door (devnet); elsewhere there are none.
  "GET /api/auth/demo": "open",
  "POST /api/auth/demo": "open",
  // How the service is, and what it can do; nobody's data.
  "GET /api/health": "open",
  "GET /api/health/ready": "open",
  "GET /api/health/ingestion": "open",
  "GET /api/health/hcs": "open",
  "GET /api/openapi.json": "open",
  // Names of topics and how many messages they have; no message, and nobody's data.
  "GET /api/registry/config": "open",
  "GET /api/hedera/stats": "open",
  // The code is the secret: it was shown to whoever is to have it.
  "GET /api/qr/resolve": "open",
  // For machines.
  "GET /api/metrics": "bearer",
  "GET /api/cron/sync": "bearer",
};

const names = Object.keys(ROUTES) as RouteName[];
const routeOf = (name: RouteName): AnyRoute => ROUTES[name];
const accessOf = (name: RouteName): string => routeOf(name).access;
const withAccess = (access: string) => names.filter((name) => accessOf(name) === access);
const guarded = names.filter((name) => ["user", "admin"].includes(accessOf(name)));

let t: TestApp;
let submitter: DevnetSubmitter;
beforeAll(async () => {
  t = await startTestApp({
    bothEntries: true,
    // The sweep asks one person's routes far more often than that person may.
    env: { CRON_SECRET, METRICS_TOKEN, ADMIN_TOKEN, RATE_LIMITS: "0" },
    submitter: (devnet) => {
      submitter = new DevnetSubmitter(devnet);
      return submitter;
    },
  });
  const { contact, recognition, profile } = t.devnet.topics;
  t.devnet.submitMany(contact, [
    { type: "CONTACT_REQUEST", from: ALICE, to: BOB, note: PRIVATE, handle: PRIVATE },
    { type: "CONTACT_ACCEPT", from: BOB, to: ALICE, note: PRIVATE },
  ]);
  t.devnet.submit(recognition, {
    kind: "RECOGNITION_MINT",
    recognitionId: "kind",
    owner: ALICE,
    actor: BOB,
    note: PRIVATE,
  });
  t.devnet.submit(profile, { actor: ALICE, displayName: PRIVATE });
  await t.sync();
});
afterAll(() => t.close());

const ask = (
  name: RouteName,
  cookie: string | null,
  more: { query?: string; body?: object; token?: string; app?: App } = {},
) => {
  const [method, template] = name.split(" ") as ["GET" | "POST", string];
  const values: Record<string, string> = {
    topicId: t.devnet.topics.contact,
    sequence: "1",
    id: t.devnet.topics.contact,
    userId: ALICE,
  };
  const path = template.replaceAll(/\{(\w+)\}/g, (_, part: string) => values[part] ?? "1");
  const query = [more.query, name.endsWith("/profiles") ? `ids=${ALICE}` : undefined].filter(Boolean).join("&");
  const headers = { ...(cookie ? { cookie } : {}), ...(more.token ? { authorization: `Bearer ${more.token}` } : {}) };
  const body = method === "POST" ? { body: more.body ?? {} } : {};
  const app = more.app ? { app: more.app } : {};
  return t.ask(method, `${path}${query ? `?${query}` : ""}`, null, { headers, ...body, ...app });
};

/** A refusal of exactly this status, that holds a problem and nothing else, and has done nothing. */
async function expectRefused(response: Response, statuses: readonly number[]): Promise<void> {
  const text = await response.text();
  expect(statuses, text).toContain(response.status);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  expect(response.headers.get("cache-control")).toBe("no-store");
  for (const header of ["etag", "set-cookie", "cache-status", "trustmesh-as-of"])
    expect(response.headers.get(header)).toBeNull();
  z.strictObject(Problem.shape).parse(JSON.parse(text));
  expect(text).not.toContain(PRIVATE);
  expect(text).not.toMatch(/tm-(alice|bob)/);
  expect(submitter.submitted).toEqual([]);
}

const cookieOf = async (userId: string) => (await t.app.sessions.issue(userId as UserId)).split(";")[0] as string;
const tokenWith = async (claims: { sub?: string; aud?: string; exp?: number }, secret = SECRET, alg = "HS256") => {
  const nowS = Math.floor(t.clock.now() / 1_000);
  const { sub = ALICE, aud = "devnet", exp = nowS + 3_600 } = claims;
  const token = await new SignJWT({ sub, aud, exp, iat: nowS })
    .setProtectedHeader({ alg })
    .sign(new TextEncoder().encode(secret));
  return `tm_session=${token}`;
};

/** Cookies that open nothing. */
const BAD_COOKIES: Readonly<Record<string, () => Promise<string | null>>> = {
  "no session": async () => null,
  "an expired session": async () => tokenWith({ exp: Math.floor(t.clock.now() / 1_000) - 1 }),
  "a session signed out everywhere": async () => {
    const cookie = await cookieOf("tm-gone");
    await t.app.signOuts.signOut("tm-gone" as UserId);
    return cookie;
  },
  "a session with another name in it": async () => {
    const [head, claims, signature] = (await cookieOf(MALLORY)).split(".") as [string, string, string];
    const named = { ...JSON.parse(Buffer.from(claims, "base64url").toString()), sub: ALICE };
    return `${head}.${Buffer.from(JSON.stringify(named)).toString("base64url")}.${signature}`;
  },
  "a session with one bit of its signature changed": async () => {
    const cookie = await cookieOf(ALICE);
    // The last character carries bits that are no part of the signature; this one does not.
    const at = cookie.length - 5;
    return cookie.slice(0, at) + (cookie[at] === "A" ? "B" : "A") + cookie.slice(at + 1);
  },
  "a session without a signature": async () => {
    const [, claims] = (await cookieOf(ALICE)).split(".");
    return `tm_session=${Buffer.from('{"alg":"none"}').toString("base64url")}.${claims}.`;
  },
  "a session under another secret": async () => tokenWith({}, "x".repeat(32)),
  "a session of another algorithm": async () => tokenWith({}, SECRET.padEnd(64, "x"), "HS512"),
  "a session of another network": async () => tokenWith({ aud: "testnet" }),
  "a session of nobody": async () => tokenWith({ sub: "" }),
  "what is no session": async () => "tm_session=../../etc/passwd",
};

it("the sweep's own cookie is accepted: each refused cookie below differs in one thing", async () => {
  expect((await ask("GET /api/contacts", await tokenWith({}))).status).toBe(200);
});

it("every route has an access rule", () => {
  for (const name of names) {
    expect(["user", "admin", "public", "ledger"], `${name} has an access without a rule`).toContain(accessOf(name));
    if (accessOf(name) === "public") expect(Object.keys(PUBLIC), `say why ${name} is public`).toContain(name);
    else expect(Object.keys(PUBLIC), `${name} is not public`).not.toContain(name);
  }
  expect(withAccess("user").length).toBeGreaterThan(10);
});

describe.each(Object.entries(BAD_COOKIES))("%s", (_, make) => {
  it.each(guarded)("is refused by %s", async (name) => {
    const refused = await ask(name, await make());
    await expectRefused(refused.clone(), [401]);
    // The sentence fits what the caller wanted.
    const { code, detail } = (await refused.json()) as { code: string; detail: string };
    if (code === "no-session") expect(detail).toMatch(name.startsWith("GET ") ? / to see this\.$/ : / to do this\.$/);
  });
});

describe("a route of the ledger", () => {
  const ledgerRoutes = withAccess("ledger");

  it.each(ledgerRoutes)("needs a session if PUBLIC_LEDGER is off, and none if it is on: %s", async (name) => {
    expect((await ask(name, null)).status).not.toBe(401);
    const app = { ...t.app, env: { ...t.app.env, PUBLIC_LEDGER: "off" as const } };
    for (const make of Object.values(BAD_COOKIES)) await expectRefused(await ask(name, await make(), { app }), [401]);
    expect((await ask(name, await cookieOf(MALLORY), { app })).status).not.toBe(401);
  });

  it("is a route of the public mirror", () => {
    expect(ledgerRoutes.length).toBeGreaterThan(5);
    for (const name of names) {
      const isMirror = name.startsWith("GET /api/v1/");
      expect([name, accessOf(name) === "ledger", routeOf(name).isForAnySite === true]).toEqual([
        name,
        isMirror,
        isMirror,
      ]);
    }
  });
});

describe("somebody else's session", () => {
  it.each(withAccess("user"))("does not open another person's data: %s", async (name) => {
    const cookie = await cookieOf(MALLORY);
    for (const member of OWNER_NAMES) {
      await expectRefused(await ask(name, cookie, { query: `${member}=${ALICE}` }), [403]);
      await expectRefused(await ask(name, cookie, { query: `${member}=${MALLORY}&${member}=${ALICE}` }), [403]);
      if (name.startsWith("POST") && !routeOf(name).namesNobody?.includes(member))
        await expectRefused(await ask(name, cookie, { body: { [member]: ALICE } }), [403]);
    }
  });

  it("does not write in another person's name", async () => {
    const ts = Math.floor(t.clock.now() / 1_000);
    const body = { type: "CONTACT_REQUEST", from: ALICE, nonce: 1, ts, payload: { target: MALLORY } };
    await expectRefused(await ask("POST /api/hcs/submit", await cookieOf(MALLORY), { body }), [403]);
  });

  it("does not open a message of others by its place", async () => {
    const cookie = await cookieOf(MALLORY);
    const { contact, recognition, profile } = t.devnet.topics;
    for (const topicId of [contact, recognition, profile] as TopicId[]) {
      const response = await t.ask("GET", `/api/proof/${topicId}/1`, null, { headers: { cookie } });
      await expectRefused(response, [403]);
    }
  });
});

describe("a route of operators or machines", () => {
  it.each(withAccess("admin"))("refuses a user, and a wrong token whoever sends it: %s", async (name) => {
    const user = await cookieOf(ALICE);
    await expectRefused(await ask(name, user), [403]);
    for (const token of ["", "wrong", `${ADMIN_TOKEN}x`, METRICS_TOKEN, CRON_SECRET].filter(Boolean))
      for (const cookie of [null, user]) await expectRefused(await ask(name, cookie, { token }), [401, 403]);
  });

  it.each(names.filter((name) => PUBLIC[name] === "bearer"))(
    "refuses everybody without its own secret: %s",
    async (name) => {
      const own = name.includes("cron") ? CRON_SECRET : METRICS_TOKEN;
      expect((await ask(name, null, { token: own })).status).toBe(200);
      const user = await cookieOf(ALICE);
      for (const cookie of [null, user]) {
        await expectRefused(await ask(name, cookie), [401, 403]);
        for (const token of ["wrong", own.slice(1), `${own}x`, ADMIN_TOKEN])
          await expectRefused(await ask(name, cookie, { token }), [401, 403]);
      }
    },
  );
});

describe("another site's page", () => {
  it.each(names.filter((name) => !name.startsWith("GET")))("cannot use a session: %s", async (name) => {
    const [method, path] = name.split(" ") as ["POST", string];
    const cookie = await cookieOf(ALICE);
    const foreign: Record<string, string>[] = [
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
      { origin: "https://evil.example" },
      { origin: "null" },
    ];
    for (const headers of foreign) {
      const sent = { headers: { cookie, ...headers }, body: {} };
      await expectRefused(await t.ask(method, path.replaceAll(/\{\w+\}/g, "1"), null, sent), [403]);
    }
  });
});
