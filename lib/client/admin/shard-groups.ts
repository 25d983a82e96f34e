/** Groups of shards: the users and the kind that they serve. Pure. */
import * as z from "zod/mini";
import { ShardStatus, type ShardsAnswer } from "@/lib/wire/operators/shards";

const Group = z.pick(ShardStatus, { tier: true, kind: true, owner: true });
/** A tier or owner, and a kind. */
export type Group = Readonly<Pick<ShardStatus, "tier" | "kind" | "owner">>;

/** `standard contact`, `enterprise trust acme`: the same spelling as in the operator log. */
export const groupKey = ({ tier, kind, owner }: Group): string =>
  [tier, kind, ...(owner === null ? [] : [owner])].join(" ");

/** `contact (standard)`, `trust (acme)` */
export const groupName = ({ tier, kind, owner }: Group): string => `${kind} (${owner ?? tier})`;

/** `standard contact 2`; with the topic's number if the segment had several: `standard contact 2, topic 3`. */
export const shardKey = (shard: ShardStatus): string =>
  `${groupKey(shard)} ${shard.segment}${shard.generation > 0 ? `, topic ${shard.generation + 1}` : ""}`;

/** Parses the target of a split in the operator log, `standard contact 4`. */
export function parseSplit(target: string | null): { readonly group: Group; readonly to: number } | null {
  const [tier, kind, ...rest] = (target ?? "").split(" ");
  const to = Number(rest.pop());
  const group = Group.safeParse({ tier, kind, owner: rest[0] ?? null });
  return group.success && rest.length < 2 && Number.isInteger(to) ? { group: group.data, to } : null;
}

/** Whether a shard is one of the segments of this group. */
export const isInGroup = (shard: ShardStatus, group: Group): boolean => groupKey(shard) === groupKey(group);
/** The active shards of a group. */
export const activeOf = (shards: readonly ShardStatus[], group: Group): readonly ShardStatus[] =>
  shards.filter((shard) => isInGroup(shard, group) && shard.state === "active");

/** The owners of topics: the shared tiers, every tenant, and users with topics of their own. Each once. */
export function ownersOf({ shards, tenants }: ShardsAnswer): readonly Pick<Group, "tier" | "owner">[] {
  const own = shards.filter(({ owner }) => owner !== null).map(({ tier, owner }) => ({ tier, owner }));
  const all: readonly Pick<Group, "tier" | "owner">[] = [
    { tier: "standard", owner: null },
    { tier: "busy", owner: null },
    ...tenants.map(({ tenantId }) => ({ tier: "enterprise", owner: tenantId }) as const),
    ...own,
  ];
  return all.filter(
    ({ tier, owner }, place) => all.findIndex((each) => each.tier === tier && each.owner === owner) === place,
  );
}
