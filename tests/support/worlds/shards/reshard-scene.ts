/** A shard registry with topics on an in-process devnet, and an operator's process that reshards it and may die at any call. */
import type { TopicId } from "@/lib/core/ledger/ids";
import { newShard, type Registry, type Shard, type ShardGroup } from "@/lib/core/shards/shards";
import type { Devnet } from "@/lib/devnet/devnet";
import { Resharder } from "@/lib/engine/shards/reshard";
import type { Clock } from "@/lib/ports/clock";
import type { Ledger } from "@/lib/ports/ledger/ledger";
import type { ShardRegistry } from "@/lib/ports/store/shard-registry";
import type { SyncStore } from "@/lib/ports/store/sync/sync-store";
import { fused } from "../../control/fuse";
import { DevnetTopicCreator } from "../../mirrors/devnet-topic-creator";

export interface Scene {
  readonly devnet: Devnet;
  readonly store: ShardRegistry;
  readonly sync: SyncStore;
  readonly ledger: Ledger;
  readonly clock: Clock;
}

/** Adds `count` active shards of a group to the registry, each with its own topic on the devnet. */
export async function begin({ devnet, store }: Scene, group: ShardGroup, count: number): Promise<readonly Shard[]> {
  const shards = Array.from(
    { length: count },
    (_, segment): Shard => ({ ...newShard(group, segment, 0), state: "active", topicId: devnet.createTopic() }),
  );
  if ((await store.change(await store.version(), shards)) === null)
    throw new Error("somebody else changed the registry");
  return shards;
}

export interface Operator {
  readonly resharder: Resharder;
  readonly creator: DevnetTopicCreator;
  readonly announced: number[];
}

/** An operator's process. `fuse` decides before and after every call to another process whether this one dies. */
export function operatorOf(
  scene: Scene,
  options: {
    readonly creator?: DevnetTopicCreator;
    readonly fuse?: () => "before" | "after" | null;
    readonly announce?: (registry: Registry) => Promise<void>;
  } = {},
): Operator {
  const creator = options.creator ?? new DevnetTopicCreator(scene.devnet);
  const fuse = options.fuse ?? (() => null);
  const announced: number[] = [];
  const bell = {
    announce: async (registry: Registry) => {
      announced.push(registry.version);
      await options.announce?.(registry);
    },
  };
  const fusedBell = fused(bell, fuse);
  const resharder = new Resharder({
    store: fused(scene.store, fuse),
    sync: fused(scene.sync, fuse),
    ledger: fused(scene.ledger, fuse),
    creator: fused(creator, fuse),
    announce: (registry) => fusedBell.announce(registry),
    prefix: "tm",
    clock: scene.clock,
    log: { info: () => {}, warn: () => {}, error: () => {} },
  });
  return { resharder, creator, announced };
}

export const topicsOf = (registry: Registry): readonly TopicId[] =>
  registry.shards.flatMap(({ topicId }) => (topicId === null ? [] : [topicId]));
