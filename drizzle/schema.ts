/**
 * The tables, as drizzle knows them. What drizzle cannot say is written into the migrations by hand and marked there:
 * PARTITION BY HASH with its 16 partitions, and fillfactors. Column order is by falling alignment, so that no row holds padding.
 *
 * Rows refer to users, topics and messages by number: a user's number is 4 bytes where the id is 12 or more, in the row and in
 * each of its indexes (80 bytes less for a message of two people). `ref` is one number for a place in the ledger:
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

/** Ids and names compare as bytes: several times faster than a locale's rules, and the same order on every server. */
const text = customType<{ data: string }>({ dataType: () => 'text COLLATE "C"' });
const bytea = customType<{ data: Uint8Array }>({ dataType: () => "bytea" });
const int8 = () => bigint({ mode: "bigint" });

/** One row: which network these rows are of, their format, and the epoch of positions (core/signals/position). */
export const meta = pgTable(
  "meta",
  {
    one: boolean().primaryKey().default(true),
    network: text().notNull(),
    epoch: integer().notNull().default(0),
    /** Grows with each change of `shards`: what a change swaps on. */
    registryVersion: integer("registry_version").notNull().default(0),
    /** The latest format that rows are written in (lib/adapters/postgres/codec/format.ts). */
    format: integer().notNull().default(1),
    /** Which ledger of that network: a devnet has an identity of its own. Null: not told. */
    ledger: text(),
  },
  (t) => [check("meta_one", sql`${t.one}`)],
);

/** Cursor, chain head and counters of each topic. */
export const topics = pgTable("topics", {
  cursor: int8().notNull().default(sql`0`),
  headNs: bigint("head_ns", { mode: "bigint" }).notNull().default(sql`0`),
  syncedThroughNs: bigint("synced_through_ns", { mode: "bigint" }).notNull().default(sql`0`),
  messages: int8().notNull().default(sql`0`),
  verified: int8().notNull().default(sql`0`),
  unverifiable: int8().notNull().default(sql`0`),
  failed: int8().notNull().default(sql`0`),
  undecodable: int8().notNull().default(sql`0`),
  untrusted: int8().notNull().default(sql`0`),
  topicNo: integer("topic_no").primaryKey().generatedAlwaysAsIdentity(),
  paused: boolean().notNull().default(false),
  topicId: text("topic_id").notNull().unique("topics_topic_id"),
  kinds: plainText().array().notNull(),
  headHash: bytea("head_hash"),
  /** Through which sequence what is stored was folded into edges, profiles and definitions again; null: all of it was. */
  projected: int8(),
});

/** Holes in a topic; `state` as in lib/adapters/postgres/codec/codes.ts. */
export const topicGaps = pgTable(
  "topic_gaps",
  {
    fromSeq: bigint("from_seq", { mode: "bigint" }).notNull(),
    toSeq: bigint("to_seq", { mode: "bigint" }).notNull(),
    firstSeenMs: bigint("first_seen_ms", { mode: "bigint" }).notNull(),
    topicNo: integer("topic_no").notNull(),
    state: smallint().notNull(),
  },
  (t) => [primaryKey({ name: "topic_gaps_pkey", columns: [t.topicNo, t.fromSeq] })],
);

/** Each message once, whatever became of it. Codes as in lib/adapters/postgres/codec/codes.ts. */
export const topicLog = pgTable(
  "topic_log",
  {
    ref: int8().primaryKey(),
    consensusNs: bigint("consensus_ns", { mode: "bigint" }).notNull(),
    verification: smallint().notNull(),
    disposition: smallint().notNull(),
    hashVersion: smallint("hash_version"),
    /** Only of messages that came in more than one chunk, as are the three after it. */
    chunkNumber: integer("chunk_number"),
    chunkTotal: integer("chunk_total"),
    payer: text().notNull(),
    runningHash: bytea("running_hash"),
    /** In shorthand (lib/adapters/postgres/codec/shorthand.ts), as is `body`. */
    message: bytea().notNull(),
    chunkKey: text("chunk_key"),
    /** The whole message, on the entry of the chunk that completed it. */
    body: bytea(),
    reason: text(),
  },
  (t) => [
    index("topic_log_chunk").on(t.chunkKey).where(sql`${t.chunkKey} is not null`),
    index("topic_log_failed").on(t.ref).where(sql`${t.disposition} = 4`),
    /** Undecodable and untrusted messages: few, and looked at newest first. */
    index("topic_log_odd").on(t.disposition, t.consensusNs).where(sql`${t.disposition} IN (2, 3)`),
  ],
);

export const userNo = pgSequence("user_no");

/** Each user's number, and how many rows the user has: the next row is `head + 1`. */
export const userHeads = pgTable("user_heads", {
  userNo: integer("user_no").notNull().unique("user_heads_user_no"),
  head: integer().notNull(),
  userId: text("user_id").primaryKey(),
});

/**
 * One narrow row per (user, message). Partitioned by hash of `user_no` (migration 0000). At most 8 columns: nulls are free.
 * Positions have no index of their own (63 bytes a message): they are gap-free, so who wants the last few looks from the newest
 * row back until they are all found.
 */
export const hcsMessages = pgTable(
  "hcs_messages",
  {
    consensusNs: bigint("consensus_ns", { mode: "bigint" }).notNull(),
    ref: int8().notNull(),
    userNo: integer("user_no").notNull(),
    /** The position inside the epoch. */
    n: integer().notNull(),
    peerNo: integer("peer_no"),
    typeNo: smallint("type_no").notNull(),
    /** Verification, and 4 where the user is the actor. */
    flags: smallint().notNull(),
    /** Only of types without a number. */
    typeName: text("type_name"),
  },
  (t) => [primaryKey({ name: "hcs_messages_pkey", columns: [t.userNo, t.consensusNs] })],
);

/** What core/signals/projection calls an edge; null is "never" (0n there). Partitioned like hcs_messages. */
export const contactEdges = pgTable(
  "contact_edges",
  {
    userNo: integer("user_no").notNull(),
    peerNo: integer("peer_no").notNull(),
    acceptNs: bigint("accept_ns", { mode: "bigint" }),
    revokeNs: bigint("revoke_ns", { mode: "bigint" }),
    requestOutNs: bigint("request_out_ns", { mode: "bigint" }),
    requestInNs: bigint("request_in_ns", { mode: "bigint" }),
    trustOutNs: bigint("trust_out_ns", { mode: "bigint" }),
    trustOutEndNs: bigint("trust_out_end_ns", { mode: "bigint" }),
    trustInNs: bigint("trust_in_ns", { mode: "bigint" }),
    trustInEndNs: bigint("trust_in_end_ns", { mode: "bigint" }),
    peerHandleNs: bigint("peer_handle_ns", { mode: "bigint" }),
    peerHrlNs: bigint("peer_hrl_ns", { mode: "bigint" }),
    trustOutWeight: doublePrecision("trust_out_weight"),
    trustInWeight: doublePrecision("trust_in_weight"),
    peerHandle: text("peer_handle"),
    peerHrl: text("peer_hrl"),
    /** Which side said `accept_ns`: added by migration 0001, after the columns that were there. */
    acceptOutNs: bigint("accept_out_ns", { mode: "bigint" }),
    acceptInNs: bigint("accept_in_ns", { mode: "bigint" }),
  },
  (t) => [primaryKey({ name: "contact_edges_pkey", columns: [t.userNo, t.peerNo] })],
);

export const profiles = pgTable("profiles", {
  consensusNs: bigint("consensus_ns", { mode: "bigint" }).notNull(),
  /** The message that said so. */
  ref: int8().notNull(),
  userNo: integer("user_no").primaryKey(),
  handle: text(),
  displayName: text("display_name"),
  bio: text(),
  avatar: text(),
  hrl: text(),
});

export const recognitionDefinitions = pgTable("recognition_definitions", {
  consensusNs: bigint("consensus_ns", { mode: "bigint" }).notNull(),
  ref: int8().notNull(),
  definitionId: text("definition_id").primaryKey(),
  actor: text(),
  slug: text(),
  title: text().notNull(),
  icon: text(),
  description: text(),
  category: text(),
  /**
   * The claims of this id, by actor (core/signals/projection, DefinitionClaim); the columns above are the claim that counts.
   * Null in rows of the version before: then the columns are the only claim.
   */
  claims: jsonb(),
});

/** Whose id a Hedera account signs in as, where the operator has said so: TrustMesh's ids of before accounts (`tm-…`). */
export const accountBindings = pgTable("account_bindings", {
  boundMs: bigint("bound_ms", { mode: "bigint" }).notNull(),
  accountId: text("account_id").primaryKey(),
  userId: text("user_id").notNull(),
});

/** Sessions of a user that were issued until then are over. Rows older than a session's life say nothing any more. */
export const sessionSignOuts = pgTable("session_sign_outs", {
  untilMs: bigint("until_ms", { mode: "bigint" }).notNull(),
  userId: text("user_id").primaryKey(),
});

/** What operators did, one row an action: written before it begins, and brought up to date as it goes on. */
export const adminAudit = pgTable("admin_audit", {
  id: int8().primaryKey().generatedAlwaysAsIdentity(),
  atMs: bigint("at_ms", { mode: "bigint" }).notNull(),
  updatedMs: bigint("updated_ms", { mode: "bigint" }).notNull(),
  actor: text().notNull(),
  action: text().notNull(),
  /** A topic or a user; null for everything. */
  target: text(),
  state: text().notNull(),
  /** JSON of what it came to so far. */
  detail: text(),
  /** Of whoever asked, so that a repeated request is the same action. */
  requestKey: text("request_key").unique("admin_audit_request_key"),
});

/** Which topic serves whom (core/shards/shards). A few hundred rows at the most, so names are spelled out. */
export const shards = pgTable(
  "shards",
  {
    routesFromNs: bigint("routes_from_ns", { mode: "bigint" }),
    drainsFromNs: bigint("drains_from_ns", { mode: "bigint" }),
    drainedNs: bigint("drained_ns", { mode: "bigint" }),
    shardNo: integer("shard_no").primaryKey().generatedAlwaysAsIdentity(),
    segment: integer().notNull(),
    generation: integer().notNull(),
    tier: text().notNull(),
    kind: text().notNull(),
    /** A tenant's or a user's own; empty for everybody of the tier. */
    owner: text().notNull(),
    state: text().notNull(),
    topicId: text("topic_id"),
    /** The transaction that creates the topic. */
    attempt: text(),
  },
  (t) => [unique("shards_place").on(t.tier, t.kind, t.owner, t.segment, t.generation)],
);

/** Companies with topics of their own. */
export const tenants = pgTable("tenants", {
  tenantId: text("tenant_id").primaryKey(),
  name: text().notNull(),
});

/** Users who are not simply of the standard tier: what they are instead, and how often that has changed. */
export const userRoutes = pgTable("user_routes", {
  version: integer().notNull(),
  userId: text("user_id").primaryKey(),
  tier: text().notNull(),
  tenantId: text("tenant_id"),
});
