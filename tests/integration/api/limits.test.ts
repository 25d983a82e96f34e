/** Limits and bounds as a client meets them. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { SOCKET_HEADER } from "@/lib/server/access/client-address";
import { LIMITS } from "@/lib/server/access/limits";
import { ROUTES } from "@/lib/server/routes/table";
import { answer } from "../../support/contract/checked";
import { startTestApp, type TestApp } from "../../support/worlds/app";

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp({ env: { APP_DOMAIN: "app.test" } });
});
afterAll(() => t.close());

const at = (address: string) => ({ [SOCKET_HEADER]: address });

describe("a caller over its limit", () => {
  it("gets 429 with Retry-After, and the next user does not", async () => {
    const path = `/api/proof/${t.devnet.topics.contact}/1`;
    const statuses = [];
    for (let i = 0; i < LIMITS.proof.user.burst + 1; i += 1)
      statuses.push((await t.ask("GET", path, "tm-busy")).status);
    expect(statuses.filter((status) => status === 429)).toHaveLength(1);
    const refused = await t.ask("GET", path, "tm-busy");
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "1"]);
    expect(await refused.json()).toMatchObject({
      code: "too-many",
      error: expect.stringContaining("Try again in 1 s"),
    });
    expect((await t.ask("GET", path, "tm-calm")).status).toBe(404);
    expect((await t.ask("GET", "/api/contacts", "tm-busy")).status).toBe(200);
  });

  it("is known by its address at sign-in, before anything else is checked", async () => {
    const body = { accountId: "0.0.5" };
    const ask = (headers: Record<string, string>) => t.ask("POST", "/api/auth/challenge", null, { body, headers });
    let last = await ask(at("203.0.113.1"));
    for (let i = 0; i < LIMITS["sign-in"].address.burst; i += 1) last = await ask(at("203.0.113.1"));
    expect(last.status).toBe(429);
    expect((await t.ask("POST", "/api/auth/verify", null, { body: {}, headers: at("203.0.113.1") })).status).toBe(429);
    expect((await ask(at("203.0.113.2"))).status).toBe(200);
    // Claiming another address does not help where no proxy of ours would have written it.
    expect((await ask({ ...at("203.0.113.1"), "x-forwarded-for": "198.51.100.7" })).status).toBe(429);
  });
});

describe("the health routes", () => {
  const CHECKS = ["/api/health", "/api/health/ready", "/api/health/ingestion", "/api/health/hcs"];
  const askAll = async () => {
    const answers = await Promise.all(
      CHECKS.flatMap((path) =>
        Array.from({ length: 50 }, () => t.ask("GET", path, null, { headers: at("203.0.113.7") })),
      ),
    );
    for (const answer of answers) expect(answer.status).toBe(200);
    return Promise.all(answers.map((answer) => answer.text()));
  };

  it("probe the tiers and judge at most once a second, however many callers ask", async () => {
    await t.sync();
    const seen = () =>
      Object.values(t.app.stores.stats().byPurpose).reduce((sum, { statements }) => sum + statements, 0);
    const look = vi.spyOn(t.app.health, "look");
    await askAll();
    const before = seen();
    const looks = look.mock.calls.length;
    expect(looks).toBeLessThanOrEqual(2 * CHECKS.length);
    const texts = await askAll();
    expect([seen(), look.mock.calls.length]).toEqual([before, looks]);
    expect(new Set(texts).size).toBe(CHECKS.length);
    const looksAfter = async (ask: () => Promise<unknown>) => {
      await t.clock.advance(10_000);
      const earlier = look.mock.calls.length;
      await ask();
      return look.mock.calls.length - earlier;
    };
    const once = await looksAfter(askAll);
    expect(once).toBeGreaterThan(0);
    const statements = seen() - before;
    expect(statements).toBeGreaterThan(0);
    const inTurn = async () => {
      for (const path of CHECKS) await t.ask("GET", path, null);
    };
    expect(await looksAfter(inTurn)).toBe(once);
    expect(seen() - before).toBe(2 * statements);
  });
});

describe("a signed-in user who reads without end", () => {
  it("is refused, and nobody else is", async () => {
    const statuses = new Map<number, number>();
    for (let i = 0; i < LIMITS.read.user.burst + 50; i += 1) {
      const { status } = await t.ask("GET", "/api/contacts", "tm-greedy");
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    expect(statuses.get(200)).toBe(LIMITS.read.user.burst);
    expect(statuses.get(429)).toBe(50);
    expect((await t.ask("GET", "/api/contacts", "tm-modest")).status).toBe(200);
  });

  it("has a few reads at work at a time, and nobody else waits for them", async () => {
    const { views } = t.app.stores;
    const load = views.signals.bind(views);
    let working = 0;
    let most = 0;
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const spied = vi.spyOn(views, "signals").mockImplementation(async (userId, ...page) => {
      if (userId !== "tm-many") return load(userId, ...page);
      working += 1;
      most = Math.max(most, working);
      await held;
      const loaded = await load(userId, ...page);
      working -= 1;
      return loaded;
    });
    onTestFinished(() => spied.mockRestore());
    const read = (userId: string, i: number) => t.ask("GET", `/api/signals?limit=${20 + i}`, userId);
    const reads = Array.from({ length: 30 }, (_, i) => read("tm-many", i));
    expect((await read("tm-few", 0)).status).toBe(200);
    await vi.waitFor(() => expect(working).toBe(LIMITS.read.user.atOnce));
    release();
    for (const { status } of await Promise.all(reads)) expect(status).toBe(200);
    expect(most).toBe(LIMITS.read.user.atOnce);
  });
});

describe("ledger pages of one address", () => {
  it("are counted before they wait for their turn, so no more of them wait than the limit admits", async () => {
    const { ledgerLog } = t.app.stores;
    const load = ledgerLog.page.bind(ledgerLog);
    let working = 0;
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const spied = vi.spyOn(ledgerLog, "page").mockImplementation(async (query) => {
      working += 1;
      await held;
      return load(query);
    });
    const page = (i: number) =>
      t.ask("GET", `/api/v1/topics/${t.devnet.topics.contact}/messages?limit=${i + 1}`, null, {
        headers: at("203.0.113.9"),
      });
    const { atOnce, burst } = LIMITS.ledger.address;
    const admitted = atOnce + 20;
    for (let i = admitted; i < burst; i += 1) await t.app.limits.spendAddress("ledger", "203.0.113.9");
    const pages = Array.from({ length: admitted }, (_, i) => page(i));
    await vi.waitFor(() => expect(working).toBe(atOnce));
    expect((await page(admitted)).status).toBe(429);
    expect(working).toBe(atOnce);
    release();
    for (const { status } of await Promise.all(pages)) expect(status).toBe(200);
    expect(working).toBe(admitted);
    spied.mockRestore();
  });
});

describe("a request", () => {
  const post = (body: unknown, headers: Record<string, string> = {}) =>
    t.ask("POST", "/api/sync", "tm-a", { body, headers });

  it("is refused when its body is larger than any write, whatever length it declares", async () => {
    const large = JSON.stringify({ topics: [], more: "x".repeat(70_000) });
    expect((await post(large)).status).toBe(413);
    expect((await post("{}", { "content-length": "70000" })).status).toBe(413);
  });

  it("is refused when its JSON is nested too deeply, but not for brackets in a string", async () => {
    for (const body of ["[".repeat(30_000), `{"a":${"[".repeat(40)}${"]".repeat(40)}}`, '{"a":'.repeat(50)]) {
      const response = await post(body);
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ field: "body", detail: expect.stringContaining("too deep") });
    }
    expect((await post({ note: `\\"${"[{".repeat(500)}` })).status).toBe(200);
  });

  it("is cut when its body does not arrive", async () => {
    const stuck = new ReadableStream({ pull: () => new Promise(() => {}) });
    const cookie = (await t.app.sessions.issue("tm-a" as never)).split(";")[0] as string;
    const request = new Request("http://app.test/api/sync", {
      method: "POST",
      headers: { host: "app.test", cookie, "content-type": "application/json" },
      body: stuck,
      duplex: "half",
    } as RequestInit);
    const response = await t.clock.drive(
      answer(t.app, ROUTES["POST /api/sync"], { request, params: {}, background: () => {} }),
    );
    expect(response.status).toBe(408);
  });

  it("of very many parameters, or with a long address, is refused", async () => {
    const query = (count: number) => Array.from({ length: count }, () => "type").join("&");
    expect((await t.ask("GET", `/api/signals?${query(65)}`, "tm-a")).status).toBe(400);
    expect((await t.ask("GET", `/api/signals?${query(3_000)}`, "tm-a")).status).toBe(414);
  });
});

describe("a stream whose client does not read", () => {
  it("is cut after a minute, and one that reads is not", async () => {
    const open = async () =>
      (await t.ask("GET", "/api/stream", "tm-slow", { withoutBackground: true })).body?.getReader();
    const [idle, reading] = [await open(), await open()];
    const read = async () => (await t.clock.drive(reading?.read() ?? Promise.reject())).done;
    for (let seconds = 0; seconds < 90; seconds += 5) {
      await t.clock.advance(5_000);
      expect(await read()).toBe(false);
    }
    // The first piece lay ready; behind it the stream has been cut.
    await expect(
      (async () => {
        for (let i = 0; i < 3; i += 1) await idle?.read();
      })(),
    ).rejects.toThrow("does not read");
    expect(t.app.hub.size).toBe(1);
    await reading?.cancel();
  });
});
