/** Live delivery: once, in order, without a gap in positions, across reconnects; and what it costs. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { UserId } from "@/lib/core/ledger/ids";
import { POSITIONS_PER_EPOCH } from "@/lib/core/signals/position";
import { TierUnavailable } from "@/lib/ports/tier-unavailable";
import { intercepted } from "../../support/control/intercepted";
import { SseReader } from "../../support/sse";
import { startTestApp, type TestApp } from "../../support/worlds/app";

const ALICE = "tm-alice";
let t: TestApp;
let sql: string[];
let open: SseReader[];

beforeEach(async () => {
  sql = [];
  open = [];
  t = await startTestApp({
    env: { STREAM_MAX_S: "280" },
    wrapStores: (stores) => ({
      ...stores,
      views: intercepted(stores.views, (name) => {
        sql.push(name);
        return null;
      }),
    }),
  });
});
afterEach(async () => {
  for (const reader of open) await reader.cancel();
  await t.close();
});

async function stream(options: { cursor?: number; lastEventId?: number; userId?: string } = {}): Promise<SseReader> {
  const query = options.cursor === undefined ? "" : `?cursor=${options.cursor}`;
  const headers: Record<string, string> =
    options.lastEventId === undefined ? {} : { "last-event-id": String(options.lastEventId) };
  const reader = new SseReader(await t.ask("GET", `/api/stream${query}`, options.userId ?? ALICE, { headers }));
  open.push(reader);
  await t.clock.advance(10);
  return reader;
}
function request(...from: string[]): void {
  t.devnet.submitMany(
    t.devnet.topics.contact,
    from.map((each) => ({ type: "CONTACT_REQUEST", from: each, to: ALICE })),
  );
}
const ids = (reader: SseReader) => reader.of("signal").map(({ id }) => id);
const actors = (reader: SseReader) => reader.of("signal").map(({ data }) => data.actor);

describe("a stream", () => {
  it("looks for missed events until the database answers, even if it was down at first", async () => {
    const reader = await stream({ cursor: 0 });
    const { views } = t.app.stores;
    const heads = views.heads.bind(views);
    Object.assign(views, { heads: () => Promise.reject(new TierUnavailable("postgres", "down")) });
    // The commit happens, and its word is lost.
    Object.assign(t.app.bus, { publish: async () => {} });
    request("tm-1");
    await t.clock.advance(3_000);
    await t.app.bus.publishMissed({ topicId: t.devnet.topics.contact, cursor: 1 });
    await t.clock.advance(3_000);
    expect(ids(reader)).toEqual([]);
    Object.assign(views, { heads });
    await t.clock.advance(2_000);
    expect(ids(reader)).toEqual([1]);
  });

  it("stays open while the database does not answer, and carries on when it does", async () => {
    request("tm-1");
    await t.sync();
    const reader = await stream({ cursor: 0 });
    expect(ids(reader)).toEqual([1]);
    const { views } = t.app.stores;
    const [rows, head] = [views.signalsAfter.bind(views), views.head.bind(views)];
    const down = () => Promise.reject(new TierUnavailable("postgres", "down"));
    Object.assign(views, { signalsAfter: down, head: down });
    request("tm-2");
    await t.clock.advance(10_000);
    const late = await stream({ cursor: 0 });
    await t.clock.advance(10_000);
    expect([ids(reader), reader.isEnded, late.of("hello").length, late.isEnded]).toEqual([[1], false, 0, false]);
    expect(late.of("freshness").length).toBeGreaterThan(0);
    Object.assign(views, { signalsAfter: rows, head });
    await t.clock.advance(2_000);
    expect([ids(reader), ids(late), late.of("hello").length]).toEqual([[1, 2], [1, 2], 1]);
  });

  it("sends hello, then each new signal with its position as id, and the peers of changed contacts", async () => {
    const reader = await stream();
    expect(reader.events).toMatchObject([{ event: "hello", id: 0, data: { position: 0 } }]);
    request("tm-bob", "tm-carol");
    await t.clock.advance(2_000);
    expect(reader.of("signal")).toMatchObject([
      { id: 1, data: { actor: "tm-bob", target: ALICE, source: "hcs", verified: "verified", position: 1 } },
      { id: 2, data: { actor: "tm-carol", position: 2 } },
    ]);
    expect(reader.of("contacts")).toMatchObject([{ id: null, data: { peers: ["tm-bob", "tm-carol"] } }]);
  });

  it("that breaks before its first signal resumes where it began, however it was opened", async () => {
    request("tm-1", "tm-2", "tm-3");
    await t.sync();
    for (const [options, missed] of [
      [{}, []],
      [{ cursor: 1 }, [2, 3]],
    ] as const) {
      const broken = await stream(options);
      const [hello] = broken.of("hello");
      expect(hello).toMatchObject({ id: options.cursor ?? 3, data: { position: 3 } });
      await broken.cancel();
      expect(ids(await stream({ lastEventId: Number(hello?.id) }))).toEqual(missed);
    }
    const broken = await stream();
    const lastEventId = Number(broken.of("hello")[0]?.id);
    await broken.cancel();
    request("tm-4");
    await t.sync();
    expect(ids(await stream({ lastEventId }))).toEqual([4]);
  });

  it.each([
    ["an empty header beside ?cursor=", "?cursor=2", { "last-event-id": "" }, [3, 4]],
    ["?lastEventId=", "?lastEventId=2", {}, [3, 4]],
    ["?lastEventId= beside an older ?cursor=", "?cursor=1&lastEventId=3", {}, [4]],
    ["the header beside both", "?cursor=1&lastEventId=2", { "last-event-id": "3" }, [4]],
    ["nothing but empty ones", "?cursor=&lastEventId=", { "last-event-id": "" }, []],
  ])("resumes after the client's last event: %s", async (_, query, headers, expected) => {
    request("tm-1", "tm-2", "tm-3", "tm-4");
    await t.sync();
    const reader = new SseReader(await t.ask("GET", `/api/stream${query}`, ALICE, { headers }));
    open.push(reader);
    await t.clock.advance(10);
    expect(ids(reader)).toEqual(expected);
  });

  it("forbids caches to keep it or to share it between people", async () => {
    const response = await t.ask("GET", "/api/stream", ALICE);
    expect(response.headers.get("cache-control")).toBe("private, no-cache, no-transform");
    expect(response.headers.get("vary")).toBe("Cookie, Authorization, Accept-Encoding");
    await response.body?.cancel();
  });

  it("shows only its own user's signals", async () => {
    const reader = await stream({ userId: "tm-mallory" });
    request("tm-bob");
    await t.clock.advance(3_000);
    expect(reader.of("signal")).toEqual([]);
    expect(reader.of("contacts")).toEqual([]);
  });

  it("tells its freshness at least every fifteen seconds, and demands syncs while it is open", async () => {
    const reader = await stream();
    t.devnet.requests.reset();
    await t.clock.advance(60_000);
    expect(reader.of("freshness").length).toBeGreaterThanOrEqual(4);
    expect(reader.of("freshness").at(-1)?.data).toMatchObject({ stale: false });
    expect(t.devnet.requests.counts().total).toBeGreaterThan(100);
    await reader.cancel();
    await t.clock.advance(2_000);
    t.devnet.requests.reset();
    await t.clock.advance(60_000);
    expect(t.devnet.requests.counts().total).toBe(0);
    expect(t.app.hub.size).toBe(0);
    expect(t.clock.waiting).toBe(0);
  });

  it("costs no statement while nothing happens", async () => {
    await stream();
    await t.clock.advance(5_000);
    sql.length = 0;
    await t.clock.advance(60_000);
    expect(sql).toEqual([]);
  });
});

describe("resuming", () => {
  beforeEach(async () => {
    request("tm-1", "tm-2", "tm-3", "tm-4", "tm-5");
    await t.sync();
  });

  it("goes on after Last-Event-ID exactly, and prefers it to ?cursor", async () => {
    const reader = await stream({ lastEventId: 3, cursor: 0 });
    expect(ids(reader)).toEqual([4, 5]);
    expect(reader.of("hello")[0]?.data).toMatchObject({ position: 5 });
  });

  it("from ?cursor=0 sends every signal, and from the head none", async () => {
    expect(ids(await stream({ cursor: 0 }))).toEqual([1, 2, 3, 4, 5]);
    expect(ids(await stream({ cursor: 5 }))).toEqual([]);
  });

  it("loses and repeats no signal while streams come and go between commits", async () => {
    const seen: (number | null)[] = [1, 2, 3, 4, 5];
    let cursor = 5;
    for (let round = 0; round < 12; round += 1) {
      const reader = await stream({ lastEventId: cursor });
      request(`tm-a${round}`, `tm-b${round}`);
      await t.clock.advance(round % 3 === 0 ? 20 : 1_500);
      await reader.cancel();
      seen.push(...ids(reader));
      cursor = Math.max(cursor, ...ids(reader).map(Number));
      request(`tm-c${round}`);
      await t.sync();
    }
    const last = await stream({ lastEventId: cursor });
    seen.push(...ids(last));
    expect(seen).toEqual(Array.from({ length: 5 + 12 * 3 }, (_, i) => i + 1));
  });

  it("from far behind sends every signal in order, over several reads", async () => {
    request(...Array.from({ length: 520 }, (_, i) => `tm-x${i}`));
    await t.sync();
    const reader = await stream({ cursor: 0 });
    await t.clock.advance(100);
    expect(ids(reader)).toEqual(Array.from({ length: 525 }, (_, i) => i + 1));
  });

  it("with a cursor beyond the head sends a resync", async () => {
    const reader = await stream({ lastEventId: 4_000 });
    expect(reader.of("resync")).toMatchObject([{ id: 5, data: { position: 5 } }]);
    request("tm-6");
    await t.clock.advance(2_000);
    expect(ids(reader)).toEqual([6]);
  });

  it("across a rebuild resyncs into the new epoch", async () => {
    const before = await stream({ lastEventId: 5 });
    await t.app.stores.sync.rebuild();
    for (const sync of t.app.scheduler.syncs.values()) sync.startOver();
    await t.clock.advance(3_000);
    const head = POSITIONS_PER_EPOCH + 5;
    expect(before.of("resync").at(-1)?.data).toEqual({ position: head });
    const after = await stream({ lastEventId: 4 });
    expect(after.of("resync")).toMatchObject([{ id: head }]);
    expect((await t.json<{ position: number }>("/api/signals", ALICE)).position).toBe(head);
  });

  it.each(["abc", "-1", "1.5", "99999999999999999999"])("refuses the cursor %s by name", async (cursor) => {
    const response = await t.ask("GET", `/api/stream?cursor=${cursor}`, ALICE);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ field: "cursor" });
  });
});

describe("names", () => {
  it("that change in a contact's profile are announced to the people who see them", async () => {
    t.devnet.submit(t.devnet.topics.contact, { type: "CONTACT_ACCEPT", from: "tm-bob", to: ALICE });
    await t.sync();
    const reader = await stream();
    t.devnet.submit(t.devnet.topics.profile, { actor: "tm-bob", displayName: "Robert" });
    await t.clock.advance(3_000);
    expect(reader.of("contacts").at(-1)?.data).toEqual({ peers: ["tm-bob"] });
    expect(actors(reader)).toEqual([]);
  });
});

describe("the end of a stream", () => {
  it("comes with bye before the platform's limit", async () => {
    const reader = await stream();
    await t.clock.advance(279_000);
    expect(reader.isEnded).toBe(false);
    await t.clock.advance(2_000);
    expect(reader.events.at(-1)).toMatchObject({ event: "bye", data: { reason: "planned" } });
    expect(reader.isEnded).toBe(true);
  });

  it("comes with bye when its session signs out, before anything else, and other sessions' streams go on", async () => {
    const [phone, laptop] = await Promise.all([ALICE, ALICE].map((userId) => t.app.sessions.issue(userId as UserId)));
    const read = async (cookie = "") => {
      const headers = { cookie: cookie.split(";")[0] as string };
      const reader = new SseReader(await t.ask("GET", "/api/stream", null, { headers }));
      open.push(reader);
      await t.clock.advance(10);
      return { reader, headers };
    };
    const [own, other] = [await read(phone), await read(laptop)];
    request("tm-1");
    expect((await t.ask("POST", "/api/auth/logout", null, { headers: own.headers, body: {} })).status).toBe(200);
    await t.clock.advance(5_000);
    expect(own.reader.events.at(-1)).toMatchObject({ event: "bye", data: { reason: "signed-out" } });
    expect([own.reader.isEnded, ids(own.reader)]).toEqual([true, []]);
    expect([other.reader.isEnded, ids(other.reader)]).toEqual([false, [1]]);
  });

  it("comes with bye when the server shuts down, for every stream", async () => {
    const readers = [await stream(), await stream({ userId: "tm-bob" })];
    t.app.hub.close();
    await t.clock.advance(10);
    for (const reader of readers) {
      expect(reader.events.at(-1)).toMatchObject({ event: "bye", data: { reason: "shutdown" } });
      expect(reader.isEnded).toBe(true);
    }
    expect(t.app.hub.size).toBe(0);
  });
});
