/**
 * Packing the rows of people. Functions of the database do it (migration 0013), so that rows need not travel, and
 * readers' statements see rows and packed rows in one snapshot.
 */
import { sql } from "drizzle-orm";
import { userSegments } from "../../../../drizzle/schema";
import type { ConsensusNs } from "../../../core/ledger/consensus-time";
import type { RowsPacked } from "../../../ports/store/sync/pack-store";
import { USER_SEGMENT_FORMAT } from "../codec/format";
import type { Statements } from "../drivers/statements";
import { literal } from "../sql/expressions";
import { given, prepared, template, UNNAMED } from "../sql/template";
import { of, unnested } from "../sql/unnested";

/**
 * A segment holds this many rows. With records of at most 79 bits they fill one piece of a value that PostgreSQL keeps beside its row,
 * four of which fill a page. Devnet-like rows have 75 bits.
 */
const USER_SEGMENT_ROWS = 200;

/** Commits of the people who are looked at wait meanwhile: some 1.5 ms for each segment, and 0.1 ms for each person without one. */
const [PEOPLE_AT_ONCE, SEGMENTS_AT_ONCE] = [32, 8];

const values = given<{ readonly beforeNs: bigint; readonly nowNs: bigint }>();

const PACK = prepared(
  values,
  { people: sql`p.looked`.mapWith(Number), rows: sql`p.packed`.mapWith(Number) },
  (columns) => sql`SELECT ${columns} FROM pack_rows(${values("beforeNs")}::bigint, ${values("nowNs")}::bigint,
    ${literal(PEOPLE_AT_ONCE)}, ${literal(SEGMENTS_AT_ONCE)}, ${literal(USER_SEGMENT_ROWS)}, ${literal(USER_SEGMENT_FORMAT)}) p`,
  UNNAMED,
);

export async function packRows(statements: Statements, beforeNs: ConsensusNs, nowNs: ConsensusNs): Promise<RowsPacked> {
  const [packed] = await statements.run("pack", PACK({ beforeNs, nowNs }));
  return packed ?? { people: 0, rows: 0 };
}

/** A segment of a person with this number, by its first position. */
export interface SegmentKey {
  readonly userNo: number;
  readonly firstN: number;
}

/** Packing, repairs and commits of the people wait for each statement: some 4 ms for each segment. */
const UNPACKED_AT_ONCE = 50;

/** Puts the rows of segments back, some segments in a statement. One that is there no longer is left out. */
export async function unpackRows(statements: Statements, segments: readonly SegmentKey[]): Promise<void> {
  for (let from = 0; from < segments.length; from += UNPACKED_AT_ONCE) {
    const some = segments.slice(from, from + UNPACKED_AT_ONCE);
    const given = unnested("x", [
      of(userSegments.userNo, some, ({ userNo }) => userNo),
      of(userSegments.firstN, some, ({ firstN }) => firstN),
    ]);
    const statement = template(
      { segments: sql`count(*)`.mapWith(Number) },
      (columns) => sql`SELECT ${columns}, unpack_rows(array_agg(x.user_no), array_agg(x.first_n)) FROM ${given}`,
    );
    await statements.run("pack", statement);
  }
}
