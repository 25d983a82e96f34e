/** Two instances read a log again at once, while one of the version before still commits what its decoder makes of messages. */
import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openPg } from "@/lib/adapters/postgres/drivers/pg";
import { openStore, type PostgresStore } from "@/lib/adapters/postgres/store";
import { rereadTopics } from "@/lib/engine/repair/reread";
import { differences, storedState } from "../../support/fleet/stored-state";
import { type PostgresServer, startPostgres } from "../../support/servers/postgres-server";
import { addTopics } from "../../support/stores/add-topics";
import { rawQuery } from "../../support/stores/raw-query";
import { depsOf, fill, type History, history, TOPICS } from "../../support/worlds/reread";

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());

/** The commits of this connection leave the columns alone that the version before did not have. */
const EARLIER = "application_name=earlier";
const AS_EARLIER = `CREATE FUNCTION as_earlier() RETURNS trigger AS $body$ BEGIN
    IF current_setting('application_name') = 'earlier' AND NEW.cursor <> OLD.cursor THEN
      NEW.interpreted := OLD.interpreted;
      NEW.decoder_version := OLD.decoder_version;
    END IF;
    RETURN NEW;
  END $body$ LANGUAGE plpgsql;
  CREATE TRIGGER as_earlier BEFORE UPDATE ON topics FOR EACH ROW EXECUTE FUNCTION as_earlier();`;

const kept = async (url: string) => {
  const { lines, flaws } = await storedState(url);
  expect(flaws).toEqual([]);
  // People whom only an earlier decoder named keep their number.
  return lines.filter((line) => !/^user \S+ 0$/.test(line));
};

interface Opened {
  readonly url: string;
  readonly stores: readonly PostgresStore[];
}

/** A database of its own, and a store for each set of connection parameters. */
async function opened(parameters: readonly string[], use: (opened: Opened) => Promise<void>): Promise<void> {
  const url = await server.createDatabase();
  const stores: PostgresStore[] = [];
  try {
    for (const each of parameters) stores.push(await openStore(openPg(`${url}?${each}`), "devnet"));
    await addTopics(
      (stores[0] as PostgresStore).registry,
      TOPICS.map((topicId) => ({ topicId, kinds: ["contact"] })),
    );
    await use({ url, stores });
  } finally {
    await Promise.all(stores.map((store) => store.close()));
  }
}

async function replayed(topics: History): Promise<readonly string[]> {
  let lines: readonly string[] = [];
  await opened([""], async ({ url, stores: [store] }) => {
    for (const [i, messages] of topics.entries())
      await fill((store as PostgresStore).sync, i, messages, { isEarlier: false });
    lines = await kept(url);
  });
  return lines;
}

describe("a rolling upgrade to another decoder", () => {
  it("ends as a clean replay has it, whoever committed and whoever read again", async () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    await fc.assert(
      fc.asyncProperty(history, share, async (topics, before) => {
        const expected = await replayed(topics);
        await opened([EARLIER, "", ""], async ({ url, stores }) => {
          const [earlier, ...current] = stores as [PostgresStore, PostgresStore, PostgresStore];
          const db = openPg(url);
          await rawQuery(db, AS_EARLIER);
          await db.close();
          const commit = async (upTo: number) => {
            for (const [i, messages] of topics.entries())
              await fill(earlier.sync, i, messages, { isEarlier: true, share: upTo, pause: () => turn() });
          };
          await commit(before);
          const all = () =>
            Promise.all(current.map((store) => rereadTopics(depsOf(store), new AbortController().signal)));
          await Promise.all([commit(1), all()]);
          // The last commits of the version before are read again too.
          await all();
          expect(differences(expected, await kept(url))).toEqual([]);
          const states = await earlier.sync.topics();
          expect(states.map(({ isReread }) => isReread)).toEqual([true, true]);
        });
      }),
      { numRuns: 5, endOnFailure: true },
    );
  });
});
