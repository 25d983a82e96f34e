/** Shards by whom they serve. All pure. */
import { ShardStatus, type ShardsAnswer } from "@/lib/wire/shards";

const Group = ShardStatus.pick({ tier: true, kind: true, owner: true });
/** Whose topics, of which kind. */
export type Group = Readonly<Pick<ShardStatus, "tier" | "kind" | "owner">>;

/** `standard contact`, `enterprise trust acme`: as the audit log has them. */
export const groupKey = ({ tier, kind, owner }: Group): string =>
  [tier, kind, ...(owner === null ? [] : [owner])].join(" ");

/** `contact (standard)`, `trust (acme)` */
export const groupName = ({ tier, kind, owner }: Group): string => `${kind} (${owner ?? tier})`;

/** `standard contact 2`; where a segment has had several topics, which of them. */
export const shardKey = (shard: ShardStatus): string =>
  `${groupKey(shard)} ${shard.segment}${shard.generation > 0 ? `, topic ${shard.generation + 1}` : ""}`;

/** What a split was asked for, out of the audit log's `standard contact 4`. */
export function parseSplit(target: string | null): { readonly group: Group; readonly to: number } | null {
  const [tier, kind, ...rest] = (target ?? "").split(" ");
  const to = Number(rest.pop());
  const group = Group.safeParse({ tier, kind, owner: rest[0] ?? null });
  return group.success && rest.length < 2 && Number.isInteger(to) ? { group: group.data, to } : null;
}

export const isOf = (shard: ShardStatus, group: Group): boolean => groupKey(shard) === groupKey(group);
/** A group's shards that are written to. */
export const activeOf = (shards: readonly ShardStatus[], group: Group): readonly ShardStatus[] =>
  shards.filter((shard) => isOf(shard, group) && shard.state === "active");

/** Whom topics are for: the tiers that everybody shares, every tenant, and who else has topics of their own. */
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
