/** The CTEs `users` (who gets how many rows) and `fresh` (the rows that are new) of the write statement. */
import { type SQL, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import { hcsMessages, userHeads } from "../../../../drizzle/schema";
import type { UserRow } from "../../../core/signals/batch";
import { flagsOf, placeIn, typeNumber, UNNAMED_TYPE } from "../codec/codes";
import { isTimeOf, refOf, timesOf } from "../codec/ref";
import { fixed } from "../sql/template";
import { type ColumnOfValues, of, unnested } from "../sql/unnested";
import type { People } from "./people";

const m = alias(hcsMessages, "m");
const h = alias(userHeads, "h");

function columnsOf(rows: readonly UserRow[], people: People): readonly ColumnOfValues[] {
  const types = rows.map(({ type }) => typeNumber(type));
  return [
    of(hcsMessages.userNo, rows, ({ userId }) => people.place(userId), "person"),
    of(hcsMessages.consensusNs, rows, ({ consensusNs }) => consensusNs, "ns"),
    of(hcsMessages.ref, rows, ({ sequence }) => sequence, "seq"),
    of(hcsMessages.peerNo, rows, ({ peerId }) => (peerId === null ? null : people.place(peerId)), "peer"),
    of(hcsMessages.typeNo, types, (type) => type),
    of(hcsMessages.typeName, rows, ({ type }, i) => (types[i] === UNNAMED_TYPE ? type : null)),
    of(hcsMessages.flags, rows, flagsOf),
  ];
}

const usersOf = (people: People) => of(userHeads.userId, people.ids, (id) => id);

/**
 * For a batch whose rows are all new, so that they are counted here. `back` is how far a row is from the user's head after the
 * batch, 0 or less.
 */
export function asGiven(rows: readonly UserRow[], people: People): readonly SQL[] {
  const left = rows.reduce((counts, { userId }) => {
    const place = people.place(userId) - 1;
    counts[place] = (counts[place] as number) + 1;
    return counts;
  }, new Array<number>(people.ids.length).fill(0));
  const added = [...left];
  const back = rows.map(({ userId }) => {
    const place = people.place(userId) - 1;
    left[place] = (left[place] as number) - 1;
    return -(left[place] as number);
  });
  return [
    sql`users AS (SELECT * FROM ${unnested("u", [usersOf(people), of(userHeads.head, added, (n) => n, "added")])})`,
    sql`fresh AS (SELECT * FROM ${unnested("r", [...columnsOf(rows, people), of(hcsMessages.n, back, (n) => n, "back")])})`,
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
/** A row of the person of `r` at this time. */
const taken = (time: SQL) => sql`SELECT FROM ${OF_PERSON} WHERE g.place = r.person AND ${m.consensusNs} = ${time}`;

const TIME = sql`r.ns`;

/** The rows that exist, the new ones, and how many rows each user gets. */
const SIFTED = [
  sql`known AS MATERIALIZED (
  SELECT r.ord, ${m.consensusNs} AS ns FROM gate, incoming r, ${OF_PERSON}
  WHERE g.place = r.person AND ${isTimeOf(m.consensusNs, TIME)} AND ${m.ref} = ${refOf(sql`gate.topic_no`, sql`r.seq`)}
    AND ${placeIn(m.flags)} = ${placeIn(sql`r.flags`)})`,
  sql`new_rows AS MATERIALIZED (
  SELECT r.*, row_number() OVER (PARTITION BY r.person, r.ns ORDER BY r.ord) - 1 AS before,
    (row_number() OVER (PARTITION BY r.person ORDER BY r.ord) - count(*) OVER (PARTITION BY r.person))::integer AS back
  FROM incoming r WHERE NOT EXISTS (SELECT FROM known k WHERE k.ord = r.ord))`,
  sql`fresh AS MATERIALIZED (
  SELECT r.person, r.seq, r.peer, r.type_no, r.type_name, r.flags, r.ord, r.back,
    CASE WHEN r.before = 0 AND NOT EXISTS (${taken(TIME)}) THEN r.ns
    ELSE (SELECT free FROM ${timesOf(TIME)} AS free WHERE NOT EXISTS (${taken(sql`free`)}) ORDER BY free OFFSET r.before LIMIT 1) END AS ns
  FROM new_rows r)`,
  sql`users AS (SELECT g.user_id, (SELECT count(*)::integer FROM fresh WHERE fresh.person = g.place) AS added FROM given g)`,
].map(fixed);

/**
 * For a batch with rows that may exist. Those are left out, and the server counts the rest. Each of a user's rows has its own
 * time, because pages continue from a time. If a mirror claims one time for several messages, each after the first takes the next
 * free nanosecond. The log keeps the time that was claimed.
 */
export const sifted = (rows: readonly UserRow[], people: People): readonly SQL[] => [
  sql`given AS MATERIALIZED (SELECT u.*, ${h.userNo} FROM ${unnested("u", [usersOf(people)], "place")}
    LEFT JOIN ${userHeads} ${h} ON ${h.userId} = u.user_id)`,
  sql`incoming AS MATERIALIZED (SELECT * FROM ${unnested("r", columnsOf(rows, people), "ord")})`,
  ...SIFTED,
];
