/** An app whose older messages are packed: what people, tools and operators see stays the same. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { MAX_CONSENSUS_NS } from "@/lib/core/ledger/consensus-time";
import type { Sequence, TopicId, UserId } from "@/lib/core/ledger/ids";
import { Freshness } from "@/lib/wire/common";
import { SseReader } from "../../support/sse";
import { damage, stored } from "../../support/stores/database";
import { startTestApp, type TestApp } from "../../support/worlds/app";
import { createTestApp } from "../../support/worlds/create-test-app";

const ENV = { HOT_HOURS: "1", MIRROR_RPS: "1000" };
let t: TestApp;
let topics: readonly TopicId[];
/** The person with most signals. */
let reader: UserId;

beforeAll(async () => {
  t = await startTestApp({ devnet: { people: 80 }, env: ENV });
  await t.sync();
  topics = Object.values(t.devnet.topics);
  const [busiest] = await stored("SELECT user_id FROM user_heads ORDER BY head DESC, user_id LIMIT 1");
  reader = String(busiest?.user_id) as UserId;
});
afterAll(() => t.close());

/** Members that each answer has of its own. */
const SAID_ANEW = new Set([...Object.keys(Freshness.shape), "timestamp", "instance"]);
const content = (answer: unknown): unknown =>
  JSON.parse(JSON.stringify(answer, (name, value) => (SAID_ANEW.has(name) ? undefined : value)));

/** The answers of a fresh instance, which has nothing in its memory. */
async function answers(): Promise<readonly (readonly [path: string, status: number, answer: unknown])[]> {
  const app = createTestApp({
    ...{ devnet: t.devnet, clock: t.clock, stores: t.app.stores, env: ENV },
    network: { close: async () => {} },
  });
  await app.openTopics();
  await t.clock.drive(app.scheduler.syncNow());
  const paths = [
    ...["/api/signals?limit=100", "/api/contacts", "/api/circle", "/api/recognition"],
    ...["contact", "trust", "recognition", "profile"].map((kind) => `/api/hcs/events?type=${kind}`),
    ...topics.flatMap((topicId) => [
      `/api/v1/topics/${topicId}/messages?limit=100`,
      `/api/v1/topics/${topicId}/messages?order=desc&limit=25`,
      ...[1, 2, 100, 256, 257].map((sequence) => `/api/v1/topics/${topicId}/messages/${sequence}`),
      ...[1, 100, 256].map((sequence) => `/api/proof/${topicId}/${sequence}`),
    ]),
  ];
  const found: [string, number, unknown][] = [];
  for (const path of paths) {
    const answer = await t.ask("GET", path, reader, { app });
    found.push([path, answer.status, content(await answer.json())]);
  }
  return found;
}

it("answers every route as before, resumes a stream, and finds nothing wrong in an audit", async () => {
  const before = await answers();
  expect(before.filter(([, status]) => status === 200).length).toBeGreaterThan(before.length / 2);
  await damage("UPDATE meta SET packable_ms = packable_ms - 172800000");
  // Another instance packs every ten minutes at most.
  await t.clock.advance(600_000);
  await t.clock.drive(t.app.packing?.packForSeconds() ?? Promise.reject(new Error("this app does not pack")));
  const [segments] = await stored("SELECT count(*)::int AS n FROM topic_segments");
  expect(Number(segments?.n)).toBeGreaterThan(3);
  // Nobody here has rows enough for a segment of the usual length.
  await damage(`SELECT pack_rows(${MAX_CONSENSUS_NS}, 0, 1000, 1000, 20, 4)`);
  const [rows] = await stored("SELECT count(*)::int AS n FROM user_segments");
  expect(Number(rows?.n)).toBeGreaterThan(20);
  expect(await answers()).toEqual(before);

  const head = await t.app.stores.views.head(reader);
  const page = new SseReader(await t.ask("GET", "/api/stream", reader, { headers: { "last-event-id": "1" } }));
  await t.clock.advance(5_000);
  expect(page.of("signal").map(({ id }) => id)).toEqual(Array.from({ length: head - 1 }, (_, i) => i + 2));
  await page.cancel();

  for (const topicId of topics) {
    const log = await t.app.stores.sync.log(topicId, 1, 100_000);
    const ledger = t.devnet.ledger.topic(topicId).messages;
    expect(log.map(({ sequence }) => sequence)).toEqual(ledger.map(({ sequence }) => sequence as Sequence));
    for (const [i, { runningHash }] of log.entries())
      expect(Buffer.from(runningHash ?? [])).toEqual(Buffer.from(ledger[i]?.runningHash ?? []));
  }
});
