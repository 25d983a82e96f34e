/** `SyncStore.recordHole`: remembers a hole, so that its grace time is shared by all instances. */
import { sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import { topicGaps } from "../../../../drizzle/schema";
import type { TopicId } from "../../../core/ledger/ids";
import type { Gap } from "../../../ports/store/sync/gap-store";
import { gapState } from "../codec/codes";
import { gapOf } from "../codec/rows";
import type { Statements } from "../drivers/statements";
import { excluded, literal, names } from "../sql/expressions";
import { topicNoOf } from "../sql/references";
import { template } from "../sql/template";

const HOLE = literal(gapState.code("hole"));

/** Records a hole. It replaces the records that it overlaps and keeps their earliest time, so the rest of a hole does not get younger. */
export async function recordHole(
  statements: Statements,
  topicId: TopicId,
  from: number,
  to: number,
  nowMs: number,
): Promise<Gap> {
  const g = alias(topicGaps, "g");
  const { topicNo: _, ...columns } = g;
  const { fromSeq, toSeq, firstSeenMs, state } = columns;
  const [topicNo, first, last] = [topicNoOf(topicId), sql`${from}::bigint`, sql`${to}::bigint`];
  const [row] = await statements.run(
    "hole",
    template(
      { fromSeq, toSeq, firstSeenMs, state },
      (answer) => sql`WITH met AS (
  SELECT ${fromSeq}, ${firstSeenMs} FROM ${topicGaps} ${g}
  WHERE ${g.topicNo} = ${topicNo} AND ${state} = ${HOLE} AND ${fromSeq} <= ${last} AND ${toSeq} >= ${first} FOR UPDATE),
replaced AS (
  DELETE FROM ${topicGaps} ${g} USING met WHERE ${g.topicNo} = ${topicNo} AND ${fromSeq} = met.from_seq AND ${fromSeq} <> ${first})
INSERT INTO ${topicGaps} AS ${g} (${names(g.topicNo, fromSeq, toSeq, state, firstSeenMs)})
SELECT ${topicNo}, ${first}, ${last}, ${HOLE}, least(${nowMs}::bigint, (SELECT min(first_seen_ms) FROM met))
ON CONFLICT (${names(g.topicNo, fromSeq)}) DO UPDATE SET
  ${names(toSeq)} = CASE ${state} WHEN ${HOLE} THEN ${excluded(toSeq)} ELSE ${toSeq} END,
  ${names(firstSeenMs)} = least(${firstSeenMs}, ${excluded(firstSeenMs)})
RETURNING ${answer}`,
    ),
  );
  return gapOf(topicId, row as NonNullable<typeof row>);
}
