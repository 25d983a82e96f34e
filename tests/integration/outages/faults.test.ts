/** Each fault of the mirror, and what people see of it. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { IngestionAnswer } from "@/lib/wire/operators/health";
import type { SignalsAnswer } from "@/lib/wire/signals";
import { startTestApp, type TestApp } from "../../support/worlds/app";

const ALICE = "tm-alice";
let t: TestApp;

beforeEach(async () => {
  t = await startTestApp({ env: { GAP_GRACE_S: "120", MIRROR_RPS: "40" } });
});
afterEach(() => t.close());

/** `count` requests to Alice from different people, through the ledger; sequence numbers 1, 2, 3, … of the contact topic. */
function requests(count: number, from = 1): void {
  const messages = Array.from({ length: count }, (_, i) => ({
    type: "CONTACT_REQUEST",
    from: `tm-p${from + i}`,
    to: ALICE,
  }));
  t.devnet.submitMany(t.devnet.topics.contact, messages);
}
const signals = () => t.json<SignalsAnswer>("/api/signals?limit=100", ALICE);
const actors = async () => (await signals()).items.map((item) => item.actor).reverse();
const people = (...numbers: number[]) => numbers.map((number) => `tm-p${number}`);
const ingestion = async () => {
  const answer = (await (await t.ask("GET", "/api/health/ingestion", null)).json()) as IngestionAnswer;
  const topic = answer.topics.find(({ topicId }) => topicId === t.devnet.topics.contact);
  if (!topic) throw new Error("the contact topic is missing");
  return { ...answer, topic };
};
const contact = () => t.devnet.topics.contact;

describe("a truncated page that looks complete", () => {
  it("loses nothing: the rest comes with the next request of the same run", async () => {
    requests(60);
    t.devnet.faults.add({ kind: "truncated", keep: 7, times: 3 });
    await t.sync();
    expect((await signals()).position).toBe(60);
    expect((await ingestion()).topic).toMatchObject({ cursor: 60, gaps: [], counts: { verified: 60 } });
  });
});

describe("a temporary hole", () => {
  it("holds the cursor, is asked again, and closes without a trace", async () => {
    requests(10);
    const hole = t.devnet.faults.add({ kind: "hole", topicId: contact(), fromSequence: 4, toSequence: 6 });
    await t.sync();
    expect(await actors()).toEqual(people(1, 2, 3));
    expect((await ingestion()).topic).toMatchObject({
      cursor: 3,
      state: "hole",
      gaps: [{ from: 4, to: 6, state: "hole" }],
    });
    t.devnet.faults.remove(hole);
    await t.clock.advance(20_000);
    await t.sync();
    expect(await actors()).toEqual(people(1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
    expect((await ingestion()).topic).toMatchObject({ cursor: 10, state: "idle", gaps: [], counts: { verified: 10 } });
  });

  it("is not passed before its grace time, however often it is asked about", async () => {
    requests(10);
    t.devnet.faults.add({ kind: "hole", topicId: contact(), fromSequence: 4, toSequence: 6 });
    for (let second = 0; second < 118; second += 2) {
      await t.sync();
      await t.clock.advance(2_000);
    }
    expect((await ingestion()).topic.cursor).toBe(3);
  });
});

describe("a permanent hole", () => {
  it("is declared and shown; later messages are served, the first unverifiable, the rest verified again", async () => {
    requests(10);
    t.devnet.faults.add({ kind: "hole", topicId: contact(), fromSequence: 4, toSequence: 6 });
    await t.sync();
    await t.clock.advance(121_000);
    await t.sync();
    const { items } = await signals();
    expect(items.map(({ sequenceNumber, verified }) => [sequenceNumber, verified]).reverse()).toEqual([
      [1, "verified"],
      [2, "verified"],
      [3, "verified"],
      [7, "unverifiable"],
      [8, "verified"],
      [9, "verified"],
      [10, "verified"],
    ]);
    const health = await ingestion();
    expect(health.topic).toMatchObject({ cursor: 10, state: "idle", gaps: [{ from: 4, to: 6, state: "declared" }] });
    expect(health.alarms.join()).toContain("does not have messages 4 to 6");
    expect(items.map(({ position }) => position)).toEqual([7, 6, 5, 4, 3, 2, 1]);
  });

  it("is looked for again in the background, and heals: rows, positions and the neighbour's seal", async () => {
    requests(10);
    const hole = t.devnet.faults.add({ kind: "hole", topicId: contact(), fromSequence: 4, toSequence: 6 });
    await t.sync();
    await t.clock.advance(121_000);
    await t.sync();
    t.devnet.faults.remove(hole);
    await t.clock.advance(3_600_000);
    await t.sync();
    const { items, position } = await signals();
    expect(items.map(({ sequenceNumber }) => sequenceNumber)).toEqual([10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
    expect(items.every(({ verified }) => verified === "verified")).toBe(true);
    expect(position).toBe(10);
    expect(items.map((item) => item.position).sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(await ingestion()).toMatchObject({
      alarms: [],
      topic: { gaps: [], counts: { messages: 10, verified: 10, unverifiable: 0 } },
    });
  });
});

describe("forged content", () => {
  it("is failed, in no view, and alarms; everything around it stands", async () => {
    requests(5);
    t.devnet.faults.add({ kind: "forgedContent", topicId: contact(), fromSequence: 3, toSequence: 3 });
    await t.sync();
    expect(await actors()).toEqual(people(1, 2, 4, 5));
    const contacts = await t.json<{ requests: { incoming: { peerId: string }[] } }>("/api/contacts", ALICE);
    expect(contacts.requests.incoming.map(({ peerId }) => peerId).sort()).toEqual(people(1, 2, 4, 5));
    const health = await ingestion();
    expect(health.topic.counts).toMatchObject({ failed: 1, verified: 4 });
    expect(health.alarms.join()).toContain(`Message 3 of topic ${contact()} does not match the ledger's hash chain`);
    expect((await t.ask("GET", `/api/proof/${contact()}/3`, ALICE)).status).toBe(403);
  });

  it("shown once is requested again before anything is stored", async () => {
    requests(5);
    t.devnet.faults.add({ kind: "forgedContent", topicId: contact(), fromSequence: 3, toSequence: 3, times: 1 });
    await t.sync();
    expect(await actors()).toEqual(people(1, 2, 3, 4, 5));
    expect((await ingestion()).topic.counts).toMatchObject({ failed: 0, verified: 5 });
  });

  it("heals when the mirror tells the truth at last", async () => {
    requests(5);
    const forged = t.devnet.faults.add({ kind: "forgedContent", topicId: contact(), fromSequence: 3, toSequence: 3 });
    await t.sync();
    t.devnet.faults.remove(forged);
    await t.clock.advance(3_600_000);
    await t.sync();
    expect(new Set(await actors())).toEqual(new Set(people(1, 2, 3, 4, 5)));
    expect(await ingestion()).toMatchObject({ alarms: [], topic: { counts: { failed: 0, verified: 5 } } });
  });
});

describe("a missing running hash", () => {
  it("leaves the message and its successor unverifiable, and shows both", async () => {
    requests(5);
    t.devnet.faults.add({ kind: "missingHash", topicId: contact(), fromSequence: 2, toSequence: 2 });
    await t.sync();
    const { items } = await signals();
    expect(items.map(({ verified }) => verified).reverse()).toEqual([
      "verified",
      "unverifiable",
      "unverifiable",
      "verified",
      "verified",
    ]);
  });
});

describe("repeated messages and pages", () => {
  it("take effect once", async () => {
    requests(150);
    t.devnet.faults.add({ kind: "duplicateMessages" });
    await t.sync();
    requests(10, 151);
    t.devnet.faults.clear();
    t.devnet.faults.add({ kind: "repeatedPage", times: 2 });
    await t.sync();
    await t.sync();
    expect((await signals()).position).toBe(160);
    expect((await ingestion()).topic.counts).toMatchObject({ messages: 160, verified: 160 });
  });
});

describe("a mirror in trouble", () => {
  it.each([
    ["502 with an HTML body", { kind: "badGateway", times: 2 }],
    ["a reset connection", { kind: "reset", times: 2 }],
    ["a reset in the middle of a body", { kind: "reset", afterBytes: 30, times: 2 }],
    ["429 without Retry-After", { kind: "rateLimited", times: 1 }],
  ] as const)("recovers by itself from %s", async (_, fault) => {
    requests(5);
    t.devnet.faults.add(fault);
    for (let round = 0; round < 40; round += 1) {
      await t.sync();
      await t.clock.advance(2_000);
    }
    expect(await actors()).toEqual(people(1, 2, 3, 4, 5));
    expect((await ingestion()).topic).toMatchObject({ state: "idle", lastError: null });
  });

  it("serves what it has while the mirror is down, and says how old that is", async () => {
    requests(3);
    await t.sync();
    t.devnet.faults.add({ kind: "badGateway" });
    await t.clock.advance(60_000);
    const answer = await signals();
    expect(answer.items).toHaveLength(3);
    expect(answer.stale).toBe(true);
    expect(answer.lagMs).toBeGreaterThan(59_000);
    const hcs = await (await t.ask("GET", "/api/health/hcs", null)).json();
    expect(hcs).toMatchObject({ ok: false });
  });

  it("recovers alone from an hour of 429, within the budget", async () => {
    requests(3);
    await t.sync();
    const limited = t.devnet.faults.add({ kind: "rateLimited" });
    t.devnet.requests.reset();
    const hourMs = 3_600_000;
    for (let ms = 0; ms < hourMs; ms += 1_000) {
      await t.clock.drive(t.app.scheduler.demand());
      await t.clock.advance(1_000);
    }
    // 40 a second would be 144,000; the circuit asks about once a minute.
    expect(t.devnet.requests.counts().total).toBeLessThan(500);
    t.devnet.faults.remove(limited);
    requests(2, 4);
    for (let ms = 0; ms < 120_000; ms += 1_000) {
      await t.clock.drive(t.app.scheduler.demand());
      await t.clock.advance(1_000);
    }
    expect(await actors()).toEqual(people(1, 2, 3, 4, 5));
    expect((await signals()).stale).toBe(false);
  });
});

describe("a slow mirror", () => {
  it("keeps no reader waiting: they are served while the sync still asks", async () => {
    requests(3);
    await t.sync();
    requests(1, 4);
    t.devnet.faults.add({ kind: "latency", ms: 500 });
    let isSynced = false;
    const syncing = t.app.scheduler.syncNow().then(() => {
      isSynced = true;
    });
    const answer = await t.ask("GET", "/api/signals", ALICE, { withoutBackground: true });
    expect(((await answer.json()) as SignalsAnswer).items).toHaveLength(3);
    expect(isSynced).toBe(false);
    await t.clock.drive(syncing);
    expect((await signals()).items).toHaveLength(4);
  });
});

describe("a forged running hash", () => {
  it("fails its message and the one that should follow from it, and heals", async () => {
    requests(5);
    const forged = t.devnet.faults.add({ kind: "forgedHash", topicId: contact(), fromSequence: 3, toSequence: 3 });
    await t.sync();
    expect(await actors()).toEqual(people(1, 2, 5));
    expect((await ingestion()).topic.counts).toMatchObject({ failed: 2, verified: 3 });
    t.devnet.faults.remove(forged);
    await t.clock.advance(3_600_000);
    await t.sync();
    expect(new Set(await actors())).toEqual(new Set(people(1, 2, 3, 4, 5)));
    expect(await ingestion()).toMatchObject({ alarms: [], topic: { counts: { failed: 0, verified: 5 } } });
  });
});

describe("a stalled head", () => {
  it("lets the lag grow, calls answers stale, and is named while the instance goes on serving", async () => {
    requests(3);
    await t.sync();
    expect(await t.json("/api/contacts", ALICE)).toMatchObject({ stale: false });
    expect((await t.ask("GET", "/api/health/ready", null)).status).toBe(200);
    t.devnet.faults.add({ kind: "stalledHead" });
    await t.clock.advance(5_000);
    await t.sync();
    const slow = await t.json<{ lagMs: number }>("/api/contacts", ALICE);
    expect(slow).toMatchObject({ stale: true });
    await t.clock.advance(40_000);
    await t.sync();
    const slower = await t.json<{ lagMs: number }>("/api/contacts", ALICE);
    expect(slower.lagMs).toBeGreaterThanOrEqual(slow.lagMs + 40_000);
    const ready = await t.ask("GET", "/api/health/ready", null);
    expect(ready.status).toBe(200);
    expect(await ready.json()).toMatchObject({
      ready: true,
      degraded: true,
      incidents: [{ code: "topics-behind", summary: expect.stringContaining("the mirror has nothing newer than") }],
    });
  });
});

describe("poison and strangers", () => {
  it("are kept and counted, and block nothing", async () => {
    requests(1);
    t.devnet.submitMany(contact(), [
      Buffer.from([0xff, 0xfe]),
      "no json",
      "[1]",
      { type: "CONTACT_REQUEST" },
      { actor: "x" },
    ]);
    t.devnet.submit(
      contact(),
      { type: "CONTACT_REQUEST", from: "tm-mallory", to: ALICE },
      { payer: "0.0.666" as never },
    );
    requests(1, 2);
    await t.sync();
    expect(await actors()).toEqual(people(1, 2));
    expect((await ingestion()).topic.counts).toMatchObject({ messages: 8, undecodable: 5, untrusted: 1, verified: 8 });
  });

  it("lets people write for themselves, whoever may pay for others", async () => {
    t.devnet.submit(contact(), { type: "CONTACT_REQUEST", from: "0.0.777", to: ALICE }, { payer: "0.0.777" as never });
    await t.sync();
    expect(await actors()).toEqual(["0.0.777"]);
  });
});

describe("a user with more signals than are served", () => {
  it("sees the newest of them, and the true position", async () => {
    await t.close();
    t = await startTestApp({ env: { MAX_SIGNALS_PER_USER: "100" } });
    requests(130);
    await t.sync();
    const first = await t.json<SignalsAnswer>("/api/signals?limit=70", ALICE);
    const second = await t.json<SignalsAnswer>(`/api/signals?limit=70&cursor=${first.nextCursor}`, ALICE);
    expect([first.items.length, second.items.length, second.nextCursor, second.position]).toEqual([70, 30, null, 130]);
  });
});

describe("chunks", () => {
  it("show as one signal when the last has come, also when a page ends between them", async () => {
    const note = "x".repeat(3_000);
    requests(99);
    t.devnet.submit(contact(), { type: "CONTACT_REQUEST", from: "tm-long", to: ALICE, note });
    await t.sync();
    const [newest] = (await signals()).items;
    expect(newest).toMatchObject({ actor: "tm-long", sequenceNumber: 102, verified: "verified", metadata: { note } });
    expect((await signals()).position).toBe(100);
  });
});
