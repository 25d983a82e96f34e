import { beforeEach, expect, it } from "vitest";
import { type EmptyStore, emptied, type Subject } from "@/tests/support/stores/store-opening";
import { batchOf, type PlainSignal, seq, topic } from "@/tests/support/worlds/histories/batches";
import { addTopics } from "../../../support/stores/add-topics";

const T = topic("0.0.7");
const OTHER = topic("0.0.8");
const SIGNAL: PlainSignal = { type: "CONTACT_REQUEST", actor: "a", target: "b" };

export function gapsContract(subject: Subject): void {
  let store: EmptyStore;
  beforeEach(async () => {
    store = await emptied(subject);
    await addTopics(
      store.registry,
      [T, OTHER].map((topicId) => ({ topicId, kinds: ["contact"] as const })),
    );
  });

  it("remembers when a hole was first seen, even if it is recorded again", async () => {
    const first = await store.sync.recordHole(T, 3, 5, 1_000);
    expect(first).toEqual({ topicId: T, from: 3, to: 5, state: "hole", firstSeenMs: 1_000 });
    expect(await store.sync.recordHole(T, 3, 5, 9_000)).toEqual(first);
    expect(await store.sync.gaps(OTHER)).toEqual([]);
  });

  it("keeps the age of a hole when it grows, or part of it is found", async () => {
    await store.sync.recordHole(T, 3, 5, 1_000);
    expect(await store.sync.recordHole(T, 3, 8, 2_000)).toMatchObject({ to: 8, firstSeenMs: 1_000 });
    expect(await store.sync.recordHole(T, 5, 8, 3_000)).toMatchObject({ from: 5, firstSeenMs: 1_000 });
    expect(await store.sync.gaps(T)).toHaveLength(1);
    expect(await store.sync.recordHole(T, 20, 21, 4_000)).toMatchObject({ from: 20, firstSeenMs: 4_000 });
  });

  it("forgets a hole, but not a declared gap", async () => {
    await store.sync.commit(batchOf(T, 0, [SIGNAL], { first: 3, gap: { from: seq(1), to: seq(2) } }));
    await store.sync.recordHole(T, 4, 5, 1_000);
    await store.sync.recordHole(OTHER, 1, 1, 1_000);
    await store.sync.forgetHole(T);
    expect(await store.sync.gaps(T)).toMatchObject([{ from: 1, to: 2, state: "declared" }]);
    expect(await store.sync.gaps(OTHER)).toHaveLength(1);
  });

  it("declares a gap with the batch that passes it, with the hole's age", async () => {
    await store.sync.commit(batchOf(T, 0, [SIGNAL]));
    await store.sync.recordHole(T, 2, 4, 1_000);
    await store.sync.commit(batchOf(T, 1, [SIGNAL], { first: 5, gap: { from: seq(2), to: seq(4) } }));
    expect(await store.sync.gaps(T)).toEqual([{ topicId: T, from: 2, to: 4, state: "declared", firstSeenMs: 1_000 }]);
    expect((await store.sync.topic(T))?.cursor).toBe(5);
    expect(await store.sync.recordHole(T, 2, 4, 2_000)).toMatchObject({ state: "declared", to: 4 });
  });
}
