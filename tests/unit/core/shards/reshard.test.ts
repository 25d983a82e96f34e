import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { TopicId } from "@/lib/core/ledger/ids";
import { DRAIN_AT_LEAST_NS, type Goal, nextStep, type Step } from "@/lib/core/shards/reshard";
import { activeShards, isSameShard, type Registry, routeTopic, type Shard } from "@/lib/core/shards/shards";
import { active, busy, ofTenant, plain, registryOf, standard } from "../../../support/worlds/shards/registries";

const NOW = 1_790_000_000_000_000_000n;
const GROUP = standard("contact");
const USERS = Array.from({ length: 200 }, (_, i) => plain(`tm-u${i}`));

const put = (registry: Registry, shards: readonly Shard[]): Registry => ({
  version: registry.version + 1,
  shards: [...registry.shards.filter((each) => !shards.some((shard) => isSameShard(each, shard))), ...shards],
});

let topics = 9_000;
/** The registry after one step, carried out as the engine does it; null where there is nothing to do now. */
function carriedOut(registry: Registry, step: Step, nowNs: bigint): Registry | null {
  switch (step.name) {
    case "plan":
    case "switch":
      return put(registry, step.put);
    case "intend":
      return put(registry, [{ ...step.shard, state: "creating", attempt: "0.0.2@1" }]);
    case "create":
      topics += 1;
      return put(registry, [{ ...step.shard, topicId: `0.0.${topics}` as TopicId }]);
    case "look":
      return put(registry, [{ ...step.shard, state: "drained", drainedNs: nowNs }]);
    default:
      return null;
  }
}

function carryOut(registry: Registry, goal: Goal, nowNs = NOW) {
  const names: string[] = [];
  let now = registry;
  for (let i = 0; i < 5_000; i += 1) {
    const step = nextStep(now, goal, nowNs);
    names.push(step.name);
    const next = carriedOut(now, step, nowNs);
    if (next === null) return { registry: now, names, last: step };
    now = next;
  }
  throw new Error("it does not end");
}

describe("growing", () => {
  it("plans, creates each topic, and switches all at once", () => {
    const { registry, names } = carryOut(registryOf(active(GROUP, 1)), { name: "grow", group: GROUP, to: 3 });
    expect(names).toEqual(["plan", "intend", "create", "intend", "create", "switch", "done"]);
    expect(activeShards(registry, GROUP).map(({ segment, routesFromNs }) => [segment, routesFromNs])).toEqual([
      [0, null],
      [1, NOW],
      [2, NOW],
    ]);
  });

  it("moves nobody before the switch, and everybody at it", () => {
    const goal: Goal = { name: "grow", group: GROUP, to: 16 };
    let registry = registryOf(active(GROUP, 4));
    const routes = (of: Registry) => USERS.map((user) => routeTopic(of, user, "contact")?.segment);
    const before = routes(registry);
    for (;;) {
      const step = nextStep(registry, goal, NOW);
      if (step.name === "done") break;
      const after = carriedOut(registry, step, NOW) as Registry;
      if (step.name === "switch") expect(routes(after).some((segment) => (segment as number) >= 4)).toBe(true);
      else expect(routes(after)).toEqual(before);
      registry = after;
    }
    expect(activeShards(registry, GROUP)).toHaveLength(16);
  });

  it("goes on from wherever it was left, even by another goal, and plans nothing twice", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 9 }), fc.integer({ min: 2, max: 9 }), fc.nat(20), (first, second, left) => {
        let registry = registryOf(active(GROUP, 1));
        for (let i = 0; i < left; i += 1)
          registry =
            carriedOut(registry, nextStep(registry, { name: "grow", group: GROUP, to: first }, NOW), NOW) ?? registry;
        const goal = { name: "grow", group: GROUP, to: Math.max(first, second) } as const;
        const { registry: after, last } = carryOut(registry, goal);
        expect(last.name).toBe("done");
        expect(activeShards(after, GROUP).map(({ segment }) => segment)).toEqual(
          Array.from({ length: Math.max(first, second) }, (_, i) => i),
        );
        expect(new Set(after.shards.map(({ topicId }) => topicId)).size).toBe(after.shards.length);
      }),
    );
  });

  it("gives a tenant its first topic", () => {
    const group = ofTenant("trust", "acme");
    const { registry } = carryOut(registryOf(active(standard("trust"), 1)), { name: "grow", group, to: 1 });
    expect(activeShards(registry, group)).toHaveLength(1);
  });

  it.each([
    [1, "drain the last ones"],
    [0, "1 to 1,024"],
    [1.5, "1 to 1,024"],
    [2_000, "1 to 1,024"],
  ])("to %s is refused", (to, reason) => {
    const step = nextStep(registryOf(active(GROUP, 2)), { name: "grow", group: GROUP, to }, NOW);
    expect(step).toMatchObject({ name: "impossible", reason: expect.stringContaining(reason) });
  });
});

describe("draining", () => {
  const drainOf = (shard: Shard | undefined): Goal => ({ name: "drain", shard: shard as Shard });

  it("of the last segment takes it out; its users go back to the segments before it", () => {
    const before = registryOf(active(GROUP, 3));
    const goal = drainOf(before.shards[2]);
    const { registry, names } = carryOut(before, goal);
    expect(names).toEqual(["switch", "wait"]);
    expect(activeShards(registry, GROUP)).toHaveLength(2);
    for (const user of USERS) {
      const segment = routeTopic(before, user, "contact")?.segment;
      if (segment !== 2) expect(routeTopic(registry, user, "contact")?.segment).toBe(segment);
    }
    const later = carryOut(registry, goal, NOW + DRAIN_AT_LEAST_NS);
    expect(later.names).toEqual(["look", "done"]);
    expect(later.registry.shards.filter(({ state }) => state === "drained")).toHaveLength(1);
  });

  it.each([
    ["any other segment", 3, 0],
    ["the only one", 1, 0],
  ])("of %s puts a new topic in its place at the same instant", (_, count, at) => {
    const before = registryOf(active(GROUP, count));
    const { registry, names } = carryOut(before, drainOf(before.shards[at]));
    expect(names).toEqual(["plan", "intend", "create", "switch", "wait"]);
    expect(activeShards(registry, GROUP).map(({ segment }) => segment)).toEqual(before.shards.map((_, i) => i));
    expect(activeShards(registry, GROUP)[at]).toMatchObject({ generation: 1, routesFromNs: NOW });
    expect(registry.shards.find(({ state }) => state === "draining")).toMatchObject({ drainsFromNs: NOW });
  });

  it("of a tier's or a tenant's only topic sends its users back to the tier below", () => {
    for (const group of [busy("contact"), ofTenant("contact", "acme")]) {
      const before = registryOf(active(GROUP, 1), active(group, 1));
      expect(carryOut(before, drainOf(before.shards[1])).names).toEqual(["switch", "wait"]);
    }
  });

  it("of a topic that another shard keeps using says so: the topic need not be quiet", () => {
    const [shard] = active(GROUP, 1) as [Shard];
    const other: Shard = { ...shard, kind: "trust" };
    const draining: Shard = { ...shard, state: "draining", drainsFromNs: NOW };
    const at = NOW + DRAIN_AT_LEAST_NS;
    expect(nextStep(registryOf([draining, other]), drainOf(shard), at)).toMatchObject({ name: "look", isShared: true });
    expect(nextStep(registryOf([draining]), drainOf(shard), at)).toMatchObject({ name: "look", isShared: false });
  });

  it("grows again after that with a new topic, not the drained one", () => {
    const before = registryOf(active(GROUP, 2));
    const { registry } = carryOut(before, drainOf(before.shards[1]));
    const { registry: after } = carryOut(registry, { name: "grow", group: GROUP, to: 2 });
    expect(activeShards(after, GROUP)[1]).toMatchObject({ generation: 1 });
  });

  it("of a shard that nobody writes to is refused", () => {
    const [shard] = active(GROUP, 1) as [Shard];
    const creating: Shard = { ...shard, state: "creating" };
    expect(nextStep(registryOf([creating]), drainOf(creating), NOW)).toMatchObject({ name: "impossible" });
    expect(nextStep(registryOf(), drainOf(shard), NOW)).toMatchObject({ name: "impossible" });
  });
});
