/** The door in front of the framework, which must not hear of who is refused. */
import { request } from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { MemoryBudgets } from "@/lib/adapters/memory/memory-budgets";
import { SOCKET_HEADER } from "@/lib/server/access/client-address";
import { FLOOD, LIMITS, type LimitName, RateLimits } from "@/lib/server/access/limits";
import { MAX_WAITING } from "@/lib/server/front/admission-queue";
import { entrance } from "@/lib/server/front/entrance";
import { Front } from "@/lib/server/front/front";
import { Metrics } from "@/lib/server/observe/metrics";
import { ROUTES } from "@/lib/server/routes/table";
import { DrivenClock } from "../../../support/control/driven-clock";

const clock = new DrivenClock();
const limits = new RateLimits({ shared: null, own: new MemoryBudgets(clock, 100), clock, factor: 1, proxyHops: 0 });
const metrics = new Metrics();
let front: Front;
let port: number;
let heard: string[];
/** Told of each write of this address that is let in. */
let arrived: () => void;

beforeAll(async () => {
  const serve = entrance({
    app: { limits, metrics },
    remembered: async (name) => {
      heard.push(name);
      return { status: 200, headers: [], body: "heard" };
    },
    next: (request, response) => {
      heard.push(`${request.method} ${request.url}`);
      if (request.url === "/api/hcs/submit" && request.socket.remoteAddress === "127.0.0.1") arrived();
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

/** As the route does it, until the address has none left. */
async function exhaust(name: LimitName): Promise<void> {
  const here = (header: string) => (header === SOCKET_HEADER ? "127.0.0.1" : null);
  await expect(async () => {
    for (let i = 0; i <= LIMITS[name].address.burst; i += 1) await limits.spendAddress(name, here);
  }).rejects.toMatchObject({ code: "too-many" });
}

const limited = Object.entries(ROUTES).flatMap(([route, { limit }]: [string, { limit?: LimitName }]) =>
  limit === undefined ? [] : [[route.replaceAll(/\{\w+\}/g, "7"), limit] as const],
);

describe("the door", () => {
  it.each(limited)(
    "lets %s through while nothing is known, and not while its limit is known to be used up",
    async (route, limit) => {
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
    },
  );

  it("lets a burst of one address in one by one, and nobody else wait for it", async () => {
    await clock.advance(3_600_000);
    const startMs = performance.now();
    const times: number[] = [];
    arrived = () => times.push(performance.now() - startMs);
    const burst = Array.from({ length: 12 }, () => ask("POST", "/api/hcs/submit"));
    await burst[0];
    const others = await Promise.all([ask("GET", "/api/contacts"), ask("POST", "/api/sync"), elsewhere()]);
    expect(others.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(heard.filter((route) => route === "POST /api/hcs/submit").length).toBeLessThan(12);
    for (const { status } of await Promise.all(burst)) expect(status).toBe(200);
    // Twelve of this address are eleven gaps of 50 ms; a timer may be a millisecond early.
    expect((times.at(-1) as number) - (times[0] as number)).toBeGreaterThan(11 * 49);
  });

  it("tells who waits with too many to come back, and does not let in who has gone", async () => {
    await clock.advance(3_600_000);
    const leaving = new AbortController();
    const first = await ask("POST", "/api/auth/challenge");
    const waiting = Array.from({ length: MAX_WAITING }, () => ask("POST", "/api/auth/challenge", {}, leaving.signal));
    const gone = Promise.allSettled(waiting);
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask("POST", "/api/auth/challenge")));
    leaving.abort();
    await gone;
    expect(first.status).toBe(200);
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(10);
    expect(refused[0]?.headers.get("retry-after")).toBe("3");
    const before = heard.length;
    expect((await ask("POST", "/api/auth/challenge")).status).toBe(200);
    expect(heard.length).toBeLessThan(before + MAX_WAITING / 2);
  });

  it("lets nothing more of an address in that floods, nor who of it waits, until it has stopped; nobody else is kept out", async () => {
    await clock.advance(3_600_000);
    const again = () => ask("POST", "/api/auth/challenge");
    // Some are let in while these arrive, as many wait as may, and the others are refused: more than enough of them.
    const answers = await Promise.all(Array.from({ length: MAX_WAITING + 2 * FLOOD.rate.burst }, again));
    const letIn = heard.length;
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(answers.length - letIn);
    // All who still waited would have been let in one by one, over three seconds.
    expect(letIn).toBeLessThan(MAX_WAITING);
    const refused = [await again(), await ask("POST", "/api/hcs/submit")];
    for (const { status, headers } of refused) expect([status, headers.get("retry-after")]).toEqual([429, "2"]);
    expect(heard).toHaveLength(letIn);
    expect((await elsewhere()).status).toBe(200);
    expect((await ask("GET", "/api/contacts")).status).toBe(200);
    await clock.advance(FLOOD.refusedForMs);
    expect((await again()).status).toBe(200);
  });

  it("lets all in at once where nothing is limited", () => {
    const unlimited = new RateLimits({
      shared: null,
      own: new MemoryBudgets(clock, 10),
      clock,
      factor: 0,
      proxyHops: 0,
    });
    expect(unlimited.gapMs("submit")).toBeNull();
    expect(limits.gapMs("submit")).toBe(50);
    expect(limits.gapMs("stream")).toBeNull();
  });

  it.each([
    ["/signals", "page"],
    ["/icon.svg", "file"],
  ] as const)("counts what no route counts: %s", async (path, limit) => {
    await clock.advance(3_600_000);
    for (let i = 1; i < LIMITS[limit].address.burst; i += 1) await limits.countAddress(limit, "127.0.0.1");
    expect((await ask("GET", path)).status).toBe(200);
    expect((await ask("GET", path)).status).toBe(429);
    expect(heard).toEqual([`GET ${path}`]);
  });

  it("is open to everything else meanwhile, and counts whom it refused", async () => {
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
      Number(/refusals_at_the_door_total\{limit="submit"\} (\d+)/.exec(await metrics.registry.metrics())?.[1] ?? 0);
    const before = await count();
    expect((await ask("POST", "/api/hcs/submit")).status).toBe(429);
    expect(await count()).toBe(before + 1);
  });
});
