/**
 * Every route of the table, asked as two people, as nobody, with tokens and with credentials that open nothing: what caches may keep
 * of the answers. A route that is new is asked like all others, and fails until somebody gets its answer.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { UserId } from "@/lib/core/ledger/ids";
import { encodeEcdsaKey } from "@/lib/devnet/rest/key-json";
import { TierUnavailable } from "@/lib/ports/tier-unavailable";
import { CallerLimits } from "@/lib/server/access/caller-limits";
import type { App } from "@/lib/server/boot/app";
import type { AnyRoute } from "@/lib/server/http/route";
import { ROUTES, type RouteName } from "@/lib/server/routes/table";
import { intercepted } from "../../../support/control/intercepted";
import { CLIENT_ID, magicWallet } from "../../../support/stand-ins/magic";
import { startTestApp, type TestApp } from "../../../support/worlds/app";

const ALICE = "tm-alice";
const BOB = "tm-bob";
/** In everything that is Alice's. */
const PRIVATE = "for Alice alone";
const TOKEN = "token-of-the-sweep-of-caches-0123456789ab";

/** Answers that are the same for everybody, so that shared caches may keep them. */
const FOR_EVERYBODY: ReadonlySet<RouteName> = new Set([
  "GET /api/openapi.json",
  "GET /api/v1/topics/messages/{timestamp}",
  "GET /api/v1/topics/{topicId}/messages",
  "GET /api/v1/topics/{topicId}/messages/{sequence}",
  "GET /api/v1/topics/{topicId}",
  "GET /api/v1/{resource}",
  "GET /api/v1/{resource}/{id}",
  "GET /api/v1/{resource}/{id}/{part}",
  "GET /api/v1/{resource}/{id}/{part}/{item}",
  "GET /api/v1/{resource}/{id}/{part}/{item}/{sub}",
]);
/** The devnet, or every mirror, has no such thing, so nobody gets a 200. */
const NOTHING_THERE: ReadonlySet<RouteName> = new Set([
  "GET /api/v1/{resource}/{id}/{part}",
  "GET /api/v1/{resource}/{id}/{part}/{item}",
  "GET /api/v1/{resource}/{id}/{part}/{item}/{sub}",
]);

const names = Object.keys(ROUTES) as RouteName[];
const reads = names.filter((name) => name.startsWith("GET"));
const routeOf = (name: RouteName): AnyRoute => ROUTES[name];
const writes = names.filter((name) => !name.startsWith("GET"));

type Headers = Readonly<Record<string, string>>;
let t: TestApp;
let callers: Readonly<Record<string, Headers>>;
let code: string;
let timestamp: string;

beforeAll(async () => {
  t = await startTestApp({
    bothEntries: true,
    env: {
      ...{ CRON_SECRET: TOKEN, METRICS_TOKEN: TOKEN, ADMIN_TOKEN: TOKEN, MAGIC_CLIENT_ID: CLIENT_ID },
      ...{ RATE_LIMITS: "0", MIRROR_RPS: "1000" },
    },
  });
  const { contact, trust, recognition, profile } = t.devnet.topics;
  t.devnet.submitMany(contact, [
    { type: "CONTACT_REQUEST", from: ALICE, to: "tm-friend", note: PRIVATE, handle: PRIVATE },
    { type: "CONTACT_ACCEPT", from: "tm-friend", to: ALICE, note: PRIVATE },
  ]);
  t.devnet.submit(trust, { type: "TRUST_ALLOCATE", from: ALICE, to: "tm-friend", weight: 1 });
  t.devnet.submit(recognition, { type: "RECOGNITION_MINT", from: "tm-friend", to: ALICE, name: "Kind", note: PRIVATE });
  t.devnet.submit(profile, { actor: ALICE, displayName: PRIVATE });
  await t.sync();
  const [wallet, other] = [magicWallet(), magicWallet()];
  for (const { address, publicKey } of [wallet, other])
    t.devnet.ledger.createAccount(encodeEcdsaKey(publicKey), { evmAddress: address });
  const nowS = Math.floor(t.clock.now() / 1_000);
  const cookie = await cookieOf(ALICE);
  callers = {
    Alice: { cookie },
    Bob: { cookie: await cookieOf(BOB) },
    nobody: {},
    "a Magic account": { authorization: `Bearer ${wallet.token(nowS)}` },
    "a Magic account in Alice's browser": { cookie, authorization: `Bearer ${other.token(nowS)}` },
    "a machine": { authorization: `Bearer ${TOKEN}` },
    "a cookie that opens nothing": { cookie: `${cookie.slice(0, -6)}AAAAAA` },
    "a token that opens nothing": { authorization: "Bearer WyJ4IiwieSJd" },
  };
  const page = await t.ask("GET", `/api/v1/topics/${contact}/messages?limit=1`, null);
  const { messages } = (await page.json()) as { messages: { consensus_timestamp: string }[] };
  timestamp = messages[0]?.consensus_timestamp ?? "";
});
afterAll(() => t.close());
// Beyond the life of every remembered answer.
beforeEach(async () => {
  await t.clock.advance(10_000);
  const invitation = JSON.stringify({ type: "CONTACT_REQUEST", jti: "j", from: { acct: ALICE } });
  const shortened = await t.ask("POST", "/api/qr/shorten", ALICE, { body: { d: invitation } });
  ({ code } = (await shortened.json()) as { code: string });
});

const cookieOf = async (userId: string) => (await t.app.sessions.issue(userId as UserId)).split(";")[0] as string;

const pathOf = (name: RouteName): string => {
  const { contact, profile } = t.devnet.topics;
  const values: Headers = {
    ...{ topicId: contact, sequence: "1", userId: ALICE, timestamp },
    ...{ resource: name.includes("{id}") ? "accounts" : "blocks", id: "0.0.2", part: "tokens" },
  };
  const queries: Partial<Record<RouteName, string>> = {
    "GET /api/hcs/events": "?type=contact",
    "GET /api/profiles": `?ids=${ALICE},${BOB}`,
    "GET /api/hcs/profile": `?hrl=hcs://11/${profile}/1`,
    "GET /api/qr/resolve": `?c=${code}`,
  };
  const [, template = ""] = name.split(" ");
  return template.replaceAll(/\{(\w+)\}/g, (_, part: string) => values[part] ?? "1") + (queries[name] ?? "");
};

interface Told {
  readonly caller: string;
  readonly status: number;
  readonly headers: Response["headers"];
  readonly text: string;
}

/** A request id is the caller's own word, so it shows whether an answer was made for somebody else. */
const requestIdOf = (caller: string) => `request-of-${caller.replaceAll(/[^A-Za-z]/g, "-")}`;

async function told(name: RouteName, caller: string, more: { app?: App; query?: string; headers?: Headers } = {}) {
  const method = name.split(" ")[0] as "GET" | "POST";
  const path = pathOf(name) + (more.query ?? "");
  const response = await t.ask(method, path, null, {
    ...{ headers: { ...callers[caller], "x-request-id": requestIdOf(caller), ...more.headers } },
    ...(method === "POST" ? { body: {} } : {}),
    ...(more.app ? { app: more.app } : {}),
    withoutBackground: true,
  });
  const isStream = response.headers.get("content-type")?.startsWith("text/event-stream") ?? false;
  if (isStream) await response.body?.cancel();
  const { status, headers } = response;
  return { caller, status, headers, text: isStream ? "" : await response.text() } satisfies Told;
}

async function toldToAll(name: RouteName, more: Parameters<typeof told>[2] = {}): Promise<readonly Told[]> {
  const answers: Told[] = [];
  for (const caller of Object.keys(callers)) answers.push(await told(name, caller, more));
  return answers;
}

const wordsOf = (headers: Told["headers"], name: string) =>
  (headers.get(name) ?? "")
    .toLowerCase()
    .split(",")
    .map((word) => word.trim());

/** A cache may do no more than this with one answer, whoever got it. */
function expectKept(name: RouteName, { caller, status, headers, text }: Told): void {
  const where = `${name} for ${caller}: ${status}`;
  const control = wordsOf(headers, "cache-control");
  const vary = wordsOf(headers, "vary");
  // Operators see requests by their ids, and nobody else does.
  const others = Object.keys(callers).filter((each) => each !== caller && routeOf(name).access !== "admin");
  for (const other of others)
    expect([...headers.values(), text].join("\n"), where).not.toContain(`${requestIdOf(other)}"`);
  // Errors pass, and what sets a session is one person's.
  if (status >= 400 || headers.has("set-cookie")) expect(control, where).toEqual(["no-store"]);
  if (control.includes("no-store")) return;
  if (control.includes("public")) {
    expect([...FOR_EVERYBODY], where).toContain(name);
    expect(vary, where).not.toContain("cookie");
  } else {
    expect(control, where).toContain("private");
    // A browser has one person after the other.
    expect(vary, where).toEqual(expect.arrayContaining(["cookie", "authorization"]));
  }
}

describe("a shared cache", () => {
  it.each(reads)("keeps no answer of one person for another: %s", async (name) => {
    const answers = await toldToAll(name);
    for (const answer of answers) expectKept(name, answer);
    if (!NOTHING_THERE.has(name))
      expect(
        answers.map(({ status }) => status),
        `nobody gets an answer of ${name}: give its address in this test`,
      ).toContain(200);
    const shared = answers.filter(({ headers }) => wordsOf(headers, "cache-control").includes("public"));
    // The caller makes no difference: not a byte, and no header that a cache goes by.
    const bytes = shared.map(({ text, headers }) =>
      [text, headers.get("cache-control"), headers.get("vary")].join("\n"),
    );
    expect(new Set(bytes).size).toBeLessThanOrEqual(1);
    if (shared.length > 0) expect(shared).toHaveLength(answers.length);
  });

  it.each(writes)("keeps no answer to a write: %s", async (name) => {
    for (const answer of await toldToAll(name)) {
      expectKept(name, answer);
      expect(wordsOf(answer.headers, "cache-control"), `${name} for ${answer.caller}`).toEqual(["no-store"]);
    }
  });

  it.each(reads)("keeps no refusal, and a refusal names nobody: %s", async (name) => {
    const separator = pathOf(name).includes("?") ? "&" : "?";
    for (const query of ["limit=x&type=x&ids=%20&hrl=x&c=%20&ids=&since=x&mode=x&edition=x", `userId=${ALICE}`]) {
      for (const answer of await toldToAll(name, { query: separator + query })) {
        expectKept(name, answer);
        if (answer.status >= 400) expect(answer.text).not.toContain(PRIVATE);
      }
    }
  });

  it("keeps no 429 of any route", async () => {
    const { clock } = t;
    const own = { reserve: () => null };
    const limits = new CallerLimits({ shared: null, own, clock, factor: 1, proxyHops: 0 });
    const statuses: number[] = [];
    for (const name of reads)
      for (const answer of await toldToAll(name, { app: { ...t.app, limits } })) {
        expectKept(name, answer);
        statuses.push(answer.status);
      }
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(100);
  });

  it("keeps no 503 of any route", async () => {
    const down = () => new TierUnavailable("postgres", "away");
    const { views, sync, ledgerLog, accounts, admin, registry } = t.app.stores;
    const broken = Object.fromEntries(
      Object.entries({ views, sync, ledgerLog, accounts, admin, registry }).map(([name, store]) => [
        name,
        intercepted(store, down),
      ]),
    );
    // No topics yet: so the registry's configuration is missing.
    const scheduler = Object.create(t.app.scheduler, { topics: { value: [] } }) as App["scheduler"];
    const app: App = { ...t.app, scheduler, stores: { ...t.app.stores, ...broken } };
    // Somebody of whom no tier has a last good copy.
    const headers = { cookie: await cookieOf("tm-newcomer") };
    const statuses: number[] = [];
    for (const name of reads) {
      const newcomer = await told(name, "nobody", { app, headers });
      statuses.push(newcomer.status);
      for (const answer of [newcomer, ...(await toldToAll(name, { app }))]) expectKept(name, answer);
    }
    expect(statuses.filter((status) => status === 503).length).toBeGreaterThan(10);
  });
});

describe("a tag", () => {
  const tagged = reads.filter((name) => routeOf(name).sends?.includes("view"));

  it.each(tagged)("of one person's answer does not stand for another's: %s", async (name) => {
    const answers = (await toldToAll(name)).filter(({ status }) => status === 200);
    for (const { caller, headers } of answers) {
      const tag = headers.get("etag") as string;
      for (const other of answers) {
        const again = await told(name, other.caller, { headers: { "if-none-match": tag } });
        if (again.status === 304) expect(withoutAge(other.text)).toEqual(withoutAge(textOf(answers, caller)));
        for (const header of ["cache-control", "vary"])
          expect(again.headers.get(header)).toBe(other.headers.get(header));
      }
    }
  });

  const textOf = (answers: readonly Told[], caller: string) =>
    answers.find((each) => each.caller === caller)?.text ?? "";
  /** Members about the age of an answer are not named by its tag. */
  const withoutAge = (text: string) => {
    const { timestamp: _, asOf: __, lagMs: ___, ...rest } = JSON.parse(text) as Record<string, unknown>;
    return rest;
  };
});
