/**
 * The one definition of the tables, their columns and the types of their rows. Drizzle cannot express two things, which are
 * written into the migrations by hand and marked there: PARTITION BY HASH with its 16 partitions, and fillfactors. Columns are
 * ordered by decreasing alignment, so that no row holds padding.
 *
 * Rows refer to users, topics and messages by number: a user's number is 4 bytes where the id is 12 or more, in the row and in
 * each of its indexes (80 bytes less for a message of two people). `ref` is one number for a message's place on the ledger:
 * `topic_no · 2^40 + sequence`. Consensus times are nanoseconds: Postgres timestamps stop at microseconds.
 */
import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  check,
  customType,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgSequence,
  pgTable,
  text as plainText,
  primaryKey,
  smallint,
  unique,
} from "drizzle-orm/pg-core";
import type { AccountId, FollowedKind, Sequence, SessionId, TopicId, TopicKind, UserId } from "../lib/core/ledger/ids";
import type { ShardState, ShardTier, TenantId, UserTier } from "../lib/core/shards/shards";

/** Ids and names compare as bytes: several times faster than a locale's rules, and the same order on every server. */
const text = customType<{ data: string }>({ dataType: () => 'text COLLATE "C"' });
/** Bytes are copied out of the driver's answer, because the driver's value may be a view of a whole network packet. */
const bytea = customType<{ data: Uint8Array; driverData: Uint8Array }>({
  dataType: () => "bytea",
  fromDriver: (value) => new Uint8Array(value),
});
const bits = customType<{ data: string }>({ dataType: () => "bit varying" });
/** Consensus times and refs do not fit a JavaScript number. */
const int8 = (name?: string) => (name === undefined ? bigint({ mode: "bigint" }) : bigint(name, { mode: "bigint" }));
/** Sequences, counts and milliseconds fit a JavaScript number. */
const int53 = (name?: string) => (name === undefined ? bigint({ mode: "number" }) : bigint(name, { mode: "number" }));

/** One row: the network and the ledger that all rows come from, their format, and the epoch of positions (lib/core/signals/position). */
export const meta = pgTable(
  "meta",
  {
    one: boolean().primaryKey().default(true),
    network: text().notNull(),
    epoch: integer().notNull().default(0),
    /** Grows with each change of `shards`, which compares and swaps it. */
    registryVersion: integer("registry_version").notNull().default(0),
    /** The latest format of any row (lib/adapters/postgres/codec/format.ts). */
    format: integer().notNull().default(1),
    /** The identity of the ledger: each devnet has its own. Null: not known. */
    ledger: text(),
    /** When a version that reads packed messages first opened this database, in ms since 1970; null: none has. */
    packableMs: int53("packable_ms"),
    /** When a version that knows dropped messages first opened this database, in ms since 1970; null: none has. */
    droppableMs: int53("droppable_ms"),
    /** The sum of `topics.dropped_through` when rows were last dropped. Rows of people with numbers through `swept_user` are done. */
    sweptThrough: int53("swept_through").notNull().default(sql`0`),
    sweptUser: integer("swept_user").notNull().default(0),
  },
  (t) => [check("meta_one", sql`${t.one}`)],
);

/** The cursor, the chain head and the counters of each topic. */
export const topics = pgTable("topics", {
  cursor: int53().notNull().default(sql`0`),
  headNs: int8("head_ns").notNull().default(sql`0`),
  /** Not read or written by this release. The previous release writes it with each commit. The next release can drop it. */
  syncedThroughNs: int8("synced_through_ns").notNull().default(sql`0`),
  messages: int53().notNull().default(sql`0`),
  verified: int53().notNull().default(sql`0`),
  unverifiable: int53().notNull().default(sql`0`),
  failed: int53().notNull().default(sql`0`),
  undecodable: int53().notNull().default(sql`0`),
  untrusted: int53().notNull().default(sql`0`),
  topicNo: integer("topic_no").primaryKey().generatedAlwaysAsIdentity(),
  paused: boolean().notNull().default(false),
  topicId: text("topic_id").$type<TopicId>().notNull().unique("topics_topic_id"),
  kinds: plainText().array().$type<FollowedKind[]>().notNull(),
  headHash: bytea("head_hash"),
  /** The sequence through which messages are folded again into edges, profiles and definitions. Null: nothing is being folded again. */
  projected: int53(),
  /** Stored messages through this sequence were read by the decoder of `decoder_version`. */
  interpreted: int53().notNull().default(sql`0`),
  /** The version of the decoder (lib/core/signals/envelope). 1: the decoder from before it had versions. */
  decoderVersion: integer("decoder_version").notNull().default(1),
  /** Reading the topic again has removed rows, so a new epoch of positions begins when it is done. */
  isRenumbered: boolean("is_renumbered").notNull().default(false),
  unproven: int53().notNull().default(sql`0`),
  /** Packing has looked at all messages through this sequence: a multiple of SEGMENT_LENGTH. */
  packedThrough: int53("packed_through").notNull().default(sql`0`),
  /** Grows with each change of stored messages behind the cursor, packing included. Such a change compares and swaps it. */
  logVersion: int53("log_version").notNull().default(sql`0`),
  /** Packed messages through this sequence are dropped. 0: none are. */
  droppedThrough: int53("dropped_through").notNull().default(sql`0`),
  /** The latest time of a dropped message, and the running hash at `dropped_through`: null if it is not known. */
  droppedNs: int8("dropped_ns").notNull().default(sql`0`),
  droppedHash: bytea("dropped_hash"),
  /** The cursor when the topic last started over. The topic is being read again while its cursor is lower. 0: it never started over. */
  startedOverAt: int53("started_over_at").notNull().default(sql`0`),
});

/** Holes and gaps of a topic; `state` as in lib/adapters/postgres/codec/codes.ts. */
export const topicGaps = pgTable(
  "topic_gaps",
  {
    fromSeq: int53("from_seq").$type<Sequence>().notNull(),
    toSeq: int53("to_seq").$type<Sequence>().notNull(),
    firstSeenMs: int53("first_seen_ms").notNull(),
    topicNo: integer("topic_no").notNull(),
    state: smallint().notNull(),
  },
  (t) => [primaryKey({ name: "topic_gaps_pkey", columns: [t.topicNo, t.fromSeq] })],
);

/** Each message once, including rejected ones. Codes as in lib/adapters/postgres/codec/codes.ts. */
export const topicLog = pgTable(
  "topic_log",
  {
    ref: int8().primaryKey(),
    consensusNs: int8("consensus_ns").notNull(),
    verification: smallint().notNull(),
    disposition: smallint().notNull(),
    hashVersion: smallint("hash_version"),
    /** Null if the message came in one chunk, like `chunk_total` and `chunk_key`. */
    chunkNumber: integer("chunk_number"),
    chunkTotal: integer("chunk_total"),
    payer: text().$type<AccountId>().notNull(),
    runningHash: bytea("running_hash"),
    /** In shorthand (lib/adapters/postgres/codec/shorthand.ts), as is `body`. */
    message: bytea().notNull(),
    chunkKey: text("chunk_key"),
    /** The whole message, in the row of the chunk that completed it. */
    body: bytea(),
    reason: text(),
    /** The mirror's chunk info, exactly as it was reported. Null if it is not known, as in rows of an earlier version. */
    chunkInfo: bytea("chunk_info"),
    /** The result of checking the actor's signature. Null: there is none that could be checked. */
    signature: smallint(),
  },
  (t) => [
    index("topic_log_chunk").on(t.chunkKey).where(sql`${t.chunkKey} is not null`),
    index("topic_log_failed").on(t.ref).where(sql`${t.disposition} = 4`),
    /** Messages whose signature is not judged yet: few, and judged oldest first. */
    index("topic_log_unproven").on(t.ref).where(sql`${t.disposition} = 5`),
    /** Undecodable and untrusted messages: few, and read newest first. */
    index("topic_log_odd").on(t.disposition, t.consensusNs).where(sql`${t.disposition} IN (2, 3)`),
  ],
);

/**
 * Older messages, packed: up to 256 of a topic in a row (lib/adapters/postgres/codec/log-segment.ts). A message is either here or in
 * topic_log, never in both. Migration 0012 turns off PostgreSQL's compression of `content`, which is compressed already.
 */
export const topicSegments = pgTable(
  "topic_segments",
  {
    firstSeq: int53("first_seq").notNull(),
    /** The first and the last time of its messages. */
    firstNs: int8("first_ns").notNull(),
    lastNs: int8("last_ns").notNull(),
    topicNo: integer("topic_no").notNull(),
    /** A bit for each sequence number from `first_seq` on: set if the segment holds that message. */
    held: bytea().notNull(),
    content: bytea().notNull(),
  },
  (t) => [
    primaryKey({ name: "topic_segments_pkey", columns: [t.topicNo, t.firstSeq] }),
    index("topic_segments_time").on(t.topicNo, t.firstNs),
  ],
);

/**
 * The packed parts of split messages, by the group that they name. If a sender repeats an old part, the sync looks here to know that
 * the message is already whole.
 */
export const packedParts = pgTable(
  "packed_parts",
  { ref: int8().primaryKey(), chunkKey: text("chunk_key").notNull() },
  (t) => [index("packed_parts_key").on(t.chunkKey)],
);

export const userNo = pgSequence("user_no");

/** Each user's number, and how many rows the user has: the next row takes `head + 1`. */
export const userHeads = pgTable(
  "user_heads",
  {
    userNo: integer("user_no").notNull().unique("user_heads_user_no"),
    head: integer().notNull(),
    userId: text("user_id").$type<UserId>().primaryKey(),
    /** The latest time of the user's packed rows. 0: none are packed. */
    packedNs: int8("packed_ns").notNull().default(sql`0`),
    /** Packing has nothing to do for the user before messages of this time are old. */
    dueNs: int8("due_ns").notNull().default(sql`0`),
    /** The latest time and the highest position of the user's dropped rows. 0: none are dropped. */
    droppedNs: int8("dropped_ns").notNull().default(sql`0`),
    droppedN: integer("dropped_n").notNull().default(0),
  },
  (t) => [index("user_heads_due").on(t.dueNs)],
);

/**
 * Older rows of users, packed: 400 of one user in a row. A row is either here or in hcs_messages, never in both. Functions of the
 * database (migration 0013) pack and unpack them, and read them as rows.
 *
 * `content` has one record for each row, by rising position, and all records have the same number of bits: the kind, the position, the
 * place in a batch, the time, the ref and the peer. Each is stored as its distance from the lowest one, in as many bits as the largest
 * distance needs. Rows of one kind have the same topic, type and flags, except for the place in the flags.
 */
export const userSegments = pgTable(
  "user_segments",
  {
    /** The first and the last time of its rows. */
    firstNs: int8("first_ns").notNull(),
    lastNs: int8("last_ns").notNull(),
    userNo: integer("user_no").notNull(),
    /** The first and the last position of its rows. Others may lie between them. */
    firstN: integer("first_n").notNull(),
    lastN: integer("last_n").notNull(),
    lowestPeer: integer("lowest_peer").notNull(),
    rows: smallint().notNull(),
    positionBits: smallint("position_bits").notNull(),
    kindBits: smallint("kind_bits").notNull(),
    placeBits: smallint("place_bits").notNull(),
    timeBits: smallint("time_bits").notNull(),
    refBits: smallint("ref_bits").notNull(),
    peerBits: smallint("peer_bits").notNull(),
    /** By kind: the lowest ref, the number of rows, and their type and flags as in hcs_messages, without the place. */
    kindRefs: int8("kind_refs").array().notNull(),
    kindRows: smallint("kind_rows").array().notNull(),
    kindTypes: smallint("kind_types").array().notNull(),
    kindFlags: smallint("kind_flags").array().notNull(),
    /** Null if all types have a number. */
    kindNames: plainText("kind_names").array(),
    /**
     * Detects damage. First come the leading bytes of a hash of all other columns except the content, the person and the positions
     * (positions change when earlier rows are removed). Then come the leading bytes of a hash of those bytes and the content.
     */
    digest: bytea().notNull(),
    content: bits().notNull(),
  },
  (t) => [primaryKey({ name: "user_segments_pkey", columns: [t.userNo, t.firstN] })],
);

/**
 * One narrow row per (user, message). Partitioned by hash of `user_no` (migration 0000). With at most 8 columns, nulls take no space.
 * The order of the columns is fixed, because `rows_in` and `kinds_in` (migration 0013) return rows of this table.
 * Positions have no index of their own, which would take 63 bytes a message: they are gap-free, so a reader of the last few goes
 * from the newest row back until all are found.
 */
export const hcsMessages = pgTable(
  "hcs_messages",
  {
    consensusNs: int8("consensus_ns").notNull(),
    ref: int8().notNull(),
    userNo: integer("user_no").notNull(),
    /** The position inside the epoch. */
    n: integer().notNull(),
    peerNo: integer("peer_no"),
    typeNo: smallint("type_no").notNull(),
    /** Verification, 4 where the user is the actor, and the author (lib/adapters/postgres/codec/codes.ts). */
    flags: smallint().notNull(),
    /** Set only for types without a number. */
    typeName: text("type_name"),
  },
  (t) => [primaryKey({ name: "hcs_messages_pkey", columns: [t.userNo, t.consensusNs] })],
);

/** The edges of lib/core/signals/projection; null is "never" (0n there). Partitioned like hcs_messages. */
export const contactEdges = pgTable(
  "contact_edges",
  {
    userNo: integer("user_no").notNull(),
    peerNo: integer("peer_no").notNull(),
    acceptNs: int8("accept_ns"),
    revokeNs: int8("revoke_ns"),
    requestOutNs: int8("request_out_ns"),
    requestInNs: int8("request_in_ns"),
    trustOutNs: int8("trust_out_ns"),
    trustOutEndNs: int8("trust_out_end_ns"),
    trustInNs: int8("trust_in_ns"),
    trustInEndNs: int8("trust_in_end_ns"),
    peerHandleNs: int8("peer_handle_ns"),
    peerHrlNs: int8("peer_hrl_ns"),
    trustOutWeight: doublePrecision("trust_out_weight"),
    trustInWeight: doublePrecision("trust_in_weight"),
    peerHandle: text("peer_handle"),
    peerHrl: text("peer_hrl"),
    /** `accept_ns` by the side that accepted. Migration 0001 added both, so they come after the older columns. */
    acceptOutNs: int8("accept_out_ns"),
    acceptInNs: int8("accept_in_ns"),
  },
  (t) => [primaryKey({ name: "contact_edges_pkey", columns: [t.userNo, t.peerNo] })],
);

export const profiles = pgTable("profiles", {
  consensusNs: int8("consensus_ns").notNull(),
  /** The message that set the profile. */
  ref: int8().notNull(),
  userNo: integer("user_no").primaryKey(),
  handle: text(),
  displayName: text("display_name"),
  bio: text(),
  avatar: text(),
  hrl: text(),
  /** The time by which versions are ordered, where that is not `consensus_ns`. */
  saidNs: int8("said_ns"),
});

export const recognitionDefinitions = pgTable("recognition_definitions", {
  consensusNs: int8("consensus_ns").notNull(),
  ref: int8().notNull(),
  definitionId: text("definition_id").primaryKey(),
  actor: text().$type<UserId>(),
  slug: text(),
  title: text().notNull(),
  icon: text(),
  description: text(),
  category: text(),
  /**
   * The claims to this id, by actor (lib/core/signals/projection, DefinitionClaim); the columns above are the claim that counts.
   * Null in rows that an earlier version wrote: then the columns are the only claim.
   */
  claims: jsonb(),
});

/** The user id that a Hedera account signs in as, where an operator has bound one: TrustMesh's older ids (`tm-…`). */
export const accountBindings = pgTable("account_bindings", {
  boundMs: int53("bound_ms").notNull(),
  accountId: text("account_id").$type<AccountId>().primaryKey(),
  userId: text("user_id").$type<UserId>().notNull(),
});

/** A user's sessions that were issued until `until_ms` are over. Rows older than a session's life no longer have an effect. */
export const sessionSignOuts = pgTable("session_sign_outs", {
  untilMs: int53("until_ms").notNull(),
  /** A user or one session. A session's subject contains a space, which no user id does. */
  subject: text("user_id").$type<UserId | SessionId>().primaryKey(),
});

/** The operator log, one row for each action. The row is written before the action begins, and updated as it proceeds. */
export const adminAudit = pgTable("admin_audit", {
  id: int53().primaryKey().generatedAlwaysAsIdentity(),
  atMs: int53("at_ms").notNull(),
  updatedMs: int53("updated_ms").notNull(),
  actor: text().notNull(),
  action: text().notNull(),
  /** A topic or a user; null for everything. */
  target: text(),
  state: text().$type<"running" | "done" | "failed" | "refused">().notNull(),
  /** JSON: the result so far. */
  detail: text(),
  /** The request's idempotency key, so that a repeated request counts as the same action. */
  requestKey: text("request_key").unique("admin_audit_request_key"),
});

/** The shard registry (lib/core/shards/shards). A few hundred rows at the most, so names are spelled out. */
export const shards = pgTable(
  "shards",
  {
    routesFromNs: int8("routes_from_ns"),
    drainsFromNs: int8("drains_from_ns"),
    drainedNs: int8("drained_ns"),
    shardNo: integer("shard_no").primaryKey().generatedAlwaysAsIdentity(),
    segment: integer().notNull(),
    generation: integer().notNull(),
    tier: text().$type<ShardTier>().notNull(),
    kind: text().$type<TopicKind>().notNull(),
    /** The tenant or user that the shard belongs to. Empty: everybody of the tier shares it. */
    owner: text().$type<TenantId | UserId | "">().notNull(),
    state: text().$type<ShardState>().notNull(),
    topicId: text("topic_id").$type<TopicId>(),
    /** The transaction that creates the topic. */
    attempt: text(),
  },
  (t) => [unique("shards_place").on(t.tier, t.kind, t.owner, t.segment, t.generation)],
);

/** Companies with topics of their own. */
export const tenants = pgTable("tenants", {
  tenantId: text("tenant_id").$type<TenantId>().primaryKey(),
  name: text().notNull(),
});

/** Users who have another tier than the standard one, or a tenant; `version` counts the changes. */
export const userRoutes = pgTable("user_routes", {
  version: integer().notNull(),
  userId: text("user_id").$type<UserId>().primaryKey(),
  tier: text().$type<UserTier>().notNull(),
  tenantId: text("tenant_id").$type<TenantId>(),
});
