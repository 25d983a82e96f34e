/**
 * The registry of shards decides which topic a user's message goes to. A *shard* is one topic's place: it serves one kind, for one
 * group of users (a tier, or a tenant's or a single user's own), as one of the group's segments.
 *
 *   planned ──► creating ──► active ──► draining ──► drained
 *   (wanted)    (its topic    (written     (read, no     (read rarely,
 *               is read)       to)         more written   in the end not)
 *                                          to)
 *
 * Every reader ingests every topic. So a user moves by writing to another topic, and no stored row has to move.
 */
import { keyOf } from "../key";
import { TOPIC_KINDS, type TopicId, type TopicKind, type UserId } from "../ledger/ids";
import type { RegisteredTopic } from "./registered-topic";
import { segmentOf } from "./sharding";

export const SHARD_TIERS = ["standard", "busy", "enterprise"] as const;
export type ShardTier = (typeof SHARD_TIERS)[number];
/** The tier of a user without a tenant, by how many signals the user has. */
export type UserTier = Exclude<ShardTier, "enterprise">;

export const SHARD_STATES = ["planned", "creating", "active", "draining", "drained"] as const;
export type ShardState = (typeof SHARD_STATES)[number];

/** A company with topics of its own. Lower-case letters, digits and hyphens: it stands in names of topics. */
export type TenantId = string & { readonly __brand: "TenantId" };

/** Null for a text that is not 1 to 30 lower-case letters, digits or hyphens. */
export function parseTenantId(text: string): TenantId | null {
  return /^[a-z0-9](?:[a-z0-9-]{0,28}[a-z0-9])?$/.test(text) ? (text as TenantId) : null;
}

/** A group of users and a kind, which share shards. */
export interface ShardGroup {
  readonly tier: ShardTier;
  readonly kind: TopicKind;
  /** The owner: a tenant for `enterprise`, a user for `busy`; null where everybody of the tier shares the topics. */
  readonly owner: TenantId | UserId | null;
}

/** One topic's place in the registry, from its planning to its drain. */
export interface Shard extends ShardGroup {
  /** From 0, without a hole among the active ones of a group. */
  readonly segment: number;
  /** Counts the topics that a segment has had. */
  readonly generation: number;
  readonly state: ShardState;
  /** Null until its topic exists. */
  readonly topicId: TopicId | null;
  /** The transaction that creates its topic, known before it is sent. */
  readonly attempt: string | null;
  /** New messages go to it from this instant on. Null before that, and for topics that existed before the registry. */
  readonly routesFromNs: bigint | null;
  /** No new messages from this instant on. */
  readonly drainsFromNs: bigint | null;
  readonly drainedNs: bigint | null;
}

/** All shards, drained ones included, because their history is still read. */
export interface Registry {
  /** Grows with each change of the registry; 0 for an empty one. */
  readonly version: number;
  readonly shards: readonly Shard[];
}

export const EMPTY_REGISTRY: Registry = { version: 0, shards: [] };

/** The facts that decide a user's topics. */
export interface RoutedUser {
  readonly userId: UserId;
  readonly tier: UserTier;
  readonly tenantId: TenantId | null;
}

/** Signals from which a user is busy: the scaling plan's second tier. */
export const BUSY_FROM_SIGNALS = 1_000;
/** A busy user stays busy down to this: a fifth below the entry, so that nobody moves back and forth at the line. */
export const BUSY_UNTIL_SIGNALS = 800;

/** The tier of a user with this number of signals, who is in tier `current` now. */
export function tierOf(current: UserTier, signals: number): UserTier {
  return signals >= (current === "busy" ? BUSY_UNTIL_SIGNALS : BUSY_FROM_SIGNALS) ? "busy" : "standard";
}

/** Whether a shard is one of the segments of this group: same tier, kind and owner. */
export const isOfGroup = (shard: ShardGroup, { tier, kind, owner }: ShardGroup): boolean =>
  shard.tier === tier && shard.kind === kind && shard.owner === owner;

/** Whether two values name one place. The topic and the state of the shard may differ. */
export const isSameShard = (a: Shard, b: Pick<Shard, "segment" | "generation"> & ShardGroup): boolean =>
  isOfGroup(a, b) && a.segment === b.segment && a.generation === b.generation;

/** The shards of a group that take new messages, by segment. */
export function activeShards(registry: Registry, group: ShardGroup): readonly Shard[] {
  return registry.shards
    .filter((shard) => isOfGroup(shard, group) && shard.state === "active")
    .sort((a, b) => a.segment - b.segment);
}

/** How many active shards a shard's group has. It counts all groups in one pass, because a registry may have thousands of shards. */
export function countActive({ shards }: Registry): (group: ShardGroup) => number {
  const keyOfGroup = ({ tier, kind, owner }: ShardGroup) => keyOf(tier, kind, owner ?? "");
  const counts = new Map<string, number>();
  for (const shard of shards)
    if (shard.state === "active") counts.set(keyOfGroup(shard), (counts.get(keyOfGroup(shard)) ?? 0) + 1);
  return (group) => counts.get(keyOfGroup(group)) ?? 0;
}

/** The groups that could serve a user, the closest first. */
function groupsFor({ userId, tier, tenantId }: RoutedUser, kind: TopicKind): readonly ShardGroup[] {
  return [
    { tier: "busy", kind, owner: userId },
    ...(tenantId === null ? [] : [{ tier: "enterprise", kind, owner: tenantId } as const]),
    ...(tier === "busy" ? [{ tier: "busy", kind, owner: null } as const] : []),
    { tier: "standard", kind, owner: null },
  ];
}

/**
 * The one shard that a user's messages of a kind are written to: in the closest group that has any, the segment that the user
 * hashes to. Users of a tier without topics write to those of `standard`. Null if the kind has no topics at all.
 */
export function routeTopic(
  registry: Registry,
  user: RoutedUser,
  kind: TopicKind,
): (Shard & { readonly topicId: TopicId }) | null {
  for (const group of groupsFor(user, kind)) {
    const active = activeShards(registry, group);
    const shard = active[active.length > 0 ? segmentOf(user.userId, active.length) : 0];
    if (shard?.topicId) return { ...shard, topicId: shard.topicId };
  }
  return null;
}

/** `${prefix}-${tier}-${kind}-${segment}`; an owner's segments carry the owner's name. */
export function shardName(prefix: string, { tier, kind, owner, segment }: ShardGroup & { segment: number }): string {
  return `${prefix}-${tier}-${kind}-${owner === null ? "" : `${owner}-`}${segment}`;
}

/** How instances read a topic. */
export type Reading =
  /** Nothing is written to it yet. It is read, but freshness does not depend on it. */
  | "ahead"
  | "live"
  /** A drained topic: once all of it is stored, it is read now and then, for writers who have kept an old address. */
  | "rare";

/** A topic of the registry, and how often instances read it. */
export interface ReadTopic extends RegisteredTopic {
  readonly reading: Reading;
  /** The ledger has nothing of this topic before this consensus time; 0n if that is not known. */
  readonly startsNs: bigint;
  /** After this time a drained topic need not be read any more. */
  readonly untilNs: bigint;
}

/** A drained topic is read rarely for a day. Wallets that write by themselves remember a topic for minutes. */
const RARE_FOR_NS = 86_400n * 1_000_000_000n;

/**
 * The topics to read, in the order of the registry. A topic that several shards share is read as the most active of them needs.
 */
export function readTopics(registry: Registry): readonly ReadTopic[] {
  const topics = new Map<TopicId, ReadTopic>();
  for (const shard of registry.shards) {
    if (shard.topicId === null) continue;
    const reading = READINGS[shard.state];
    const known = topics.get(shard.topicId);
    const kinds = [...new Set([...(known?.kinds ?? []), shard.kind])];
    const startsNs = shard.routesFromNs ?? 0n;
    const untilNs = (shard.drainedNs ?? 0n) + RARE_FOR_NS;
    topics.set(shard.topicId, {
      topicId: shard.topicId,
      kinds,
      reading: known === undefined ? reading : livelier(known.reading, reading),
      startsNs: known === undefined || startsNs < known.startsNs ? startsNs : known.startsNs,
      untilNs: known === undefined || untilNs > known.untilNs ? untilNs : known.untilNs,
    });
  }
  return [...topics.values()];
}

const READINGS: Readonly<Record<ShardState, Reading>> = {
  planned: "ahead",
  creating: "ahead",
  active: "live",
  draining: "live",
  drained: "rare",
};

const LIVELINESS: readonly Reading[] = ["rare", "ahead", "live"];
const livelier = (a: Reading, b: Reading): Reading => (LIVELINESS.indexOf(a) >= LIVELINESS.indexOf(b) ? a : b);

/**
 * Shards for configured topics that the registry does not have: the next segments of `standard`, in the order given. If their
 * kind had no shard before, they count as always written to; otherwise from `nowNs` on.
 */
export function seedShards(
  registry: Registry,
  configured: readonly RegisteredTopic[],
  nowNs: bigint,
): readonly Shard[] {
  return TOPIC_KINDS.flatMap((kind) => {
    const group: ShardGroup = { tier: "standard", kind, owner: null };
    const ofKind = registry.shards.filter((shard) => shard.kind === kind);
    const first = activeShards(registry, group).length;
    const topicIds = configured.filter(({ kinds }) => kinds.includes(kind)).map(({ topicId }) => topicId);
    return topicIds
      .filter((topicId) => !ofKind.some((shard) => shard.topicId === topicId))
      .map((topicId, i): Shard => {
        const shard = nextInSegment(registry, group, first + i);
        return { ...shard, state: "active", topicId, routesFromNs: ofKind.length === 0 ? null : nowNs };
      });
  });
}

/** A new planned shard for a segment, one generation after the segment's last. */
export function nextInSegment(registry: Registry, group: ShardGroup, segment: number): Shard {
  const known = registry.shards.filter((shard) => isOfGroup(shard, group) && shard.segment === segment);
  return newShard(group, segment, Math.max(-1, ...known.map(({ generation }) => generation)) + 1);
}

/** A planned shard, which has no topic yet. */
export function newShard(group: ShardGroup, segment: number, generation: number): Shard {
  const { tier, kind, owner } = group;
  const nothing = { topicId: null, attempt: null, routesFromNs: null, drainsFromNs: null, drainedNs: null };
  return { tier, kind, owner, segment, generation, state: "planned", ...nothing };
}
