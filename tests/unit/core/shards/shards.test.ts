import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TOPIC_KINDS, type TopicId, type TopicKind, type UserId } from "@/lib/core/ledger/ids";
import {
  BUSY_FROM_SIGNALS,
  BUSY_UNTIL_SIGNALS,
  parseTenantId,
  type Registry,
  type RoutedUser,
  readTopics,
  routeTopic,
  type Shard,
  seedShards,
  shardName,
  type TenantId,
  tierOf,
  type UserTier,
} from "@/lib/core/shards/shards";
import { topicKindOf } from "@/lib/core/signals/message-types";
import {
  active,
  busy,
  ofTenant,
  plain,
  registryOf,
  simplest,
  standard,
} from "../../../support/worlds/shards/registries";

const TENANTS = ["acme", "globex", "initech"];
const kind = fc.constantFrom(...TOPIC_KINDS);
const user: fc.Arbitrary<RoutedUser> = fc.record({
  userId: fc.string({ minLength: 1, maxLength: 30 }).map((text) => text as UserId),
  tier: fc.constantFrom<UserTier>("standard", "busy"),
  tenantId: fc.option(
    fc.constantFrom(...TENANTS).map((text) => text as TenantId),
    { nil: null },
  ),
});
/** At least one standard topic of each kind, and any number of other groups. Shards of other states lie between. */
const registry: fc.Arbitrary<Registry> = fc
  .record({
    standard: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 4, maxLength: 4 }),
    busy: fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 4, maxLength: 4 }),
    tenants: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 12, maxLength: 12 }),
    others: fc.array(fc.constantFrom("planned", "creating", "draining", "drained"), { maxLength: 6 }),
  })
  .map((counts) => {
    const shards = TOPIC_KINDS.flatMap((each, k) => [
      ...active(standard(each), counts.standard[k] ?? 1),
      ...active(busy(each), counts.busy[k] ?? 0),
      ...TENANTS.flatMap((tenant, t) => active(ofTenant(each, tenant), counts.tenants[k * 3 + t] ?? 0)),
    ]);
    const others = counts.others.map((state, i): Shard => {
      const [model] = active(standard(TOPIC_KINDS[i % 4] as TopicKind), 1);
      return {
        ...(model as Shard),
        state,
        generation: 7 + i,
        topicId: state === "planned" ? null : (`0.0.${900 + i}` as TopicId),
      };
    });
    return registryOf(shards, others);
  });

describe("a route", () => {
  it("leads every user and kind to exactly one active topic of that kind, always the same", () => {
    fc.assert(
      fc.property(registry, user, kind, (registry, user, kind) => {
        const shard = routeTopic(registry, user, kind);
        expect(shard).toMatchObject({ state: "active", kind });
        const again = routeTopic({ ...registry, shards: [...registry.shards].reverse() }, user, kind);
        expect(again?.topicId).toBe(shard?.topicId);
      }),
    );
  });

  it("never leads anybody but a tenant's users to the tenant's topic", () => {
    fc.assert(
      fc.property(registry, user, user, kind, (registry, a, b, kind) => {
        for (const each of [a, b]) {
          const shard = routeTopic(registry, each, kind);
          if (shard?.tier === "enterprise") expect(shard.owner).toBe(each.tenantId);
        }
        if (a.tenantId === b.tenantId) return;
        const [of, other] = [routeTopic(registry, a, kind), routeTopic(registry, b, kind)];
        if (of?.tier === "enterprise" || other?.tier === "enterprise") expect(of?.topicId).not.toBe(other?.topicId);
      }),
    );
  });

  it("takes the closest topic that exists: own, tenant's, busy, standard", () => {
    const groups = [
      active({ tier: "busy", kind: "trust", owner: "tm-a" as UserId }, 1),
      active(ofTenant("trust", "acme"), 2),
      active(busy("trust"), 2),
      active(standard("trust"), 1),
    ];
    const of: RoutedUser = { userId: "tm-a" as UserId, tier: "busy", tenantId: "acme" as TenantId };
    const routes = groups.map((_, i) => routeTopic(registryOf(...groups.slice(i)), of, "trust"));
    expect(routes.map((shard) => [shard?.tier, shard?.owner])).toEqual([
      ["busy", "tm-a"],
      ["enterprise", "acme"],
      ["busy", null],
      ["standard", null],
    ]);
    expect(routeTopic(registryOf(...groups), { ...of, userId: "tm-b" as UserId }, "trust")?.owner).toBe("acme");
    expect(routeTopic(registryOf(), of, "trust")).toBeNull();
  });

  it("moves (m-n)/m of the users when a tier grows from n to m, and only to new segments", () => {
    const users = Array.from({ length: 20_000 }, (_, i) => plain(i % 2 === 0 ? `0.0.${7_000_000 + i}` : `tm-u${i}`));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 15 }), fc.integer({ min: 1, max: 12 }), (n, more) => {
        const after = registryOf(active(standard("contact"), n + more));
        const before = registryOf(after.shards.slice(0, n));
        let moved = 0;
        for (const user of users) {
          const [from, to] = [routeTopic(before, user, "contact"), routeTopic(after, user, "contact")];
          if (from?.topicId === to?.topicId) continue;
          moved += 1;
          expect(to?.segment).toBeGreaterThanOrEqual(n);
        }
        expect(Math.abs(moved / users.length - more / (n + more))).toBeLessThan(0.02);
      }),
      { numRuns: 12 },
    );
  });
});

describe("a tier", () => {
  it("rises at 1,000 signals and falls only below 800: between the two nobody moves", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 3_000 }), { maxLength: 50 }), (counts) => {
        let tier: UserTier = "standard";
        for (const signals of counts) {
          const next = tierOf(tier, signals);
          if (signals >= BUSY_FROM_SIGNALS) expect(next).toBe("busy");
          else if (signals < BUSY_UNTIL_SIGNALS) expect(next).toBe("standard");
          else expect(next).toBe(tier);
          tier = next;
        }
      }),
    );
    expect([tierOf("standard", 999), tierOf("standard", 1_000)]).toEqual(["standard", "busy"]);
    expect([tierOf("busy", 800), tierOf("busy", 799)]).toEqual(["busy", "standard"]);
  });
});

describe("names", () => {
  it("give tier, kind, segment and owner", () => {
    expect(shardName("trustmesh", { ...standard("contact"), segment: 3 })).toBe("trustmesh-standard-contact-3");
    expect(shardName("tm", { ...ofTenant("trust", "acme"), segment: 0 })).toBe("tm-enterprise-trust-acme-0");
  });

  it.each([
    ["acme", true],
    ["a", true],
    ["a-1", true],
    ["", false],
    ["-a", false],
    ["a-", false],
    ["Acme", false],
    ["a b", false],
    ["a".repeat(31), false],
  ])("of tenants: %j is one: %s", (text, is) => {
    expect(parseTenantId(text) === text).toBe(is);
  });

  it.each([
    ["CONTACT_REQUEST", "contact"],
    ["TRUST_ALLOCATE", "trust"],
    ["PROFILE_UPDATE", "profile"],
    ["RECOGNITION_MINT", "recognition"],
    ["PAYMENT_SENT", "recognition"],
  ])("of types: %s is written to %s", (type, of) => {
    expect(topicKindOf(type)).toBe(of);
  });
});

describe("a seed", () => {
  const [A, B, C] = ["0.0.1", "0.0.2", "0.0.3"] as TopicId[] as [TopicId, TopicId, TopicId];
  it("is one segment for each topic of a kind, in the order given", () => {
    const configured = [
      { topicId: A, kinds: ["contact", "trust"] },
      { topicId: B, kinds: ["contact"] },
    ] as const;
    const seeded = seedShards({ version: 0, shards: [] }, configured, 5n);
    expect(seeded.map((shard) => [shard.kind, shard.segment, shard.topicId, shard.state, shard.routesFromNs])).toEqual([
      ["contact", 0, A, "active", null],
      ["contact", 1, B, "active", null],
      ["trust", 0, A, "active", null],
    ]);
    expect(seedShards(registryOf(seeded), configured, 6n)).toEqual([]);
  });

  it("of a topic that is configured later is the next segment from then on, and drained segments do not come back", () => {
    const before = registryOf(active(standard("contact"), 2));
    const [drained, kept] = before.shards as [Shard, Shard];
    const registry = registryOf([
      { ...drained, segment: 1, state: "drained" },
      { ...kept, segment: 0 },
    ]);
    const configured = [drained.topicId, kept.topicId, C].map((id) => ({
      topicId: id as TopicId,
      kinds: ["contact"] as const,
    }));
    expect(seedShards(registry, configured, 7n)).toMatchObject([
      { segment: 1, generation: 1, topicId: C, state: "active", routesFromNs: 7n },
    ]);
  });
});

describe("topics to read", () => {
  const NOW = 1_790_000_000_000_000_000n;
  const DAY = 86_400_000_000_000n;
  const one = (over: Partial<Shard>): Shard => ({ ...(simplest().shards[0] as Shard), ...over });

  it("are those that exist, each read as often as its state asks", () => {
    const [P, C, A, D, N] = ["0.0.1", "0.0.2", "0.0.3", "0.0.4", "0.0.5"] as TopicId[];
    const registry = registryOf([
      one({ state: "planned", topicId: null }),
      one({ state: "creating", topicId: null, attempt: String(P) }),
      one({ state: "creating", topicId: C as TopicId }),
      one({ state: "active", topicId: A as TopicId, routesFromNs: NOW - 5n }),
      one({ state: "draining", topicId: D as TopicId }),
      one({ state: "drained", topicId: N as TopicId, drainedNs: NOW }),
    ]);
    expect(readTopics(registry).map(({ topicId, reading, startsNs }) => [topicId, reading, startsNs])).toEqual([
      [C, "ahead", 0n],
      [A, "live", NOW - 5n],
      [D, "live", 0n],
      [N, "rare", 0n],
    ]);
    expect(readTopics(registry).at(-1)?.untilNs).toBe(NOW + DAY);
  });

  it("that shards share are read as the most active of them needs, from the earliest start, for all their kinds", () => {
    const topicId = "0.0.1" as TopicId;
    const registry = registryOf([
      one({ kind: "trust", state: "drained", topicId, drainedNs: NOW, routesFromNs: 3n }),
      one({ kind: "contact", state: "active", topicId, routesFromNs: 9n }),
    ]);
    expect(readTopics(registry)).toMatchObject([
      { topicId, kinds: ["trust", "contact"], reading: "live", startsNs: 3n },
    ]);
  });
});
