/** Sample answers of `GET /api/admin/shards` and of the operator log, with every state of a shard and of a pending reshard. */
import type { OperatorLogAnswer, OperatorLogEntry } from "@/lib/wire/operators/admin";
import type { ShardStatus, ShardsAnswer } from "@/lib/wire/operators/shards";
import { operatorLogEntry } from "./admin-status";

const KINDS = ["contact", "trust", "recognition", "profile"] as const;
const NOW = Date.UTC(2026, 10, 24, 9, 30, 0);
const MINUTE_MS = 60_000;

const stamp = (ms: number) => `${Math.floor(ms / 1_000)}.000000042`;

export function shardStatus(more: Partial<ShardStatus> = {}): ShardStatus {
  const shard: ShardStatus = {
    ...{ name: "", tier: "standard", kind: "contact", owner: null, segment: 0, generation: 0, state: "active" },
    ...{ topicId: "0.0.7148000", routesFrom: null, drainsFrom: null, drainedAt: null, needsSuccessor: false },
    ...more,
  };
  const { tier, kind, owner, segment } = shard;
  return { ...shard, name: `trustmesh-${tier}-${kind}-${owner === null ? "" : `${owner}-`}${segment}` };
}

/** Shard groups of the topics in `adminStatus`: twelve segments of `standard`, two of `busy`, and one for each of two owners. */
const PLACES: readonly Partial<ShardStatus>[] = [
  ...Array.from({ length: 12 }, (_, segment) => ({ segment })),
  ...[0, 1].map((segment) => ({ tier: "busy", segment }) as const),
  { tier: "enterprise", owner: "acme" },
  { tier: "busy", owner: "0.0.90211" },
];

/** State of the last `standard` segment of each kind: draining, ready to finish, creating, drained. */
function unfinished(kind: ShardStatus["kind"], atMs: number): Partial<ShardStatus> {
  if (kind === "contact") return { state: "draining", drainsFrom: stamp(atMs - 4 * MINUTE_MS) };
  if (kind === "recognition") return { state: "draining", drainsFrom: stamp(atMs - 40 * MINUTE_MS) };
  if (kind === "trust") return { state: "creating", routesFrom: null };
  return { state: "drained", drainsFrom: stamp(atMs - 90 * MINUTE_MS), drainedAt: stamp(atMs - 60 * MINUTE_MS) };
}

export function shardsAnswer({ topics = 64, atMs = NOW }: { topics?: number; atMs?: number } = {}): ShardsAnswer {
  const shards = Array.from({ length: topics }, (_, index) => {
    const kind = KINDS[index % 4] as (typeof KINDS)[number];
    const place = PLACES[Math.floor(index / 4)] as Partial<ShardStatus>;
    const routesFrom = place.segment ? stamp(atMs - 86_400_000 * place.segment) : null;
    return shardStatus({
      ...{ kind, topicId: `0.0.${7_148_000 + index}`, routesFrom, ...place },
      needsSuccessor: place.tier === undefined && (place.segment ?? 0) < 10,
      ...(place.segment === 11 ? unfinished(kind, atMs) : {}),
    });
  });
  const coming = { topicId: null, state: "planned" } as const;
  return {
    version: 131,
    canCreate: true,
    shards: [
      ...shards,
      ...(topics < 64
        ? []
        : [
            shardStatus({ ...coming, kind: "trust", segment: 12 }),
            shardStatus({ ...coming, kind: "profile", tier: "busy", segment: 2, state: "creating" }),
          ]),
    ],
    tenants: [
      { tenantId: "acme", name: "Acme Incorporated", users: 240 },
      { tenantId: "lodge", name: "Lodge", users: 12 },
    ],
  };
}

export function shardLog(atMs: number = NOW): OperatorLogAnswer {
  const entry = (id: number, more: Partial<OperatorLogEntry>) =>
    operatorLogEntry({ id, action: "shards.split", detail: null, ...more }, atMs - (60 - id) * MINUTE_MS);
  return {
    items: [
      entry(60, { target: "busy profile 3", state: "running", detail: { step: "create" } }),
      entry(58, { target: "standard trust 13", state: "failed", detail: { error: "the ledger did not say" } }),
      entry(56, {
        ...{ action: "shards.drain", target: "0.0.7148044" },
        detail: {
          waitingUntilMs: atMs + 11 * MINUTE_MS,
          reason: "wallets and transactions on their way may still know the topic",
        },
      }),
      entry(21, { action: "topic.pause", target: "0.0.7148011" }),
      entry(9, { action: "cache.invalidate" }),
    ],
    nextBefore: null,
  };
}
