/** Each condition of dropping by itself: what it keeps from being dropped, and what readers are told. */
import { beforeEach, expect, it } from "vitest";
import { MAX_CONSENSUS_NS } from "@/lib/core/ledger/consensus-time";
import { packable } from "@/lib/core/signals/packable";
import { messageBySequence } from "@/lib/engine/mirror/log-pages";
import { rawQuery } from "@/tests/support/stores/raw-query";
import { type EmptyStore, emptied, openStore, type Subject } from "@/tests/support/stores/store-opening";
import { at, batchOf, seq, timeOf } from "@/tests/support/worlds/histories/batches";
import { dropAll, EVER } from "@/tests/support/worlds/histories/dropped-topics";
import {
  A,
  addPackedTopics,
  B,
  behind,
  packAll,
  R,
  run,
  STEPS,
  T,
} from "@/tests/support/worlds/histories/packed-topics";

const PAGE = { types: [], beforeNs: null, limit: 1_000, maxRows: 10_000 };

export function droppingGuardsContract(subject: Subject): void {
  let store: EmptyStore;
  beforeEach(async () => {
    store = await emptied(subject);
    await addPackedTopics(store);
  });
  const ask = (text: string, params: readonly unknown[] = []) => rawQuery(store.db, text, params);
  const numberIn = async (text: string) => Number((await ask(`SELECT (${text})::int AS n`))[0]?.n);
  const numberOf = (topicId: typeof T) => numberIn(`SELECT topic_no FROM topics WHERE topic_id = '${topicId}'`);
  const fill = async () => {
    await store.sync.commit(batchOf(T, 0, run(1, 299)));
    await store.sync.commit(batchOf(R, 0, run(1, 256)));
    await store.sync.commit(batchOf(T, 299, run(300, 530)));
  };
  const next = async (topicId = T, before = 257) => {
    const range = await store.sync.nextDrop(topicId, timeOf(topicId, before));
    if (range === null) throw new Error("there is nothing to drop");
    return range;
  };
  const comeAnew = async (sequence: number) => {
    await ask(
      `INSERT INTO topic_gaps (topic_no, from_seq, to_seq, state, first_seen_ms)
        SELECT topic_no, $2::bigint, $2::bigint, 1, 0 FROM topics WHERE topic_id = $1`,
      [T, sequence],
    );
    await store.sync.backfill(behind(sequence, sequence));
    await packAll(store);
  };
  const sweep = async () => {
    while ((await store.sync.dropRows(MAX_CONSENSUS_NS)).people > 0);
  };
  const packMessages = async () => {
    for (let range = await store.sync.nextRange(T); range !== null; range = await store.sync.nextRange(T))
      await store.sync.pack(
        range,
        packable(range.entries).map(({ sequence }) => sequence),
      );
  };
  const segments = async (condition: string) =>
    (await ask(`SELECT s.user_no, s.first_n, s.last_n FROM user_segments s WHERE ${condition} ORDER BY 1, 2`)).map(
      Object.values,
    );
  const HAS_DROPPED = "EXISTS (SELECT FROM rows_in(s) r WHERE is_dropped(r.ref))";

  it("a message up to the end of dropping counts as dropped if it is neither in the log nor packed", async () => {
    await fill();
    await packAll(store);
    await dropAll(store, timeOf(T, 513));
    await comeAnew(256);
    const topicNo = await numberOf(T);
    await ask("DELETE FROM topic_log WHERE ref = ($1::bigint << 40) + 527", [topicNo]);
    const rows = await ask(
      `SELECT n FROM unnest(ARRAY[1, 3, 255, 256, 257, 512, 513, 527]) n WHERE is_dropped(($1::bigint << 40) + n)`,
      [topicNo],
    );
    expect(rows.map(({ n }) => n)).toEqual([1, 255, 257, 512]);
  });

  it("a segment whose messages were read again leaves the end as it is", async () => {
    await fill();
    await packAll(store);
    await dropAll(store, timeOf(T, 513));
    const { dropped } = (await store.sync.topic(T)) ?? {};
    await comeAnew(20);
    expect((await dropAll(store, timeOf(T, 513))).messages).toBe(1);
    expect((await store.sync.topic(T))?.dropped).toEqual(dropped);
  });

  it("the oldest segments go first, some 4,000 messages at once", async () => {
    await fill();
    await packAll(store);
    await ask("UPDATE topics SET cursor = 9000, packed_through = 9000, interpreted = 9000 WHERE topic_id = $1", [T]);
    await ask(
      `INSERT INTO topic_segments SELECT first_seq + 256 * i, first_ns + i, last_ns + i, topic_no, held, content
        FROM topic_segments, generate_series(1, 20) i WHERE topic_no = $1 AND first_seq = 257`,
      [await numberOf(T)],
    );
    expect((await store.sync.nextDrop(T, MAX_CONSENSUS_NS))?.through).toBe(16 * 256);
  });

  it("a segment beyond what is packed stays, and so does everything once the log has changed", async () => {
    await fill();
    await packAll(store);
    await ask("UPDATE topics SET packed_through = 256 WHERE topic_id = $1", [T]);
    const range = await store.sync.nextDrop(T, MAX_CONSENSUS_NS);
    expect(range?.through).toBe(256);
    await ask("UPDATE topics SET log_version = log_version + 1 WHERE topic_id = $1", [T]);
    expect(range !== null && (await store.sync.drop(range))).toBe(false);
  });

  it("another topic keeps its groups of parts, and people the segments of its messages", async () => {
    await fill();
    await store.sync.commit(batchOf(R, 256, run(257, 530)));
    await packAll(store);
    const parts = async (topicId: typeof T) =>
      numberIn(`SELECT count(*) FROM packed_parts WHERE ref >> 40 = ${await numberOf(topicId)}`);
    const before = [await parts(T), await parts(R)] as const;
    expect(await store.sync.drop(await next(R))).toBe(true);
    expect(await parts(T)).toBe(before[0]);
    expect(await parts(R)).toBeLessThan(before[1]);
    const kept = await segments(`NOT ${HAS_DROPPED}`);
    expect(kept.length).toBeGreaterThan(9);
    await sweep();
    expect(await segments("true")).toEqual(expect.arrayContaining(kept));
  });

  it("a person's segment goes if it ends within the dropped time, and the person's marks follow", async () => {
    await fill();
    await packAll(store);
    await store.sync.drop(await next());
    const END = "(SELECT max(dropped_ns) FROM topics)";
    const later = await segments(`s.last_ns > ${END}`);
    const lasts = (await segments(`s.last_ns <= ${END} AND ${HAS_DROPPED}`)).map(([, , last]) => Number(last));
    await ask("UPDATE user_heads SET packed_ns = packed_ns + 1, due_ns = CASE WHEN user_id = $1 THEN 0 ELSE 9 END", [
      A,
    ]);
    while ((await store.sync.dropRows(at(5n))).people > 0);
    expect(await segments("true")).toEqual(later);
    const marks = await ask(
      `SELECT h.due_ns::int AS due, h.packed_ns - (SELECT max(s.last_ns) FROM user_segments s WHERE s.user_no = h.user_no) AS ahead
        FROM user_heads h WHERE h.user_id = ANY ($1) ORDER BY h.user_id`,
      [[A, B]],
    );
    expect(marks.map(({ due, ahead }) => [due, Number(ahead)])).toEqual([
      [5, 0],
      [9, 0],
    ]);
    expect(await numberIn("SELECT max(dropped_n) FROM user_heads")).toBeGreaterThanOrEqual(Math.max(...lasts));
  });

  it("a step opens no more segments than it may, and the next one goes on with the same person", async () => {
    await fill();
    await packAll(store);
    await store.sync.drop(await next());
    const left = () => numberIn(`SELECT count(*) FROM user_segments s WHERE ${HAS_DROPPED}`);
    const beyond = await numberIn(
      `SELECT count(*) FROM user_segments s WHERE ${HAS_DROPPED} AND s.last_ns > (SELECT max(dropped_ns) FROM topics)`,
    );
    for (let before = await left(); before > beyond; ) {
      const [step] = await ask("SELECT looked FROM drop_old_rows($1::bigint, 256, 1, 6)", [String(MAX_CONSENSUS_NS)]);
      expect(step?.looked).toBeGreaterThan(0);
      const after = await left();
      expect(before - after).toBe(1);
      before = after;
    }
  });

  it.each(["packed", "unpacked"])("a person's marks of dropped rows never go back when rows are %s", async (rows) => {
    await fill();
    if (rows === "packed") await packAll(store);
    else await packMessages();
    await ask("UPDATE user_heads SET dropped_n = 1000, dropped_ns = $1", [String(MAX_CONSENSUS_NS)]);
    expect((await dropAll(store, timeOf(T, 257))).rows).toBeGreaterThan(0);
    expect(await ask("SELECT DISTINCT dropped_n, dropped_ns FROM user_heads")).toEqual([
      { dropped_n: 1_000, dropped_ns: String(MAX_CONSENSUS_NS) },
    ]);
  });

  it("rows raise the stored format too, and nothing lowers it", async () => {
    await fill();
    await packAll(store);
    const first = await next();
    await ask("UPDATE meta SET format = 9");
    await store.sync.drop(first);
    await store.sync.dropRows(MAX_CONSENSUS_NS);
    expect(await numberIn("SELECT format FROM meta")).toBe(9);
    await store.sync.drop(await next(T, 513));
    await ask("UPDATE meta SET format = 5");
    await sweep();
    expect(await numberIn("SELECT format FROM meta")).toBe(6);
  });

  it("the rows of a damaged segment count as dropped", async () => {
    await fill();
    await packAll(store);
    await store.sync.drop(await next());
    const END = "(SELECT max(dropped_ns) FROM topics)";
    const damaged = await segments(`s.last_ns <= ${END}`);
    await ask(`UPDATE user_segments SET time_bits = time_bits + 1 WHERE last_ns <= ${END}`);
    await sweep();
    const heads = new Map((await ask("SELECT user_no, dropped_n FROM user_heads")).map((row) => [row.user_no, row]));
    for (const [person, , last] of damaged) expect(heads.get(person)?.dropped_n).toBeGreaterThanOrEqual(Number(last));
  });

  it("no reader counts a dropped message as one that cannot be read", async () => {
    await fill();
    await packAll(store);
    await store.sync.drop(await next());
    const { unreadable, views } = await openStore(store.db, "devnet");
    let counted = 0;
    unreadable.follow((_, rows) => {
      counted += rows;
    });
    await views.signals(A, PAGE);
    await views.signalsAfter(A, 0, 1_000);
    await views.events(A, "contact", at(0n), 1_000);
    await views.written(A, at(0n), 1_000);
    await views.recognition(A, null, 1_000);
    expect(counted).toBe(0);
  });

  it("readers that begin at the end get no note about dropped messages", async () => {
    await fill();
    await packMessages();
    await dropAll(store, timeOf(T, 257));
    const [marks] = await ask("SELECT dropped_n - head AS behind, dropped_ns FROM user_heads WHERE user_id = $1", [A]);
    const end = (await store.views.head(A)) + Number(marks?.behind);
    expect((await store.views.signalsAfter(A, end, 10)).hasDropped).toBe(false);
    expect((await store.views.signalsAfter(A, end - 1, 10)).hasDropped).toBe(true);
    const droppedNs = BigInt(String(marks?.dropped_ns));
    expect((await store.views.events(A, "contact", at(droppedNs), 10)).droppedNs).toBeNull();
    expect((await store.views.events(A, "contact", at(droppedNs - 1n), 10)).droppedNs).toBe(droppedNs);
    const isDropped = async (n: number) => (await messageBySequence(store.ledgerLog, T, n)).isDropped;
    expect(await Promise.all([4, 5, 256, 257, 600].map(isDropped))).toEqual([true, false, true, false, false]);
    const lacks = async (query: object) => {
      const all = { sequences: { from: 1, to: 9_999 }, times: EVER, order: "desc" as const, limit: 2_000 };
      return (await store.ledgerLog.page({ topicId: T, ...all, ...query })).hasDropped;
    };
    expect(await lacks({ sequences: { from: 252, to: 9_999 } })).toBe(true);
    expect(await lacks({ times: { from: timeOf(T, 256) as bigint, to: EVER.to } })).toBe(true);
    expect(await lacks({ times: { from: timeOf(T, 256) + 1n, to: EVER.to } })).toBe(false);
  });

  it("the hash at the end proves the next message alone, and none behind a hole", async () => {
    for (const step of STEPS.slice(0, 3)) await step(store);
    await packAll(store);
    await dropAll(store, timeOf(T, 257));
    expect((await store.sync.topic(T))?.dropped.hash).not.toBeNull();
    const proof = await store.views.proof(B, T, seq(310));
    expect(proof).toMatchObject({ sequence: 310, previousRunningHash: null });
  });
}
