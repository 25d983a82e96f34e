/**
 * `BatchStore.backfill` and `BatchStore.restore`: write messages behind the cursor. The statement compares and swaps what the batch
 * repairs: the declared gaps in which its new messages lie, and the failed and unproven entries that it replaces. So a batch takes
 * effect once. It may also contain stored entries whose meaning changes: a chunk whose message is complete now, or the next message,
 * which can be verified now.
 */
import { type SQL, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import { topicGaps, topicLog, topics } from "../../../../drizzle/schema";
import { MAX_SEQUENCE } from "../../../core/ledger/ids";
import type { Batch } from "../../../core/signals/batch";
import { subtract } from "../../../core/sync/intervals";
import type { CommitOutcome } from "../../../ports/store/sync/batch-store";
import { disposition, gapState, verification } from "../codec/codes";
import { refOf } from "../codec/ref";
import { asBatchRefused } from "../drivers/errors";
import type { Statements } from "../drivers/statements";
import { literal, names, takeExcluded } from "../sql/expressions";
import { template } from "../sql/template";
import { columnOf, unnested } from "../sql/unnested";
import { isOfEpoch } from "./commit";
import { commitOutcome, countsOf } from "./outcome";
import { changedFrom, isOfVersion, type Prepared, withoutPacked } from "./pack";
import { IS_UNPACKED, unpackOutdated } from "./rows-part";
import { writeStatement } from "./write-statement";

interface Piece {
  readonly from: number;
  readonly to: number;
  readonly state: "declared" | "filled";
  readonly firstSeenMs: number;
}

/** The part of the store that the batch would mend, as it was when it was read. */
interface Plan {
  readonly gaps: readonly { readonly from: number; readonly to: number }[];
  readonly pieces: readonly Piece[];
  /** Sequences of stored entries that the batch replaces, and how many of those had failed or were unproven. */
  readonly stored: readonly number[];
  readonly open: number;
  /** How many new entries the counters already count as verified, because a segment that cannot be read holds them. */
  readonly lost: number;
  /** Those that were dropped (./drop-old.ts). They do not come back, and neither do their rows. */
  readonly dropped: ReadonlySet<number>;
}

/** `mend`: writes only what lies in a declared gap, had failed or was unproven. `restore`: whatever is missing or stored differently. */
export type BackfillMode = "mend" | "restore";

/** The first try may find rows that must be unpacked. Each further one means that another instance changed the topic meanwhile. */
const MOST_TRIES = 4;

/** Writes the batch if what it mends is still to be mended. Reads first, then swaps in one statement. */
export async function backfillBatch(statements: Statements, whole: Batch, mode: BackfillMode): Promise<CommitOutcome> {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const prepared = await withoutPacked(statements, whole);
    const plan = prepared && (await look(statements, prepared, mode));
    if (prepared === null || plan === null) break;
    const batch = without(plan.dropped, prepared.batch);
    const gate = gateOf({ ...prepared, batch }, plan, isOfEpoch(statements));
    const { statement, users } = writeStatement(batch, { gate, mayExist: true });
    try {
      const [answer] = await statements.run("backfill", statement);
      const written = commitOutcome(batch.rows, users, answer);
      if (written.kind === "committed") return written;
      await unpackOutdated(statements, batch);
    } catch (error) {
      throw asBatchRefused(error);
    }
  }
  return { kind: "conflict" };
}

const without = (dropped: ReadonlySet<number>, batch: Batch): Batch => ({
  ...batch,
  entries: batch.entries.filter(({ sequence }) => !dropped.has(sequence)),
  rows: batch.rows.filter(({ sequence }) => !dropped.has(sequence)),
});

const t = alias(topics, "t");
const g = alias(topicGaps, "g");
const l = alias(topicLog, "l");
const DECLARED = literal(gapState.code("declared"));
const OPEN = ["failed", "unproven"] as const;
const OPEN_CODES = sql.join(
  OPEN.map((name) => literal(disposition.code(name))),
  sql`, `,
);

interface Stored {
  readonly gaps: readonly { readonly from: number; readonly to: number; readonly ms: number }[] | null;
  readonly entries: readonly { readonly seq: number; readonly disposition: number }[] | null;
}

async function look(statements: Statements, { batch, lost }: Prepared, mode: BackfillMode): Promise<Plan | null> {
  const sequences = batch.entries.map((entry) => entry.sequence as number);
  const [row] = await statements.run("backfill", storedOf(batch, sequences));
  if (row === undefined) return null;
  const [gaps, stored] = [row.gaps ?? [], row.entries ?? []];
  const known = new Set(stored.map((entry) => entry.seq));
  const open = stored.filter((entry) => OPEN.some((name) => disposition.name(entry.disposition) === name)).length;
  const dropped = new Set(
    sequences.filter(
      (sequence) => sequence <= row.droppedThrough && !known.has(sequence) && !gaps.some((gap) => isIn(gap, sequence)),
    ),
  );
  const added = sequences.filter((sequence) => !known.has(sequence) && !dropped.has(sequence));
  const touched = gaps.filter((gap) => added.some((sequence) => isIn(gap, sequence)));
  const isExplained = added.every((sequence) => touched.some((gap) => isIn(gap, sequence)));
  if (mode === "mend" && (!isExplained || added.length + open === 0)) return null;
  return {
    ...{
      gaps: touched,
      stored: [...known],
      open,
      dropped,
      lost: added.filter((sequence) => lost.has(sequence)).length,
    },
    pieces: touched.flatMap((gap) => split(gap, added)),
  };
}

/** The declared gaps of the batch's topic, and which of these sequences are stored. */
function storedOf({ topicId }: Batch, sequences: readonly number[]) {
  const ref = refOf(t.topicNo, sql`s.seq`);
  return template(
    {
      droppedThrough: t.droppedThrough,
      gaps: sql<
        Stored["gaps"]
      >`(SELECT json_agg(json_build_object('from', ${g.fromSeq}, 'to', ${g.toSeq}, 'ms', ${g.firstSeenMs}) ORDER BY ${g.fromSeq})
      FROM ${topicGaps} ${g} WHERE ${g.topicNo} = ${t.topicNo} AND ${g.state} = ${DECLARED})`,
      entries: sql<Stored["entries"]>`(SELECT json_agg(json_build_object('seq', s.seq, 'disposition', ${l.disposition}))
      FROM ${unnested("s", [columnOf(g.fromSeq, sequences, (sequence) => sequence, "seq")])} JOIN ${topicLog} ${l} ON ${l.ref} = ${ref})`,
    },
    (answer) => sql`SELECT ${answer} FROM ${topics} ${t} WHERE ${t.topicId} = ${topicId}`,
  );
}

const isIn = (gap: { from: number; to: number }, sequence: number) => sequence >= gap.from && sequence <= gap.to;

/** Splits a gap into the sequences that were found and those that are still missing. The first piece starts where the gap did. */
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

function gateOf({ batch, logVersion }: Prepared, { gaps, pieces, stored, open, lost }: Plan, isOfEpoch: SQL): SQL {
  const declared = [columnOf(g.fromSeq, gaps, ({ from }) => from), columnOf(g.toSeq, gaps, ({ to }) => to)];
  const parts = [
    columnOf(g.fromSeq, pieces, ({ from }) => from),
    columnOf(g.toSeq, pieces, ({ to }) => to),
    columnOf(g.state, pieces, ({ state }) => gapState.code(state)),
    columnOf(g.firstSeenMs, pieces, ({ firstSeenMs }) => firstSeenMs),
  ];
  const content = names(g.fromSeq, g.toSeq, g.state, g.firstSeenMs);
  return sql`topic AS (
  SELECT ${t.topicNo} FROM ${topics} ${t} WHERE ${t.topicId} = ${batch.topicId} AND NOT ${t.paused} AND ${isOfVersion(logVersion)} AND ${isOfEpoch} FOR UPDATE),
open_gaps AS (
  SELECT ${g.fromSeq} FROM topic JOIN ${topicGaps} ${g} ON ${g.topicNo} = topic.topic_no
    JOIN ${unnested("x", declared)} ON ${g.fromSeq} = x.from_seq AND ${g.toSeq} = x.to_seq
  WHERE ${g.state} = ${DECLARED} FOR UPDATE OF ${g}),
old AS (
  SELECT ${l.verification}, ${l.disposition} FROM topic JOIN ${topicLog} ${l} ON true
    JOIN ${unnested("x", [columnOf(g.fromSeq, stored, (sequence) => sequence, "seq")])} ON ${l.ref} = ${refOf(sql`topic.topic_no`, sql`x.seq`)}
  FOR UPDATE OF ${l}),
gate AS MATERIALIZED (
  SELECT topic_no FROM topic
  WHERE ${IS_UNPACKED} AND (SELECT count(*) FROM open_gaps) = ${gaps.length}::bigint
    AND (SELECT count(*) FROM old) = ${stored.length}::bigint
    AND (SELECT count(*) FROM old WHERE disposition IN (${OPEN_CODES})) = ${open}::bigint),
${WAS},
counted AS (
  UPDATE ${topics} ${t} SET ${counters(batch, lost)}, ${head(batch)}, ${changedByBatch(batch)} FROM gate, was WHERE ${t.topicNo} = gate.topic_no),
pieces AS (
  INSERT INTO ${topicGaps} AS ${g} (${names(g.topicNo)}, ${content})
  SELECT gate.topic_no, ${content} FROM gate, ${unnested("x", parts)}
  ON CONFLICT (${names(g.topicNo, g.fromSeq)}) DO UPDATE SET ${takeExcluded(g.toSeq, g.state)})`;
}

/** `SET` of the topic: packing looks at the entries of the batch again. */
export const changedByBatch = ({ entries }: Batch): SQL =>
  changedFrom(sql`${entries[0]?.sequence ?? MAX_SEQUENCE}::bigint`);

/** The chain goes on from the hash of the message at the cursor. If that message is replaced, so is the topic's hash. */
function head(batch: Batch): SQL {
  const last = batch.entries.at(-1);
  const [hash, sequence] = [last?.runningHash ?? null, last?.sequence ?? -1];
  return sql`${names(t.headHash)} = CASE WHEN ${t.cursor} = ${sequence}::bigint THEN ${hash}::bytea ELSE ${t.headHash} END`;
}

const COUNTED = {
  messages: sql`true`,
  verified: sql`verification = ${literal(verification.code("verified"))}`,
  unverifiable: sql`verification = ${literal(verification.code("unverifiable"))}`,
  failed: sql`verification = ${literal(verification.code("failed"))}`,
  undecodable: sql`disposition = ${literal(disposition.code("undecodable"))}`,
  untrusted: sql`disposition = ${literal(disposition.code("untrusted"))}`,
  unproven: sql`disposition = ${literal(disposition.code("unproven"))}`,
};
type Counted = keyof typeof COUNTED;

/** The counts of the entries `old` that a batch replaces, as one row. */
export const WAS = sql`was AS MATERIALIZED (SELECT ${sql.join(
  Object.entries(COUNTED).map(
    ([name, condition]) => sql`count(*) FILTER (WHERE ${condition}) AS ${sql.identifier(name)}`,
  ),
  sql`, `,
)} FROM old)`;

/**
 * Adds the counts of the batch, less those of the entries that it replaces: the rows of `was`, which the statement joins, and `lost`
 * verified ones.
 */
export function counters(batch: Batch, lost = 0): SQL {
  const counts = countsOf(batch.entries);
  const added = Object.entries({
    ...counts,
    messages: counts.messages - lost,
    verified: counts.verified - lost,
  }) as [Counted, number][];
  return sql.join(
    added.map(([name, count]) => sql`${names(t[name])} = ${t[name]} + ${count}::bigint - was.${sql.identifier(name)}`),
    sql`, `,
  );
}
