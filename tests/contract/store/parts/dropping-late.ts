/** Messages and meanings that come late to a topic whose old messages are dropped. */
import { beforeEach, expect, it } from "vitest";
import { type ConsensusNs, MAX_CONSENSUS_NS } from "@/lib/core/ledger/consensus-time";
import { packable } from "@/lib/core/signals/packable";
import { rawQuery } from "@/tests/support/stores/raw-query";
import { type EmptyStore, emptied, openStore, type Subject } from "@/tests/support/stores/store-opening";
import { batchOf, hashOf, timeOf } from "@/tests/support/worlds/histories/batches";
import { dropAll } from "@/tests/support/worlds/histories/dropped-topics";
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

export function droppingLateContract(subject: Subject): void {
  let store: EmptyStore;
  beforeEach(async () => {
    store = await emptied(subject);
    await addPackedTopics(store);
  });
  const ask = (text: string, params: readonly unknown[] = []) => rawQuery(store.db, text, params);
  const fill = async () => {
    await store.sync.commit(batchOf(T, 0, run(1, 299)));
    await store.sync.commit(batchOf(R, 0, run(1, 256)));
    await store.sync.commit(batchOf(T, 299, run(300, 530)));
  };

  it("leaves out rows beside a message that came after all, and drops its own with it", async () => {
    for (const step of STEPS.slice(0, 3)) await step(store);
    await packAll(store);
    const range = await store.sync.nextDrop(T, timeOf(T, 513));
    if (range === null) throw new Error("there is nothing to drop");
    expect(await store.sync.drop(range)).toBe(true);
    await store.sync.backfill(behind(304, 306));
    await packAll(store);
    const { unreadable, views } = await openStore(store.db, "devnet");
    let counted = 0;
    unreadable.follow((_, rows) => {
      counted += rows;
    });
    const { rows } = await views.signals(B, { types: [], beforeNs: null, limit: 1_000, maxRows: 10_000 });
    expect(counted).toBe(0);
    expect(rows.some(({ topicId, sequence }) => topicId === T && sequence > 303 && sequence < 307)).toBe(true);
    const sweep = async () => {
      let people = 0;
      for (let looked = 1; looked > 0; people += looked) looked = (await store.sync.dropRows(MAX_CONSENSUS_NS)).people;
      return people;
    };
    expect(await sweep()).toBeGreaterThan(0);
    expect(await sweep()).toBe(0);
    const again = await store.sync.nextDrop(T, timeOf(T, 513));
    expect(again?.messages).toBe(3);
    if (again !== null) await store.sync.drop(again);
    expect(await sweep()).toBeGreaterThan(0);
    expect(await ask("SELECT ref FROM hcs_messages WHERE is_dropped(ref)")).toEqual([]);
  });

  it("is counted by topic and by person, whatever has come late or still stands", async () => {
    const head = async () => Number((await ask("SELECT head FROM user_heads WHERE user_id = $1", [B]))[0]?.head);
    const shown = async () => {
      let rows = 0;
      for (let beforeNs = null as ConsensusNs | null; ; ) {
        const page = await store.views.signals(B, { types: [], beforeNs, limit: 90, maxRows: 10_000 });
        rows += page.rows.length;
        beforeNs = page.nextBeforeNs;
        if (beforeNs === null) return rows;
      }
    };
    /** Both counts. All other rows of the person must be shown. */
    const counted = async () => {
      const signals = await store.admin.droppedSignals(B);
      expect(signals).toBe((await head()) - (await shown()));
      return [(await store.admin.droppedMessages()).get(T), signals] as const;
    };
    for (const step of STEPS.slice(0, 3)) await step(store);
    expect(await counted()).toEqual([undefined, 0]);
    for (let range = await store.sync.nextRange(T); range !== null; range = await store.sync.nextRange(T))
      await store.sync.pack(
        range,
        packable(range.entries).map(({ sequence }) => sequence),
      );
    const range = await store.sync.nextDrop(T, timeOf(T, 257));
    if (range === null) throw new Error("there is nothing to drop");
    await store.sync.drop(range);
    // The rows of people still stand, and then are packed.
    const [first, signals] = await counted();
    expect(first).toBe(range.messages);
    expect(signals).toBeGreaterThan(100);
    await packAll(store);
    expect(await counted()).toEqual([first, signals]);
    const more = (await dropAll(store, timeOf(T, 513))).messages;
    expect((await counted())[0]).toBe(range.messages + more);
    // Messages of the gap come after all, are kept, and then go too.
    await store.sync.backfill(behind(304, 306));
    expect((await counted())[0]).toBe(range.messages + more);
    await packAll(store);
    expect((await counted())[0]).toBe(range.messages + more);
    await dropAll(store, timeOf(T, 513));
    expect((await counted())[0]).toBe(range.messages + more + 3);
    await store.sync.startOver(T);
    expect(await store.admin.droppedMessages()).toEqual(new Map());
  });

  it("learns the hash at its end again from a message that was repaired there", async () => {
    await fill();
    await packAll(store);
    await dropAll(store, timeOf(T, 513));
    await ask("UPDATE topics SET dropped_hash = '\\x00' WHERE topic_id = $1", [T]);
    await ask(
      "INSERT INTO topic_gaps (topic_no, from_seq, to_seq, state, first_seen_ms) SELECT topic_no, 512, 512, 1, 0 FROM topics WHERE topic_id = $1",
      [T],
    );
    await store.sync.backfill(behind(512, 512));
    await packAll(store);
    expect((await dropAll(store, timeOf(T, 513))).messages).toBe(1);
    expect((await store.sync.topic(T))?.dropped).toMatchObject({ through: 512, hash: hashOf(512) });
  });

  it("takes back no fact that a message may have said which was dropped meanwhile", async () => {
    await fill();
    await packAll(store);
    await dropAll(store, timeOf(T, 257));
    await ask("UPDATE topics SET decoder_version = 1, interpreted = 0");
    const before = await store.views.contacts(A);
    const [found] = await store.sync.edgesBetween([[A, B]]);
    if (found === undefined) throw new Error("there is no edge");
    const outdated = {
      rows: [],
      profiles: [],
      claims: [],
      registers: [{ edge: found, names: ["requestOutNs"] as const }],
    };
    await store.sync.remove({ topicId: R, from: 0 }, { ...outdated, isAgain: true });
    expect(await store.views.contacts(A)).toEqual(before);
    await store.sync.remove({ topicId: R, from: 0 }, { ...outdated, isAgain: false });
    expect(await store.views.contacts(A)).not.toEqual(before);
  });
}
