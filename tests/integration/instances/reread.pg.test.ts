/** Two instances read a log again at once, while one of the version before still commits what its decoder makes of messages. */
import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openPg } from "@/lib/adapters/postgres/drivers/pg";
import { openStore, type PostgresStore } from "@/lib/adapters/postgres/store";
import type { UserId } from "@/lib/core/ledger/ids";
import { rereadTopics } from "@/lib/engine/repair/reread";
import { differences, storedState } from "../../support/fleet/stored-state";
import { type PostgresServer, startPostgres } from "../../support/servers/postgres/postgres-server";
import { addTopics } from "../../support/stores/add-topics";
import { rawQuery } from "../../support/stores/raw-query";
import { depsOf, fill, type History, history, TOPICS } from "../../support/worlds/histories/reread";

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
  return lines.filter((line) => !/^user .+ 0$/.test(line));
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

/** Two topics with the instances of a rolling upgrade, and what a clean replay of them has. */
async function upgrading(
  topics: History,
  use: (instances: {
    readonly earlier: PostgresStore;
    readonly current: readonly [PostgresStore, PostgresStore];
    /** Commits up to a share of the messages, each instance with its own decoder. */
    readonly commit: (by: PostgresStore, share: number) => Promise<void>;
    readonly readAgain: (by: PostgresStore) => Promise<void>;
  }) => Promise<void>,
): Promise<void> {
  const expected = await replayed(topics);
  await opened([EARLIER, "", ""], async ({ url, stores }) => {
    const [earlier, ...current] = stores as [PostgresStore, PostgresStore, PostgresStore];
    const db = openPg(url);
    await rawQuery(db, AS_EARLIER);
    await db.close();
    const commit = async (by: PostgresStore, share: number) => {
      const how = { isEarlier: by === earlier, share, pause: () => turn() };
      for (const [i, messages] of topics.entries()) await fill(by.sync, i, messages, how);
    };
    const readAgain = (by: PostgresStore) => rereadTopics(depsOf(by), new AbortController().signal);
    await use({ earlier, current, commit, readAgain });
    // The last commits of the version before are read again too.
    await readAgain(current[0]);
    expect(differences(expected, await kept(url))).toEqual([]);
    expect((await earlier.sync.topics()).map(({ isReread }) => isReread)).toEqual([true, true]);
  });
}

/** The same store with another method. */
const override = <S extends object, N extends keyof S>(store: S, name: N, method: S[N]): S =>
  new Proxy(store, {
    get: (target, asked) => {
      if (asked === name) return method;
      const value: unknown = Reflect.get(target, asked);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });

describe("a rolling upgrade to another decoder", () => {
  const share = fc.constantFrom(0, 0.25, 0.5, 0.75);

  it("ends as a clean replay does, while both versions commit and two instances read again", async () => {
    await fc.assert(
      fc.asyncProperty(history, share, async (topics, before) => {
        await upgrading(topics, async ({ earlier, current, commit, readAgain }) => {
          await commit(earlier, before);
          await Promise.all([commit(earlier, 1), commit(current[0], 1), ...current.map(readAgain)]);
        });
      }),
      { numRuns: 4, endOnFailure: true },
    );
  });

  it("ends as a clean replay does, if another topic's rows were renumbered just before this topic's rows are removed", async () => {
    // The earlier decoder took both for signals of their sender.
    const outdated = { body: { type: "CONTACT_REQUEST", from: "tm-a" }, isSplit: false, isStranger: false } as const;
    const meaning = { type: "SIGNAL_MINT", picks: [0, 0, 0], weight: 1 } as const;
    const topics: History = [[{ ...outdated, earlier: meaning }], [{ ...outdated, earlier: meaning }]];
    let removals = 0;
    await upgrading(topics, async ({ earlier, current: [ours, other], commit }) => {
      await commit(earlier, 1);
      const readOne = (sync: PostgresStore["sync"], i: number) => {
        const only = async () => (await sync.topics()).filter(({ topicId }) => topicId === TOPICS[i]);
        return rereadTopics(depsOf({ sync: override(sync, "topics", only) }), new AbortController().signal);
      };
      const remove: PostgresStore["sync"]["remove"] = async (...args) => {
        removals += 1;
        if (removals === 1) await readOne(other.sync, 1);
        return ours.sync.remove(...args);
      };
      await ours.views.heads(["tm-a" as UserId]);
      await readOne(override(ours.sync, "remove", remove), 0);
    });
    expect(removals).toBe(2);
  });

  it("ends as a clean replay has it, if the version before commits after everything was read again", async () => {
    await fc.assert(
      fc.asyncProperty(history, async (topics) => {
        await upgrading(topics, async ({ earlier, current, commit, readAgain }) => {
          await commit(current[0], 0.3);
          await readAgain(current[0]);
          await commit(earlier, 0.7);
          await commit(current[1], 1);
        });
      }),
      { numRuns: 6, endOnFailure: true },
    );
  });
});
