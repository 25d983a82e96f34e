/** `SyncStore.commit`: the batch behind a compare-and-swap of the topic's cursor. */
import { type SQL, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import { meta, topicGaps, topics } from "../../../../drizzle/schema";
import type { CursorAdvance, NextBatch } from "../../../core/signals/batch";
import { DECODER_VERSION } from "../../../core/signals/envelope";
import { epochOf } from "../../../core/signals/position";
import type { CommitOutcome } from "../../../ports/store/sync/batch-store";
import type { TopicCounts } from "../../../ports/store/sync/topic-store";
import { gapState } from "../codec/codes";
import { asBatchRefused, isUniqueViolation } from "../drivers/errors";
import type { Statements } from "../drivers/statements";
import { literal, names, takeExcluded } from "../sql/expressions";
import { commitOutcome, countsOf, numbersIn } from "./outcome";
import { IS_UNPACKED, writeUnpacked } from "./rows-part";
import { writeStatement } from "./write-statement";

/** Writes the batch if the topic still stands where the batch begins, and is not paused. */
export async function commitBatch(statements: Statements, batch: NextBatch): Promise<CommitOutcome> {
  try {
    return await attempt(statements, batch, false);
  } catch (error) {
    // Ledger times are unique and rise. So a new row never has the time of another row, nor one before the user's packed rows, and the
    // first statement does not look: that would make every commit a tenth slower. If a mirror claims such a time, the statement fails
    // as a whole, and the second one looks.
    if (!isUniqueViolation(error)) throw asBatchRefused(error);
  }
  try {
    return await writeUnpacked(statements, batch, () => attempt(statements, batch, true));
  } catch (error) {
    throw asBatchRefused(error);
  }
}

async function attempt(statements: Statements, batch: NextBatch, mayExist: boolean): Promise<CommitOutcome> {
  const { from, to, gap } = batch.advance;
  const isReady = mayExist ? sql`${isOfEpoch(statements)} AND ${IS_UNPACKED}` : isOfEpoch(statements);
  const gate = sql.join([swap(batch, isReady), ...declaredGap(gap)], sql`,\n`);
  const isUsual = !mayExist && gap === null && from > 0;
  const { statement, users } = writeStatement(batch, { gate, mayExist, isUsual });
  const [answer] = await statements.run("commit", statement);
  const committed = commitOutcome(batch.rows, users, answer);
  // The statement's snapshot is from before its own change.
  const advanced = to.sequence - from + batch.entries.length;
  if (committed.kind === "committed") {
    statements.stamp.learn((answer?.stamp ?? 0) + advanced);
    statements.numbers.learn(users, numbersIn(answer?.userNumbers ?? null));
  }
  return committed;
}

/** A condition of the gate: the batch was made in the store's epoch. In another epoch its cursor may look right by chance. */
export function isOfEpoch({ stamp }: Statements): SQL {
  return stamp.highest === 0
    ? sql`true`
    : sql`(SELECT ${meta.epoch} FROM ${meta}) = ${epochOf(stamp.highest)}::integer`;
}

const { topicId, cursor, headHash, headNs, paused, topicNo } = topics;

/**
 * Takes the topic's row if the cursor is where the batch begins. Of two instances the second waits for the first one's row lock; then
 * PostgreSQL reads the row again (READ COMMITTED), finds another cursor, and the second statement writes nothing.
 */
function swap(batch: NextBatch, isReady: SQL): SQL {
  const { from, to } = batch.advance;
  const counters = Object.entries(countsOf(batch.entries)).map(([name, count]) => {
    const counter = topics[name as keyof TopicCounts];
    return sql`${names(counter)} = ${counter} + ${count}::bigint`;
  });
  return sql`gate AS (
  UPDATE ${topics} SET ${names(cursor)} = ${to.sequence}::bigint, ${names(headHash)} = ${to.hash}::bytea,
    ${names(headNs)} = ${to.consensusNs}::bigint,
    ${sql.join(counters, sql`, `)}, ${interpretedThrough(from, to.sequence)}
  WHERE ${topicId} = ${batch.topicId} AND ${cursor} = ${from}::bigint AND NOT ${paused} AND ${isReady}
  RETURNING ${topicNo})`;
}

/** Moves `interpreted` on, unless an earlier version has committed messages that must be read again first. */
function interpretedThrough(from: number, to: number): SQL {
  const { interpreted, decoderVersion } = topics;
  const version = literal(DECODER_VERSION);
  if (from === 0) return sql`${names(interpreted)} = ${to}::bigint, ${names(decoderVersion)} = ${version}`;
  return sql`${names(interpreted)} = CASE WHEN ${decoderVersion} = ${version} AND ${interpreted} = ${cursor}
      THEN ${to}::bigint ELSE ${interpreted} END`;
}

const g = alias(topicGaps, "g");
const s = alias(topicGaps, "s");
const HOLE = literal(gapState.code("hole"));
const DECLARED = literal(gapState.code("declared"));

/** Declares the hole that the cursor passes a gap. A recorded hole becomes that gap and keeps the time when it was first seen. */
function declaredGap(gap: CursorAdvance["gap"]): readonly SQL[] {
  if (gap === null) return [];
  const from = sql`${gap.from}::bigint`;
  return [
    sql`declared AS (
  INSERT INTO ${topicGaps} AS ${g} (${names(g.topicNo, g.fromSeq, g.toSeq, g.state, g.firstSeenMs)})
  SELECT gate.topic_no, ${from}, ${gap.to}::bigint, ${DECLARED}, coalesce((SELECT min(${s.firstSeenMs}) FROM ${topicGaps} ${s}
    WHERE ${s.topicNo} = gate.topic_no AND ${s.state} = ${HOLE}), extract(epoch FROM now())::bigint * 1000)
  FROM gate
  ON CONFLICT (${names(g.topicNo, g.fromSeq)}) DO UPDATE SET ${takeExcluded(g.toSeq, g.state)})`,
    sql`settled AS (
  DELETE FROM ${topicGaps} ${g} USING gate
  WHERE ${g.topicNo} = gate.topic_no AND ${g.state} = ${HOLE} AND ${g.fromSeq} <> ${from})`,
  ];
}
