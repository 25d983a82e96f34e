import { expect, it } from "vitest";
import { epochOf, POSITIONS_PER_EPOCH } from "@/lib/core/signals/position";
import type { ViewStore } from "@/lib/ports/store/view-store";
import { rawQuery } from "@/tests/support/stores/raw-query";
import { type Database, emptied, openStore, type Subject } from "@/tests/support/stores/store-opening";
import { batchOf, seq, topic, user } from "@/tests/support/worlds/histories/batches";
import { addTopics } from "../../../support/stores/add-topics";

const T = topic("0.0.7");
const A = user("tm-alice");
const SIGNAL = { type: "CONTACT_REQUEST", actor: A, target: "tm-bob" };

/** The database as it was before the last commit, as after a failover to a copy that lagged. */
async function losesOne(db: Database): Promise<void> {
  await rawQuery(db, "DELETE FROM hcs_messages");
  await rawQuery(db, "DELETE FROM topic_log");
  await rawQuery(db, "UPDATE user_heads SET head = head - 1");
  await rawQuery(db, "UPDATE topics SET cursor = cursor - 1, messages = messages - 1");
}

async function setUp(subject: Subject) {
  const store = await emptied(subject);
  const seen = { back: 0, epochs: [] as number[] };
  store.stamp.watch({
    onBack: () => {
      seen.back += 1;
    },
    onEpoch: (epoch) => void seen.epochs.push(epoch),
  });
  await addTopics(store.registry, [{ topicId: T, kinds: ["contact"] }]);
  await store.sync.commit(batchOf(T, 0, [SIGNAL]));
  return { ...store, seen };
}

/** How each method of the readers' port is called here. A new method does not compile without its line. */
const CALLS: Readonly<Record<keyof ViewStore, (views: ViewStore) => Promise<unknown>>> = {
  head: (views) => views.head(A),
  contacts: (views) => views.contacts(A),
  peers: (views) => views.peers(A, [user("tm-bob")]),
  signals: (views) => views.signals(A, { types: [], beforeNs: null, limit: 9, maxRows: 9 }),
  signalsAfter: (views) => views.signalsAfter(A, 0, 9),
  events: (views) => views.events(A, "contact", 0n as never, 9),
  written: (views) => views.written(A, 0n as never, 9),
  recognition: (views) => views.recognition(A, null, 9),
  definitions: (views) => views.definitions(["d"]),
  catalogue: (views) => views.catalogue({ trustedPayers: "*", limit: 9, limitOfUntrusted: 9 }),
  profiles: (views) => views.profiles([A]),
  proof: (views) => views.proof(A, T, seq(1)),
  peersOf: (views) => views.peersOf([A]),
  heads: (views) => views.heads([A]),
};
/** Their answers are never called fresh: names beside a view, a message's own hash, and whom to wake. */
const UNSTAMPED: readonly (keyof ViewStore)[] = ["profiles", "proof", "peersOf", "heads"];

export function stampContract(subject: Subject): void {
  it("grows with each commit", async () => {
    const { sync, stamp } = await setUp(subject);
    const before = stamp.highest;
    await sync.commit(batchOf(T, 1, [SIGNAL, SIGNAL]));
    expect(stamp.highest - before).toBe(4);
    await sync.topic(T);
    expect(stamp.highest - before).toBe(4);
  });

  it("that is lower than the known one refuses the answer to any statement", async () => {
    const { db, views, sync, seen } = await setUp(subject);
    await losesOne(db);
    for (const [name, call] of Object.entries(CALLS)) {
      const before = seen.back;
      if (UNSTAMPED.includes(name as keyof ViewStore)) continue;
      await expect(call(views), name).rejects.toMatchObject({ name: "TierUnavailable", tier: "postgres" });
      expect(seen.back, name).toBeGreaterThan(before);
    }
    await expect(sync.topic(T)).rejects.toMatchObject({ name: "TierUnavailable", tier: "postgres" });
    await expect(sync.commit(batchOf(T, 1, [SIGNAL]))).rejects.toMatchObject({
      name: "TierUnavailable",
      tier: "postgres",
    });
    expect(seen.epochs).toEqual([]);
  });

  it("can be learnt from another instance too", async () => {
    const { db, views, stamp } = await setUp(subject);
    const other = await openStore(db, "devnet");
    other.stamp.learn(stamp.highest);
    await losesOne(db);
    await expect(other.views.head(A)).rejects.toMatchObject({ name: "TierUnavailable", tier: "postgres" });
    await expect(views.head(A)).rejects.toMatchObject({ name: "TierUnavailable", tier: "postgres" });
  });

  it("of an answer that arrives late does not count as a loss", async () => {
    const { sync, views, seen } = await setUp(subject);
    for (let cursor = 1; cursor < 20; cursor += 1) {
      const reads = Array.from({ length: 5 }, () => views.head(A));
      await Promise.all([...reads, sync.commit(batchOf(T, cursor, [SIGNAL]))]);
    }
    expect(seen.back).toBe(0);
  });

  it("that went back leads to one new epoch for all callers, and then the store answers again", async () => {
    const { db, sync, views, stamp, seen } = await setUp(subject);
    await losesOne(db);
    await expect(views.head(A)).rejects.toMatchObject({ name: "TierUnavailable", tier: "postgres" });
    const known = epochOf(stamp.highest);
    const epochs = await Promise.all([1, 2, 3].map(() => sync.newEpoch(known)));
    expect(epochs).toEqual([1, 1, 1]);
    expect(seen.epochs).toEqual([1]);
    expect(await views.head(A)).toBe(0);
    await sync.commit(batchOf(T, 0, [SIGNAL]));
    expect(await views.head(A)).toBe(POSITIONS_PER_EPOCH + 1);
    expect(await sync.newEpoch(0)).toBe(1);
    expect(await sync.newEpoch(4)).toBe(5);
  });

  it("of a later epoch is noticed by the next answer, and refuses batches of the earlier one", async () => {
    const { db, sync, views, seen } = await setUp(subject);
    const other = await openStore(db, "devnet");
    await other.sync.newEpoch(0);
    const batch = batchOf(T, 1, [SIGNAL]);
    expect(await sync.commit(batch)).toEqual({ kind: "conflict" });
    expect(seen).toEqual({ back: 0, epochs: [1] });
    expect(await sync.commit(batch)).toMatchObject({ kind: "committed" });
    expect(await views.head(A)).toBe(POSITIONS_PER_EPOCH + 2);
  });
}
