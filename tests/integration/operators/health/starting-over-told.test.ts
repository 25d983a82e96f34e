/** A topic starts over: until it is read again, balancers, operators and readers are told what may be missing. */
import { afterEach, expect, it } from "vitest";
import type { TopicId } from "@/lib/core/ledger/ids";
import type { ContactsAnswer } from "@/lib/wire/contacts";
import { AdminStatus } from "@/lib/wire/operators/admin";
import type { IngestionAnswer, ReadyAnswer } from "@/lib/wire/operators/health";
import { startTestApp, type TestApp } from "../../../support/worlds/app";
import { createTestApp } from "../../../support/worlds/create-test-app";
import { expectToldEverywhere, METRICS_TOKEN } from "../../../support/worlds/told-codes";

const ALICE = "tm-alice";
let t: TestApp;
afterEach(() => t.close());

const ask = async <T>(path: string, userId: string | null = null) =>
  (await (await t.ask("GET", path, userId)).json()) as T;
const contacts = () => ask<ContactsAnswer>("/api/contacts", ALICE);
/** Health answers are remembered for a moment, whoever asks. */
async function ready(app = t.app) {
  await t.clock.advance(3_500);
  const answer = await t.ask("GET", "/api/health/ready", null, { app });
  const { incidents, degraded } = (await answer.json()) as ReadyAnswer;
  return { status: answer.status, degraded, says: incidents.find(({ code }) => code === "topics-incomplete")?.summary };
}
/** The start over of a topic, as the operators' page is told of it. */
async function startOverOf(topicId: TopicId) {
  const answer = await t.ask("GET", "/api/admin/status", t.devnet.operatorId);
  return AdminStatus.parse(await answer.json()).topics.find((topic) => topic.topicId === topicId)?.startOver;
}
const missing = (words: string) =>
  `Contacts, trust and profiles may be incomplete, and answers are marked stale: ${words}.`;

it("is reported by ready, which stays 200, by the other health answers, and by the freshness of answers", async () => {
  t = await startTestApp({ env: { METRICS_TOKEN } });
  const { contact } = t.devnet.topics;
  const { sync } = t.app.stores;
  t.devnet.submitMany(contact, [
    { type: "CONTACT_REQUEST", from: ALICE, to: "tm-bob" },
    { type: "CONTACT_ACCEPT", from: "tm-bob", to: ALICE },
  ]);
  await t.sync();
  expect(await ready()).toMatchObject({ status: 200, says: undefined });
  expect((await contacts()).contacts).toHaveLength(1);

  // The pause holds it where its rows are being dropped.
  await sync.startOver(contact);
  await sync.setPaused(contact, true);
  expect(await ready()).toEqual({ status: 200, degraded: true, says: missing(`topic ${contact} starts over`) });
  await expectToldEverywhere(t.app, (path, headers = {}) => t.ask("GET", path, null, { headers }), "topics-incomplete");
  expect((await ask<IngestionAnswer>("/api/health/ingestion")).alarms).toContain(
    missing(`topic ${contact} starts over`),
  );
  expect(await contacts()).toMatchObject({ stale: true, asOf: null, incomplete: true });
  expect(await startOverOf(contact)).toEqual({ work: "dropping", through: 0, to: 2 });

  // Its rows are dropped, and the ledger does not answer.
  t.devnet.faults.add({ kind: "badGateway" });
  await sync.setPaused(contact, false);
  await t.app.scheduler.checkPaused(contact);
  for (let i = 0; i < 4; i += 1) await ready();
  expect(await ready()).toMatchObject({ status: 200, says: missing(`topic ${contact} is read from the ledger again`) });
  expect(await contacts()).toMatchObject({ stale: true, asOf: null, incomplete: true, contacts: [] });
  expect(await startOverOf(contact)).toEqual({ work: "reading", through: 0, to: 2 });

  t.devnet.faults.clear();
  for (let i = 0; i < 4; i += 1) {
    await t.clock.advance(30_000);
    await t.sync();
  }
  expect(await ready()).toMatchObject({ status: 200, says: undefined });
  expect((await contacts()).contacts).toHaveLength(1);
  expect((await contacts()).stale).toBe(false);
  expect(await startOverOf(contact)).toBeUndefined();
});

it("is also reported if the rows were dropped between two looks at the database, and by a process that starts later", async () => {
  t = await startTestApp();
  const { contact } = t.devnet.topics;
  const { sync } = t.app.stores;
  t.devnet.submit(contact, { type: "CONTACT_REQUEST", from: ALICE, to: "tm-bob" });
  await t.sync();
  await ready();
  t.devnet.faults.add({ kind: "badGateway" });
  await sync.startOver(contact);
  while ((await sync.topic(contact))?.isDropping) await sync.dropSome(contact, 5_000);
  for (let i = 0; i < 4; i += 1) await ready();
  const readAgain = missing(`topic ${contact} is read from the ledger again`);
  expect((await ready()).says).toBe(readAgain);

  const started = createTestApp({ devnet: t.devnet, stores: t.app.stores, clock: t.clock });
  await started.openTopics();
  for (let i = 0; i < 4; i += 1) await ready(started);
  expect((await ready(started)).says).toBe(readAgain);

  t.devnet.faults.clear();
  for (let i = 0; i < 4; i += 1) {
    await t.clock.advance(30_000);
    await t.sync();
  }
  expect((await ready()).says).toBeUndefined();
});

it.each([
  ["dropSome", "an operator here begins it"],
  ["dropSome", "another instance begins it"],
  ["reproject", "an operator here begins it"],
] as const)(
  "calls no topic behind while it lasts and readers wait, however long %s takes, if %s",
  async (step, who) => {
    let slowMs = 0;
    t = await startTestApp({
      wrapStores: (stores) => ({
        ...stores,
        sync: Object.assign(Object.create(stores.sync) as typeof stores.sync, {
          [step]: async (...args: unknown[]) => {
            await t.clock.sleep(slowMs);
            return (stores.sync[step] as (...args: unknown[]) => unknown)(...args);
          },
        }),
      }),
    });
    const { contact, trust } = t.devnet.topics;
    t.devnet.submit(contact, { type: "CONTACT_REQUEST", from: ALICE, to: "tm-bob" });
    t.devnet.submit(trust, { type: "TRUST_ALLOCATE", from: ALICE, to: "tm-bob" });
    await t.sync();
    t.app.health.start();
    await t.clock.advance(30_000);
    const seen = new Set<string>();
    slowMs = 40_000;
    const begun = who.includes("here")
      ? t.ask("POST", `/api/admin/topics/${contact}/start-over`, t.devnet.operatorId, { body: {} })
      : t.app.stores.sync.startOver(contact);
    for (let second = 0; second < 120; second += 1) {
      await t.clock.advance(1_000);
      void t.app.scheduler.demand();
      for (const { code } of t.app.incidents.current()) seen.add(code);
    }
    expect([...seen]).toEqual(["topics-incomplete"]);
    await t.clock.drive(Promise.resolve(begun));
  },
);
