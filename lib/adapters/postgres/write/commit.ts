/** `SyncStore.commit`: the batch behind a compare-and-swap of the topic's cursor. */

import type { Position } from "../../../core/ledger/ids";
import type { Batch, LogEntry, UserRow } from "../../../core/signals/batch";
import { epochOf, POSITIONS_PER_EPOCH } from "../../../core/signals/position";
import type { CommitOutcome, TopicCounts } from "../../../ports/store/sync-store";
import { gapState } from "../codec/codes";
import { isUniqueViolation, type Row, refusal } from "../drivers/database";
import type { Statements } from "../drivers/statements";
import { Params } from "./params";
import { writeStatement } from "./write-statement";

/** Writes the batch if the topic still stands at `batch.expectedCursor` and is not paused. */
export async function commitBatch(db: Statements, batch: Batch): Promise<CommitOutcome> {
  try {
    return await attempt(db, batch, false);
  } catch (error) {
    // Ledger times are unique, so no new message has the time of another row, and looking would cost every commit a tenth. Where
    // a mirror claims otherwise the statement fails as a whole, and the next one looks.
    if (!isUniqueViolation(error)) throw refusal(error);
  }
  try {
    return await attempt(db, batch, true);
  } catch (error) {
    throw refusal(error);
  }
}

async function attempt(db: Statements, batch: Batch, mayExist: boolean): Promise<CommitOutcome> {
  const params = new Params();
  const gate = [swap(batch, params, isOfEpoch(db, params)), ...declaredGap(batch, params)].join(",\n");
  const { sql, users } = writeStatement(batch, params, { gate, mayExist });
  const [row] = await db.run("commit", sql, params.values);
  const committed = outcome(batch.rows, users, row as Row);
  // The statement's snapshot is of before its own change.
  const advanced = batch.nextCursor - batch.expectedCursor + batch.entries.length;
  if (committed.kind === "committed") db.stamp.learn(Number(row?.stamp) + advanced);
  return committed;
}

/** Shuts the gate of a batch that was made of another epoch than the store has: its cursor may look right by chance. */
export function isOfEpoch(db: Statements, params: Params): string {
  return db.stamp.highest === 0
    ? "true"
    : `(SELECT epoch FROM meta) = ${params.add(epochOf(db.stamp.highest), "integer")}`;
}

/** What entries add to their topic's counters. */
export function countsOf(entries: readonly LogEntry[]): TopicCounts {
  const verified = entries.filter((entry) => entry.verification === "verified").length;
  const failed = entries.filter((entry) => entry.verification === "failed").length;
  return {
    messages: entries.length,
    verified,
    failed,
    unverifiable: entries.length - verified - failed,
    undecodable: entries.filter((entry) => entry.disposition === "undecodable").length,
    untrusted: entries.filter((entry) => entry.disposition === "untrusted").length,
  };
}

function swap(batch: Batch, params: Params, isOfEpoch: string): string {
  const counters = Object.entries(countsOf(batch.entries)).map(
    ([name, count]) => `${name} = t.${name} + ${params.add(count, "bigint")}`,
  );
  return `gate AS (
  UPDATE topics t SET cursor = ${params.add(batch.nextCursor, "bigint")}, head_hash = ${params.add(batch.headHash, "bytea")},
    head_ns = ${params.add(batch.headNs, "bigint")},
    synced_through_ns = greatest(t.synced_through_ns, ${params.add(batch.syncedThroughNs, "bigint")}), ${counters.join(", ")}
  WHERE t.topic_id = ${params.add(batch.topicId, "text")} AND t.cursor = ${params.add(batch.expectedCursor, "bigint")} AND NOT t.paused
    AND ${isOfEpoch}
  RETURNING t.topic_no)`;
}

/** The hole that the cursor passes. A suspicion of it becomes the declaration, and keeps the time it was first seen. */
function declaredGap({ gap }: Batch, params: Params): string[] {
  if (gap === null) return [];
  const from = params.add(gap.from, "bigint");
  const to = params.add(gap.to, "bigint");
  const suspected = gapState.code("suspected");
  const declared = gapState.code("declared");
  return [
    `declared AS (
  INSERT INTO topic_gaps AS g (topic_no, from_seq, to_seq, state, first_seen_ms)
  SELECT gate.topic_no, ${from}, ${to}, ${declared}, coalesce((SELECT min(s.first_seen_ms) FROM topic_gaps s
    WHERE s.topic_no = gate.topic_no AND s.state = ${suspected}), extract(epoch FROM now())::bigint * 1000)
  FROM gate
  ON CONFLICT (topic_no, from_seq) DO UPDATE SET to_seq = excluded.to_seq, state = excluded.state)`,
    `settled AS (
  DELETE FROM topic_gaps g USING gate WHERE g.topic_no = gate.topic_no AND g.state = ${suspected} AND g.from_seq <> ${from})`,
  ];
}

/** The answer of a write statement as positions. Rows that were there already are not in it. */
export function outcome(rows: readonly UserRow[], users: readonly string[], answer: Row): CommitOutcome {
  if (answer.topic_no === null) return { kind: "conflict" };
  const heads = list(answer.heads);
  const kept = answer.kept === null ? null : new Set(list(answer.kept));
  const isAdded = (_: UserRow, i: number) => kept === null || kept.has(i + 1);
  const added = rows.filter(isAdded);
  const next = new Map<string, number>(users.map((userId, i) => [userId, heads[i] as number]));
  for (const { userId } of added) next.set(userId, (next.get(userId) as number) - 1);
  const before = Number(answer.epoch) * POSITIONS_PER_EPOCH;
  return {
    kind: "committed",
    rows: added.map(({ userId, consensusNs }) => {
      const n = (next.get(userId) as number) + 1;
      next.set(userId, n);
      return { userId, consensusNs, position: (before + n) as Position };
    }),
  };
}

const list = (text: unknown): number[] => (typeof text === "string" && text !== "" ? text.split(",").map(Number) : []);
