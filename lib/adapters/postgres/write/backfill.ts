/**
 * `SyncStore.backfill` and `SyncStore.restore`: messages behind the cursor. A batch takes effect once because it swaps on what it mends: the declared
 * gaps that its new messages lie in, and the failed entries that it replaces. Other stored entries (a chunk that is whole now,
 * the neighbour that can be verified now) come along.
 */
import type { Batch } from "../../../core/signals/batch";
import { subtract } from "../../../core/sync/intervals";
import type { CommitOutcome } from "../../../ports/store/sync-store";
import { disposition, gapState, verification } from "../codec/codes";
import { REF_SHIFT } from "../codec/ref";
import { type Row, refusal } from "../drivers/database";
import type { Statements } from "../drivers/statements";
import { countsOf, isOfEpoch, outcome } from "./commit";
import { numbers, Params } from "./params";
import { writeStatement } from "./write-statement";

interface Piece {
  readonly from: number;
  readonly to: number;
  readonly state: "declared" | "filled";
  readonly firstSeenMs: number;
}

/** What the batch would mend, as it stood when it was looked at. */
interface Plan {
  readonly gaps: readonly { readonly from: number; readonly to: number }[];
  readonly pieces: readonly Piece[];
  /** Sequences of stored entries that the batch replaces, and of those how many had failed. */
  readonly stored: readonly number[];
  readonly failed: number;
}

/** `mend`: only what lies in a declared gap or had failed. `restore`: whatever is missing or stored otherwise. */
export type BackfillMode = "mend" | "restore";

/** Writes the batch if what it mends is still to be mended. Reads first, then swaps in one statement. */
export async function backfillBatch(db: Statements, batch: Batch, mode: BackfillMode): Promise<CommitOutcome> {
  const plan = await look(db, batch, mode);
  if (plan === null) return { kind: "conflict" };
  const params = new Params();
  const { sql, users } = writeStatement(batch, params, {
    gate: gate(batch, plan, params, isOfEpoch(db, params)),
    mayExist: true,
  });
  try {
    const [row] = await db.run("backfill", sql, params.values);
    return outcome(batch.rows, users, row as Row);
  } catch (error) {
    throw refusal(error);
  }
}

async function look(db: Statements, batch: Batch, mode: BackfillMode): Promise<Plan | null> {
  const sequences = batch.entries.map((entry) => entry.sequence as number);
  const [row] = await db.run(
    "backfill",
    `SELECT (SELECT json_agg(json_build_object('from', g.from_seq, 'to', g.to_seq, 'ms', g.first_seen_ms) ORDER BY g.from_seq)
      FROM topic_gaps g WHERE g.topic_no = t.topic_no AND g.state = $2::smallint)::text AS gaps,
    (SELECT json_agg(json_build_object('seq', l.ref - (t.topic_no::bigint << ${REF_SHIFT}), 'disposition', l.disposition))
      FROM unnest($3::bigint[]) AS s (seq) JOIN topic_log l ON l.ref = (t.topic_no::bigint << ${REF_SHIFT}) | s.seq)::text AS stored
    FROM topics t WHERE t.topic_id = $1::text`,
    [batch.topicId, gapState.code("declared"), numbers(sequences)],
  );
  if (row === undefined) return null;
  const gaps = parse<{ from: number; to: number; ms: number }>(row.gaps);
  const stored = parse<{ seq: number; disposition: number }>(row.stored);
  const known = new Set(stored.map((entry) => entry.seq));
  const failed = stored.filter((entry) => disposition.name(entry.disposition) === "failed").length;
  const added = sequences.filter((sequence) => !known.has(sequence));
  const touched = gaps.filter((gap) => added.some((sequence) => isIn(gap, sequence)));
  const isExplained = added.every((sequence) => touched.some((gap) => isIn(gap, sequence)));
  if (mode === "mend" && (!isExplained || added.length + failed === 0)) return null;
  return { gaps: touched, pieces: touched.flatMap((gap) => split(gap, added)), stored: [...known], failed };
}

const parse = <T>(json: unknown): T[] => (typeof json === "string" ? (JSON.parse(json) as T[]) : []);
const isIn = (gap: { from: number; to: number }, sequence: number) => sequence >= gap.from && sequence <= gap.to;

/** A gap in which messages were found, as what was found and what remains. The first piece starts where the gap did. */
function split(gap: { from: number; to: number; ms: number }, found: readonly number[]): Piece[] {
  const missing = subtract(
    gap,
    found.map((sequence) => ({ from: sequence, to: sequence })),
  );
  const filled = subtract(gap, missing);
  const piece = (state: Piece["state"]) => (interval: { from: number; to: number }) => ({
    from: interval.from,
    to: interval.to,
    state,
    firstSeenMs: gap.ms,
  });
  return [...missing.map(piece("declared")), ...filled.map(piece("filled"))];
}

function gate(batch: Batch, plan: Plan, params: Params, isOfEpoch: string): string {
  const declared = gapState.code("declared");
  const topic = params.add(batch.topicId, "text");
  const gapFrom = params.add(numbers(plan.gaps.map((gap) => gap.from)), "bigint[]");
  const gapTo = params.add(numbers(plan.gaps.map((gap) => gap.to)), "bigint[]");
  const stored = params.add(numbers(plan.stored), "bigint[]");
  const pieces = [
    params.add(numbers(plan.pieces.map((piece) => piece.from)), "bigint[]"),
    params.add(numbers(plan.pieces.map((piece) => piece.to)), "bigint[]"),
    params.add(numbers(plan.pieces.map((piece) => gapState.code(piece.state))), "smallint[]"),
    params.add(numbers(plan.pieces.map((piece) => piece.firstSeenMs)), "bigint[]"),
  ];
  return `topic AS (SELECT t.topic_no FROM topics t WHERE t.topic_id = ${topic} AND NOT t.paused AND ${isOfEpoch} FOR UPDATE),
open_gaps AS (
  SELECT g.from_seq FROM topic JOIN topic_gaps g ON g.topic_no = topic.topic_no
    JOIN unnest(${gapFrom}, ${gapTo}) AS x (from_seq, to_seq) ON g.from_seq = x.from_seq AND g.to_seq = x.to_seq
  WHERE g.state = ${declared} FOR UPDATE OF g),
old AS (
  SELECT l.verification, l.disposition FROM topic JOIN topic_log l ON true
    JOIN unnest(${stored}) AS x (seq) ON l.ref = (topic.topic_no::bigint << ${REF_SHIFT}) | x.seq
  FOR UPDATE OF l),
gate AS MATERIALIZED (
  SELECT topic_no FROM topic
  WHERE (SELECT count(*) FROM open_gaps) = ${params.add(plan.gaps.length, "bigint")}
    AND (SELECT count(*) FROM old) = ${params.add(plan.stored.length, "bigint")}
    AND (SELECT count(*) FROM old WHERE disposition = ${disposition.code("failed")}) = ${params.add(plan.failed, "bigint")}),
counted AS (
  UPDATE topics t SET ${counters(batch, params)}, ${head(batch, params)} FROM gate WHERE t.topic_no = gate.topic_no),
pieces AS (
  INSERT INTO topic_gaps AS g (topic_no, from_seq, to_seq, state, first_seen_ms)
  SELECT gate.topic_no, x.from_seq, x.to_seq, x.state, x.first_seen_ms
  FROM gate, unnest(${pieces.join(", ")}) AS x (from_seq, to_seq, state, first_seen_ms)
  ON CONFLICT (topic_no, from_seq) DO UPDATE SET to_seq = excluded.to_seq, state = excluded.state)`;
}

/** The chain goes on from the hash of the message at the cursor: where that is replaced, so is the topic's. */
function head(batch: Batch, params: Params): string {
  const last = batch.entries.at(-1);
  const hash = params.add(last?.runningHash ?? null, "bytea");
  return `head_hash = CASE WHEN t.cursor = ${params.add(last?.sequence ?? -1, "bigint")} THEN ${hash} ELSE t.head_hash END`;
}

/** What the batch adds, less what the entries that it replaces had counted for. */
function counters(batch: Batch, params: Params): string {
  const of = (column: string, code: number) => `(SELECT count(*) FROM old WHERE ${column} = ${code})`;
  const old = {
    messages: "(SELECT count(*) FROM old)",
    verified: of("verification", verification.code("verified")),
    unverifiable: of("verification", verification.code("unverifiable")),
    failed: of("verification", verification.code("failed")),
    undecodable: of("disposition", disposition.code("undecodable")),
    untrusted: of("disposition", disposition.code("untrusted")),
  };
  const added = countsOf(batch.entries);
  return Object.entries(old)
    .map(
      ([name, before]) =>
        `${name} = t.${name} + ${params.add(added[name as keyof typeof added], "bigint")} - ${before}`,
    )
    .join(", ");
}
