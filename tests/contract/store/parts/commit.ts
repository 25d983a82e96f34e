import { beforeEach, expect, it } from "vitest";
import type { ConsensusNs } from "@/lib/core/ledger/consensus-time";
import { GENESIS_HASH } from "@/lib/core/ledger/running-hash";
import type { NextBatch } from "@/lib/core/signals/batch";
import { rawQuery } from "@/tests/support/stores/raw-query";
import { type EmptyStore, emptied, type Subject } from "@/tests/support/stores/store-opening";
import { unwrap } from "@/tests/support/unwrap";
import {
  at,
  batchOf,
  hashOf,
  PAYER,
  type PlainSignal,
  seq,
  timeOf,
  topic,
  user,
} from "@/tests/support/worlds/histories/batches";
import { addTopics } from "../../../support/stores/add-topics";

const T = topic("0.0.7");
const OTHER = topic("0.0.8");
const A = user("tm-alice");
const B = user("tm-bob");
const C = user("tm-carol");

const REQUEST: PlainSignal = { type: "CONTACT_REQUEST", actor: A, target: B, actorHandle: "Alice" };
const ACCEPT: PlainSignal = { type: "CONTACT_ACCEPT", actor: B, target: A };

/** Everything that can be read, to see that nothing changed. */
export async function everything({ sync, views }: EmptyStore) {
  const all = { types: [], beforeNs: null, limit: 100, maxRows: 10_000 };
  return {
    topics: await sync.topics(),
    log: await sync.log(T, 1, 1_000),
    gaps: await sync.gaps(T),
    people: await Promise.all(
      [A, B, C].map(async (id) => [
        await views.contacts(id),
        await views.signals(id, all),
        await views.recognition(id, null, 100),
      ]),
    ),
    definitions: await views.definitions(["d"]),
  };
}

const expectCommitted = async (store: EmptyStore, batch: NextBatch) => {
  const outcome = await store.sync.commit(batch);
  if (outcome.kind !== "committed") throw new Error("the commit met a conflict");
  return outcome.rows;
};

export function commitContract(subject: Subject): void {
  let store: EmptyStore;
  beforeEach(async () => {
    store = await emptied(subject);
    await addTopics(store.registry, [
      { topicId: T, kinds: ["contact"] },
      { topicId: OTHER, kinds: ["recognition"] },
    ]);
  });

  it("registers topics once, and adds kinds to known ones", async () => {
    await addTopics(store.registry, [{ topicId: T, kinds: ["trust", "contact"] }]);
    await addTopics(store.registry, [{ topicId: T, kinds: ["trust"] }]);
    const topics = await store.sync.topics();
    expect(topics.map((state) => [state.topicId, state.kinds])).toEqual([
      [T, ["contact", "trust"]],
      [OTHER, ["recognition"]],
    ]);
    expect(await store.sync.topic(topic("0.0.999"))).toBeNull();
    expect(await store.sync.topic(T)).toMatchObject({ cursor: 0, headHash: GENESIS_HASH, headNs: 0n, paused: false });
  });

  it("writes log, rows, edges and cursor, and gives each user positions from 1", async () => {
    const rows = await expectCommitted(store, batchOf(T, 0, [REQUEST, ACCEPT]));
    expect(rows.map(({ userId, position }) => [userId, position])).toEqual([
      [A, 1],
      [B, 1],
      [B, 2],
      [A, 2],
    ]);
    expect(await store.sync.topic(T)).toMatchObject({
      cursor: 2,
      headHash: hashOf(2),
      headNs: timeOf(T, 2),
      counts: { messages: 2, verified: 2, unverifiable: 0, failed: 0, undecodable: 0, untrusted: 0, unproven: 0 },
    });
    expect(await store.sync.log(T, 1, 1)).toEqual(batchOf(T, 0, [REQUEST]).entries);
    expect((await store.views.contacts(A)).edges).toMatchObject([{ peerId: B, acceptNs: timeOf(T, 2) }]);
    expect((await expectCommitted(store, batchOf(T, 2, [ACCEPT]))).map((row) => row.position)).toEqual([3, 3]);
  });

  it("writes nothing if the cursor is elsewhere", async () => {
    await expectCommitted(store, batchOf(T, 0, [REQUEST, ACCEPT]));
    const before = await everything(store);
    const stale: PlainSignal[] = [
      { type: "CONTACT_REVOKE", actor: A, target: B },
      { type: "PROFILE_UPDATE", actor: C, metadata: { handle: "carol" } },
      { type: "RECOGNITION_DEFINITION", actor: C, definitionId: "d" },
    ];
    for (const cursor of [0, 1, 3]) {
      const gap = { from: seq(cursor + 1), to: seq(cursor + 1) };
      const batch = batchOf(T, cursor, stale, { first: cursor + 2, gap });
      expect(await store.sync.commit(batch)).toEqual({ kind: "conflict" });
    }
    expect(await store.sync.commit(batchOf(topic("0.0.999"), 0, [REQUEST]))).toEqual({ kind: "conflict" });
    expect(await everything(store)).toEqual(before);
  });

  it("writes nothing to a paused topic", async () => {
    await rawQuery(store.db, "UPDATE topics SET paused = true");
    expect(await store.sync.commit(batchOf(T, 0, [REQUEST]))).toEqual({ kind: "conflict" });
    expect((await store.sync.topic(T))?.paused).toBe(true);
    expect(await store.views.head(A)).toBe(0);
  });

  it("keeps every message in its own row, even if a mirror claims one time for several", async () => {
    const ns = timeOf(T, 1);
    await expectCommitted(store, batchOf(T, 0, [REQUEST]));
    // The same time in another topic: twice in one batch, and beside a message one nanosecond later.
    const rows = await expectCommitted(
      store,
      batchOf(OTHER, 0, [{ ...ACCEPT, ns }, { ...ACCEPT, ns }, ACCEPT, { ...ACCEPT, ns: at(ns + 5n) }]),
    );
    expect(rows.map(({ userId, position }) => [userId, position])).toEqual(
      [2, 3, 4, 5].flatMap((position) => [
        [B, position],
        [A, position],
      ]),
    );
    const { position, rows: all } = await store.views.signalsAfter(A, 0, 10);
    expect([position, all.map((row) => [row.position, row.topicId, row.sequence])]).toEqual([
      5,
      [[1, T, 1], ...[1, 2, 3, 4].map((n) => [n + 1, OTHER, n])],
    ]);
    // Page by page none is left out, though pages go on by time.
    const paged: string[] = [];
    for (let beforeNs: ConsensusNs | null = null, i = 0; i < 5; i += 1) {
      const page = await store.views.signals(A, { types: [], beforeNs, limit: 1, maxRows: 10_000 });
      paged.push(...page.rows.map((row) => `${row.topicId}/${row.sequence}`));
      beforeNs = page.nextBeforeNs;
    }
    expect(paged).toEqual([`${OTHER}/3`, `${OTHER}/4`, `${OTHER}/2`, `${OTHER}/1`, `${T}/1`]);
    // The log has the time that was claimed, and each message its proof.
    expect((await store.sync.log(OTHER, 1, 2)).map((entry) => entry.consensusNs)).toEqual([ns, ns]);
    for (const sequence of [1, 2]) expect(await store.views.proof(A, OTHER, seq(sequence))).toMatchObject({ sequence });
    // A message that is stored already is neither added nor counted again.
    const restored = await store.sync.restore(
      batchOf(OTHER, 0, [
        { ...ACCEPT, ns },
        { ...ACCEPT, ns },
      ]),
    );
    expect(restored).toEqual({ kind: "committed", rows: [] });
    expect((await store.views.signalsAfter(A, 0, 10)).position).toBe(5);
  });

  it("gives positions in the order of the ledger, even if times do not rise", async () => {
    const [first, second, third] = [30n, 10n, 10n].map((ns) => ({ ...REQUEST, ns: 1_700_000_000_000_000_000n + ns }));
    await expectCommitted(store, batchOf(T, 0, [first, second, third].map(unwrap)));
    const { rows } = await store.views.signalsAfter(A, 0, 10);
    expect(rows.map((row) => [row.position, row.sequence])).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
    ]);
    const { rows: newest } = await store.views.signals(A, { types: [], beforeNs: null, limit: 9, maxRows: 10_000 });
    expect(newest.map((row) => row.sequence)).toEqual([1, 3, 2]);
  });

  it("counts entries by their outcome, and keeps all but signals out of every view", async () => {
    const entries: PlainSignal["entry"][] = [
      {
        disposition: "undecodable",
        reason: "not-json",
        runningHash: null,
        runningHashVersion: null,
        verification: "unverifiable",
      },
      { disposition: "untrusted", reason: "untrusted-payer" },
      { disposition: "failed", verification: "failed", reason: "hash-mismatch" },
      { disposition: "part", chunk: { key: "k", number: 1, total: 2 } },
    ];
    const batch = batchOf(
      T,
      0,
      entries.map((entry) => ({ ...REQUEST, entry })),
    );
    expect(await expectCommitted(store, batch)).toEqual([]);
    expect((await store.sync.topic(T))?.counts).toEqual({
      messages: 4,
      verified: 2,
      unverifiable: 1,
      failed: 1,
      undecodable: 1,
      untrusted: 1,
      unproven: 0,
    });
    expect(await store.sync.log(T, 1, 9)).toEqual(batch.entries);
    expect(await store.sync.failed(T, 10)).toEqual([batch.entries[2]]);
    expect(await store.views.contacts(A)).toEqual({ position: 0, edges: [] });
  });

  it("keeps bytes and unusual text unchanged", async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    const ids = ["a\"b'c", "back\\slash", "{curly,brace}", "NULL", "%s$1", "\u{1f600}", "\uff5e\u{10000}"].map(user);
    const signals = ids.map(
      (id, i): PlainSignal => ({
        type: `ODD "TYPE",{${i}}\\`,
        actor: id,
        target: ids[(i + 1) % ids.length] ?? null,
        message: i === 0 ? new Uint8Array(0) : bytes.subarray(i),
        entry: {
          body: i === 1 ? bytes : null,
          runningHash: i === 2 ? bytes.subarray(0, 3) : hashOf(i),
          reason: 'why "not", {x}',
        },
      }),
    );
    const batch = batchOf(T, 0, signals);
    await expectCommitted(store, batch);
    expect(await store.sync.log(T, 1, 99)).toEqual(batch.entries);
    for (const [i, id] of ids.entries()) {
      const { rows } = await store.views.signals(id, {
        types: [signals[i]?.type ?? ""],
        beforeNs: null,
        limit: 10,
        maxRows: 10_000,
      });
      expect(rows).toMatchObject([
        { type: signals[i]?.type, peerId: signals[i]?.target, isActor: true, sequence: i + 1 },
      ]);
    }
  });

  it("keeps chunk numbers only if there is more than one chunk", async () => {
    const chunk = (number: number, total: number) => ({
      ...REQUEST,
      entry: { disposition: "part" as const, chunk: { key: `k${total}`, number, total } },
    });
    await expectCommitted(store, batchOf(T, 0, [chunk(1, 1), chunk(1, 2)]));
    expect((await store.sync.log(T, 1, 2)).map((entry) => entry.chunk)).toEqual([
      null,
      { key: "k2", number: 1, total: 2 },
    ]);
  });

  it("keeps the mirror's chunk info unchanged", async () => {
    const usual = (account: string, start: string, number = 1, total = 1) =>
      `{"initial_transaction_id":{"account_id":"${account}","nonce":0,"scheduled":false,"transaction_valid_start":"${start}"},"number":${number},"total":${total}}`;
    const infos = [
      null,
      undefined,
      usual(PAYER, "1699999990.000000001"),
      usual(PAYER, "1800000000.000000001", 2, 3),
      usual("0.0.77", "1699999990.000000001"),
      '{"odd":"\\u0000 text"}',
    ];
    const batch = batchOf(
      T,
      0,
      infos.map((chunkInfo, i) => ({ ...REQUEST, entry: { chunkInfo, body: i === 3 ? new Uint8Array(9) : null } })),
    );
    await expectCommitted(store, batch);
    expect((await store.sync.log(T, 1, 9)).map(({ chunkInfo }) => chunkInfo)).toEqual(infos);
    expect(await store.sync.log(T, 1, 9)).toEqual(batch.entries);
  });

  it("returns the first valid part of each number in a group, however often it was repeated", async () => {
    const part = (number: number, entry: PlainSignal["entry"] = {}): PlainSignal => ({
      ...REQUEST,
      entry: { disposition: "part", chunk: { key: "k", number, total: 3 }, ...entry },
    });
    // As an earlier version stored them, which kept the group of every part.
    const signals = [
      part(2, { disposition: "failed", verification: "failed", reason: "hash-mismatch" }),
      part(1, { disposition: "undecodable", reason: "bad-chunk" }),
      ...Array.from({ length: 200 }, (_, i) => part((i % 2) + 1)),
      part(3, { chunk: { key: "", number: 3, total: 3 } }),
    ];
    await expectCommitted(store, batchOf(T, 0, signals));
    const found = await store.sync.parts(T, ["k"]);
    expect(found.map(({ sequence, chunk }) => [sequence, chunk?.number])).toEqual([
      [3, 1],
      [4, 2],
    ]);
    expect((await store.sync.log(T, 203, 203))[0]?.chunk).toEqual({ key: "", number: 3, total: 3 });
    expect(await store.sync.parts(T, [""])).toEqual([]);
  });

  it("keeps a message without a payer", async () => {
    await expectCommitted(
      store,
      batchOf(T, 0, [{ ...REQUEST, entry: { payer: null, disposition: "untrusted", reason: "untrusted-payer" } }]),
    );
    expect(await store.sync.log(T, 1, 1)).toMatchObject([{ payer: null }]);
    expect(await store.admin.rejected(5, 10)).toMatchObject([{ payer: null, disposition: "untrusted" }]);
  });

  it("holds sequences and times beyond 32 and 53 bits", async () => {
    const first = 2 ** 39;
    const ns = at(9_000_000_000_000_000_001n);
    await rawQuery(store.db, "UPDATE topics SET cursor = $1::bigint WHERE topic_id = $2::text", [first - 1, T]);
    await expectCommitted(store, batchOf(T, first - 1, [{ ...REQUEST, ns }]));
    const { rows } = await store.views.signals(A, { types: [], beforeNs: null, limit: 1, maxRows: 10_000 });
    expect(rows).toMatchObject([{ sequence: first, consensusNs: ns, topicId: T }]);
    expect(await store.views.proof(A, T, seq(first))).toMatchObject({ sequence: first, payer: PAYER });
  });

  it("reads a range of the log from its topic only, even if the range is longer than the topic", async () => {
    await expectCommitted(store, batchOf(T, 0, [REQUEST]));
    await expectCommitted(store, batchOf(OTHER, 0, [{ type: "RECOGNITION_MINT", actor: A, target: B }, ACCEPT]));
    for (const topicId of [T, OTHER]) {
      const all = await store.sync.log(topicId, 1, 2);
      expect(all).toHaveLength(topicId === T ? 1 : 2);
      expect(await store.sync.log(topicId, -(2 ** 41), 2 ** 41)).toEqual(all);
    }
  });

  it("lets the last writer win for profiles and definitions", async () => {
    const profile = (handle: string, ns: bigint): PlainSignal => ({
      type: "PROFILE_UPDATE",
      actor: A,
      ns,
      metadata: { handle },
    });
    const definition = (title: string, ns: bigint): PlainSignal => ({
      type: "RECOGNITION_DEFINITION",
      actor: null,
      definitionId: "d",
      ns,
      metadata: { title },
    });
    await expectCommitted(store, batchOf(T, 0, [profile("second", 20n)]));
    await expectCommitted(store, batchOf(T, 1, [profile("first", 10n)]));
    expect((await store.views.profiles([A, B]))[0]).toMatchObject({ userId: A, handle: "second", consensusNs: 20n });
    await expectCommitted(store, batchOf(T, 2, [profile("third", 30n)]));
    expect(await store.views.profiles([A])).toMatchObject([{ handle: "third", bio: null }]);

    await expectCommitted(store, batchOf(OTHER, 0, [definition("second", 25n)]));
    await expectCommitted(store, batchOf(OTHER, 1, [definition("first", 15n)]));
    expect(unwrap((await store.views.definitions(["d"]))[0])).toMatchObject({
      title: "second",
      sequence: 1,
      topicId: OTHER,
      actor: null,
    });
    await expectCommitted(store, batchOf(OTHER, 2, [definition("third", 35n)]));
    expect(await store.views.definitions(["d"])).toMatchObject([{ title: "third", sequence: 3 }]);
  });
}
