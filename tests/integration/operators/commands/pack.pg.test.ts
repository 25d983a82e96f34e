/** `npm run pack`: packs the older messages of a database, says how far it is, and may be ended at any moment. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { fromMs } from "@/lib/core/ledger/consensus-time";
import { awaitStores, openStores } from "@/lib/server/boot/open";
import { runMigrations } from "@/lib/server/cli/migrations";
import { runPacking } from "@/lib/server/cli/pack";
import { readEnv } from "@/lib/server/config/env";
import { type PostgresServer, startPostgres } from "../../../support/servers/postgres/postgres-server";
import { addTopics } from "../../../support/stores/add-topics";
import { batchOf, topic } from "../../../support/worlds/histories/batches";

const T = topic("0.0.7");
const DAY_MS = 86_400_000;
const log = { info: () => {}, warn: () => {}, error: () => {} };

let postgres: PostgresServer;
let url: string;

beforeAll(async () => {
  postgres = await startPostgres();
  url = await postgres.createDatabase();
  const stores = await openStores(readEnv({ DATABASE_URL: url }), log);
  await addTopics(stores.registry, [{ topicId: T, kinds: ["contact"] }]);
  const aged = (sequence: number, days: number) => ({
    ...{ type: "CONTACT_REQUEST", actor: "tm-a", target: `tm-${sequence % 9}` },
    ns: fromMs(Date.now() - days * DAY_MS) + BigInt(sequence),
  });
  const old = Array.from({ length: 800 }, (_, i) => aged(i + 1, 3));
  const young = Array.from({ length: 300 }, (_, i) => aged(i + 801, 1));
  await stores.sync.commit(batchOf(T, 0, [...old, ...young]));
  await stores.close();
});
afterAll(() => postgres.stop());

async function said(env: Readonly<Record<string, string>> = {}, signal = new AbortController().signal) {
  const lines: string[] = [];
  await runPacking(readEnv({ DATABASE_URL: url, ...env }), (line) => void lines.push(line), signal);
  return lines;
}

/** The newest entry of the operator log. */
async function logged() {
  const stores = await openStores(readEnv({ DATABASE_URL: url }), log);
  const [entry] = await stores.admin.entries(null, 1);
  await stores.close();
  return entry;
}

it("does nothing if this deployment packs no messages", async () => {
  expect(await said({ HOT_HOURS: "0" })).toEqual(["HOT_HOURS is 0: nothing is packed on this deployment."]);
});

it("ends when it is told to, goes on the next time, and leaves younger messages alone", async () => {
  const ending = new AbortController();
  const lines: string[] = [];
  await runPacking(
    readEnv({ DATABASE_URL: url }),
    (line) => {
      lines.push(line);
      ending.abort();
    },
    ending.signal,
  );
  // Messages and rows are packed at the same time: either may be first.
  const rest = /^(256 messages and (0|800) rows|0 messages and 800 rows) of people packed/;
  expect(lines).toEqual([
    expect.stringMatching(rest),
    expect.stringMatching(/^256 messages and 800 rows of people packed\. Stopped; the next run goes on from here\.$/),
  ]);
  expect((await said()).at(-1)).toBe("512 messages and 0 rows of people packed.");
  expect(await said()).toEqual(["Nothing was found to pack that is older than HOT_HOURS (48)."]);
  expect(await logged()).toMatchObject({ state: "done", detail: { messages: 0, rows: 0 } });
  expect((await said({ HOT_HOURS: "1" })).at(-1)).toMatch(/^256 messages and 200 rows of people packed\.$/);
});

it("says in one sentence why nobody can log in", async () => {
  const other = new URL(url);
  other.pathname = "/no_such_database";
  const sentence =
    "Nobody can log in to the database: the database answered 3D000: it has no database of the name in DATABASE_URL. Correct DATABASE_URL, then start again.";
  const refused = { name: "DatabaseUnusable", message: sentence };
  await expect(said({ DATABASE_URL: other.href })).rejects.toMatchObject(refused);
  await expect(runMigrations(readEnv({ DATABASE_URL: other.href }), () => {})).rejects.toMatchObject(refused);
  await expect(awaitStores(readEnv({ DATABASE_URL: other.href }), log)).rejects.toMatchObject(refused);
});

it("names a topic that it leaves out", async () => {
  const stores = await openStores(readEnv({ DATABASE_URL: url }), log);
  await stores.sync.setPaused(T, true);
  await stores.close();
  expect((await said({ HOT_HOURS: "1" }))[0]).toBe(
    "Topic 0.0.7 is paused and was left out: resume it and run this again.",
  );
});

it("drops what is older than KEEP_MONTHS, says so, says why it drops nothing, and refuses it without packing", async () => {
  const stores = await openStores(readEnv({ DATABASE_URL: url }), log);
  const O = topic("0.0.8");
  await addTopics(stores.registry, [{ topicId: O, kinds: ["contact"] }]);
  const message = (sequence: number, days: number) => ({
    ...{ type: "CONTACT_REQUEST", actor: "tm-o", target: "tm-p" },
    ns: fromMs(Date.now() - days * DAY_MS) + BigInt(sequence),
  });
  const old = Array.from({ length: 512 }, (_, i) => message(i + 1, 100));
  await stores.sync.commit(batchOf(O, 0, [...old, message(513, 0)]));
  const last = (await said({ KEEP_MONTHS: "2" })).at(-1);
  expect(last).toMatch(/^512 messages and \d+ rows of people packed; 512 messages and 1,024 rows of people dropped\.$/);
  expect(await logged()).toMatchObject({
    action: "database.pack",
    detail: { dropped: { messages: 512, rows: 1_024 } },
  });
  expect((await said({ KEEP_MONTHS: "2" })).at(-1)).toMatch(
    /, and nothing to drop that is older than KEEP_MONTHS \(2\) besides what was left\.$/,
  );
  await stores.sync.setPaused(T, false);
  await stores.sync.startOver(O);
  const again = "Run this again when a running instance has done that.";
  expect(await said({ KEEP_MONTHS: "2" })).toEqual([
    `Topic 0.0.8 starts over, so messages of it were left out. ${again}`,
    `Nothing is dropped of any topic while topic 0.0.8 starts over. ${again}`,
    "Nothing was found to pack that is older than HOT_HOURS (48), and nothing to drop that is older than KEEP_MONTHS (2) besides what was left.",
  ]);
  await stores.sync.setPaused(O, true);
  expect(await said({ KEEP_MONTHS: "2" })).toContain(
    `Nothing is dropped of any topic while topic 0.0.8 starts over. That waits because the topic is paused: resume it. ${again}`,
  );
  await stores.close();
  expect(() => readEnv({ KEEP_MONTHS: "2", HOT_HOURS: "0" })).toThrow("KEEP_MONTHS needs packing");
});
