/** The watch of a process that lives on: it costs nothing while all is well, and sees by itself what begins and ends. */
import { afterEach, beforeEach, expect, it } from "vitest";
import type { AdminStore } from "@/lib/ports/store/admin-store";
import { TierUnavailable } from "@/lib/ports/tier-unavailable";
import { composeReport, reportsOf } from "@/lib/server/observe/instance-report";
import type { IngestionAnswer } from "@/lib/wire/operators/health";
import { intercepted } from "../../../support/control/intercepted";
import { damage } from "../../../support/stores/database";
import { startTestApp, type TestApp } from "../../../support/worlds/app";

let t: TestApp;
let isDatabaseDown = false;
let statements = 0;

beforeEach(async () => {
  isDatabaseDown = false;
  const counted = <T extends object>(store: T) =>
    intercepted(store, () => {
      statements += 1;
      return isDatabaseDown ? new TierUnavailable("postgres", "down") : null;
    });
  t = await startTestApp({
    wrapStores: (stores) => ({
      ...stores,
      ...{ sync: counted(stores.sync), views: counted(stores.views), admin: counted(stores.admin) },
    }),
  });
  await t.sync();
  t.app.health.start();
  await t.clock.advance(10_000);
  statements = 0;
});
afterEach(() => t.close());

const codes = () => t.app.incidents.current().map(({ code }) => code);
const told = () => t.logged.filter((line) => line.includes("database does not"));

it("costs an idle quarter of an hour no statement, and about one request a minute for each topic", async () => {
  t.devnet.requests.reset();
  await t.clock.advance(900_000);
  expect(statements).toBe(0);
  expect(t.devnet.requests.counts().total).toBeGreaterThanOrEqual(15 * 4);
  expect(t.devnet.requests.counts().total).toBeLessThanOrEqual(16 * 5);
  expect(codes()).toEqual([]);
});

it("notices once that a database went down and once that it is back, without any health check", async () => {
  isDatabaseDown = true;
  t.devnet.submit(t.devnet.topics.contact, { type: "CONTACT_REQUEST", from: "tm-a", to: "tm-b" });
  await t.clock.drive(t.app.scheduler.demand());
  await t.clock.advance(15_000);
  expect(codes()).toContain("postgres-down");
  await t.clock.advance(60_000);
  isDatabaseDown = false;
  await t.clock.advance(15_000);
  expect(codes()).not.toContain("postgres-down");
  await t.clock.advance(75_000);
  expect(codes()).toEqual([]);
  expect(told().filter((line) => line.startsWith("error: The database"))).toHaveLength(1);
});

it("reports nothing that only ends with it, neither in a look that is under way nor in a last health check", async () => {
  const before = t.logged.length;
  isDatabaseDown = true;
  t.devnet.faults.add({ kind: "badGateway" });
  t.devnet.submit(t.devnet.topics.contact, { type: "CONTACT_REQUEST", from: "tm-a", to: "tm-b" });
  await t.clock.drive(t.app.scheduler.demand());
  t.app.health.close();
  for (let check = 0; check < 20; check += 1) {
    await t.clock.drive(t.app.health.examineAsReader());
    await t.clock.advance(5_000);
  }
  expect(codes()).toEqual([]);
  expect(t.logged.slice(before).filter((line) => /^(warn|error):/.test(line))).toEqual([]);
});

it("reports a full disk of the database while it still answers, and the end when there is room again", async () => {
  await damage(
    `CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$`,
  );
  await damage("CREATE TRIGGER disk_full BEFORE INSERT ON topic_log FOR EACH STATEMENT EXECUTE FUNCTION disk_full()");
  t.logged.length = 0;
  const reasons = () => t.app.incidents.current().map(({ summary }) => summary);
  const goesOn = async (untilMs: number, isOver: () => boolean) => {
    for (let ms = 0; ms < untilMs && !isOver(); ms += 3_000) {
      await t.clock.drive(t.app.scheduler.demand());
      await t.clock.advance(3_000);
    }
  };
  t.devnet.submit(t.devnet.topics.contact, { type: "CONTACT_REQUEST", from: "tm-a", to: "tm-b" });
  const signals = () => t.json<{ items: unknown[]; stale: boolean }>("/api/signals", "tm-b");
  try {
    await goesOn(15_000, () => false);
    expect(reasons()).toEqual([expect.stringContaining("the database answered 53100: its disk is full")]);
    expect(t.logged[0]).toBe(
      "warn: The database fails some of the calls: the database answered 53100: its disk is full.",
    );
    expect(await signals()).toMatchObject({ items: [], stale: true });
  } finally {
    await damage("DROP FUNCTION disk_full CASCADE");
  }
  await goesOn(90_000, () => reasons().length === 0);
  expect(reasons()).toEqual([]);
  expect(await signals()).toMatchObject({ items: [{ actor: "tm-a" }] });
});

it("reports a first sync that takes longer than a usual restart, and no shorter one", async () => {
  for (const isSlow of [false, true]) {
    await t.close();
    t = await startTestApp();
    if (isSlow) t.devnet.faults.add({ kind: "badGateway" });
    t.app.health.start();
    await t.clock.advance(500);
    await t.clock.drive(t.app.scheduler.demand());
    await t.clock.advance(10_000);
    const isReported = t.logged.some((line) => line.startsWith("warn: The first sync is under way"));
    expect([isReported, codes().includes("starting")]).toEqual([isSlow, isSlow]);
  }
});

it("names a topic that the mirror does not know, and no empty one that it does", async () => {
  await t.close();
  t = await startTestApp();
  await t.sync();
  const unknown = t.devnet.topics.trust;
  const { ledger } = t.app;
  const ask = ledger.hasTopic.bind(ledger);
  ledger.hasTopic = (topicId) => ask(topicId === unknown ? ("0.0.999999" as typeof topicId) : topicId);
  t.app.health.start();
  await t.clock.advance(5_000);
  expect(t.app.incidents.current()).toMatchObject([{ code: "topic-unknown", subject: unknown }]);
  ledger.hasTopic = ask;
  await t.clock.advance(600_000);
  expect(codes()).toEqual([]);
});

it("notices the result of a commit, and asks the database for it once", async () => {
  const { contact } = t.devnet.topics;
  t.devnet.faults.add({ kind: "forgedHash", topicId: contact, fromSequence: 1, toSequence: 1 });
  t.devnet.submit(contact, { type: "CONTACT_REQUEST", from: "tm-a", to: "tm-b" });
  await t.clock.drive(t.app.scheduler.demand());
  await t.clock.advance(15_000);
  expect(codes()).toEqual(["message-failed"]);
});

it("names an instance whose report shows a clock minutes ahead, until the clock is right", async () => {
  const report = composeReport(t.app);
  const hears = async (aheadMs: number) => {
    const told = { ...report, instanceId: "another", reportedMs: t.clock.now() + aheadMs };
    t.app.reporter.everybody = async () => [JSON.stringify(told)];
    await reportsOf(t.app);
    await t.clock.advance(5_000);
    return t.app.incidents.current().map(({ code, subject }) => [code, subject]);
  };
  expect(await hears(300_000)).toEqual([["clock-off", "another"]]);
  expect(await hears(-20_000)).toEqual([]);
});

it("compares the database's clock with a statement that it sends anyway, and skips the embedded one's", async () => {
  for (const [env, expected] of [
    [{ DATABASE_URL: "postgres://db.test/app" }, ["clock-off"]],
    [{}, []],
  ] as const) {
    await t.close();
    statements = 0;
    t = await startTestApp({
      env,
      wrapStores: (stores) => ({
        ...stores,
        admin: Object.assign(Object.create(stores.admin) as AdminStore, {
          topics: async (gapLimit: number, unpacked: number) => {
            statements += 1;
            const topics = await stores.admin.topics(gapLimit, unpacked);
            return topics.map((topic) => ({ ...topic, databaseMs: t.clock.now() + 60_000 }));
          },
        }),
      }),
    });
    await t.sync();
    t.app.health.start();
    t.devnet.submit(t.devnet.topics.contact, { type: "CONTACT_REQUEST", from: "tm-a", to: "tm-b" });
    await t.clock.drive(t.app.scheduler.demand());
    await t.clock.advance(15_000);
    expect(codes()).toEqual(expected);
    expect(statements).toBeLessThanOrEqual(2);
  }
});

it("lets the database sleep while a topic that is to be folded again is paused", async () => {
  t.devnet.submit(t.devnet.topics.contact, { type: "CONTACT_REQUEST", from: "tm-a", to: "tm-b" });
  await t.clock.drive(t.app.scheduler.demand());
  await t.clock.advance(15_000);
  await damage("UPDATE topics SET projected = 0, paused = true WHERE cursor > 0");
  await t.app.health.examine();
  expect(codes()).toContain("topics-incomplete");
  const lookedMs = () => t.app.adminReads.topics.last?.atMonotonicMs;
  const before = lookedMs();
  await t.clock.advance(120_000);
  expect(lookedMs()).toBe(before);
});

it("sees by itself that topics are complete again, although nobody asks and no message comes", async () => {
  t.devnet.submit(t.devnet.topics.contact, { type: "CONTACT_REQUEST", from: "tm-a", to: "tm-b" });
  await t.clock.drive(t.app.scheduler.demand());
  await t.clock.advance(15_000);
  await damage("UPDATE topics SET projected = 0 WHERE cursor > 0");
  await t.app.health.examine();
  expect(codes()).toEqual(["topics-incomplete"]);
  await damage("UPDATE topics SET projected = NULL");
  await t.clock.advance(15_000);
  expect(codes()).toEqual([]);
});

it("does not wait until dropped messages are counted, and so does not take a slow count for a slow database", async () => {
  await t.close();
  t = await startTestApp({
    wrapStores: (stores) => ({
      ...stores,
      admin: Object.assign(Object.create(stores.admin) as AdminStore, {
        topics: async (gapLimit: number, unpacked: number) =>
          (await stores.admin.topics(gapLimit, unpacked)).map((topic) => ({
            ...topic,
            dropped: { through: 512, throughNs: 1n, hash: null },
          })),
        droppedMessages: () => new Promise(() => {}),
      }),
    }),
  });
  await t.sync();
  for (let i = 0; i < 3; i += 1) {
    expect((await t.ask("GET", "/api/health/ready", null)).status).toBe(200);
    expect(codes()).toEqual([]);
    await t.clock.advance(3_000);
  }
  const { topics } = (await (await t.ask("GET", "/api/health/ingestion", null)).json()) as IngestionAnswer;
  expect(topics[0]?.dropped).toEqual({ through: 512, throughTime: "0.000000001" });
});

it("says that the devnet of this process has ended and that the app must be restarted, and nothing of its mirror", async () => {
  let ended: string | null = null;
  await t.close();
  t = await startTestApp({ devnetEnded: () => ended });
  await t.sync();
  t.app.health.start();
  ended = "it was ended by SIGKILL";
  t.devnet.faults.add({ kind: "reset" });
  t.logged.length = 0;
  for (let s = 0; s < 12; s += 3) {
    await t.clock.drive(t.app.scheduler.demand());
    await t.clock.advance(3_000);
  }
  expect(t.app.incidents.current()).toMatchObject([
    { code: "devnet-ended", severity: "critical", action: expect.stringMatching(/^Restart the app/) },
  ]);
  expect(t.logged.filter((line) => !line.startsWith("info"))).toEqual([
    "error: The local Hedera (devnet) has ended: it was ended by SIGKILL. Nothing new arrives, and nobody can write.",
  ]);
});
