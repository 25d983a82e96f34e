/** A sample answer of `GET /api/admin/status` for a large set-up. Every field has a value, and each call gives the same. */
import {
  type AdminStatus,
  type InstanceStatus,
  type OperatorLogEntry,
  RejectedMessage,
  type TopicStatus,
} from "@/lib/wire/operators/admin";
import type { TierStatus } from "@/lib/wire/operators/instance-report";

export interface StatusOptions {
  readonly topics?: number;
  readonly instances?: number;
  readonly atMs?: number;
  /** Number of the answer, from 0. Counters grow with it. */
  readonly step?: number;
}

const NOW = Date.UTC(2026, 10, 24, 9, 30, 0);
const KINDS = ["contact", "trust", "recognition", "profile"] as const;

const tier = (hits: number, misses: number, more: Partial<TierStatus> = {}): TierStatus => ({
  hits,
  misses,
  stale: 0,
  errors: 0,
  bytes: 0,
  breaker: null,
  latency: { count: hits + misses, meanMs: 0.4, p50Ms: 0.2, p95Ms: 2.4, p99Ms: 9.6 },
  ...more,
});

const stamp = (ms: number) => `${Math.floor(ms / 1_000)}.${String(ms % 1_000).padStart(3, "0")}000042`;

export function topicStatus(index: number, atMs: number = NOW): TopicStatus {
  const cursor = 18_000 + ((index * 7_919) % 90_000);
  const gap = index % 9 === 4 ? { from: cursor - 4_000, to: cursor - 3_980 } : null;
  const unverifiable = index % 7 === 2 ? 30 : 0;
  const state = index % 13 === 5 ? "backing-off" : index % 9 === 4 ? "hole" : index % 3 === 0 ? "pulling" : "idle";
  return {
    topicId: `0.0.${7_148_000 + index}`,
    kinds: [KINDS[index % 4] as string],
    state,
    paused: index % 17 === 11,
    cursor,
    interpreted: cursor,
    ...(index % 5 === 1
      ? { dropped: { through: 5_120, throughTime: stamp(Date.UTC(2026, 7, 31, 23, 59)), messages: 5_100 } }
      : {}),
    asOf: stamp(atMs - 900),
    lastMessageAt: stamp(atMs - 4_000 - index * 250),
    lagMs: state === "backing-off" ? 48_000 : 400 + ((index * 137) % 1_500),
    gaps: gap ? [{ ...gap, state: "declared", firstSeenMs: atMs - 3_600_000 }] : [],
    gapCount: gap ? 1 : 0,
    counts: {
      messages: cursor - (gap ? 21 : 0),
      verified: cursor - unverifiable - (gap ? 22 : 0),
      unverifiable: unverifiable + (gap ? 1 : 0),
      failed: 0,
      undecodable: index % 5,
      untrusted: index % 8 === 3 ? 2 : 0,
      unproven: 0,
    },
    verifiedThrough: gap ? gap.from - 1 : unverifiable ? cursor - 6_000 : cursor,
    perMinute: Array.from({ length: 30 }, (_, minute) =>
      Math.round(40 + 30 * Math.sin((minute + index * 3) / 4) + ((minute * 31 + index * 17) % 11)),
    ),
    users: 1_200 + ((index * 431) % 6_000),
    hottestShare: 0.02 + ((index * 29) % 40) / 100,
    lastError: state === "backing-off" ? "The mirror answered 503" : null,
    retryAtMs: state === "backing-off" ? atMs + 12_000 : null,
    check: index === 6 ? operatorLogEntry({ id: 9, target: `0.0.${7_148_000 + index}`, state: "running" }, atMs) : null,
  };
}

export function operatorLogEntry(entry: Partial<OperatorLogEntry>, atMs: number = NOW): OperatorLogEntry {
  const none = { count: 0, first: [] };
  return {
    id: 1,
    atMs: atMs - 40_000,
    updatedMs: atMs - 1_000,
    actor: "0.0.2",
    action: "topic.audit",
    target: null,
    state: "done",
    detail: {
      through: 12_500,
      to: 50_000,
      checked: 12_500,
      matching: 12_500,
      differing: none,
      missing: none,
      unconfirmed: none,
      broken: none,
      restored: 0,
    },
    ...entry,
  };
}

function activity(step: number) {
  return {
    requests: { "2xx": 48_200 + step * 240, "3xx": 91_000 + step * 410, "4xx": 120, "5xx": 3 },
    commands: { lookup: 61_000 + step * 120, fill: 8_200, round: 31_000 + step * 30, publish: 4_100, nonce: 900 },
    statements: { view: 8_100 + step * 9, commit: 4_100 + step * 6, "stream news": 2_050, topics: 310 },
    streams: { open: 412 + (step % 7), opened: 9_120, refusedPerUser: 4, refusedPerInstance: 0 },
    events: { published: 4_100, received: 12_300, missed: 1, connections: 3 },
    budget: { waitMs: 0, refused: 0 },
    sync: { commits: 4_100, conflicts: 12, messages: 190_000 + step * 60, gaps: 7 },
    submits: { messages: 900, transactions: 940, bytes: 216_000, errors: 2 },
  };
}

const tiers = (step: number, part: number) => ({
  l1: tier((120_000 + step * 600) / part, (9_000 + step * 20) / part, { bytes: 41_000_000 / part }),
  redis: tier(7_900 / part, 1_100 / part, { bytes: 96_000_000 / part, breaker: "closed", stale: 3, errors: 1 }),
  postgres: tier(1_000 / part, 100 / part, { breaker: part === 1 ? "half-open" : "closed" }),
});

/** The last hour. Every figure follows a wave. */
function history(atMs: number): AdminStatus["history"] {
  const minutes = Array.from({ length: 60 }, (_, i) => Math.floor(atMs / 60_000) - 61 + i);
  const wave = (mean: number) => minutes.map((_, i) => Math.round(mean * (1 + 0.4 * Math.sin(i / 6) + (i % 5) / 20)));
  return {
    minutes,
    ...{ requests: wave(4_800), l1Hits: wave(9_000), l1Misses: wave(420), commands: wave(2_400) },
    ...{ statements: wave(180), mirrorRequests: wave(240), messages: wave(1_200), openStreams: wave(400) },
    lagMs: minutes.map((_, i) => 400 + ((i * 137) % 900)),
  };
}

function whole<T>(value: T): T {
  return JSON.parse(
    JSON.stringify(value, (_, part) => (typeof part === "number" && part > 1 ? Math.round(part) : part)),
  );
}

export function adminStatus({ topics = 4, instances = 3, atMs = NOW, step = 0 }: StatusOptions = {}): AdminStatus {
  const instance = (index: number): InstanceStatus =>
    whole({
      instanceId: `edge-${"abcdefgh"[index % 8]}${index}-4f21`,
      isThis: index === 0,
      place: { host: `web-${index + 1}:3000`, region: null, deployment: null },
      version: "0.1.0",
      startedMs: atMs - 7_200_000 - index * 600_000,
      reportedMs: atMs - index * 2_000,
      isEventBusConnected: index !== 2,
      memory: { rssBytes: 310_000_000 + index * 12_000_000, heapBytes: 120_000_000 },
      tiers: tiers(step, instances),
      mirrors: [mirror(instances)],
      incidents: [],
      ...activity(step),
    });
  return {
    network: "testnet",
    version: "0.1.0",
    atMs,
    incidents: [
      {
        code: "topic-gap",
        subject: "0.0.7148004",
        severity: "warning",
        sinceMs: atMs - 3_600_000,
        summary: "Topic 0.0.7148004 has a gap: the mirror does not have messages 45676 to 45696.",
        action: "Resync the topic once the mirror has them.",
        instances: ["edge-a0-4f21"],
      },
      {
        code: "topic-paused",
        subject: "0.0.7148011",
        severity: "warning",
        sinceMs: atMs - 600_000,
        summary: "Topic 0.0.7148011 is paused by 0.0.2: it shows nothing new and takes no writes until it is resumed.",
        action: "Resume the topic when the reason for the pause is gone.",
        instances: ["edge-a0-4f21"],
      },
    ],
    instancesAreShared: true,
    total: { tiers: tiers(step, 1), memory: { rssBytes: 966_000_000, heapBytes: 360_000_000 }, ...activity(step) },
    instances: Array.from({ length: instances }, (_, index) => instance(index)),
    history: history(atMs),
    errors: [
      {
        ...{ instanceId: "edge-b1-4f21", kind: "postgres down", count: 14 },
        latest: [1, 2, 3].map((n) => ({
          atMs: atMs - n * 40_000,
          requestId: `req-4f21c0de-${n}`,
          route: "GET /api/contacts",
        })),
      },
      {
        ...{ instanceId: "edge-a0-4f21", kind: "a check of a topic failed", count: 1 },
        latest: [{ atMs: atMs - 3_000_000, requestId: null, route: null }],
      },
    ],
    database: { answers: true, topicsReadMs: atMs - 500, messagesReadMs: atMs - 20_000 },
    topics: Array.from({ length: topics }, (_, index) => topicStatus(index, atMs)),
    mirror: {
      requestsPerSecondMax: 40,
      waitMs: 0,
      refused: 0,
      requests: 31_000 + step * 12,
      errors: 41,
      rateLimited: 6,
      headTime: stamp(atMs - 2_300),
      headLagMs: 2_300,
      mirrors: [mirror(1)],
    },
    streams: { open: 412 + (step % 7), perUserMax: 8, perInstanceMax: 900 },
    storage: { readMs: atMs - 20_000, databaseBytes: 2_640_000_000, tables: TABLES },
    rejected: REJECTED,
    cost: {
      pricesReadOn: "2026-03-20",
      sinceMs: atMs - 7_200_000,
      items: [
        { name: "Ledger: messages", quantity: 940, unit: "message", dollars: 0.752, dollarsPerDay: 9.02 },
        { name: "Redis: commands", quantity: 105_200, unit: "command", dollars: 0.2104, dollarsPerDay: 2.52 },
        { name: "Postgres: storage", quantity: 2.64, unit: "GB", dollars: 0.0026, dollarsPerDay: 0.0308 },
      ],
      dollars: 0.965,
      dollarsPerDay: 11.57,
    },
  };
}

const mirror = (part: number) => ({
  origin: "https://testnet.mirrornode.hedera.com",
  circuit: "closed" as const,
  requests: Math.round(31_000 / part),
  errors: 41,
  rateLimited: 6,
  lastError: "The mirror answered 503",
});

const relation = (name: string, rows: number, bytesOfRow: number) => ({
  name,
  rows,
  tableBytes: Math.round(rows * bytesOfRow * 0.6),
  indexBytes: Math.round(rows * bytesOfRow * 0.4),
});

function partitioned(name: string, partitions: number, rows: number, bytesOfRow: number) {
  const parts = Array.from({ length: partitions }, (_, index) =>
    relation(
      `${name}_p${String(index).padStart(2, "0")}`,
      Math.round((rows / partitions) * (0.8 + (index % 5) / 10)),
      bytesOfRow,
    ),
  );
  const sum = (of: "rows" | "tableBytes" | "indexBytes") => parts.reduce((total, part) => total + part[of], 0);
  return { name, rows: sum("rows"), tableBytes: sum("tableBytes"), indexBytes: sum("indexBytes"), partitions: parts };
}

const TABLES = [
  partitioned("hcs_messages", 16, 7_900_000, 180),
  { ...relation("topic_log", 4_000_000, 260), partitions: [] },
  partitioned("contact_edges", 16, 610_000, 210),
  { ...relation("user_heads", 61_000, 90), partitions: [] },
  { ...relation("profiles", 58_000, 340), partitions: [] },
  { ...relation("admin_audit", 140, 320), partitions: [] },
];

const REJECTED = [
  ["undecodable", "not JSON", "<img src=x onerror=alert(1)> \u202egnirts\u202c \u0007 bell"],
  ["undecodable", "unknown type", '{"type":"","payload":{}}'],
  ["untrusted", "payer is neither trusted nor the actor", '{"type":"TRUST_ALLOCATE","from":"tm-alex-chen"}'],
  ["undecodable", "not UTF-8", ""],
].map(([disposition, reason, text], index) =>
  RejectedMessage.parse({
    topicId: `0.0.${7_148_000 + index}`,
    sequence: 31_415 - index,
    consensusTimestamp: stamp(NOW - index * 60_000),
    disposition,
    reason,
    payer: `0.0.${90_210 + index}`,
    bytes: 80 + index * 311,
    text,
  }),
);
