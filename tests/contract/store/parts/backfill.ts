import { beforeEach, describe, expect, it } from "vitest";
import type { Batch } from "@/lib/core/signals/batch";
import { rawQuery } from "@/tests/support/stores/raw-query";
import { type EmptyStore, emptied, type Subject } from "@/tests/support/stores/store-opening";
import { batchOf, type PlainSignal, seq, timeOf, topic, user } from "@/tests/support/worlds/histories/batches";
import { addTopics } from "../../../support/stores/add-topics";
import { everything } from "./commit";

const T = topic("0.0.7");
const A = user("tm-alice");
const B = user("tm-bob");
const REQUEST: PlainSignal = { type: "CONTACT_REQUEST", actor: A, target: B };
const ACCEPT: PlainSignal = { type: "CONTACT_ACCEPT", actor: B, target: A };
const FAILED: PlainSignal = {
  ...ACCEPT,
  entry: { verification: "failed", disposition: "failed", reason: "hash-mismatch" },
};

/** Messages behind the cursor. */
const behind = (first: number, ...signals: PlainSignal[]): Batch => batchOf(T, 0, signals, { first });
const ranges = async ({ sync }: EmptyStore) => (await sync.gaps(T)).map(({ from, to, state }) => [from, to, state]);

export function backfillContract(subject: Subject): void {
  let store: EmptyStore;
  beforeEach(async () => {
    store = await emptied(subject);
    await addTopics(store.registry, [{ topicId: T, kinds: ["contact"] }]);
    // 1, then a gap from 2 to 6, then 7 (the request) and 8, which failed.
    await store.sync.commit(batchOf(T, 0, [{ type: "PING", actor: A }]));
    await store.sync.recordHole(T, 2, 6, 1_000);
    await store.sync.commit(batchOf(T, 1, [REQUEST, FAILED], { first: 7, gap: { from: seq(2), to: seq(6) } }));
  });

  it("fills part of a gap and leaves the rest declared, with its age", async () => {
    const outcome = await store.sync.backfill(behind(4, ACCEPT));
    expect(outcome).toEqual({
      kind: "committed",
      rows: [
        { userId: B, consensusNs: timeOf(T, 4), position: 2 },
        { userId: A, consensusNs: timeOf(T, 4), position: 3 },
      ],
    });
    expect(await ranges(store)).toEqual([
      [2, 3, "declared"],
      [4, 4, "filled"],
      [5, 6, "declared"],
    ]);
    expect((await store.sync.gaps(T)).every((gap) => gap.firstSeenMs === 1_000)).toBe(true);
    expect(await store.sync.topic(T)).toMatchObject({
      cursor: 8,
      headNs: timeOf(T, 8),
      counts: { messages: 4, verified: 3, failed: 1 },
    });
    await store.sync.backfill(behind(5, ACCEPT, ACCEPT));
    await store.sync.backfill(behind(2, ACCEPT, ACCEPT));
    expect((await ranges(store)).every(([, , state]) => state === "filled")).toBe(true);
  });

  it("takes effect once", async () => {
    await store.sync.backfill(behind(2, ACCEPT, ACCEPT));
    const before = await everything(store);
    expect(await store.sync.backfill(behind(2, ACCEPT, ACCEPT))).toEqual({ kind: "conflict" });
    expect(await store.sync.backfill(behind(3, ACCEPT, ACCEPT))).toMatchObject({ kind: "committed" });
    expect(await store.sync.backfill(behind(1, ACCEPT))).toEqual({ kind: "conflict" });
    expect((await everything(store)).log.map((entry) => entry.sequence)).toEqual([1, 2, 3, 4, 7, 8]);
    expect((await store.views.signalsAfter(B, 0, 99)).rows.map((row) => row.position)).toEqual([1, 2, 3, 4]);
    expect(before.topics[0]?.counts.messages).toBe(5);
  });

  it("writes nothing for messages that are not missing", async () => {
    const before = await everything(store);
    for (const batch of [
      behind(1, ACCEPT),
      behind(7, ACCEPT),
      behind(9, ACCEPT),
      behind(6, ACCEPT, ACCEPT, ACCEPT, ACCEPT),
    ]) {
      expect(await store.sync.backfill(batch)).toEqual({ kind: "conflict" });
    }
    expect(await store.sync.backfill({ ...behind(4, ACCEPT), topicId: topic("0.0.999") })).toEqual({
      kind: "conflict",
    });
    await rawQuery(store.db, "UPDATE topics SET paused = true");
    expect(await store.sync.backfill(behind(4, ACCEPT))).toEqual({ kind: "conflict" });
    await rawQuery(store.db, "UPDATE topics SET paused = false");
    expect(await everything(store)).toEqual(before);
  });

  it("replaces a failed message, and counts it by its new verdict", async () => {
    expect(await store.sync.backfill(behind(8, ACCEPT))).toMatchObject({
      kind: "committed",
      rows: [{ position: 2 }, { position: 3 }],
    });
    expect(await store.sync.failed(T, 10)).toEqual([]);
    expect((await store.sync.topic(T))?.counts).toMatchObject({ messages: 3, verified: 3, failed: 0 });
    expect((await store.views.contacts(A)).edges).toMatchObject([{ acceptNs: timeOf(T, 8) }]);
    expect(await store.sync.backfill(behind(8, ACCEPT))).toEqual({ kind: "conflict" });
  });

  it("brings stored neighbours up to date without adding rows for them", async () => {
    const doubtful = { entry: { verification: "unverifiable" as const, reason: "no-previous" } };
    await store.sync.commit(
      batchOf(T, 8, [{ ...ACCEPT, ...doubtful }], { first: 10, gap: { from: seq(9), to: seq(9) } }),
    );
    expect((await store.sync.topic(T))?.counts).toMatchObject({ messages: 4, verified: 2, unverifiable: 1 });
    const outcome = await store.sync.backfill(behind(9, ACCEPT, ACCEPT));
    expect(outcome).toMatchObject({ rows: [{ consensusNs: timeOf(T, 9) }, { consensusNs: timeOf(T, 9) }] });
    const { position, rows } = await store.views.signalsAfter(B, 0, 10);
    expect([position, rows.map((row) => [row.position, row.sequence, row.verification])]).toEqual([
      3,
      [
        [1, 7, "verified"],
        [2, 10, "verified"],
        [3, 9, "verified"],
      ],
    ]);
    expect((await store.sync.topic(T))?.counts).toMatchObject({ messages: 5, verified: 4, unverifiable: 0 });
  });

  it("completes chunks whose other part was stored", async () => {
    const part = (number: number): PlainSignal => ({
      ...REQUEST,
      entry: { disposition: "part", chunk: { key: "group", number, total: 2 } },
    });
    await store.sync.commit(batchOf(T, 8, [part(2)], { first: 10, gap: { from: seq(9), to: seq(9) } }));
    expect((await store.sync.parts(T, ["group", "none"])).map((entry) => entry.chunk?.number)).toEqual([2]);
    const whole = Buffer.from("both halves");
    const completed: PlainSignal = { ...REQUEST, entry: { body: whole, chunk: { key: "group", number: 2, total: 2 } } };
    await store.sync.backfill(behind(9, part(1), completed));
    expect((await store.sync.parts(T, ["group"])).map((entry) => [entry.sequence, entry.disposition])).toEqual([
      [9, "part"],
      [10, "signal"],
    ]);
    const { rows } = await store.views.signals(B, { types: [], beforeNs: null, limit: 1, maxRows: 10_000 });
    expect(rows).toMatchObject([{ sequence: 10 }]);
    expect(Buffer.from(rows[0]?.body ?? [])).toEqual(whole);
    expect(await store.views.proof(B, T, seq(9))).toMatchObject({ sequence: 9 });
    expect(await store.views.proof(user("stranger"), T, seq(9))).toBeNull();
  });

  describe("a message whose signature was not judged yet", () => {
    const OPEN: PlainSignal = {
      ...{ type: "PROFILE_UPDATE", actor: A, metadata: { displayName: "Alice" } },
      entry: { disposition: "unproven", signature: "open" },
    };
    beforeEach(async () => {
      await store.sync.commit(batchOf(T, 8, [OPEN, ACCEPT]));
    });
    const open = async (limit = 9, after = 0) =>
      (await store.sync.unsettled(T, limit, after)).map(({ sequence }) => sequence as number);

    it("is counted, has no row, and is found beside the failed ones, oldest first", async () => {
      expect((await store.sync.topic(T))?.counts).toMatchObject({ unproven: 1, failed: 1, messages: 5 });
      expect(await store.views.profiles([A])).toEqual([]);
      expect([await open(), await open(1), await open(9, 8)]).toEqual([[8, 9], [8], [9]]);
      expect((await store.sync.failed(T, 9)).map(({ sequence }) => sequence as number)).toEqual([8]);
      expect((await store.admin.rejected(5, 10)).map(({ disposition }) => disposition)).toContain("unproven");
    });

    it("takes effect once it is judged, and once only", async () => {
      const right: PlainSignal = { ...OPEN, entry: { signature: "alone" } };
      const judged = behind(9, right);
      const batch = { ...judged, rows: judged.rows.map((row) => ({ ...row, author: "signature" as const })) };
      expect(await store.sync.backfill(batch)).toMatchObject({ kind: "committed", rows: [{ userId: A }] });
      expect(await store.sync.backfill(batch)).toEqual({ kind: "conflict" });
      expect((await store.sync.topic(T))?.counts).toMatchObject({ unproven: 0, messages: 5 });
      expect(await open()).toEqual([8]);
      expect((await store.views.profiles([A])).map(({ displayName }) => displayName)).toEqual(["Alice"]);
      expect((await store.sync.log(T, 9, 9)).map(({ signature }) => signature)).toEqual(["alone"]);
    });

    it("does not count if its signature is wrong", async () => {
      const wrong = { disposition: "untrusted", reason: "wrong-signature", signature: "wrong" } as const;
      expect(await store.sync.backfill(behind(9, { ...OPEN, entry: wrong }))).toMatchObject({ rows: [] });
      expect((await store.sync.topic(T))?.counts).toMatchObject({ unproven: 0, untrusted: 1 });
      expect(await store.views.profiles([A])).toEqual([]);
    });
  });
}
