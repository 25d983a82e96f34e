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
import { parameters, preparedTemplate, template, UNNAMED } from "../sql/template";
import { columnOf, unnested } from "../sql/unnested";

/**
 * The rows of one segment. PostgreSQL keeps a large value beside its row, in pieces of which four fill a page. 200 rows of at most 79
 * bits fit into one such piece. Devnet-like rows have 75 bits.
 */
const USER_SEGMENT_ROWS = 200;

/** The limits of one statement. Commits for these people wait for it: some 1.5 ms for each segment, 0.1 ms for a person without one. */
const [PEOPLE_AT_ONCE, SEGMENTS_AT_ONCE] = [32, 8];

const values = parameters<{ readonly beforeNs: bigint; readonly nowNs: bigint }>();

const PACK = preparedTemplate(
  values,
  { people: sql`p.looked`.mapWith(Number), rows: sql`p.packed`.mapWith(Number) },
  (columns) => sql`SELECT ${columns} FROM pack_rows(${values("beforeNs")}::bigint, ${values("nowNs")}::bigint,
    ${literal(PEOPLE_AT_ONCE)}, ${literal(SEGMENTS_AT_ONCE)}, ${literal(USER_SEGMENT_ROWS)}, ${literal(USER_SEGMENT_FORMAT)}) p`,
  UNNAMED,
);

/** `PackStore.packRows`. */
export async function packRows(statements: Statements, beforeNs: ConsensusNs, nowNs: ConsensusNs): Promise<RowsPacked> {
  const [packed] = await statements.run("pack", PACK({ beforeNs, nowNs }));
  return packed ?? { people: 0, rows: 0 };
}

/** Names a user segment: the number of its person, and its first position. */
export interface SegmentKey {
  readonly userNo: number;
  readonly firstN: number;
}

/** The segments of one statement. Packing, repairs and commits for these people wait for it: some 4 ms for each segment. */
const UNPACKED_AT_ONCE = 50;

/** Moves the rows of these segments back into the table, some segments in each statement. Skips segments that no longer exist. */
export async function unpackRows(statements: Statements, segments: readonly SegmentKey[]): Promise<void> {
  for (let from = 0; from < segments.length; from += UNPACKED_AT_ONCE) {
    const some = segments.slice(from, from + UNPACKED_AT_ONCE);
    const given = unnested("x", [
      columnOf(userSegments.userNo, some, ({ userNo }) => userNo),
      columnOf(userSegments.firstN, some, ({ firstN }) => firstN),
    ]);
    const statement = template(
      { segments: sql`count(*)`.mapWith(Number) },
      (columns) => sql`SELECT ${columns}, unpack_rows(array_agg(x.user_no), array_agg(x.first_n)) FROM ${given}`,
    );
    await statements.run("pack", statement);
  }
}
