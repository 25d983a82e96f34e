/**
 * The rows of the user who reads, in the order of times: those in hcs_messages alone, or those in segments too (migration 0013).
 * Both come from one snapshot, so no row is seen twice or missed.
 *
 * Most pages are of young rows. So a page is asked for without segments first. Its answer tells the time of the latest packed row
 * (`packedNs`): if the page may reach that far back, it is asked for again with segments.
 */
import { type SQL, type SQLWrapper, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import { hcsMessages, userSegments } from "../../../../../drizzle/schema";
import { MAX_CONSENSUS_NS } from "../../../../core/ledger/consensus-time";
import type { Statement } from "../../drivers/database";
import { literal } from "../../sql/expressions";
import { type Naming, UNNAMED } from "../../sql/template";
import { forReader, h, NUMBER_OF_USER, type Reader, r } from "./pages";

const s = alias(userSegments, "s");
const e = alias(userSegments, "e");

/** The latest time of the user's packed rows; 0: none is packed. */
export const PACKED_NS = sql`coalesce(${h.packedNs}, 0)`.mapWith(h.packedNs);

/** The latest time of the user's dropped rows (../../write/drop-old.ts); 0: none is dropped. */
export const DROPPED_NS = sql`coalesce(${h.droppedNs}, 0)`.mapWith(h.droppedNs);

/** Rows `r` of the user: the first `limit` ones in an order of times. */
interface RowQuery {
  readonly order: "newest" | "oldest";
  /** Bounds of the times. */
  readonly before?: SQL;
  readonly since?: SQL;
  readonly after?: SQL;
  readonly afterPosition?: SQL;
  readonly limit: SQL;
  /** Looks at the columns that rows of a kind have in common (type, flags and topic) and at the peer. */
  readonly isWanted?: SQL | undefined;
  /** Looks at type, flags and topic alone: no row of another kind is wanted. If absent, as `isWanted`. */
  readonly isKindWanted?: SQL | undefined;
}

/** Answers all columns of hcs_messages. */
export type RowSource = (query: RowQuery) => SQL;

const unpackedRows =
  (me: SQL): RowSource =>
  (query) =>
    sql`SELECT * FROM ${hcsMessages} ${r} WHERE ${all([sql`${r.userNo} = ${me}`, ...inRange(query), query.isWanted])}
    ORDER BY ${orderOf(query)} LIMIT ${query.limit}`;

/** Whether a row is of a damaged segment: its `ref` is that of no message. Such rows take room on a page, as other unreadable rows do. */
export const IS_DAMAGED = sql`${r.ref} = 0`;

/** Rows of the table and of segments, in one statement. `me`: the user's number. */
export const allRows =
  (me: SQL): RowSource =>
  (query) => {
    const { isWanted, isKindWanted = isWanted, limit } = query;
    const conditions = [
      sql`${s.userNo} = ${me}`,
      ...reached(me, query),
      isKindWanted && sql`EXISTS (SELECT FROM kinds_in(${s}) ${r} WHERE (${isKindWanted} OR ${IS_DAMAGED}))`,
      ...inRange(query),
      isWanted && sql`(${isWanted} OR ${IS_DAMAGED})`,
    ];
    return sql`SELECT * FROM ((${unpackedRows(me)(query)}) UNION ALL (SELECT ${r}.* FROM ${userSegments} ${s}, rows_in(${s}) ${r}
    WHERE ${all(conditions)} ORDER BY ${orderOf(query)} LIMIT ${limit})) ${r} ORDER BY ${orderOf(query)} LIMIT ${limit}`;
  };

/** One statement for each of the two sources. Pages with segments are rare, so connections keep no plans for them. */
export const fromBoth = <T>(build: (rows: RowSource, naming?: Naming) => T) => ({
  unpacked: build(unpackedRows(NUMBER_OF_USER)),
  all: build(allRows(NUMBER_OF_USER), UNNAMED),
});

/** The same, in two texts each (`forReader`). */
export const fromBothForReader = <V extends Reader, T>(
  build: (rows: RowSource, naming?: Naming) => (values: V) => Statement<T>,
) => ({
  unpacked: forReader<V, T>((me, naming) => build(unpackedRows(me), naming)),
  all: forReader<V, T>((me, naming) => build(allRows(me), naming), UNNAMED),
});

const all = (conditions: readonly (SQL | undefined)[]): SQL =>
  sql.join(
    conditions.filter((condition) => condition !== undefined),
    sql` AND `,
  );

const orderOf = ({ order }: RowQuery): SQL => (order === "newest" ? sql`${r.consensusNs} DESC` : sql`${r.consensusNs}`);

const inRange = ({ before, since, after, afterPosition }: RowQuery) => [
  before && sql`${r.consensusNs} < ${before}`,
  since && sql`${r.consensusNs} >= ${since}`,
  after && sql`${r.consensusNs} > ${after}`,
  afterPosition && sql`${r.n} > ${afterPosition}`,
];

/** The segments `s` that reach into the page. */
function reached(me: SQL, query: RowQuery) {
  const { order, before, since, after, afterPosition } = query;
  return [
    before && sql`${s.firstNs} < ${before}`,
    since && sql`${s.lastNs} >= ${since}`,
    after && sql`${s.lastNs} > ${after}`,
    afterPosition && sql`${s.lastN} > ${afterPosition}`,
    order === "newest"
      ? sql`${s.lastNs} >= coalesce(${enough(me, query, e.firstNs, sql`DESC`)}, 0)`
      : sql`${s.firstNs} <= coalesce(${enough(me, query, e.lastNs, sql`ASC`)}, ${literal(MAX_CONSENSUS_NS)})`,
  ];
}

/**
 * A time: the segments up to it, in the page's order, hold as many wanted rows as the page has room for. So no segment beyond it is
 * opened. Counts only segments `e` that lie wholly within the page's bounds, by the numbers of rows that each lists by kind.
 */
function enough(
  me: SQL,
  { before, since, after, afterPosition, limit, isWanted }: RowQuery,
  end: SQLWrapper,
  direction: SQL,
): SQL {
  const wanted = isWanted ? sql`(SELECT sum(${r.n}) FROM kinds_in(${e}) ${r} WHERE ${isWanted})` : sql`${e.rows}`;
  const conditions = [
    sql`${e.userNo} = ${me}`,
    before && sql`${e.lastNs} < ${before}`,
    since && sql`${e.firstNs} >= ${since}`,
    after && sql`${e.firstNs} > ${after}`,
    afterPosition && sql`${e.firstN} > ${afterPosition}`,
  ];
  return sql`(SELECT q.ns FROM (SELECT ${end} AS ns, sum(${wanted}) OVER (ORDER BY ${end} ${direction}) AS n
      FROM ${userSegments} ${e} WHERE ${all(conditions)}) q WHERE q.n >= ${limit} ORDER BY q.ns ${direction} LIMIT 1)`;
}
