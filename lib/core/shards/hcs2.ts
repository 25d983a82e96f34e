/**
 * The shard registry as messages of an HCS-2 registry topic, and back (docs/hedera.md §6). The first message of a shard
 * registers it, later ones update it; `metadata` holds the topic's purpose as JSON. The ledger is public: everybody can read
 * the tenants' names and the owners of topics.
 */
import type { TopicId, TopicKind } from "../ledger/ids";
import { parseTopicId, parseUserId, TOPIC_KINDS } from "../ledger/ids";
import {
  isSameShard,
  newShard,
  parseTenantId,
  type Registry,
  SHARD_STATES,
  SHARD_TIERS,
  type Shard,
  type ShardGroup,
  type ShardState,
  type ShardTier,
} from "./shards";

/** The memo of an indexed registry: every message counts, not the last one alone. Readers may cache it for a day. */
export const REGISTRY_MEMO = "hcs-2:0:86400";

/** A shard as it was published. `uid` is the sequence of the message that registered it. */
export interface PublishedShard {
  readonly uid: number;
  readonly shard: Shard;
}

/** A message of the registry topic: its sequence number and its JSON text. */
export interface RegistryMessage {
  readonly sequence: number;
  readonly text: string;
}

/**
 * The shards after all messages, in their order. A message that is not a registry message, or not understood, changes nothing.
 */
export function foldRegistry(messages: readonly RegistryMessage[]): readonly PublishedShard[] {
  const published = new Map<number, Shard>();
  for (const { sequence, text } of messages) {
    const operation = parseOperation(text);
    if (operation === null) continue;
    const uid = operation.uid ?? sequence;
    const isKnown = published.has(uid);
    if (operation.op === "delete") published.delete(uid);
    else if (operation.shard !== null && isKnown === (operation.op === "update")) published.set(uid, operation.shard);
  }
  return [...published].map(([uid, shard]) => ({ uid, shard }));
}

/** The messages that make the published registry equal to the given one; none if they agree. */
export function publicationMessages(registry: Registry, published: readonly PublishedShard[]): readonly string[] {
  return registry.shards.flatMap((shard) => {
    if (shard.topicId === null) return [];
    const known = published.find((each) => isSameShard(each.shard, shard));
    if (known === undefined) return [operationText("register", shard, null)];
    const isSame = metadataOf(known.shard) === metadataOf(shard) && known.shard.topicId === shard.topicId;
    return isSame ? [] : [operationText("update", shard, known.uid)];
  });
}

function operationText(op: "register" | "update", shard: Shard, uid: number | null): string {
  const of = uid === null ? {} : { uid: String(uid) };
  return JSON.stringify({ p: "hcs-2", op, ...of, t_id: shard.topicId, metadata: metadataOf(shard) });
}

/** A shard's metadata on the ledger. `from` says when its topic takes over: a reader has no other source for that. */
function metadataOf({ tier, kind, owner, segment, generation, state, routesFromNs }: Shard): string {
  const from = routesFromNs === null ? {} : { from: routesFromNs.toString() };
  return JSON.stringify({ tier, kind, ...(owner === null ? {} : { owner }), segment, generation, state, ...from });
}

interface Operation {
  readonly op: "register" | "update" | "delete";
  readonly uid: number | null;
  readonly shard: Shard | null;
}

function parseOperation(text: string): Operation | null {
  const json = parseObject(text);
  if (json?.p !== "hcs-2") return null;
  const { op } = json;
  if (op !== "register" && op !== "update" && op !== "delete") return null;
  const uid = typeof json.uid === "string" && /^\d{1,15}$/.test(json.uid) ? Number(json.uid) : null;
  if ((uid === null) !== (op === "register")) return null;
  const topicId = typeof json.t_id === "string" ? parseTopicId(json.t_id) : null;
  const shard = topicId === null || typeof json.metadata !== "string" ? null : shardOf(topicId, json.metadata);
  return { op, uid, shard };
}

function shardOf(topicId: TopicId, metadata: string): Shard | null {
  const { tier, kind, owner = null, segment, generation, state, from } = parseObject(metadata) ?? {};
  if (!isOneOf(SHARD_TIERS, tier) || !isOneOf(TOPIC_KINDS, kind) || !isOneOf(SHARD_STATES, state)) return null;
  if (!isCount(segment) || !isCount(generation)) return null;
  const whose = ownerOf(tier, owner);
  if (whose === undefined) return null;
  const group: ShardGroup = { tier, kind, owner: whose };
  const routesFromNs = typeof from === "string" && /^\d{1,19}$/.test(from) ? BigInt(from) : null;
  return { ...newShard(group, segment, generation), state, topicId, routesFromNs };
}

/** Undefined if no topic of this tier can have this owner. */
function ownerOf(tier: ShardTier, owner: unknown): ShardGroup["owner"] | undefined {
  if (owner === null) return tier === "enterprise" ? undefined : null;
  if (typeof owner !== "string" || tier === "standard") return undefined;
  return (tier === "enterprise" ? parseTenantId(owner) : parseUserId(owner)) ?? undefined;
}

const isCount = (value: unknown): value is number => typeof value === "number" && Number.isInteger(value) && value >= 0;

function isOneOf<T extends ShardTier | TopicKind | ShardState>(names: readonly T[], value: unknown): value is T {
  return names.some((name) => name === value);
}

function parseObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === "object" && json !== null && !Array.isArray(json) ? (json as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
