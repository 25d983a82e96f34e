import { beforeEach, expect, it } from "vitest";
import { TOPIC_KINDS, type TopicId } from "@/lib/core/ledger/ids";
import { newShard, type Shard, type TenantId } from "@/lib/core/shards/shards";
import { type EmptyStore, emptied, type Subject } from "@/tests/support/stores/store-opening";
import { batchOf, topic, user } from "@/tests/support/worlds/histories/batches";
import { ofTenant, standard } from "@/tests/support/worlds/shards/registries";
import { addTopics } from "../../../support/stores/add-topics";

const A = user("tm-alice");
const B = user("0.0.7226146");
const ACME = "acme" as TenantId;
const [T, U] = [topic("0.0.7"), topic("0.0.8")] as [TopicId, TopicId];
const PLANNED = newShard(standard("contact"), 0, 0);

export function registryContract(subject: Subject): void {
  let store: EmptyStore;
  beforeEach(async () => {
    store = await emptied(subject);
  });

  it("is empty at first, at version 0", async () => {
    expect(await store.registry.load()).toEqual({ version: 0, shards: [] });
    expect(await store.registry.version()).toBe(0);
  });

  it("returns shards as they were written, in that order, and raises its version with each change", async () => {
    const shards: readonly Shard[] = [
      { ...PLANNED, segment: 3 },
      {
        ...newShard(ofTenant("trust", "acme"), 0, 2),
        state: "active",
        topicId: T,
        routesFromNs: 1_790_000_000_123_456_789n,
      },
      {
        ...newShard({ tier: "busy", kind: "profile", owner: user("李雷") }, 0, 0),
        state: "creating",
        attempt: "0.0.2@1.5",
      },
      { ...PLANNED, state: "drained", topicId: U, routesFromNs: 1n, drainsFromNs: 2n, drainedNs: 3n },
    ];
    expect(await store.registry.change(0, shards.slice(0, 3))).toBe(1);
    expect(await store.registry.change(1, shards.slice(3))).toBe(2);
    expect(await store.registry.load()).toEqual({ version: 2, shards });
    expect(await store.registry.version()).toBe(2);
  });

  it("overwrites only a shard with the same group, segment and generation", async () => {
    await store.registry.change(0, [PLANNED, { ...PLANNED, generation: 1 }]);
    const active: Shard = { ...PLANNED, state: "active", topicId: T, attempt: "x", routesFromNs: 9n };
    await store.registry.change(1, [active]);
    expect((await store.registry.load()).shards).toEqual([active, { ...PLANNED, generation: 1 }]);
  });

  it("writes nothing if its version has changed", async () => {
    await store.registry.change(0, [PLANNED]);
    for (const version of [0, 2])
      expect(await store.registry.change(version, [{ ...PLANNED, state: "active", topicId: T }])).toBeNull();
    expect(await store.registry.load()).toEqual({ version: 1, shards: [PLANNED] });
    expect(await store.sync.topics()).toEqual([]);
  });

  it("lets one of many concurrent callers change it", async () => {
    const changes = await Promise.all(
      Array.from({ length: 8 }, (_, segment) => store.registry.change(0, [{ ...PLANNED, segment }])),
    );
    expect(changes.filter((version) => version !== null)).toEqual([1]);
    expect((await store.registry.load()).shards).toHaveLength(1);
  });

  it("registers its topics in the sync store, with all their kinds", async () => {
    await addTopics(store.registry, [{ topicId: T, kinds: ["contact"] }]);
    const both = (["contact", "trust"] as const).map(
      (kind): Shard => ({ ...newShard(standard(kind), 0, 0), state: "creating", topicId: T }),
    );
    await store.registry.change(1, [
      ...both,
      { ...newShard(standard("profile"), 0, 0), state: "creating", topicId: U },
    ]);
    expect((await store.sync.topics()).map(({ topicId, kinds }) => [topicId, kinds])).toEqual([
      [T, ["contact", "trust"]],
      [U, ["profile"]],
    ]);
  });

  it("registers topics without a shard once, adds no shard for them, and does not move its version", async () => {
    for (let i = 0; i < 2; i++) await store.registry.follow([{ topicId: T, kinds: ["identity"] }]);
    await store.registry.follow([]);
    expect((await store.sync.topics()).map(({ topicId, kinds }) => [topicId, kinds])).toEqual([[T, ["identity"]]]);
    expect(await store.registry.load()).toEqual({ version: 0, shards: [] });
  });

  it("survives a rebuild, because routes do not depend on stored messages", async () => {
    await store.registry.change(0, [PLANNED]);
    await store.registry.setTier(A, "busy", 0);
    await store.sync.rebuild();
    expect((await store.registry.load()).shards).toEqual([PLANNED]);
    expect(await store.registry.user(A)).toMatchObject({ tier: "busy", version: 1 });
  });

  it("returns defaults and the number of signals until a tier or tenant is set", async () => {
    expect(await store.registry.user(A)).toEqual({
      userId: A,
      tier: "standard",
      tenantId: null,
      version: 0,
      signals: 0,
    });
    await addTopics(store.registry, [{ topicId: T, kinds: [...TOPIC_KINDS] }]);
    const signals = [1, 2, 3].map(() => ({ type: "CONTACT_REQUEST", actor: A, target: B }));
    await store.sync.commit(batchOf(T, 0, signals));
    expect(await store.registry.user(A)).toMatchObject({ signals: 3, version: 0 });
  });

  it("moves a user to a tier once, however many callers ask", async () => {
    const told = await Promise.all(Array.from({ length: 6 }, () => store.registry.setTier(A, "busy", 0)));
    expect(told.filter(Boolean)).toHaveLength(1);
    expect(await store.registry.user(A)).toMatchObject({ tier: "busy", version: 1 });
    expect(await store.registry.setTier(A, "standard", 0)).toBe(false);
    expect(await store.registry.setTier(A, "standard", 1)).toBe(true);
    expect(await store.registry.user(A)).toMatchObject({ tier: "standard", version: 2 });
  });

  it("maps users to tenants that exist, keeps their tier, and takes them out again", async () => {
    expect(await store.registry.assign([A], ACME)).toBe(false);
    expect(await store.registry.user(A)).toMatchObject({ tenantId: null, version: 0 });
    expect(await store.registry.renameTenant(ACME, "Acme")).toBe(false);
    expect(await store.registry.addTenant(ACME, "Acme")).toBe(true);
    expect(await store.registry.addTenant(ACME, "Another")).toBe(false);
    expect(await store.registry.renameTenant(ACME, "Acme, Inc.")).toBe(true);
    await store.registry.setTier(A, "busy", 0);
    expect(await store.registry.assign([A, B, B], ACME)).toBe(true);
    expect(await store.registry.user(A)).toMatchObject({ tenantId: ACME, tier: "busy", version: 2 });
    expect(await store.registry.user(B)).toMatchObject({ tenantId: ACME, tier: "standard", version: 1 });
    expect(await store.registry.tenants()).toEqual([{ tenantId: ACME, name: "Acme, Inc.", users: 2 }]);
    await store.registry.assign([A], ACME);
    expect(await store.registry.user(A)).toMatchObject({ version: 2 });
    expect(await store.registry.assign([A], null)).toBe(true);
    expect(await store.registry.user(A)).toMatchObject({ tenantId: null, tier: "busy", version: 3 });
  });
}
