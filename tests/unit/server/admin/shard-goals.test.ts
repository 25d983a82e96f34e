import { expect, it } from "vitest";
import type { Registry, Shard } from "@/lib/core/shards/shards";
import { shardStatuses } from "@/lib/server/admin/shard-goals";
import { active, ofTenant, registryOf, standard } from "../../../support/worlds/shards/registries";

const successorsOf = (registry: Registry) => shardStatuses("tm", registry).map(({ needsSuccessor }) => needsSuccessor);

it("all shards but the last of each group need a successor, and the last of standard too if it is the only one", () => {
  const alone = active(standard("trust"), 1);
  const registry = registryOf(active(standard("contact"), 3), active(ofTenant("contact", "acme"), 1), alone);
  expect(successorsOf(registry)).toEqual([true, true, false, false, true]);
});

it("the statuses of thousands of shards read each shard a few times", () => {
  let reads = 0;
  const shards = active(standard("contact"), 2_000).map((shard): Shard => {
    return {
      ...shard,
      get tier() {
        reads += 1;
        return shard.tier;
      },
    };
  });
  expect(successorsOf({ version: 1, shards })).toHaveLength(2_000);
  expect(reads).toBeLessThan(10 * shards.length);
});
