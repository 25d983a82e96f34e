/** The rows of people, packed: each comes back as it was, and whatever changes it finds it. */
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { fromMs, MAX_CONSENSUS_NS } from "@/lib/core/ledger/consensus-time";
import { addTopics } from "@/tests/support/stores/add-topics";
import { type RawRow, rawQuery } from "@/tests/support/stores/raw-query";
import { type EmptyStore, emptied, openStore, type Subject } from "@/tests/support/stores/store-opening";
import { at, batchOf, timeOf, topic } from "@/tests/support/worlds/histories/batches";
import {
  A,
  addPackedTopics,
  B,
  behind,
  packAll,
  packRows,
  R,
  run,
  some,
  T,
  told,
  worded,
  wordedIn,
} from "@/tests/support/worlds/histories/packed-topics";

/** It is added later, and its messages are older than those of the others. */
const OLD = topic("0.0.5");

const EVERY_ROW = `SELECT m::text AS row FROM
  (SELECT * FROM hcs_messages UNION ALL SELECT r.* FROM user_segments s, rows_in(s) r) m ORDER BY m.user_no, m.n`;

const EVERY_TIME = `SELECT consensus_ns FROM hcs_messages UNION ALL SELECT r.consensus_ns FROM user_segments s, rows_in(s) r`;

/** A row as the ledger, a hostile mirror or a later version may have made it. */
const rowOf = fc.record({
  ns: fc.oneof(fc.bigInt(0n, MAX_CONSENSUS_NS - 1n), fc.bigInt(10n ** 18n, 10n ** 18n + 1_000n)),
  ref: fc.bigInt((1n << 40n) + 1n, (1n << 62n) - 1n),
  n: fc.integer({ min: 1, max: 2_147_483_647 }),
  peer: fc.option(fc.integer({ min: 1, max: 2_147_483_647 })),
  type: fc.integer({ min: 0, max: 32_767 }),
  flags: fc.integer({ min: 0, max: 8_191 }).map((flags) => flags * 4),
  name: fc.option(fc.string({ unit: "binary" }).map((name) => name.replaceAll("\0", ""))),
});

export function packingRowsContract(subject: Subject): void {
  let store: EmptyStore;
  const begin = async () => {
    store = await emptied(subject);
    await addPackedTopics(store);
  };
  beforeEach(begin);
  const ask = (text: string, params: readonly unknown[] = []): Promise<readonly RawRow[]> =>
    rawQuery(store.db, text, params);
  const numberIn = async (text: string) => Number((await ask(`SELECT (${text})::int AS n`))[0]?.n);
  const segments = () => numberIn("SELECT count(*) FROM user_segments");

  /** The same on a store in which nothing is packed and on one in which everything is. */
  async function onBoth<T>(act: () => Promise<T>): Promise<readonly [T, T]> {
    const results: T[] = [];
    for (const isPacked of [false, true]) {
      await begin();
      await store.sync.commit(batchOf(T, 0, run(1, 299)));
      await store.sync.commit(batchOf(R, 0, run(1, 256)));
      if (isPacked) {
        await packAll(store);
        expect(await segments()).toBeGreaterThan(50);
      }
      // From here on, the order of positions is another one than that of times.
      await addTopics(store.registry, [{ topicId: OLD, kinds: ["contact"] }]);
      const verified = run(1, 120).map((each) => ({ ...each, entry: {} }));
      await store.sync.commit(batchOf(OLD, 0, verified));
      await store.sync.commit(batchOf(R, 256, run(257, 320)));
      if (isPacked) expect(await packRows(store)).toBeGreaterThan(200);
      results.push(await act());
    }
    return results as unknown as readonly [T, T];
  }

  it("give back every row exactly, whatever it holds", async () => {
    await ask("INSERT INTO user_heads (user_no, head, user_id) VALUES (1, 0, 'tm-alice')");
    const rows = fc.uniqueArray(rowOf, {
      minLength: 1,
      maxLength: 40,
      comparator: (a, b) => a.ns === b.ns || a.n === b.n,
    });
    await fc.assert(
      fc.asyncProperty(rows, async (given) => {
        await ask("DELETE FROM hcs_messages");
        await ask("DELETE FROM user_segments");
        for (const { ns, ref, n, peer, type, flags, name } of given)
          await ask(
            "INSERT INTO hcs_messages VALUES ($1::bigint, $2::bigint, 1, $3::int, $4::int, $5::smallint, $6::smallint, $7::text)",
            [...[String(ns), String(ref), n, peer, type, flags, name]],
          );
        const before = await ask(EVERY_ROW);
        await ask("UPDATE user_heads SET due_ns = 0");
        expect(await packRows(store, given.length)).toBe(given.length);
        expect(await numberIn("SELECT count(*) FROM hcs_messages")).toBe(0);
        expect(await ask(EVERY_ROW)).toEqual(before);
      }),
      { numRuns: 40 },
    );
  });

  it("are full segments of older verified rows, and a person without one is looked at again when it is due", async () => {
    const early = fromMs(Date.UTC(2026, 0, 1));
    const rows = Array.from({ length: 1_000 }, (_, i) => ({
      type: "CONTACT_REQUEST",
      actor: A,
      ns: (early + BigInt(i)) as typeof early,
    }));
    rows[7] = {
      ...rows[7],
      entry: { verification: "unverifiable", reason: "no-payer", payer: null },
    } as (typeof rows)[0];
    await store.sync.commit(batchOf(T, 0, rows));
    const pack = async (before: number, now = before) =>
      store.sync.packRows((early + BigInt(before)) as typeof early, (early + BigInt(now)) as typeof early);
    expect(await pack(150, 350)).toEqual({ people: 1, rows: 0 });
    // The 200th verified row is the one of time 200.
    expect(await pack(200, 400)).toEqual({ people: 0, rows: 0 });
    expect(await pack(201, 401)).toEqual({ people: 1, rows: 200 });
    expect(await pack(2_000)).toEqual({ people: 1, rows: 600 });
    expect(await pack(2_000)).toEqual({ people: 0, rows: 0 });
    expect(await numberIn("SELECT count(*) FROM hcs_messages")).toBe(200);
    expect(await numberIn("SELECT n FROM hcs_messages ORDER BY n LIMIT 1")).toBe(8);
  });

  it("raise the stored format with the first row, so that no earlier version starts", async () => {
    await ask("UPDATE meta SET format = 2");
    await store.sync.commit(batchOf(T, 0, run(1, 299)));
    await packRows(store, 10_000);
    expect(await numberIn("SELECT format FROM meta")).toBe(2);
    await ask("UPDATE user_heads SET due_ns = 0");
    await packRows(store);
    expect(await numberIn("SELECT format FROM meta")).toBe(4);
  });

  it("are written by no instance of an earlier version", async () => {
    await store.sync.commit(batchOf(T, 0, run(1, 299)));
    const take = (people: readonly string[]) =>
      ask("SELECT heads FROM take_heads(1, $1::text[], $2::integer[])", [people, people.map(() => 1)]);
    expect(await take([A, "tm-new"])).toHaveLength(1);
    await packRows(store);
    await expect(take([A, "tm-new"])).rejects.toThrow();
    expect(await take(["tm-new"])).toHaveLength(1);
  });

  it("are packed by plans that the server does not compile", async () => {
    expect(await ask("SELECT 'jit=off' = ANY (proconfig) AS off FROM pg_proc WHERE proname = 'pack_rows'")).toEqual([
      { off: true },
    ]);
  });

  it("are removed if another decoder takes rows back, and the positions of the others close up", async () => {
    const [unpacked, packed] = await onBoth(async () => {
      const remove = async (topicId: typeof T, from: number, sequences: readonly number[]) => {
        const messages = sequences.map(wordedIn(topicId));
        const rows = await store.sync.rowsOf(topicId, messages);
        await store.sync.remove({ topicId, from }, { rows, registers: [], profiles: [], claims: [], isAgain: false });
        const left = await store.sync.rowsOf(topicId, [...messages, wordedIn(topicId)(151)]);
        return { gone: rows.map(({ row, rowNs }) => ({ row, rowNs })), left: left.length };
      };
      return {
        later: await remove(OLD, 120, [1, 2, 16, 17]),
        first: await remove(T, 299, [1, 2, 23, 31, 32, 33, 150, 299]),
        answers: [await some(store), await told(store)],
      };
    });
    expect(unpacked.later.gone.length).toBeGreaterThan(5);
    expect(unpacked.first.gone.length).toBeGreaterThan(10);
    expect(unpacked.first.left).toBe(2);
    expect(packed).toEqual(unpacked);
  });

  it("are found where a mirror claims their times, or times between them, once more", async () => {
    const [unpacked, packed] = await onBoth(async () => {
      for (const [i, each] of run(300, 305).entries()) {
        const again = { ...each, ns: at(timeOf(T, 30) + BigInt(i % 2) * 500n) };
        expect((await store.sync.commit(batchOf(T, 299 + i, [again], { first: 300 + i }))).kind).toBe("committed");
      }
      const pages = [A, B].map(async (userId) => [
        await store.views.signals(userId, { types: [], beforeNs: null, limit: 400, maxRows: 10_000 }),
        await store.views.signalsAfter(userId, 0, 400),
      ]);
      return [await Promise.all(pages), await numberIn(`SELECT count(DISTINCT consensus_ns) FROM (${EVERY_TIME}) x`)];
    });
    expect(packed).toEqual(unpacked);
  });

  it("go with the topic that is started over, and those of other topics stay", async () => {
    const [unpacked, packed] = await onBoth(async () => {
      const answers: unknown[] = [];
      for (const topicId of [OLD, T]) {
        await store.sync.startOver(topicId);
        while ((await store.sync.topic(topicId))?.isDropping) await store.sync.dropSome(topicId, 100);
        answers.push(await some(store));
      }
      await store.sync.commit(batchOf(T, 0, run(1, 40)));
      return [...answers, await told(store)];
    });
    expect(packed).toEqual(unpacked);
    expect(await segments()).toBeGreaterThan(5);
  });

  it("wait while a topic is started over", async () => {
    await store.sync.commit(batchOf(T, 0, run(1, 299)));
    await store.sync.startOver(T);
    expect(await packRows(store)).toBe(0);
    expect(await segments()).toBe(0);
  });

  it("come back some segments at a time, however many a batch changes", async () => {
    await store.sync.commit(batchOf(T, 0, run(1, 299)));
    await packRows(store, 4);
    await ask("CREATE TABLE unpacked (segments bigint)");
    await ask(`CREATE FUNCTION note_unpacked() RETURNS trigger LANGUAGE plpgsql AS
      'BEGIN INSERT INTO unpacked SELECT count(*) FROM gone; RETURN NULL; END'`);
    await ask(`CREATE TRIGGER noted AFTER DELETE ON user_segments REFERENCING OLD TABLE AS gone
      FOR EACH STATEMENT EXECUTE FUNCTION note_unpacked()`);
    try {
      expect((await store.sync.restore(behind(1, 299, { type: "GREETING" }))).kind).toBe("committed");
      expect(await numberIn("SELECT sum(segments) FROM unpacked")).toBeGreaterThan(100);
      expect(await numberIn("SELECT max(segments) FROM unpacked")).toBe(50);
    } finally {
      await ask("DROP TRIGGER noted ON user_segments");
      await ask("DROP FUNCTION note_unpacked()");
      await ask("DROP TABLE unpacked");
    }
  });

  it("are looked for by a reader of old pages only", async () => {
    await store.sync.commit(batchOf(T, 0, run(1, 299)));
    await ask("SELECT pack_rows($1::bigint, $1::bigint, 9, 9, 16, 4)", [String(timeOf(T, 60))]);
    let statements = 0;
    const counted = new Proxy(store.db, {
      get: (db, name) => {
        if (name === "ask") statements += 1;
        return Reflect.get(db, name);
      },
    });
    const { views } = await openStore(counted, "devnet");
    const asked = async (limit: number) => {
      statements = 0;
      const page = await views.signals(A, { types: [], beforeNs: null, limit, maxRows: 10_000 });
      return [page.rows.length, statements];
    };
    expect(await asked(100)).toEqual([100, 1]);
    expect(await asked(170)).toEqual([170, 2]);
  });

  describe("a segment that is damaged", () => {
    const [PAGE, WHOLE] = [{ types: [], beforeNs: null, maxRows: 10_000 }, 300];

    it.each([
      ["in its content", "content = overlay(content PLACING ~substring(content FROM 101 FOR 1) FROM 101)"],
      ["in a width", "time_bits = time_bits + 1"],
      ["in a kind", "kind_refs[1] = kind_refs[1] + 1"],
      ["in its types", "kind_types = array_fill(99::smallint, ARRAY[cardinality(kind_types)])"],
    ])("%s is not read as other rows, and its rows return when their messages are read again", async (_, change) => {
      await store.sync.commit(batchOf(T, 0, run(1, 299)));
      const before = (await store.views.signals(A, { ...PAGE, limit: WHOLE })).rows.map(({ sequence }) => sequence);
      await packRows(store);
      await ask(
        `UPDATE user_segments SET ${change} WHERE (user_no, first_n) = (SELECT user_no, first_n FROM user_segments
        WHERE user_no = (SELECT user_no FROM user_heads WHERE user_id = $1) ORDER BY first_n OFFSET 3 LIMIT 1)`,
        [A],
      );
      const { views, unreadable } = await openStore(store.db, "devnet");
      let counted = 0;
      unreadable.follow((__, rows) => {
        counted += rows;
      });
      const after = (await views.signals(A, { ...PAGE, limit: WHOLE })).rows.map(({ sequence }) => sequence);
      expect([after.length, counted]).toEqual([before.length - 16, 16]);
      expect(before).toEqual(expect.arrayContaining(after));
      // A page ends where it would end, and the next one goes on behind it.
      counted = 0;
      const paged: number[] = [];
      for (let beforeNs = null as ReturnType<typeof timeOf> | null, pages = 0; pages < 99; pages += 1) {
        const page = await views.signals(A, { types: ["CONTACT_REQUEST"], beforeNs, limit: 7, maxRows: 10_000 });
        paged.push(...page.rows.map(({ sequence }) => sequence));
        beforeNs = page.nextBeforeNs;
        if (beforeNs === null) break;
      }
      expect(paged.at(-1)).toBeLessThan(4);
      expect(counted).toBeGreaterThan(0);
      expect((await views.signalsAfter(A, 0, WHOLE)).through).toBe(await views.head(A));
      await store.sync.restore(behind(1, 299));
      const again = (await views.signals(A, { ...PAGE, limit: WHOLE })).rows.map(({ sequence }) => sequence);
      expect(again.sort((a, b) => b - a)).toEqual(before);
      await store.sync.restore(behind(1, 299));
      expect((await views.signals(B, { ...PAGE, limit: WHOLE })).rows.length).toBe(before.length);
      expect(await views.head(A)).toBe((await views.signalsAfter(A, 0, WHOLE)).through);
    });

    it("hides no row between its positions, and follows where one goes", async () => {
      await store.sync.commit(batchOf(T, 0, run(1, 299)));
      await packRows(store);
      const [between] =
        await ask(`SELECT s.user_no, s.first_n, s.last_n, m.n, m.ref & ((1::bigint << 40) - 1) AS sequence
        FROM user_segments s JOIN user_heads h USING (user_no) JOIN hcs_messages m ON m.user_no = s.user_no AND m.n > s.first_n AND m.n < s.last_n
        WHERE h.user_id = '${A}' ORDER BY m.n LIMIT 1`);
      const [first, last, n, sequence] = [between?.first_n, between?.last_n, between?.n, between?.sequence].map(Number);
      const segment = `user_no = ${between?.user_no} AND first_n = ${first}`;
      await ask(`UPDATE user_segments SET time_bits = time_bits + 1 WHERE ${segment}`);
      const { rows } = await store.views.signalsAfter(A, Number(n) - 2, 2);
      expect(rows.map((row) => row.sequence)).toEqual([sequence]);
      const gone = await store.sync.rowsOf(T, [worded(Number(sequence))]);
      const outdated = { rows: gone, registers: [], profiles: [], claims: [], isAgain: false };
      await store.sync.remove({ topicId: T, from: 299 }, outdated);
      expect(await numberIn(`SELECT last_n FROM user_segments WHERE ${segment}`)).toBe(Number(last) - 1);
    });
  });
}
