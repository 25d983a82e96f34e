import { beforeEach, describe, expect, it } from "vitest";
import { rawQuery } from "@/tests/support/stores/raw-query";
import { type EmptyStore, emptied, openStore, type Subject } from "@/tests/support/stores/store-opening";
import { batchOf, PAYER, type PlainSignal, seq, timeOf, topic, user } from "@/tests/support/worlds/histories/batches";
import { addTopics } from "../../../support/stores/add-topics";

const T = topic("0.0.7");
const OTHER = topic("0.0.8");
const SIGNAL: PlainSignal = { type: "CONTACT_REQUEST", actor: "a", target: "b" };
const odd = (disposition: "undecodable" | "untrusted", text: string): PlainSignal => ({
  ...SIGNAL,
  message: new TextEncoder().encode(text),
  entry: { disposition, reason: `because of ${text}` },
});

export function adminContract(subject: Subject): void {
  let store: EmptyStore;
  beforeEach(async () => {
    store = await emptied(subject);
    await addTopics(
      store.registry,
      [T, OTHER].map((topicId) => ({ topicId, kinds: ["contact"] as const })),
    );
  });
  const begin = (action: string, target: string | null = null, requestKey: string | null = null, nowMs = 1_000) =>
    store.admin.begin({ actor: "tm-ada", action, target, requestKey, nowMs });

  describe("an action", () => {
    it("is recorded before it begins, and brought up to date", async () => {
      const { isNew, entry } = await begin("topic.audit", T);
      expect(isNew).toBe(true);
      expect(entry).toEqual({
        ...{ id: entry.id, atMs: 1_000, updatedMs: 1_000, actor: "tm-ada" },
        ...{ action: "topic.audit", target: T, state: "running", detail: null },
      });
      const detail = { through: 100, differing: { count: 1, first: [7] }, text: "ä 'quoted'" };
      const updated = await store.admin.update(entry.id, { state: "done", detail, nowMs: 2_000 });
      expect(updated).toEqual({ ...entry, state: "done", detail, updatedMs: 2_000 });
      expect(await store.admin.entries(null, 10)).toEqual([updated]);
    });

    it("happens once for one request, however often and by how many callers it is sent", async () => {
      const all = await Promise.all(Array.from({ length: 8 }, () => begin("cache.invalidate", null, "k")));
      expect(all.filter(({ isNew }) => isNew)).toHaveLength(1);
      expect(new Set(all.map(({ entry }) => entry.id)).size).toBe(1);
      expect((await begin("cache.invalidate", null, "l")).isNew).toBe(true);
      expect((await begin("cache.invalidate")).isNew).toBe(true);
      expect((await begin("cache.invalidate")).isNew).toBe(true);
    });

    it("that failed may be tried again under the same key", async () => {
      const { entry } = await begin("topic.pause", T, "k");
      await store.admin.update(entry.id, { state: "failed", detail: { error: "down" }, nowMs: 2_000 });
      const again = await begin("topic.pause", T, "k");
      expect(again.isNew).toBe(true);
      expect(again.entry.id).toBeGreaterThan(entry.id);
    });
  });

  it("a refused action is not the latest of its target", async () => {
    const { entry } = await begin("topic.audit", T);
    const refused = await begin("topic.audit", T);
    await store.admin.update(refused.entry.id, { state: "refused", detail: { error: "busy" }, nowMs: 2_000 });
    expect((await store.admin.latest(["topic.audit"])).map(({ id }) => id)).toEqual([entry.id]);
  });

  it("lists entries newest first, page by page, and the latest of each target", async () => {
    const ids: number[] = [];
    for (let i = 0; i < 5; i += 1) ids.push((await begin("topic.audit", i % 2 === 0 ? T : OTHER)).entry.id);
    await begin("topic.pause", T);
    const first = await store.admin.entries(null, 3);
    expect(first.slice(1).map(({ id }) => id)).toEqual([ids[4], ids[3]]);
    const rest = await store.admin.entries(first.at(-1)?.id ?? 0, 10);
    expect(rest.map(({ id }) => id)).toEqual([ids[2], ids[1], ids[0]]);
    const latest = await store.admin.latest(["topic.audit", "topic.resync"]);
    expect(new Map(latest.map(({ target, id }) => [target, id]))).toEqual(
      new Map([
        [T, ids[4]],
        [OTHER, ids[3]],
      ]),
    );
  });

  it("shows topics with their open gaps, the oldest first and not too many", async () => {
    await store.sync.commit(batchOf(T, 0, [SIGNAL], { first: 3, gap: { from: seq(1), to: seq(2) } }));
    await store.sync.commit(batchOf(T, 3, [SIGNAL], { first: 6, gap: { from: seq(4), to: seq(5) } }));
    await store.sync.backfill(batchOf(T, 0, [SIGNAL, SIGNAL], { first: 1 }));
    await store.sync.recordHole(T, 8, 9, 5_000);
    const [seven, eight] = await store.admin.topics(1, 10);
    expect(seven).toMatchObject({ topicId: T, cursor: 6, gapCount: 2, gaps: [{ from: 4, to: 5, state: "declared" }] });
    expect(seven?.counts.messages).toBe(4);
    expect(eight).toMatchObject({ topicId: OTHER, cursor: 0, gapCount: 0, gaps: [] });
    expect((await store.admin.topics(10, 10))[0]?.gaps).toHaveLength(2);
  });

  it("knows the time of the n-th message that is not packed yet", async () => {
    await store.sync.commit(
      batchOf(
        T,
        0,
        Array.from({ length: 5 }, () => SIGNAL),
      ),
    );
    await store.sync.commit(batchOf(T, 5, [SIGNAL], { first: 8, gap: { from: seq(6), to: seq(7) } }));
    const unpacked = async (count: number) => (await store.admin.topics(1, count)).map(({ unpackedNs }) => unpackedNs);
    // The message itself, or the next one that is stored. OTHER has none.
    expect(await unpacked(3)).toEqual([timeOf(T, 3), null]);
    expect(await unpacked(6)).toEqual([timeOf(T, 8), null]);
    expect(await unpacked(9)).toEqual([null, null]);
    await rawQuery(store.db, "UPDATE topics SET packed_through = 3 WHERE topic_id = $1", [T]);
    expect(await unpacked(2)).toEqual([timeOf(T, 5), null]);
  });

  it("dates topics by the database's own clock", async () => {
    const beforeMs = Date.now();
    const [seven] = await store.admin.topics(1, 10);
    // The database of the tests runs on this machine; it cuts milliseconds off, or rounds them.
    expect(seven?.databaseMs).toBeGreaterThanOrEqual(beforeMs - 1);
    expect(seven?.databaseMs).toBeLessThanOrEqual(Date.now() + 1);
  });

  it("knows the first message of a topic that is not verified", async () => {
    const unverified: PlainSignal = { ...SIGNAL, entry: { verification: "unverifiable" } };
    await store.sync.commit(batchOf(OTHER, 0, [unverified]));
    await store.sync.commit(batchOf(T, 0, [SIGNAL, SIGNAL, unverified, SIGNAL, unverified]));
    expect(await store.admin.firstUnverified()).toEqual(
      new Map([
        [T, 3],
        [OTHER, 1],
      ]),
    );
  });

  it("lists the newest failed and rejected messages, with their first bytes", async () => {
    await store.sync.commit(batchOf(T, 0, [odd("undecodable", "one"), SIGNAL, odd("untrusted", "two")]));
    await store.sync.commit(batchOf(OTHER, 0, [odd("undecodable", "a longer three"), odd("undecodable", "four")]));
    const found = await store.admin.rejected(2, 8);
    expect(found.map(({ start }) => new TextDecoder().decode(start))).toEqual(["four", "a longer", "two"]);
    expect(found[1]).toMatchObject({
      ...{ topicId: OTHER, sequence: 1, disposition: "undecodable", bytes: 14, payer: PAYER },
      reason: "because of a longer three",
    });
  });

  it("counts the people with messages in a topic, and the share of the ten busiest", async () => {
    const others = Array.from({ length: 12 }, (_, i) => ({ ...SIGNAL, actor: `c${i}`, target: null }));
    await store.sync.commit(batchOf(T, 0, [SIGNAL, SIGNAL, SIGNAL, ...others]));
    await store.sync.commit(batchOf(OTHER, 0, [{ ...SIGNAL, target: null }]));
    expect(await store.admin.peopleByTopic()).toEqual(
      new Map([
        [T, { users: 14, rows: 18, hottestRows: 14 }],
        [OTHER, { users: 1, rows: 1, hottestRows: 1 }],
      ]),
    );
  });

  it("measures each table and partition", async () => {
    await store.sync.commit(batchOf(T, 0, [SIGNAL, SIGNAL]));
    // The server's background may have looked through the table while it was empty. Its estimate would be of that time.
    const [known] = await rawQuery(store.db, "SELECT reltuples FROM pg_class WHERE relname = 'topic_log'");
    if (Number(known?.reltuples) >= 0) await rawQuery(store.db, "ANALYZE topic_log");
    const { databaseBytes, relations } = await store.admin.sizes();
    const log = relations.find(({ name }) => name === "topic_log");
    expect(log?.tableBytes).toBeGreaterThan(0);
    expect(log?.indexBytes).toBeGreaterThan(0);
    expect(log?.rows).toBe(2);
    expect(relations.filter(({ partitionOf }) => partitionOf === "hcs_messages")).toHaveLength(16);
    const sum = relations.reduce((bytes, each) => bytes + each.tableBytes + each.indexBytes, 0);
    expect(databaseBytes).toBeGreaterThan(sum);
  });

  describe("a paused topic", () => {
    it("takes no commit until it is resumed", async () => {
      expect(await store.sync.setPaused(T, true)).toBe(true);
      expect((await store.sync.topic(T))?.paused).toBe(true);
      expect(await store.sync.commit(batchOf(T, 0, [SIGNAL]))).toEqual({ kind: "conflict" });
      expect((await store.sync.commit(batchOf(OTHER, 0, [SIGNAL]))).kind).toBe("committed");
      await store.sync.setPaused(T, false);
      expect((await store.sync.commit(batchOf(T, 0, [SIGNAL]))).kind).toBe("committed");
      expect(await store.sync.setPaused(topic("0.0.9"), true)).toBe(false);
    });
  });

  describe("restoring", () => {
    const B = user("b");

    it("messages that are stored changes nothing", async () => {
      const batch = batchOf(T, 0, [SIGNAL, SIGNAL]);
      await store.sync.commit(batch);
      const before = [await store.views.signals(B, page), await store.sync.topic(T), await store.sync.log(T, 1, 2)];
      expect(await store.sync.restore(batch)).toEqual({ kind: "committed", rows: [] });
      expect([await store.views.signals(B, page), await store.sync.topic(T), await store.sync.log(T, 1, 2)]).toEqual(
        before,
      );
    });

    it("adds lost entries, rows and edges, and keeps the positions of the others", async () => {
      const batch = batchOf(T, 0, [SIGNAL, { ...SIGNAL, actor: "c" }, SIGNAL]);
      await store.sync.commit(batch);
      const entries = await store.sync.log(T, 1, 3);
      await rawQuery(store.db, "DELETE FROM topic_log WHERE ref & 1099511627775 = 2");
      await rawQuery(store.db, "DELETE FROM hcs_messages WHERE ref & 1099511627775 = 2");
      await rawQuery(store.db, "DELETE FROM contact_edges");
      await rawQuery(store.db, "UPDATE topics SET messages = 2, verified = 2 WHERE topic_id = $1::text", [T]);
      // To one that knew it before it is a database that went back.
      store = { ...store, ...(await openStore(store.db, "devnet")) };
      const outcome = await store.sync.restore(batch);
      expect(outcome).toMatchObject({ kind: "committed", rows: [{ position: 2 }, { position: 4 }] });
      const { position, rows } = await store.views.signals(B, page);
      expect(position).toBe(4);
      expect(rows.map((row) => [row.sequence, row.position])).toEqual([
        [3, 3],
        [2, 4],
        [1, 1],
      ]);
      expect(await store.sync.log(T, 1, 3)).toEqual(entries);
      expect((await store.views.contacts(B)).edges.map(({ peerId }) => peerId)).toEqual(["a", "c"]);
      expect((await store.sync.topic(T))?.counts).toMatchObject({ messages: 3, verified: 3 });
      expect((await store.sync.topic(T))?.cursor).toBe(3);
    });

    it("closes the gap in which a found message lay", async () => {
      await store.sync.commit(batchOf(T, 0, [SIGNAL], { first: 3, gap: { from: seq(1), to: seq(2) } }));
      await store.sync.restore(batchOf(T, 0, [SIGNAL], { first: 1 }));
      expect((await store.admin.topics(10, 10))[0]?.gaps).toMatchObject([{ from: 2, to: 2, state: "declared" }]);
    });
  });
}

const page = { types: [], beforeNs: null, limit: 10, maxRows: 10_000 };
