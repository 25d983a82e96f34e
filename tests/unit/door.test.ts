/** The door in front of a plain server, whose own listener must not hear of who is refused. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { MemoryBudgets } from "@/lib/adapters/memory/memory-budgets";
import { SOCKET_HEADER, watchSockets } from "@/lib/server/client-address";
import { keepDoor } from "@/lib/server/door";
import { LIMITS, type LimitName, RateLimits } from "@/lib/server/limits";
import { Metrics } from "@/lib/server/metrics";
import { ROUTES } from "@/lib/server/routes/table";
import { DrivenClock } from "../support/driven-clock";

const clock = new DrivenClock();
const limits = new RateLimits({ shared: null, own: new MemoryBudgets(clock, 100), clock, factor: 1, proxyHops: 0 });
const metrics = new Metrics();
let server: Server;
let heard: string[];

beforeAll(async () => {
  watchSockets();
  keepDoor({ limits, metrics });
  server = createServer((request, response) => {
    heard.push(`${request.method} ${request.url}`);
    response.end("heard");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterAll(() => new Promise((resolve) => server.close(resolve)));
beforeEach(() => {
  heard = [];
});

const ask = (method: string, path: string, headers: Record<string, string> = {}) =>
  fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, {
    method,
    headers: { connection: "close", ...headers },
    ...(method === "POST" ? { body: "{}" } : {}),
  });

/** As the route does it, until the address has none left. */
async function exhaust(name: LimitName): Promise<void> {
  const here = (header: string) => (header === SOCKET_HEADER ? "127.0.0.1" : null);
  await expect(async () => {
    for (let i = 0; i <= LIMITS[name].address.burst; i += 1) await limits.spendAddress(name, here);
  }).rejects.toMatchObject({ code: "too-many" });
}

const limited = Object.entries(ROUTES).flatMap(([route, { limit }]: [string, { limit?: LimitName }]) =>
  limit === undefined || route.includes("{") ? [] : [[route, limit] as const],
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

  it("is open to everything else meanwhile, and counts whom it refused", async () => {
    await clock.advance(3_600_000);
    await exhaust("submit");
    for (const [method, path] of [
      ["GET", "/api/contacts"],
      ["GET", "/api/hcs/submit"],
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
