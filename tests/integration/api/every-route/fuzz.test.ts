/** Ten thousand requests that nobody should send, against the whole app: none breaks it, none hangs, nothing private is logged. */
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import * as z from "zod/mini";
import type { UserId } from "@/lib/core/ledger/ids";
import { TierUnavailable } from "@/lib/ports/tier-unavailable";
import type { Stores } from "@/lib/server/boot/app";
import { judgeRequest } from "@/lib/server/front/admission/gate";
import { createLog } from "@/lib/server/observe/log";
import { ROUTES } from "@/lib/server/routes/table";
import { Problem } from "@/lib/wire/common";
import { expectSame, OwnServer } from "../../../support/contract/both-entries";
import { answer } from "../../../support/contract/checked";
import { intercepted } from "../../../support/control/intercepted";
import { CANARY, type FuzzedRequest, fuzzedRequest, requestOf } from "../../../support/fuzz";
import { startTestApp, type TestApp } from "../../../support/worlds/app";

const CASES = 10_000;
/** One case in so many is sent to our own server, too. */
const OWN_EVERY = 4;
/** Milliseconds of the app's clock. The longest that a request waits is for `If-Min-Sequence`, three seconds, then a sync of twenty. */
const LONGEST_MS = 25_000;
const SECRETS = {
  SESSION_SECRET: "session-secret-of-the-fuzzed-app-0123456789",
  CRON_SECRET: "cron-secret-of-the-fuzzed-app-0123456789",
};
const ROUTES_WITH_TEXT = new Set(["GET /api/metrics"]);

let t: TestApp;
let isStoreDown = false;
let own: OwnServer;
let cases = 0;
let compared = 0;
let cookies: Record<FuzzedRequest["session"], string | null>;
/** Every cookie that was good for a while. */
const issued: string[] = [];
const cookieOf = async (userId: string) => {
  const cookie = (await t.app.sessions.issue(userId as UserId)).split(";")[0] as string;
  issued.push(cookie);
  return cookie;
};
const lines: string[] = [];

/** The stores that fail while `isStoreDown`. */
const failure = (_name: string, args: readonly unknown[]) =>
  isStoreDown ? new TierUnavailable("postgres", `the database says no to ${args.join(" ")}`) : null;

beforeAll(async () => {
  t = await startTestApp({
    // No limit refuses or delays the second of two equal requests. Each is logged: a log without lines could not give anything away.
    env: { ...SECRETS, RATE_LIMITS: "0", MIRROR_RPS: "1000", APP_DOMAIN: "app.test", LOG_REQUESTS: "on" },
    wrapStores: (stores): Stores => ({
      ...stores,
      views: intercepted(stores.views, failure),
      accounts: intercepted(stores.accounts, failure),
    }),
  });
  const { contact, trust } = t.devnet.topics;
  t.devnet.submitMany(contact, [
    { type: "CONTACT_ACCEPT", from: "tm-a", to: "tm-b", note: `${CANARY} of the ledger` },
    { type: "CONTACT_REQUEST", from: "tm-c", to: "tm-a" },
  ]);
  t.devnet.submit(trust, { type: "TRUST_ALLOCATE", actor: "tm-a", target: "tm-b" });
  await t.sync();
  Object.assign(
    t.app.log,
    createLog((line) => void lines.push(line), false),
  );
  own = await OwnServer.open(t.app);
  const stale = await cookieOf("tm-stale");
  await t.app.signOuts.signOut("tm-stale" as UserId);
  cookies = { none: null, user: await cookieOf("tm-a"), stale, garbage: `tm_session=${CANARY}.x.y; a="; b=%; =` };
});
afterAll(async () => {
  await own.close();
  await t.close();
});

/** Sends the same request to our own server, unless it wrote something or no client could send it there. */
async function expectSameAt(
  own: OwnServer,
  fuzzed: FuzzedRequest,
  request: Request,
  response: Response,
): Promise<void> {
  const { name, body } = fuzzed;
  const { pathname, search } = new URL(request.url);
  const headers = Object.fromEntries(request.headers);
  const header = (each: string) =>
    each === "content-length" && body !== undefined ? String(Buffer.byteLength(body)) : headers[each];
  const headerCount = Object.keys(headers).length;
  const sent = { method: request.method, target: pathname + search, headers, body: body ?? null };
  const verdict = judgeRequest({ ...sent, header, headerCount, hasUi: false });
  // A length that is not the body's own is another request.
  if ("content-length" in headers || verdict.kind === "refuse" || verdict.route !== name) return;
  if (isDeepStrictEqual(verdict.params, fuzzed.params) && (request.method === "GET" || response.status >= 400)) {
    await expectSame(name, sent, response, await t.clock.drive(own.ask(t.app, sent)));
    compared += 1;
  }
}

it("ten thousand fuzzed requests are answered in time and as documented, and no log line has their content", async () => {
  const seen = new Map<number, number>();
  await fc.assert(
    fc.asyncProperty(fuzzedRequest, async (fuzzed) => {
      const request = requestOf(fuzzed, cookies[fuzzed.session]);
      // No client can send this: Node answers it before the app hears of it.
      if (request === null) return;
      cases += 1;
      const isForBoth = cases % OWN_EVERY === 0;
      // A read of old data starts a sync, and the next reader finds its result.
      if (isForBoth) await t.sync();
      isStoreDown = fuzzed.isStoreDown;
      const beforeMs = t.clock.now();
      const left = new AbortController();
      const response = await t.clock.drive(
        answer(t.app, ROUTES[fuzzed.name], {
          request: new Request(request, { signal: left.signal }),
          params: fuzzed.params,
          background: (work) => void work().catch(() => {}),
        }),
      );
      if (isForBoth) await expectSameAt(own, fuzzed, request, response);
      isStoreDown = false;
      const tookMs = t.clock.now() - beforeMs;
      if (fuzzed.name === "POST /api/auth/logout" && fuzzed.session === "user") {
        // The session has ended: without a new one nothing behind the sign-in would be tried any more.
        await t.clock.advance(1_000);
        cookies.user = await cookieOf("tm-a");
      }
      expect(tookMs).toBeLessThan(LONGEST_MS);
      seen.set(response.status, (seen.get(response.status) ?? 0) + 1);
      expect([200, 201, 304, 400, 401, 403, 404, 408, 409, 413, 415, 429, 503], lines.at(-1)).toContain(
        response.status,
      );
      expect(response.headers.get("x-content-type-options")).toBe("nosniff");
      if (response.headers.get("content-type")?.startsWith("text/event-stream")) {
        left.abort();
        await response.body?.cancel();
        return;
      }
      const text = await response.text();
      if (response.status >= 400 && response.headers.get("content-type") === "application/problem+json")
        z.strictObject(Problem.shape).parse(JSON.parse(text));
      else if (response.status !== 304 && !ROUTES_WITH_TEXT.has(fuzzed.name)) JSON.parse(text);
      expect(text).not.toMatch(/\bat .+:\d+:\d+|node_modules|SELECT |session-secret|cron-secret/);
    }),
    { numRuns: CASES, endOnFailure: true },
  );
  expect(compared).toBeGreaterThan(CASES / OWN_EVERY / 4);
  // Otherwise everything was refused at the door, and nothing behind it was tried.
  for (const status of [200, 304, 400, 401, 403, 404, 503])
    expect(seen.get(status) ?? 0, `${status}`).toBeGreaterThan(3);
  expect(lines.length).toBeGreaterThan(CASES / 2);
  const tokens = issued.map((cookie) => cookie.split("=")[1] as string);
  const unwanted = [CANARY, '"level":"error"', ...Object.values(SECRETS), ...tokens];
  expect(lines.filter((line) => unwanted.some((text) => line.includes(text)))).toEqual([]);
});
