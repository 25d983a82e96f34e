/** Old messages that were dropped are missing in no other place than their own: everything else is as if they were there. */
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { MAX_CONSENSUS_NS } from "@/lib/core/ledger/consensus-time";
import { type RawRow, rawQuery } from "@/tests/support/stores/raw-query";
import { type EmptyStore, emptied, openStore, type Subject } from "@/tests/support/stores/store-opening";
import { batchOf, hashOf, seq, timeOf } from "@/tests/support/worlds/histories/batches";
import {
  dropAll,
  droppedThrough,
  EVER,
  everything,
  keptOf,
  mustKeep,
} from "@/tests/support/worlds/histories/dropped-topics";
import {
  A,
  addPackedTopics,
  B,
  behind,
  C,
  packAll,
  R,
  run,
  STEPS,
  T,
} from "@/tests/support/worlds/histories/packed-topics";

/** A step that adds rows of dropped messages: a store that dropped them adds none, so its later positions are others. */
const ADDS_OLD_ROWS = 9;
const CHANGES = STEPS.filter((_, i) => i !== ADDS_OLD_ROWS);

const EVERY_ROW = "(SELECT count(*) FROM hcs_messages) + (SELECT coalesce(sum(rows), 0) FROM user_segments)";

export function droppingContract(subject: Subject): void {
  let store: EmptyStore;
  const begin = async () => {
    store = await emptied(subject);
    await addPackedTopics(store);
  };
  beforeEach(begin);
  const ask = (text: string, params: readonly unknown[] = []): Promise<readonly RawRow[]> =>
    rawQuery(store.db, text, params);
  const numberIn = async (text: string) => Number((await ask(`SELECT (${text})::int AS n`))[0]?.n);
  const fill = async () => {
    await store.sync.commit(batchOf(T, 0, run(1, 299)));
    await store.sync.commit(batchOf(R, 0, run(1, 256)));
    await store.sync.commit(batchOf(T, 299, run(300, 530)));
  };

  it("changes no answer about what is kept, whenever it happens", async () => {
    const expected: Awaited<ReturnType<typeof everything>>[] = [];
    for (const step of CHANGES) {
      await step(store);
      expected.push(await everything(store));
    }
    const drops = fc.array(fc.constantFrom(null, null, 257, 513, 9_000), {
      minLength: CHANGES.length,
      maxLength: CHANGES.length,
    });
    let dropped = 0;
    await fc.assert(
      fc.asyncProperty(drops, async (through) => {
        await begin();
        for (const [i, step] of CHANGES.entries()) {
          await step(store);
          const before = through[i] ?? null;
          if (before !== null) {
            await packAll(store);
            dropped += (await dropAll(store, timeOf(T, before))).messages;
          }
          // Looking at everything takes a second.
          if (before === null && i < CHANGES.length - 1) continue;
          const all = expected[i] as (typeof expected)[0];
          const has = await everything(store);
          expect(has).toEqual(keptOf(all, has));
          const logs = has.logs.map((entries) => entries.map(({ sequence }) => sequence as number));
          for (const [topic, sequences] of mustKeep(all, await droppedThrough(store)).entries())
            expect(logs[topic]).toEqual(expect.arrayContaining([...sequences]));
        }
      }),
      { numRuns: 2, examples: [[CHANGES.map((_, i) => [null, 0, 257, null, 513, null, 9_000][i % 7] ?? null)]] },
    );
    expect(dropped).toBeGreaterThan(300);
  });

  it("takes whole segments from before the time, never that of the cursor, and what is not packed keeps its row", async () => {
    await fill();
    const entries = await store.sync.log(T, 1, 530);
    expect(await dropAll(store, MAX_CONSENSUS_NS)).toEqual({ messages: 0, rows: 0 });
    const packed = await packAll(store);
    expect(await dropAll(store, timeOf(T, 256))).toEqual({ messages: 0, rows: 0 });
    const { messages, rows } = await dropAll(store, timeOf(T, 257));
    expect(messages).toBeGreaterThan(150);
    expect(messages).toBeLessThan(packed);
    expect(rows).toBeGreaterThan(messages);
    expect((await store.sync.topic(T))?.dropped).toEqual({
      through: 256,
      throughNs: timeOf(T, 256),
      hash: hashOf(256),
    });
    const parts = `SELECT count(*) FROM packed_parts WHERE ref >> 40 = (SELECT topic_no FROM topics WHERE topic_id = '${T}')`;
    expect(await numberIn(`${parts} AND ref & 1099511627775 <= 256`)).toBe(0);
    expect(await numberIn(parts)).toBeGreaterThan(0);
    const kept = await store.sync.log(T, 1, 530);
    expect(kept.filter(({ sequence }) => sequence > 256)).toEqual(entries.filter(({ sequence }) => sequence > 256));
    expect(kept.filter(({ sequence }) => sequence <= 40).map(({ sequence }) => sequence)).toEqual([3, 5, 7, 13, 19]);
    await dropAll(store, MAX_CONSENSUS_NS);
    // R ends with message 256, at its cursor.
    expect(await droppedThrough(store)).toEqual(
      new Map([
        [T, 512],
        [R, 0],
      ]),
    );
  });

  it("waits for what is still to be packed, and while topics are paused, read again or folded again", async () => {
    await fill();
    await packAll(store);
    const next = () => store.sync.nextDrop(T, MAX_CONSENSUS_NS);
    expect(await next()).not.toBeNull();
    await store.sync.restore(behind(300, 301, { message: new Uint8Array(9).fill(65) }));
    const found = await next();
    expect(found?.through).toBe(256);
    await store.sync.setPaused(T, true);
    expect(await next()).toBeNull();
    expect(found !== null && (await store.sync.drop(found))).toBe(false);
    await store.sync.setPaused(T, false);
    await ask("UPDATE topics SET kinds = ARRAY['identity', 'contact'] WHERE topic_id = $1", [T]);
    expect(await next()).toBeNull();
    await ask("UPDATE topics SET kinds = ARRAY['contact'] WHERE topic_id = $1", [T]);
    expect(await next()).not.toBeNull();
    await ask("UPDATE topics SET decoder_version = 1 WHERE topic_id = $1", [T]);
    expect(await next()).toBeNull();
    await ask("UPDATE topics SET decoder_version = 99");
    // Another decoder has taken back a fact that any message may say again.
    await ask("UPDATE topics SET decoder_version = -1 WHERE topic_id = $1", [R]);
    expect(await next()).toBeNull();
    expect((await store.sync.topics()).map(({ topicId, isReadTwice }) => [topicId, isReadTwice])).toEqual([
      [T, false],
      [R, true],
    ]);
    await ask("UPDATE topics SET decoder_version = 99");
    await ask("UPDATE topics SET projected = 5 WHERE topic_id = $1", [R]);
    expect(await next()).toBeNull();
    await ask("UPDATE topics SET projected = NULL");
    const last = await next();
    expect(last !== null && (await store.sync.drop(last))).toBe(true);
    await ask("UPDATE topics SET projected = 5 WHERE topic_id = $1", [R]);
    expect((await store.sync.dropRows(MAX_CONSENSUS_NS)).people).toBe(0);
    await ask("UPDATE topics SET projected = NULL");
    expect((await store.sync.dropRows(MAX_CONSENSUS_NS)).people).toBeGreaterThan(0);
  });

  it("is done once, however many instances do it, and never after a change", async () => {
    await fill();
    await packAll(store);
    const range = await store.sync.nextDrop(T, timeOf(T, 257));
    if (range === null) throw new Error("there is nothing to drop");
    await store.sync.restore(behind(20, 20, { message: new Uint8Array(9).fill(65) }));
    expect(await store.sync.drop(range)).toBe(false);
    await packAll(store);
    const again = await store.sync.nextDrop(T, timeOf(T, 257));
    if (again === null) throw new Error("there is nothing to drop");
    await ask("UPDATE meta SET epoch = epoch + 1");
    expect(await store.sync.drop(again)).toBe(false);
    await ask("UPDATE meta SET epoch = epoch - 1");
    const drops = await Promise.all([1, 2, 3].map(() => store.sync.drop(again)));
    expect(drops.filter((isOurs) => isOurs)).toHaveLength(1);
    const before = await numberIn(EVERY_ROW);
    const sweep = async () => {
      for (let rows = 0; ; ) {
        const swept = await store.sync.dropRows(MAX_CONSENSUS_NS);
        if (swept.people === 0) return rows;
        rows += swept.rows;
      }
    };
    const swept = await Promise.all([sweep(), sweep(), sweep()]);
    expect(swept.reduce((sum, rows) => sum + rows)).toBe(before - (await numberIn(EVERY_ROW)));
  });

  it("may end after any statement, and no answer shows it", async () => {
    await fill();
    await packAll(store);
    const all = await everything(store);
    for (const before of [257, 513])
      for (let isDone = false; !isDone; ) {
        const range = await store.sync.nextDrop(T, timeOf(T, before));
        if (range !== null) await store.sync.drop(range);
        else isDone = (await store.sync.dropRows(MAX_CONSENSUS_NS)).people === 0;
        const has = await everything(store);
        expect(has).toEqual(keptOf(all, has));
      }
    expect(
      await numberIn("SELECT count(*) FROM user_segments WHERE last_ns < (SELECT max(dropped_ns) FROM topics)"),
    ).toBe(0);
  });

  it("says so at the end of pages, of events, and to a stream that resumes behind it", async () => {
    await fill();
    const before = await store.views.signalsAfter(A, 0, 1_000);
    expect(before.hasDropped).toBe(false);
    await packAll(store);
    const range = await store.sync.nextDrop(T, timeOf(T, 257));
    if (range === null) throw new Error("there is nothing to drop");
    await store.sync.drop(range);
    const page = (beforeNs: ReturnType<typeof timeOf> | null, limit: number) =>
      store.views.signals(A, { types: [], beforeNs, limit, maxRows: 10_000 });
    for (const isSwept of [false, true]) {
      if (isSwept) await dropAll(store, timeOf(T, 257));
      expect((await page(null, 20)).droppedNs).toBeNull();
      const told = (await page(null, 1_000)).droppedNs ?? 0n;
      expect(told > timeOf(T, 230) && told < timeOf(T, 257)).toBe(true);
      expect((await page(timeOf(T, 100), 9)).droppedNs).not.toBeNull();
      expect((await store.views.events(A, "contact", timeOf(T, 20), 200)).droppedNs).not.toBeNull();
      expect((await store.views.events(A, "contact", timeOf(T, 256), 200)).droppedNs).toBeNull();
      const missed = await store.views.signalsAfter(A, 0, 1_000);
      expect(missed.hasDropped).toBe(true);
      expect(missed.through).toBe(before.through);
      const middle = before.rows.find(({ sequence, topicId }) => topicId === T && sequence > 256)?.position ?? 0;
      const later = await store.views.signalsAfter(A, middle, 1_000);
      expect(later).toEqual({
        ...{ position: before.position, through: before.through, hasDropped: false },
        rows: before.rows.filter(({ position }) => position > middle),
      });
      expect((await store.views.recognition(A, null, 100)).droppedNs).not.toBeNull();
    }
  });

  it("proves the first message that is kept, and tells readers of the log which pages lack some", async () => {
    await fill();
    const [proof, whole] = [await store.views.proof(C, T, seq(257)), await store.views.proof(A, T, seq(300))];
    await packAll(store);
    await dropAll(store, timeOf(T, 257));
    expect(proof?.previousRunningHash).toEqual(hashOf(256));
    expect(await store.views.proof(C, T, seq(257))).toEqual(proof);
    expect(await store.views.proof(A, T, seq(300))).toEqual(whole);
    expect(await store.views.proof(A, T, seq(1))).toBeNull();
    const lacks = async (query: object) =>
      (
        await store.ledgerLog.page({
          topicId: T,
          sequences: { from: 1, to: 9_999 },
          times: EVER,
          order: "asc",
          limit: 100,
          ...query,
        })
      ).hasDropped;
    expect(await lacks({})).toBe(true);
    expect(await lacks({ sequences: { from: 257, to: 9_999 } })).toBe(false);
    expect(await lacks({ sequences: { from: 256, to: 256 } })).toBe(true);
    expect(await lacks({ times: { from: timeOf(T, 256) + 1n, to: MAX_CONSENSUS_NS } })).toBe(false);
    expect(await lacks({ order: "desc" })).toBe(false);
    expect(await lacks({ order: "desc", limit: 2_000 })).toBe(true);
    expect(await lacks({ topicId: R })).toBe(false);
  });

  it("brings back nothing that was dropped, except what lies in a gap", async () => {
    for (const step of STEPS.slice(0, 3)) await step(store);
    await packAll(store);
    await dropAll(store, timeOf(T, 513));
    const { counts } = (await store.sync.topic(T)) ?? {};
    const kept = await store.sync.log(T, 1, 600);
    const heads = await Promise.all([A, B].map((each) => store.views.head(each)));
    await store.sync.restore(behind(20, 40));
    await store.sync.restore(behind(310, 330));
    expect(await store.sync.log(T, 1, 600)).toEqual(kept);
    expect(await Promise.all([A, B].map((each) => store.views.head(each)))).toEqual(heads);
    expect((await store.sync.topic(T))?.counts).toEqual(counts);
    await store.sync.backfill(behind(304, 306));
    expect((await store.sync.topic(T))?.counts.messages).toBe((counts?.messages ?? 0) + 3);
    expect((await store.sync.log(T, 304, 306)).length).toBe(3);
    await packAll(store);
    expect((await dropAll(store, timeOf(T, 513))).messages).toBe(3);
    expect(await store.sync.log(T, 304, 306)).toEqual([]);
    expect((await store.sync.topic(T))?.dropped.hash).toEqual(hashOf(512));
  });

  it("raises the stored format with the first message, so that no earlier version starts", async () => {
    await fill();
    await packAll(store);
    await ask("UPDATE meta SET format = 5");
    await dropAll(store, timeOf(T, 100));
    expect(await numberIn("SELECT format FROM meta")).toBe(5);
    const range = await store.sync.nextDrop(T, timeOf(T, 257));
    if (range === null) throw new Error("there is nothing to drop");
    await store.sync.drop(range);
    expect(await numberIn("SELECT format FROM meta")).toBe(6);
  });

  it("drops damaged segments too", async () => {
    await fill();
    await packAll(store);
    await ask("UPDATE topic_segments SET content = '\\x0100' WHERE first_seq = 1 AND topic_no = 1");
    await ask("UPDATE user_segments SET time_bits = time_bits + 1 WHERE last_ns < $1", [String(timeOf(T, 200))]);
    await dropAll(store, timeOf(T, 257));
    expect((await store.sync.topic(T))?.dropped).toMatchObject({ through: 256, hash: null });
    expect(await numberIn("SELECT count(*) FROM user_segments WHERE digest_of(user_segments) <> digest")).toBe(0);
    const { unreadable, views } = await openStore(store.db, "devnet");
    let counted = 0;
    unreadable.follow((_, rows) => {
      counted += rows;
    });
    await views.signals(A, { types: [], beforeNs: null, limit: 1_000, maxRows: 10_000 });
    expect(counted).toBe(0);
  });

  it("leaves no gap in later positions when rows are removed, and a stream finds the next row", async () => {
    await fill();
    await packAll(store);
    await dropAll(store, timeOf(T, 513));
    const found = await store.sync.rowsOf(T, [
      ...[3, 7, 11, 13, 19, 515, 516, 520].map((n) => ({
        ...{ sequence: seq(n), consensusNs: timeOf(T, n), words: [A, B, "tm-carol"] },
      })),
    ]);
    expect(found.length).toBeGreaterThan(8);
    const dropped = () => numberIn("SELECT sum(dropped_n) FROM user_heads");
    const before = await dropped();
    await store.sync.remove(
      { topicId: T, from: 530 },
      { rows: found, registers: [], profiles: [], claims: [], isAgain: false },
    );
    expect(await dropped()).toBeLessThan(before);
    const head = await store.views.head(A);
    await store.sync.commit(batchOf(T, 530, run(531, 540)));
    const { rows, hasDropped, through } = await store.views.signalsAfter(A, head, 100);
    expect(hasDropped).toBe(false);
    expect(rows.map(({ position }) => position)).toEqual(rows.map((_, i) => head + 1 + i));
    expect(through).toBe(await store.views.head(A));
  });

  describe("a topic that is started over", () => {
    const anew = async (topicId: typeof T) => {
      await store.sync.startOver(topicId);
      for (const each of [T, R])
        while ((await store.sync.topic(each))?.isDropping) await store.sync.dropSome(each, 100);
    };
    const views = async () =>
      Promise.all(
        [A, B].map(async (each) => ({
          contacts: (await store.views.contacts(each)).edges,
          signals: (await store.views.signals(each, { types: [], beforeNs: null, limit: 1_000, maxRows: 10_000 })).rows
            .length,
        })),
      );

    it("also starts over every topic with dropped messages, so that nobody loses a contact", async () => {
      await fill();
      const before = await views();
      await packAll(store);
      await dropAll(store, timeOf(T, 513));
      await anew(R);
      expect((await store.sync.topics()).map(({ cursor, dropped }) => [cursor, dropped.through])).toEqual([
        [0, 0],
        [0, 0],
      ]);
      await fill();
      expect(await views()).toEqual(before);
      expect(
        (await store.views.signals(A, { types: [], beforeNs: null, limit: 1_000, maxRows: 10_000 })).droppedNs,
      ).toBeNull();
      await packAll(store);
      expect((await dropAll(store, timeOf(T, 257))).messages).toBeGreaterThan(150);
    });

    it("leaves nothing of what its dropped messages said", async () => {
      // Only a dropped message names this person.
      const messages = run(1, 530).map((each, i) => (i === 29 ? { ...each, target: "tm-zed" } : each));
      await store.sync.commit(batchOf(T, 0, messages));
      await packAll(store);
      await dropAll(store, timeOf(T, 513));
      await anew(T);
      expect((await store.views.contacts(A)).edges).toEqual([]);
      expect(await store.views.profiles([A, B])).toEqual([]);
    });
  });
}
