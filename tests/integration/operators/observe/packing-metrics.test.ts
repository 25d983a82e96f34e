/** `GET /api/metrics` on older messages: how many are not packed, and what was done with them. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { damage } from "../../../support/stores/database";
import { startTestApp, type TestApp } from "../../../support/worlds/app";

const TOKEN = "a-token-of-the-tests-that-nobody-could-guess";
const MESSAGES = 301;
let t: TestApp;

beforeAll(async () => {
  t = await startTestApp({ env: { METRICS_TOKEN: TOKEN, HOT_HOURS: "1", RATE_LIMITS: "0" } });
});
afterAll(() => t.close());

/** The lines of metrics whose names have this in them, after a look at the database. */
async function metrics(part: string): Promise<readonly string[]> {
  await t.clock.advance(5_000);
  await t.ask("GET", "/api/health/ingestion", null);
  const answer = await t.ask("GET", "/api/metrics", null, { headers: { authorization: `Bearer ${TOKEN}` } });
  return (await answer.text()).split("\n").filter((line) => !line.startsWith("#") && line.includes(part));
}

it("says how many messages of each topic are not packed, and counts those that were packed", async () => {
  const topic = t.devnet.topics.contact;
  t.devnet.submitMany(
    topic,
    Array.from({ length: MESSAGES }, (_, i) => ({ type: "CONTACT_REQUEST", from: `tm-${i}`, to: "tm-alice" })),
  );
  await t.sync();
  expect(await metrics("unpacked")).toContain(`trustmesh_topic_unpacked_messages{topic="${topic}"} ${MESSAGES}`);
  expect(await metrics("trustmesh_packing_")).toEqual([
    'trustmesh_packing_packed_total{what="messages"} 0',
    'trustmesh_packing_packed_total{what="rows"} 0',
    'trustmesh_packing_dropped_total{what="messages"} 0',
    'trustmesh_packing_dropped_total{what="rows"} 0',
    'trustmesh_packing_faults_total{step="pack"} 0',
    'trustmesh_packing_faults_total{step="drop"} 0',
  ]);
  await damage("UPDATE meta SET packable_ms = 0");
  await t.clock.advance(2 * 3_600_000);
  await t.clock.drive(t.app.packing?.packForSeconds() ?? Promise.reject(new Error("nothing packs here")));
  expect(await metrics("unpacked")).toContain(`trustmesh_topic_unpacked_messages{topic="${topic}"} ${MESSAGES - 256}`);
  expect(await metrics("packing_packed")).toContain('trustmesh_packing_packed_total{what="messages"} 256');
});

it("says how late ten thousand messages are, by HOT_HOURS", async () => {
  const topic = t.devnet.topics.contact;
  const late = async () => {
    const line = (await metrics("packing_late")).find((each) => each.includes(topic));
    return Number(line?.split(" ").at(-1));
  };
  expect(await late()).toBe(0);
  await damage("UPDATE topics SET packed_through = packed_through - 9900");
  // The ten thousandth message is not there yet.
  expect(await late()).toBe(0);
  await damage("UPDATE topics SET packed_through = packed_through - 90");
  // The messages are two hours old, and HOT_HOURS is 1.
  expect(await late()).toBeGreaterThan(3_600);
  expect(await late()).toBeLessThan(3_700);
  await damage("UPDATE topics SET packed_through = packed_through + 9990");
  expect(await late()).toBe(0);
});
