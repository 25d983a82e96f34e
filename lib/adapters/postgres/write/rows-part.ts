/** The CTEs `users` (who gets how many rows) and `fresh` (the rows that are new) of the write statement. */
import { type SQL, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import { hcsMessages, userHeads, userSegments } from "../../../../drizzle/schema";
import type { TopicId } from "../../../core/ledger/ids";
import type { Batch, UserRow } from "../../../core/signals/batch";
import type { CommitOutcome } from "../../../ports/store/sync/batch-store";
import { flagsOf, placeIn, typeNumber, UNNAMED_TYPE } from "../codec/codes";
import { isTimeOf, mayLieIn, refOf, timesOf } from "../codec/ref";
import type { Statements } from "../drivers/statements";
import { topicNoOf } from "../sql/references";
import { constantSql, template } from "../sql/template";
import { type ColumnOfValues, columnOf, unnested } from "../sql/unnested";
import { BatchUsers } from "./batch-users";
import { type SegmentKey, unpackRows } from "./pack-rows";

const m = alias(hcsMessages, "m");
const h = alias(userHeads, "h");
const s = alias(userSegments, "s");

function columnsOf(rows: readonly UserRow[], users: BatchUsers): readonly ColumnOfValues[] {
  const types = rows.map(({ type }) => typeNumber(type));
  return [
    columnOf(hcsMessages.userNo, rows, ({ userId }) => users.place(userId), "person"),
    columnOf(hcsMessages.consensusNs, rows, ({ consensusNs }) => consensusNs, "ns"),
    columnOf(hcsMessages.ref, rows, ({ sequence }) => sequence, "seq"),
    columnOf(hcsMessages.peerNo, rows, ({ peerId }) => (peerId === null ? null : users.place(peerId)), "peer"),
    columnOf(hcsMessages.typeNo, types, (type) => type),
    columnOf(hcsMessages.typeName, rows, ({ type }, i) => (types[i] === UNNAMED_TYPE ? type : null)),
    columnOf(hcsMessages.flags, rows, flagsOf),
  ];
}

const userIdsOf = (users: BatchUsers) => columnOf(userHeads.userId, users.ids, (id) => id);

/**
 * For a batch whose rows are all new, so that they are counted here. `back` is how far a row is from the user's head after the
 * batch, 0 or less. `first_ns` is the first time of a user's rows; null if the user has none.
 */
export function partsOfNewRows(rows: readonly UserRow[], users: BatchUsers): readonly SQL[] {
  const left = rows.reduce((counts, { userId }) => {
    const place = users.place(userId) - 1;
    counts[place] = (counts[place] as number) + 1;
    return counts;
  }, new Array<number>(users.ids.length).fill(0));
  const added = [...left];
  const first = new Array<bigint | null>(users.ids.length).fill(null);
  for (const { userId, consensusNs } of rows) {
    const place = users.place(userId) - 1;
    const earlier = first[place] ?? null;
    if (earlier === null || consensusNs < earlier) first[place] = consensusNs;
  }
  const back = rows.map(({ userId }) => {
    const place = users.place(userId) - 1;
    left[place] = (left[place] as number) - 1;
    return -(left[place] as number);
  });
  const countsOfUsers = [
    userIdsOf(users),
    columnOf(userHeads.head, added, (n) => n, "added"),
    columnOf(userHeads.packedNs, first, (ns) => ns, "first_ns"),
  ];
  return [
    sql`users AS (SELECT * FROM ${unnested("u", countsOfUsers)})`,
    sql`fresh AS (SELECT * FROM ${unnested("r", [...columnsOf(rows, users), columnOf(hcsMessages.n, back, (n) => n, "back")])})`,
  ];
}

/**
 * Whether a row `m` is the user's, for statements that may wait for a row's lock. An equation lets PostgreSQL choose the partition
 * while the statement runs. After a wait, PostgreSQL 18 before October 2026 does that with freed memory, and its server crashed
 * (mended by its commit 1b5dd3a). A range is looked up in the index of each of the sixteen partitions instead.
 */
export const isRowOf = (user: SQL): SQL => sql`${m.userNo} BETWEEN ${user} AND ${user}`;

/** The rows `m` of people `g`. */
const OF_PERSON = sql`given g JOIN ${hcsMessages} ${m} ON ${isRowOf(sql`g.user_no`)}`;
/** The person of `r` has no row at this time. */
const isFree = (
  time: SQL,
) => sql`NOT EXISTS (SELECT FROM ${OF_PERSON} WHERE g.place = r.person AND ${m.consensusNs} = ${time})
    AND NOT EXISTS (SELECT FROM packed p WHERE p.place = r.person AND p.consensus_ns = ${time})`;

const TIME = sql`r.ns`;
const PACKED_TIME = sql`p.consensus_ns`;
/** The packed row `p` of a message is that of the same signal in it as `r`. */
const IS_SAME_SIGNAL = sql`${isTimeOf(PACKED_TIME, TIME)} AND ${placeIn(sql`p.flags`)} = ${placeIn(sql`r.flags`)}`;

/**
 * The CTEs for a batch with rows that may exist: the rows that exist, the new ones, and how many rows each user gets. The server leaves
 * the existing rows out, and counts the rest. Each of a user's rows has its own time, because pages continue from a time. If a mirror
 * claims one time for several messages, each after the first takes the next free nanosecond. The log keeps the time that was claimed.
 */
export const PARTS_OF_MIXED_ROWS: readonly SQL[] = [
  sql`known AS MATERIALIZED (
  SELECT r.ord, ${m.consensusNs} AS ns FROM gate, incoming r, ${OF_PERSON}
  WHERE g.place = r.person AND ${isTimeOf(m.consensusNs, TIME)} AND ${m.ref} = ${refOf(sql`gate.topic_no`, sql`r.seq`)}
    AND ${placeIn(m.flags)} = ${placeIn(sql`r.flags`)}
  UNION ALL SELECT r.ord, ${PACKED_TIME} FROM gate, incoming r, packed p
  WHERE p.place = r.person AND p.ref = ${refOf(sql`gate.topic_no`, sql`r.seq`)} AND ${IS_SAME_SIGNAL})`,
  sql`new_rows AS MATERIALIZED (
  SELECT r.*, row_number() OVER (PARTITION BY r.person, r.ns ORDER BY r.ord) - 1 AS before,
    (row_number() OVER (PARTITION BY r.person ORDER BY r.ord) - count(*) OVER (PARTITION BY r.person))::integer AS back
  FROM incoming r WHERE NOT EXISTS (SELECT FROM known k WHERE k.ord = r.ord))`,
  sql`fresh AS MATERIALIZED (
  SELECT r.person, r.seq, r.peer, r.type_no, r.type_name, r.flags, r.ord, r.back,
    CASE WHEN r.before = 0 AND ${isFree(TIME)} THEN r.ns
    ELSE (SELECT free FROM ${timesOf(TIME)} AS free WHERE ${isFree(sql`free`)} ORDER BY free OFFSET r.before LIMIT 1) END AS ns
  FROM new_rows r)`,
  sql`users AS (SELECT g.user_id, (SELECT count(*)::integer FROM fresh WHERE fresh.person = g.place) AS added FROM given g)`,
].map(constantSql);

/** The rows of the segments in which a row of these people may be. Each segment is opened once. */
const PACKED = constantSql(sql`packed AS MATERIALIZED (
  SELECT g.place, ${s.firstN} AS segment, p.* FROM given g JOIN ${userSegments} ${s} ON ${s.userNo} = g.user_no, rows_in(${s}) p
  WHERE EXISTS (SELECT FROM incoming r WHERE r.person = g.place AND ${mayLieIn(s.firstNs, s.lastNs, TIME)}))`);

/** The packed rows that the batch changes. They must be unpacked before it is written. */
const outdated = (topicId: TopicId) => sql`outdated AS MATERIALIZED (
  SELECT p.user_no, p.segment FROM incoming r JOIN packed p ON p.place = r.person AND p.ref = ${refOf(topicNoOf(topicId), sql`r.seq`)}
    LEFT JOIN given peer ON peer.place = r.peer
  WHERE ${IS_SAME_SIGNAL}
    AND (p.flags, p.type_no, p.type_name, p.peer_no) IS DISTINCT FROM (r.flags, r.type_no, r.type_name, peer.user_no))`;

/**
 * The CTEs that a batch with rows that may exist is compared with: the people, the rows, the packed ones, and those of them that
 * differ.
 */
function comparison({ topicId, rows }: Batch, users: BatchUsers): readonly SQL[] {
  return [
    sql`given AS MATERIALIZED (SELECT u.*, ${h.userNo} FROM ${unnested("u", [userIdsOf(users)], "place")}
    LEFT JOIN ${userHeads} ${h} ON ${h.userId} = u.user_id)`,
    sql`incoming AS MATERIALIZED (SELECT * FROM ${unnested("r", columnsOf(rows, users), "ord")})`,
    PACKED,
    outdated(topicId),
  ];
}

/** The weakest form of packing's lock (migration 0013). No row is packed or unpacked from before the statement's snapshot to its end. */
const HELD = constantSql(sql`held AS (SELECT FROM ${userSegments} WHERE false FOR KEY SHARE)`);

/** For the gate of a batch with rows that may exist: it changes no packed row. If it does, `unpackOutdated` unpacks the row first. */
export const IS_UNPACKED = sql`NOT EXISTS (SELECT FROM outdated)`;

/** For a batch with rows that may exist: the CTEs that come before the gate. */
export const partsBeforeGate = (batch: Batch, users: BatchUsers): readonly SQL[] => [HELD, ...comparison(batch, users)];

/** Names the segments of a statement's rows. */
export const segmentsIn = (userNo: SQL, firstN: SQL) => ({
  userNo: userNo.mapWith(Number),
  firstN: firstN.mapWith(Number),
});

/** Unpacks the rows that a batch changes. False if there are none. */
export async function unpackOutdated(statements: Statements, batch: Batch): Promise<boolean> {
  const parts = comparison(batch, BatchUsers.of(batch));
  const statement = template(
    segmentsIn(sql`o.user_no`, sql`o.segment`),
    (columns) => sql`WITH ${sql.join([...parts], sql`,\n`)} SELECT DISTINCT ${columns} FROM outdated o`,
  );
  const segments: readonly SegmentKey[] = await statements.run("pack", statement);
  await unpackRows(statements, segments);
  return segments.length > 0;
}

/** Packing may pack a row again before the batch is written, but not this often. */
const MOST_TRIES = 4;

/** Writes a batch with rows that may exist. If the gate was shut because it changes packed rows, they are unpacked first. */
export async function writeUnpacked(
  statements: Statements,
  batch: Batch,
  write: () => Promise<CommitOutcome>,
): Promise<CommitOutcome> {
  for (let tries = 1; ; tries += 1) {
    const written = await write();
    if (written.kind !== "conflict" || tries === MOST_TRIES || !(await unpackOutdated(statements, batch)))
      return written;
  }
}
