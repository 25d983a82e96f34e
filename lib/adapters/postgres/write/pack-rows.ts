/**
 * Packing the rows of people. Functions of the database do it (migration 0013), so that rows need not travel, and
 * readers' statements see rows and packed rows in one snapshot.
 */
import { sql } from "drizzle-orm";
import type { ConsensusNs } from "../../../core/ledger/consensus-time";
import type { RowsPacked } from "../../../ports/store/sync/pack-store";
import { USER_SEGMENT_FORMAT } from "../codec/format";
import type { Statements } from "../drivers/statements";
import { literal } from "../sql/expressions";
import { given, prepared, UNNAMED } from "../sql/template";

/**
 * A segment holds this many rows. With records of at most 79 bits they fill two pieces of a value that PostgreSQL keeps beside its row,
 * four of which fill a page. Devnet-like rows have 76 bits.
 */
const USER_SEGMENT_ROWS = 400;

/** Commits of the people who are looked at wait meanwhile: some 3 ms for a segment, and 0.1 ms for a person without one. */
const [PEOPLE_AT_ONCE, SEGMENTS_AT_ONCE] = [32, 4];

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
