/** An app whose old messages are dropped: what it keeps is as it was, and what it no longer has it says. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { formatConsensusTime, fromMs, MAX_CONSENSUS_NS } from "@/lib/core/ledger/consensus-time";
import type { TopicId } from "@/lib/core/ledger/ids";
import { packOlder } from "@/lib/engine/repair/pack";
import { Freshness } from "@/lib/wire/common";
import { ActionAnswer, TopicCheck } from "@/lib/wire/operators/admin";
import { SseReader } from "../../support/sse";
import { damage, stored } from "../../support/stores/database";
import { startTestApp, type TestApp } from "../../support/worlds/app";
import { createTestApp } from "../../support/worlds/create-test-app";
import { dropAll } from "../../support/worlds/histories/dropped-topics";

const ENV = { HOT_HOURS: "1", KEEP_MONTHS: "1", MIRROR_RPS: "10000", RATE_LIMITS: "0" };
const [ALICE, BOB] = ["tm-alice", "tm-bob"];
const MESSAGES = 700;
/** Messages through this number are dropped. */
const DROPPED = 512;
let t: TestApp;
let topic: TopicId;
type Said = Readonly<Record<string, unknown>>;
let before: readonly Said[];
let positions: readonly number[];

/** Members that each answer has of its own. */
const SAID_ANEW = new Set([...Object.keys(Freshness.shape), "timestamp", "instance"]);
const content = (answer: unknown): Said =>
  JSON.parse(JSON.stringify(answer, (name, value) => (SAID_ANEW.has(name) ? undefined : value)));

/** A fresh instance, which has nothing in its memory. */
async function fresh(more: Readonly<Record<string, string>> = {}) {
  const app = createTestApp({
    ...{ devnet: t.devnet, clock: t.clock, stores: t.app.stores, env: { ...ENV, ...more } },
    network: { mirrorUrls: [t.devnet.restUrl], close: async () => {} },
  });
  await app.openTopics();
  await t.clock.drive(app.scheduler.syncNow());
  return app;
}
type App = Awaited<ReturnType<typeof fresh>>;
const asked = async (app: App, path: string, userId = ALICE as string | null) => {
  const answer = await t.ask("GET", path, userId, { app });
  return { status: answer.status, content: content(await answer.json()) };
};

const kept = (app: App) =>
  Promise.all(
    [
      ...["/api/contacts", "/api/circle", "/api/profiles?ids=tm-alice", "/api/signals?limit=50"],
      ...[DROPPED + 1, DROPPED + 2, MESSAGES].flatMap((n) => [
        `/api/proof/${topic}/${n}`,
        `/api/v1/topics/${topic}/messages/${n}`,
      ]),
      `/api/v1/topics/${topic}/messages?order=desc&limit=100`,
      `/api/v1/topics/${topic}/messages?sequencenumber=gt:${DROPPED}&limit=100`,
    ].map(async (path) => (await asked(app, path)).content),
  );

async function signalPages(app: App): Promise<readonly Said[]> {
  const pages: Said[] = [];
  for (let cursor: unknown = ""; cursor !== null; ) {
    const page = await asked(app, `/api/signals?limit=100${cursor === "" ? "" : `&cursor=${String(cursor)}`}`);
    expect(page.status).toBe(200);
    pages.push(page.content);
    cursor = page.content.nextCursor;
  }
  return pages;
}

async function check(action: "audit" | "resync") {
  const path = `/api/admin/topics/${topic}/${action}`;
  ActionAnswer.parse(await (await t.ask("POST", path, t.devnet.operatorId, { body: {} })).json());
  const [entry] = await t.app.stores.admin.latest([`topic.${action}`]);
  return TopicCheck.parse(entry?.detail);
}

async function begin(): Promise<void> {
  t = await startTestApp({ env: ENV });
  topic = t.devnet.topics.contact;
  const message = (i: number) =>
    i === 1
      ? { type: "CONTACT_REQUEST", from: BOB, to: ALICE }
      : i === 2
        ? { type: "CONTACT_ACCEPT", from: ALICE, to: BOB }
        : { type: "CONTACT_REQUEST", from: `tm-${i}`, to: ALICE };
  t.devnet.submitMany(
    topic,
    Array.from({ length: MESSAGES }, (_, i) => message(i + 1)),
  );
  t.devnet.submit(t.devnet.topics.profile, { actor: ALICE, displayName: "Alice" });
  await t.sync();
  const app = await fresh();
  before = await kept(app);
  positions = (await signalPages(app)).flatMap(({ items }) =>
    (items as readonly { position: number }[]).map(({ position }) => position),
  );
  const { sync } = t.app.stores;
  const limits = { pauseMs: 0, mostMs: Number.POSITIVE_INFINITY, signal: new AbortController().signal };
  await t.clock.advance(5_000);
  await t.clock.drive(packOlder({ store: sync, clock: t.clock, hotMs: 0 }, limits));
  await damage(`SELECT pack_rows(${MAX_CONSENSUS_NS}, 0, 10000, 1000, 50, 4)`);
  const [next] = await sync.log(topic, DROPPED + 1, DROPPED + 1);
  const dropped = await t.clock.drive(dropAll(t.app.stores, next?.consensusNs ?? fromMs(0), [topic]));
  expect(dropped.messages).toBe(DROPPED);
}

describe("with old messages dropped", () => {
  beforeAll(begin);
  afterAll(() => t.close());

  it("contacts, profiles, young signals, their proofs and their pages are as they were", async () => {
    expect(await kept(await fresh())).toEqual(before);
    expect((await t.app.stores.sync.topic(topic))?.dropped.through).toBe(DROPPED);
  });

  it("signals end with the time through which they were dropped, and so do events and recognition", async () => {
    const app = await fresh();
    const pages = await signalPages(app);
    const [at] = await stored("SELECT max(dropped_ns) AS ns FROM topics");
    const droppedThrough = formatConsensusTime(BigInt(String(at?.ns)) as never);
    expect(pages[0]?.droppedThrough).toBeUndefined();
    expect(pages[1]).toMatchObject({ droppedThrough });
    // Some rows are still packed together with young ones.
    expect(pages.at(-1)).toMatchObject({ droppedThrough: expect.any(String), nextCursor: null });
    const left = pages.flatMap(({ items }) =>
      (items as readonly { position: number }[]).map(({ position }) => position),
    );
    expect(left).toEqual(positions.slice(0, left.length));
    const polled = await asked(app, "/api/hcs/events?type=contact");
    expect(polled.content).toMatchObject({ droppedThrough });
    const since = await asked(app, `/api/hcs/events?type=contact&since=${droppedThrough}`);
    expect(since.content.droppedThrough).toBeUndefined();
    expect((since.content.items as readonly unknown[]).length).toBeGreaterThan(100);
    expect((await asked(app, "/api/recognition")).content).toMatchObject({ droppedThrough: expect.any(String) });
  });

  it("operators see from which message on each topic is kept", async () => {
    const [at] = await stored("SELECT max(dropped_ns) AS ns FROM topics");
    const throughTime = formatConsensusTime(BigInt(String(at?.ns)) as never);
    const dropped = { through: DROPPED, throughTime, messages: DROPPED };
    for (const path of ["/api/health/ingestion", "/api/admin/status"]) {
      const { topics } = (await asked(await fresh(), path, t.devnet.operatorId)).content;
      const told = (topics as readonly { topicId: TopicId; dropped?: object }[]).map((each) => [
        each.topicId,
        each.dropped,
      ]);
      expect(Object.fromEntries(told), path).toEqual({
        ...Object.fromEntries(Object.values(t.devnet.topics).map((topicId) => [topicId, undefined])),
        [topic]: dropped,
      });
    }
  });

  it("an operator's look-up of a person says how many signals are no longer kept", async () => {
    const app = await fresh();
    const left = (await signalPages(app)).flatMap(({ items }) => items as readonly unknown[]).length;
    const found = await asked(app, `/api/admin/people/${ALICE}`, t.devnet.operatorId);
    expect(found.content.counts).toMatchObject({ signals: positions.length, droppedSignals: positions.length - left });
    expect(left).toBeLessThan(positions.length);
    const young = await asked(app, `/api/admin/people/tm-${MESSAGES}`, t.devnet.operatorId);
    expect(young.content.counts).toMatchObject({ signals: 1 });
    expect(young.content.counts).not.toHaveProperty("droppedSignals");
  });

  it("a proof, an operator's look-up and a published profile say that a message is no longer kept", async () => {
    const app = await fresh();
    const detail = `Message 1 of topic ${topic} is no longer kept here. The ledger has it: any mirror node shows it under /api/v1/topics/${topic}/messages/1.`;
    const gone = { status: 410, content: expect.objectContaining({ code: "dropped", detail }) };
    expect(await asked(app, `/api/proof/${topic}/1`)).toEqual(gone);
    expect(await asked(app, `/api/admin/topics/${topic}/messages/1`, t.devnet.operatorId)).toEqual(gone);
    expect(await asked(app, `/api/hcs/profile?hrl=hcs://11/${topic}/1`)).toEqual(gone);
    expect((await asked(app, `/api/proof/${topic}/9999`)).status).toBe(404);
    // A message before them that was never packed is still there.
    const row = `SELECT (jsonb_populate_record(l, jsonb_build_object('ref', l.ref - ${MESSAGES - 7}))).* FROM topic_log l`;
    await damage(`INSERT INTO topic_log ${row} WHERE l.ref & 1099511627775 = ${MESSAGES}`);
    expect((await asked(app, `/api/proof/${topic}/7`, BOB)).content).toMatchObject({ code: "not-yours" });
    expect((await asked(app, `/api/admin/topics/${topic}/messages/7`, t.devnet.operatorId)).status).toBe(200);
    await damage("DELETE FROM topic_log WHERE ref & 1099511627775 = 7");
  });

  it("an operator's look-up of the first message that is kept has the hash before it", async () => {
    const [app, n] = [await fresh(), DROPPED + 1];
    const { content: proof } = await asked(app, `/api/proof/${topic}/${n}`);
    const found = await asked(app, `/api/admin/topics/${topic}/messages/${n}`, t.devnet.operatorId);
    expect(proof.previousRunningHash).not.toBeNull();
    expect(found.content.proof).toMatchObject({ previousRunningHash: proof.previousRunningHash });
  });

  it("pages of the topic that reach back to them are the mirror's own, or are refused where nothing is handed on", async () => {
    const [app, shut] = [await fresh(), await fresh({ MIRROR_PASS_THROUGH: "off" })];
    const { messages } = t.devnet.ledger.topic(topic);
    const [first, last] = [messages[0], messages[DROPPED - 1]];
    const timeOf = (message: typeof first) => formatConsensusTime((message?.consensusNs ?? 0n) as never);
    const paths = [
      `/api/v1/topics/${topic}/messages?limit=100`,
      `/api/v1/topics/${topic}/messages?sequencenumber=lt:${DROPPED + 20}&order=desc&limit=100`,
      `/api/v1/topics/${topic}/messages?timestamp=gte:${timeOf(first)}`,
      ...[1, 7, DROPPED].map((n) => `/api/v1/topics/${topic}/messages/${n}`),
      ...[first, last].map((message) => `/api/v1/topics/messages/${timeOf(message)}`),
    ];
    for (const path of paths) {
      const theirs = await fetch(t.devnet.restUrl + path);
      expect(await asked(app, path, null), path).toEqual({ status: 200, content: await theirs.json() });
      expect((await asked(shut, path, null)).status, path).toBe(404);
    }
  });

  it("a stream that resumes before them starts over, and one that resumes after them continues", async () => {
    const head = await t.app.stores.views.head(ALICE as never);
    const open = async (id: number) =>
      new SseReader(await t.ask("GET", "/api/stream", ALICE, { headers: { "last-event-id": String(id) } }));
    const [behind, after] = [await open(1), await open(head - 3)];
    await t.clock.advance(2_000);
    expect(behind.of("resync").map(({ id }) => id)).toEqual([head]);
    expect(behind.of("signal")).toEqual([]);
    expect(after.of("signal").map(({ id }) => id)).toEqual([head - 2, head - 1, head]);
    await Promise.all([behind.cancel(), after.cancel()]);
  });

  it("an audit begins after them, checks the chain from there, and a resync brings none back", async () => {
    const found = { through: MESSAGES, checked: MESSAGES - DROPPED, matching: MESSAGES - DROPPED, restored: 0 };
    for (const action of ["audit", "resync"] as const) {
      const told = await check(action);
      expect(told).toMatchObject(found);
      for (const each of [told.differing, told.missing, told.unconfirmed, told.broken]) expect(each.count).toBe(0);
    }
    expect((await t.app.stores.sync.log(topic, 1, MESSAGES)).length).toBe(MESSAGES - DROPPED);
    t.devnet.faults.add({ kind: "forgedContent", topicId: topic, fromSequence: DROPPED + 1, toSequence: DROPPED + 1 });
    expect((await check("audit")).broken).toEqual({ count: 1, first: [DROPPED + 1] });
    t.devnet.faults.clear();
  });
});

describe("after messages were dropped", () => {
  beforeAll(begin);
  afterAll(() => t.close());

  it("no topic is started over while one that must be started over too is paused", async () => {
    const startOver = async () => {
      const path = `/api/admin/topics/${t.devnet.topics.profile}/start-over`;
      const answer = await t.ask("POST", path, t.devnet.operatorId, { body: {} });
      return { status: answer.status, content: await answer.json() };
    };
    await t.app.stores.sync.setPaused(topic, true);
    const detail = `Topic ${topic} is started over too, because messages of it were dropped, and it is paused. Resume it first.`;
    expect(await startOver()).toMatchObject({ status: 409, content: { code: "paused", detail } });
    expect((await t.app.stores.sync.topic(topic))?.dropped.through).toBe(DROPPED);
    await t.app.stores.sync.setPaused(topic, false);
  });

  it("a topic that is started over has everything again", async () => {
    const path = `/api/admin/topics/${t.devnet.topics.profile}/start-over`;
    const answer = await t.ask("POST", path, t.devnet.operatorId, { body: {} });
    expect(await answer.json()).toMatchObject({ entry: { detail: { dropped: 1, alongside: [topic] } } });
    await t.clock.advance(60_000);
    await t.sync();
    const app = await fresh();
    const pages = await signalPages(app);
    expect(pages.flatMap(({ items }) => items as readonly unknown[])).toHaveLength(positions.length);
    expect(pages.at(-1)?.droppedThrough).toBeUndefined();
    expect((await asked(app, "/api/contacts")).content).toMatchObject({ contacts: [{ peerId: BOB }] });
  });
});
