/** The rate guard in front of the framework: a refused request never reaches the framework. */
import { request } from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { MemoryBudgets } from "@/lib/adapters/memory/memory-budgets";
import { CallerLimits } from "@/lib/server/access/caller-limits";
import { BLOCKS, LIMITS, type LimitName, QUEUE, WAITING } from "@/lib/server/access/limits";
import { RateGuard } from "@/lib/server/front/admission/rate-guard";
import { sendAnswer } from "@/lib/server/front/answers/plain-answer";
import { entrance } from "@/lib/server/front/entrance";
import { Front } from "@/lib/server/front/front";
import { Metrics } from "@/lib/server/observe/metrics";
import { ROUTES } from "@/lib/server/routes/table";
import { DrivenClock } from "../../../support/control/driven-clock";
import { quietLog } from "../../../support/quiet-log";
import { RawConnection } from "../../../support/servers/raw-http";

const clock = new DrivenClock();
const limits = new CallerLimits({ shared: null, own: new MemoryBudgets(clock, 100), clock, factor: 1, proxyHops: 0 });
const metrics = new Metrics();
let front: Front;
let port: number;
let heard: string[];
/** Resolves when a page is rendered. */
let rendered: () => Promise<void>;
/** Called for each write of this address that is let in. */
let arrived: () => void;

beforeAll(async () => {
  const serve = entrance({
    app: { clock, limits, metrics, ui: null, log: quietLog, env: { LOG_REQUESTS: "off" } },
    // The bucket of the address is counted by the route itself, and not here.
    routes: (_, request, response) => {
      heard.push(`${request.method} ${request.url}`);
      if (request.url === "/api/hcs/submit" && request.socket.remoteAddress === "127.0.0.1") arrived();
      sendAnswer(request, response, { status: 200, headers: {}, body: "heard" });
    },
    next: async (request, response) => {
      heard.push(`${request.method} ${request.url}`);
      await rendered();
      response.end("heard");
    },
    isEnding: () => false,
  });
  front = new Front(serve, clock);
  port = await front.listen(0, "127.0.0.1");
});
afterAll(() => {
  front.server.closeAllConnections();
  return front.stopAccepting();
});
beforeEach(() => {
  heard = [];
  rendered = () => Promise.resolve();
  arrived = () => undefined;
});

const ask = (method: string, path: string, headers: Record<string, string> = {}, signal?: AbortSignal) =>
  fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers: { connection: "close", ...headers },
    ...(method === "POST" ? { body: "{}" } : {}),
    ...(signal ? { signal } : {}),
  });

/** The same write from another address. */
const elsewhere = (): Promise<{ status: number }> =>
  new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", localAddress: "127.0.0.2", port, method: "POST", path: "/api/hcs/submit" };
    request(options, (response) => resolve({ status: response.resume().statusCode ?? 0 }))
      .on("error", reject)
      .end("{}");
  });

/** Spends all tokens of the address, as a route does. */
async function exhaust(name: LimitName): Promise<void> {
  await expect(async () => {
    for (let i = 0; i <= LIMITS[name].address.burst; i += 1) await limits.spendAddress(name, "127.0.0.1");
  }).rejects.toMatchObject({ code: "too-many" });
}

const limited = Object.entries(ROUTES).flatMap(([route, { limit }]: [string, { limit?: LimitName }]) =>
  limit === undefined ? [] : [[route.replaceAll(/\{\w+\}/g, "7"), limit] as const],
);

describe("the rate guard", () => {
  it.each(limited)("admits %s, except while its limit is known to be used up", async (route, limit) => {
    const [method, path] = route.split(" ") as [string, string];
    await clock.advance(3_600_000);
    expect((await ask(method, path)).status).toBe(200);
    await exhaust(limit);
    const refused = await ask(method, `${path}?a=b`, {
      "x-request-id": "asked-for-by-me",
      "x-forwarded-proto": "https",
    });
    expect(heard).toEqual([route]);
    expect(refused.status).toBe(429);
    expect(Object.fromEntries(refused.headers)).toMatchObject({
      "content-type": "application/problem+json",
      "cache-control": "no-store",
      "retry-after": String(Math.max(1, Math.ceil(1 / LIMITS[limit].address.perSecond))),
      "x-request-id": "asked-for-by-me",
      "x-content-type-options": "nosniff",
      "strict-transport-security": "max-age=31536000",
    });
    expect(await refused.json()).toMatchObject({
      code: "too-many",
      instance: "urn:trustmesh:request:asked-for-by-me",
      error: expect.stringContaining("Try again in"),
    });
    await clock.advance(1_000 / LIMITS[limit].address.perSecond);
    expect((await ask(method, path)).status).toBe(200);
  });

  it("admits a burst of one address one by one, and nobody else waits for it", async () => {
    await clock.advance(3_600_000);
    const startMs = clock.monotonicMs();
    const times: number[] = [];
    arrived = () => times.push(clock.monotonicMs() - startMs);
    const burst = Array.from({ length: 12 }, () => ask("POST", "/api/hcs/submit"));
    await burst[0];
    const others = await Promise.all([ask("GET", "/api/contacts"), ask("POST", "/api/sync"), elsewhere()]);
    expect(others.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(times).toEqual([0]);
    for (const { status } of await clock.drive(Promise.all(burst))) expect(status).toBe(200);
    expect(times).toEqual(burst.map((_, before) => before * QUEUE.gapMs));
  });

  it("has a few pages of one address rendered at a time, skips clients that have left, and lets routes pass", async () => {
    await clock.advance(3_600_000);
    const renders: (() => void)[] = [];
    rendered = () => new Promise((resolve) => renders.push(resolve));
    const { atOnce } = LIMITS.page.address;
    const first = Array.from({ length: atOnce }, () => ask("GET", "/signals"));
    await vi.waitFor(() => expect(heard).toHaveLength(atOnce));
    const closed = new Promise<void>((resolve) =>
      front.server.once("connection", (socket) => socket.once("close", () => resolve())),
    );
    const leaving = await RawConnection.open(port);
    // Pipelined: only the first response has the socket, so the others never hear that it has closed.
    leaving.send("GET /contacts HTTP/1.1\r\nhost: app.test\r\n\r\n".repeat(20));
    expect((await ask("GET", "/api/contacts")).status).toBe(200);
    const last = ask("GET", "/circle");
    leaving.destroy();
    await closed;
    await vi.waitFor(async () => {
      for (const render of renders) render();
      expect(heard).toContain("GET /circle");
    });
    for (const render of renders) render();
    for (const { status } of await Promise.all([...first, last])) expect(status).toBe(200);
    expect(heard).not.toContain("GET /contacts");
  });

  it("refuses a request that finds the queue full, and admits no client that has left", async () => {
    await clock.advance(3_600_000);
    const leaving = new AbortController();
    const first = await ask("POST", "/api/auth/challenge");
    const waiting = Array.from({ length: QUEUE.maxWaiting }, () =>
      ask("POST", "/api/auth/challenge", {}, leaving.signal),
    );
    const gone = Promise.allSettled(waiting);
    await clock.advance(0);
    const refused = await ask("POST", "/api/auth/challenge");
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "3"]);
    leaving.abort();
    await gone;
    await clock.advance(QUEUE.gapMs);
    const last = await ask("POST", "/api/auth/challenge");
    expect([first.status, last.status]).toEqual([200, 200]);
    expect(heard).toEqual(["POST /api/auth/challenge", "POST /api/auth/challenge"]);
  });

  it("refuses a flooding address and everything that it has queued until the flood stops; nobody else is refused", async () => {
    await clock.advance(3_600_000);
    const again = () => ask("POST", "/api/auth/challenge");
    // One is let in, the queue fills, and the rest are refused: enough to block the address, and the queue with it.
    const flood = Array.from({ length: QUEUE.maxWaiting + 2 * BLOCKS.address.refusals.burst }, again);
    const answers = await clock.drive(Promise.all(flood));
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(answers.length - 1);
    const refused = [await again(), await ask("POST", "/api/hcs/submit")];
    for (const { status, headers } of refused) expect([status, headers.get("retry-after")]).toEqual([429, "2"]);
    expect(heard).toHaveLength(1);
    expect((await elsewhere()).status).toBe(200);
    expect((await ask("GET", "/api/contacts")).status).toBe(200);
    await clock.advance(BLOCKS.address.forMs);
    expect((await again()).status).toBe(200);
  });

  it("leaves waiting to routes, which count first, and refuses a page that finds too many waiting", async () => {
    await clock.advance(3_600_000);
    const guard = new RateGuard({ clock, limits, metrics });
    let entered = 0;
    const refusals: number[] = [];
    const visit = (limit: LimitName, isCounted: boolean) =>
      guard.admit({
        ...{ limit, isCounted, header: () => null, isGone: () => false },
        enter: () => {
          entered += 1;
          return new Promise(() => {});
        },
        refuse: (waitMs) => refusals.push(waitMs),
      });
    const { atOnce } = LIMITS.ledger.address;
    for (let i = 0; i <= atOnce; i += 1) void visit("ledger", true);
    expect(entered).toBe(atOnce + 1);
    // Files, because an address may have more of them at once than may wait.
    const files = LIMITS.file.address.atOnce + WAITING.address;
    for (let i = 0; i < files; i += 1) void visit("file", false);
    expect([entered, refusals]).toEqual([atOnce + 1 + LIMITS.file.address.atOnce, []]);
    void visit("file", false);
    expect(refusals).toEqual([WAITING.retryMs]);
  });

  it("queues nothing if RATE_LIMITS is 0", () => {
    const unlimited = new CallerLimits({
      shared: null,
      own: new MemoryBudgets(clock, 10),
      clock,
      factor: 0,
      proxyHops: 0,
    });
    expect(unlimited.queueGapMs("submit")).toBeNull();
    expect(limits.queueGapMs("submit")).toBe(50);
    expect(limits.queueGapMs("stream")).toBeNull();
  });

  it.each([
    ["/signals", "page"],
    ["/icon.svg", "file"],
  ] as const)("counts pages and files, which no route counts: %s", async (path, limit) => {
    await clock.advance(3_600_000);
    for (let i = 1; i < LIMITS[limit].address.burst; i += 1) await limits.countAddress(limit, "127.0.0.1");
    expect((await ask("GET", path)).status).toBe(200);
    expect((await ask("GET", path)).status).toBe(429);
    expect(heard).toEqual([`GET ${path}`]);
  });

  it("refuses only the flood, and counts its refusals", async () => {
    await clock.advance(3_600_000);
    await exhaust("submit");
    for (const [method, path] of [
      ["GET", "/api/contacts"],
      ["HEAD", "/api/contacts"],
      ["POST", "/api/sync"],
      ["GET", "/"],
    ] as const)
      expect([path, (await ask(method, path)).status]).toEqual([path, 200]);
    const count = async () =>
      Number(/rate_guard_refusals_total\{limit="submit"\} (\d+)/.exec(await metrics.registry.metrics())?.[1] ?? 0);
    const before = await count();
    expect((await ask("POST", "/api/hcs/submit")).status).toBe(429);
    expect(await count()).toBe(before + 1);
  });
});
