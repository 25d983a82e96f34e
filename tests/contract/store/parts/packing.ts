/** Readers see no seam: whatever is packed, and whenever, every answer is the one that a store gives in which nothing is packed. */
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { MAX_CONSENSUS_NS } from "@/lib/core/ledger/consensus-time";
import { packable } from "@/lib/core/signals/packable";
import { rawQuery } from "@/tests/support/stores/raw-query";
import { type Database, type EmptyStore, emptied, openStore, type Subject } from "@/tests/support/stores/store-opening";
import { batchOf, timeOf } from "@/tests/support/worlds/histories/batches";
import {
  A,
  addPackedTopics,
  B,
  behind,
  GAP,
  packAll,
  run,
  STEPS,
  some,
  T,
  text,
  told,
} from "@/tests/support/worlds/histories/packed-topics";

export function packingContract(subject: Subject): void {
  let store: EmptyStore;
  const begin = async () => {
    store = await emptied(subject);
    await addPackedTopics(store);
  };
  beforeEach(begin);
  const inLog = async (topicNo = 1) =>
    Number((await rawQuery(store.db, `SELECT count(*) AS n FROM topic_log WHERE ref >> 40 = ${topicNo}`))[0]?.n);

  const packedParts = async () => (await rawQuery(store.db, "SELECT count(*)::int AS n FROM packed_parts"))[0]?.n;

  it("changes no answer, whenever it happens", async () => {
    const expected: unknown[] = [];
    /** Everything after the first backfill and at the end, because it takes a second; after the other steps some of it. */
    const answers = (i: number) => (i === 3 || i === STEPS.length - 1 ? told(store) : some(store));
    for (const [i, step] of STEPS.entries()) {
      await step(store);
      expected.push(await answers(i));
    }
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { minLength: STEPS.length, maxLength: STEPS.length }), async (packs) => {
        await begin();
        for (const [i, step] of STEPS.entries()) {
          await step(store);
          if (packs[i]) await packAll(store);
          expect(await answers(i)).toEqual(expected[i]);
        }
      }),
      { numRuns: 2, examples: [[STEPS.map(() => true)]] },
    );
  });

  it("takes whole ranges of 256 behind the cursor, and leaves what operators may still have to mend", async () => {
    await store.sync.commit(batchOf(T, 0, run(1, 299)));
    expect(await packAll(store)).toBe(222);
    expect(await inLog()).toBe(299 - 222);
    expect(await store.sync.nextRange(T)).toBeNull();
  });

  it("keeps the groups of split messages while they are packed, so that a repeated part is known as one", async () => {
    await store.sync.commit(batchOf(T, 0, run(1, 299)));
    const group = () => store.sync.parts(T, ["0.0.5@0"]);
    const before = await group();
    expect(before.map(({ sequence }) => sequence as number)).toEqual([9, 11]);
    await packAll(store);
    expect(await packedParts()).toBe(14);
    expect(await group()).toEqual(before);
    await store.sync.restore(behind(100, 100, { message: text("another") }));
    expect(await packedParts()).toBe(0);
    expect(await group()).toEqual(before);
  });

  it("opens a few segments at a time, however many packed groups a page of repeated parts names", async () => {
    await store.sync.commit(batchOf(T, 0, run(1, 560)));
    const keys = Array.from({ length: 70 }, (_, i) => `0.0.5@${69 - i}`);
    const before = await store.sync.parts(T, keys);
    expect(before).toHaveLength(28);
    await packAll(store);
    let statements = 0;
    const counted = await openStore(
      new Proxy(subject.db(), {
        get: (db, name) => {
          if (name === "ask") statements += 1;
          return Reflect.get(db, name);
        },
      }),
      "devnet",
    );
    statements = 0;
    expect(await counted.sync.parts(T, keys)).toEqual(before);
    expect(statements).toBe(3);
  });

  it("is done once, however many instances do it, and never after a change", async () => {
    await store.sync.commit(batchOf(T, 0, run(1, 520)));
    const range = await store.sync.nextRange(T);
    if (range === null) throw new Error("there is nothing to pack");
    const sequences = packable(range.entries).map(({ sequence }) => sequence);
    const packs = await Promise.all([1, 2, 3].map(() => store.sync.pack(range, sequences)));
    expect(packs.filter((isOurs) => isOurs)).toHaveLength(1);
    const next = await store.sync.nextRange(T);
    if (next === null) throw new Error("there is nothing to pack");
    await store.sync.restore(behind(300, 301, { message: text("another") }));
    expect(await store.sync.pack(next, sequences)).toBe(false);
    expect((await store.sync.log(T, 300, 300))[0]?.message).toEqual(text("another"));
  });

  it("and a repair of the same messages leave each of them once, whichever is between the other's statements", async () => {
    const repairs: ((sync: EmptyStore["sync"]) => Promise<unknown>)[] = [
      (sync) => sync.restore(behind(15, 40, { message: text("another") })),
      (sync) => sync.backfill(behind(43, 43, { entry: {} })),
    ];
    for (const repair of repairs) {
      await begin();
      await store.sync.commit(batchOf(T, 0, run(1, 299)));
      await repair(store.sync);
      const expected = await some(store);
      for (let after = 1; after <= 3; after += 1) {
        await begin();
        await store.sync.commit(batchOf(T, 0, run(1, 299)));
        let [statements, isRepairing] = [0, false];
        const slow = await openStore(
          new Proxy(subject.db(), {
            get: (db, name) =>
              name !== "ask"
                ? Reflect.get(db, name)
                : async (...asked: Parameters<Database["ask"]>) => {
                    const answer = await db.ask(...asked);
                    statements += 1;
                    if (isRepairing && statements === after) await packAll(store);
                    return answer;
                  },
          }),
          "devnet",
        );
        [statements, isRepairing] = [0, true];
        await repair(slow.sync);
        isRepairing = false;
        expect(await some(store)).toEqual(expected);
        await packAll(store);
        expect(await some(store)).toEqual(expected);
      }
    }
  });

  it("ends pages of long messages by their bytes where they ended before", async () => {
    const long = (sequence: number) => ({
      ...{ type: "CONTACT_REQUEST", actor: A, target: B },
      message: new Uint8Array(4_000 + (sequence % 90)).map((_, i) => (sequence * i) % 251),
    });
    const messages = Array.from({ length: 512 }, (_, i) => long(i + 1));
    await store.sync.commit(batchOf(T, 0, messages));
    const pages = async () => {
      const query = {
        topicId: T,
        sequences: { from: 1, to: 600 },
        times: { from: 0n, to: MAX_CONSENSUS_NS as bigint },
      };
      const found = [];
      for (const order of ["asc", "desc"] as const)
        for (const limit of [100, 512]) found.push(await store.ledgerLog.page({ ...query, order, limit }));
      found.push(await store.views.signals(A, { types: [], beforeNs: null, limit: 500, maxRows: 10_000 }));
      found.push(await store.views.signalsAfter(A, 3, 400));
      return found.map(({ rows, ...end }) => ({ sequences: rows.map(({ sequence }) => sequence), ...end }));
    };
    const before = await pages();
    for (const [i, most] of [100, 100, 100, 100, 500, 400].entries())
      expect(before[i]?.sequences.length).toBeLessThan(most);
    await packAll(store);
    expect(await inLog()).toBe(0);
    expect(await pages()).toEqual(before);
  });

  it("waits while a topic is paused, read again or folded again", async () => {
    await store.sync.commit(batchOf(T, 0, run(1, 299)));
    await store.sync.setPaused(T, true);
    expect(await store.sync.nextRange(T)).toBeNull();
    await store.sync.setPaused(T, false);
    await rawQuery(store.db, "UPDATE topics SET decoder_version = 1");
    expect(await store.sync.nextRange(T)).toBeNull();
    await rawQuery(store.db, "UPDATE topics SET decoder_version = 99, projected = 5");
    expect(await store.sync.nextRange(T)).toBeNull();
  });

  describe("a segment that is damaged", () => {
    const damage = () => rawQuery(store.db, "UPDATE topic_segments SET content = '\\x0100'");

    it("is not counted twice where a gap beside it is filled", async () => {
      await store.sync.commit(batchOf(T, 0, run(1, 299)));
      await store.sync.commit(batchOf(T, 299, run(310, 530), { first: 310, gap: GAP }));
      const before = (await store.sync.topic(T))?.counts.messages ?? 0;
      await packAll(store);
      await damage();
      await store.sync.backfill(behind(303, 305));
      expect((await store.sync.topic(T))?.counts.messages).toBe(before + 3);
      await store.sync.restore(behind(310, 400));
      await packAll(store);
      await store.sync.restore(behind(401, 530));
      await store.sync.restore(behind(1, 299));
      expect((await store.sync.topic(T))?.counts.messages).toBe(before + 3);
      await packAll(store);
      expect((await store.sync.log(T, 1, 1_000)).length).toBe(before + 3);
    });

    it("is reported with its topic and its sequence numbers by every reader", async () => {
      await store.sync.commit(batchOf(T, 0, run(1, 560)));
      await packAll(store);
      await rawQuery(store.db, "UPDATE topic_segments SET content = '\\x0100' WHERE first_seq = 257");
      const { sync, views, ledgerLog, unreadable } = await openStore(store.db, "devnet");
      let met: unknown[] = [];
      unreadable.follow((table, rows, ranges) => void met.push({ table, rows, ranges }));
      const everything = { sequences: { from: 1, to: 560 }, times: { from: 0n, to: MAX_CONSENSUS_NS as bigint } };
      for (const read of [
        () => sync.log(T, 300, 310),
        () => views.signals(A, { types: [], beforeNs: null, limit: 1_000, maxRows: 10_000 }),
        () => ledgerLog.page({ topicId: T, ...everything, order: "asc", limit: 100 }),
        () => ledgerLog.at(timeOf(T, 300)),
      ]) {
        met = [];
        await read();
        expect(met).toContainEqual({ table: "topic_segments", rows: 1, ranges: [{ topicId: T, from: 257, to: 512 }] });
      }
    });

    it("breaks no answer, is counted, and is replaced when its messages are read again", async () => {
      await store.sync.commit(batchOf(T, 0, run(1, 299)));
      const before = await told(store);
      await packAll(store);
      await damage();
      const { rows } = await store.views.signals(A, { types: [], beforeNs: null, limit: 100, maxRows: 10_000 });
      expect(rows.length).toBeLessThan(100);
      await packAll(store);
      expect((await store.sync.log(T, 1, 299)).length).toBeLessThan(299);
      await store.sync.restore(behind(1, 299));
      expect(await told(store)).toEqual(before);
      await packAll(store);
      expect(await told(store)).toEqual(before);
    });
  });

  it("drops the groups of split messages with their segments, a few at a time, where a topic is started over", async () => {
    await store.sync.commit(batchOf(T, 0, run(1, 560)));
    await packAll(store);
    await store.sync.startOver(T);
    const left: unknown[] = [await packedParts()];
    while ((await store.sync.topic(T))?.isDropping) {
      await store.sync.dropSome(T, 256);
      left.push(await packedParts());
    }
    expect([...new Set(left)]).toEqual([26, 12, 0]);
  });

  it("is undone if one topic or all topics are started over", async () => {
    for (const forget of [
      async () => {
        await store.sync.startOver(T);
        while ((await store.sync.topic(T))?.isDropping) await store.sync.dropSome(T, 100);
      },
      async () => void (await store.sync.rebuild()),
    ]) {
      await begin();
      await store.sync.commit(batchOf(T, 0, run(1, 299)));
      await packAll(store);
      await forget();
      expect(await store.sync.log(T, 1, 1_000)).toEqual([]);
      expect((await rawQuery(store.db, "SELECT count(*)::int AS n FROM topic_segments"))[0]?.n).toBe(0);
      expect(await packedParts()).toBe(0);
      expect(await store.sync.topic(T)).toMatchObject({ cursor: 0 });
    }
  });
}
