/**
 * The writes of `RereadStore`. One statement writes the new meaning of a range, like a commit. Another statement before it removes
 * what is outdated, because one statement cannot change a row twice. If the process ends between the two, the range is read again.
 *
 * `topics.decoder_version` is negative after a fact was removed that an earlier message, of any topic, may state too. Then all topics
 * are read once more, and nothing further is removed.
 */
import { type SQL, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import {
  contactEdges,
  hcsMessages,
  profiles,
  recognitionDefinitions,
  topicLog,
  topics,
  userSegments,
} from "../../../../drizzle/schema";
import type { TopicId } from "../../../core/ledger/ids";
import type { Batch } from "../../../core/signals/batch";
import { DECODER_VERSION } from "../../../core/signals/envelope";
import { type EdgeTime, VALUE_OF } from "../../../core/signals/outdated";
import type { CommitOutcome } from "../../../ports/store/sync/batch-store";
import type { EdgeFound, Outdated, RereadStep } from "../../../ports/store/sync/reread-store";
import { refOf } from "../codec/ref";
import { asBatchRefused } from "../drivers/errors";
import type { Statements } from "../drivers/statements";
import { literal, names } from "../sql/expressions";
import { template } from "../sql/template";
import { columnOf, unnested } from "../sql/unnested";
import { changedByBatch, counters, WAS } from "./backfill";
import { isOfEpoch } from "./commit";
import { CONTENT, KNOWN_CLAIMS, winningClaim } from "./definitions-part";
import { commitOutcome } from "./outcome";
import { isOfVersion, withoutPacked } from "./pack";
import { unpackRows } from "./pack-rows";
import { IS_UNPACKED, segmentsIn, writeUnpacked } from "./rows-part";
import { NEXT_EPOCH, runAndLearnStamp } from "./start-over";
import { writeStatement } from "./write-statement";

const t = alias(topics, "t");
const l = alias(topicLog, "l");
const e = alias(contactEdges, "e");
const d = alias(recognitionDefinitions, "d");
const u = alias(userSegments, "u");

const VERSION = literal(DECODER_VERSION);
const { interpreted, decoderVersion, isRenumbered } = t;

/** Topic `t` is read through exactly `from`, is not paused, and is neither dropped nor folded again. */
const isAt = ({ topicId, from }: RereadStep): SQL => sql`${t.topicId} = ${topicId} AND NOT ${t.paused}
    AND ${t.projected} IS NULL AND abs(${decoderVersion}) <= ${VERSION}
    AND CASE WHEN abs(${decoderVersion}) = ${VERSION} THEN ${interpreted} ELSE 0 END = ${from}::bigint`;

/** `RereadStore.reread`. */
export async function rereadRange(
  statements: Statements,
  step: RereadStep & { readonly through: number },
  whole: Batch,
): Promise<CommitOutcome> {
  const prepared = await withoutPacked(statements, whole);
  if (prepared === null) return { kind: "conflict" };
  const { batch, logVersion } = prepared;
  const sequences = batch.entries.map(({ sequence }) => sequence as number);
  const gate = sql`topic AS (
  SELECT ${t.topicNo} FROM ${topics} ${t} WHERE ${isAt(step)} AND ${isOfVersion(logVersion)} AND ${isOfEpoch(statements)} FOR UPDATE),
old AS (
  SELECT ${l.verification}, ${l.disposition} FROM topic JOIN ${topicLog} ${l} ON true
    JOIN ${unnested("x", [columnOf(l.ref, sequences, (sequence) => sequence, "seq")])} ON ${l.ref} = ${refOf(sql`topic.topic_no`, sql`x.seq`)}
  FOR UPDATE OF ${l}),
gate AS MATERIALIZED (
  SELECT topic_no FROM topic WHERE ${IS_UNPACKED} AND (SELECT count(*) FROM old) = ${sequences.length}::bigint),
${WAS},
counted AS (
  UPDATE ${topics} ${t} SET ${counters(batch)}, ${changedByBatch(batch)}, ${names(interpreted)} = ${step.through}::bigint,
    ${names(decoderVersion)} = CASE WHEN ${decoderVersion} = -${VERSION} THEN ${decoderVersion} ELSE ${VERSION} END
  FROM gate, was WHERE ${t.topicNo} = gate.topic_no)`;
  const { statement, users } = writeStatement(batch, { gate, mayExist: true });
  const write = async () => commitOutcome(batch.rows, users, (await statements.run("start-over", statement))[0]);
  try {
    return await writeUnpacked(statements, batch, write);
  } catch (error) {
    throw asBatchRefused(error);
  }
}

const arrayOf = (values: readonly (number | bigint)[], type: string): SQL =>
  sql.raw(`ARRAY[${values.map(String).join(",")}]::${type}[]`);

/** A text as SQL. A block takes no parameters, so people's texts are written into it as hexadecimal digits: no text can end it. */
const textOf = (text: string): SQL =>
  sql.raw(`convert_from(decode('${Buffer.from(text).toString("hex")}', 'hex'), 'UTF8')`);

function rowsGo(rows: Outdated["rows"]): SQL | undefined {
  if (rows.length === 0) return undefined;
  const people = rows.map(({ userNo }) => userNo);
  const times = rows.map(({ rowNs }) => rowNs);
  return sql`PERFORM drop_rows(${arrayOf(people, "integer")}, ${arrayOf(times, "bigint")});
  IF NOT renumbered THEN ${NEXT_EPOCH}; END IF;
  UPDATE ${topics} SET ${names(isRenumbered)} = true WHERE ${topics.topicNo} = topic;`;
}

const pairsOf = (edges: readonly EdgeFound[]) =>
  sql`unnest(${arrayOf(
    edges.map(({ userNo }) => userNo),
    "integer",
  )}, ${arrayOf(
    edges.map(({ peerNo }) => peerNo),
    "integer",
  )}) AS x (user_no, peer_no) WHERE ${e.userNo} = x.user_no AND ${e.peerNo} = x.peer_no`;

const TIMES = Object.keys(VALUE_OF) as EdgeTime[];
const IS_EMPTY = sql`num_nonnulls(${sql.join(
  TIMES.map((name) => sql`${e[name]}`),
  sql`, `,
)}) = 0`;

function registersGo(registers: Outdated["registers"]): SQL | undefined {
  if (registers.length === 0) return undefined;
  const each = TIMES.flatMap((name) => {
    const edges = registers.flatMap((outdated) => (outdated.names.includes(name) ? [outdated.edge] : []));
    if (edges.length === 0) return [];
    const value = VALUE_OF[name] as keyof typeof contactEdges | null;
    const also = value === null ? undefined : sql`, ${names(e[value as "trustOutWeight"])} = NULL`;
    return [sql`UPDATE ${contactEdges} ${e} SET ${names(e[name])} = NULL${also} FROM ${pairsOf(edges)};`];
  });
  const all = pairsOf(registers.map(({ edge }) => edge));
  return sql`${sql.join(each, sql`\n  `)}
  DELETE FROM ${contactEdges} ${e} USING ${all} AND ${IS_EMPTY};`;
}

function claimsGo(claims: Outdated["claims"]): SQL | undefined {
  if (claims.length === 0) return undefined;
  const byId = new Map<string, string[]>();
  for (const { definitionId, actor } of claims)
    byId.set(definitionId, [...(byId.get(definitionId) ?? []), actor ?? ""]);
  return sql.join(
    [...byId].map(([id, actors]) => {
      const left = sql`(${KNOWN_CLAIMS} - ARRAY[${sql.join(actors.map(textOf), sql`, `)}]::text[])`;
      return sql`DELETE FROM ${recognitionDefinitions} ${d} WHERE ${d.definitionId} = ${textOf(id)} AND ${left} = '{}'::jsonb;
  UPDATE ${recognitionDefinitions} ${d} SET (${CONTENT}) = (${winningClaim(left)}) WHERE ${d.definitionId} = ${textOf(id)};`;
    }),
    sql`\n  `,
  );
}

/** The segments in whose time one of the rows lies. */
function segmentsOf(rows: Outdated["rows"]) {
  const given = unnested("x", [
    columnOf(hcsMessages.userNo, rows, ({ userNo }) => userNo),
    columnOf(hcsMessages.consensusNs, rows, ({ rowNs }) => rowNs),
  ]);
  return template(
    segmentsIn(sql`${u.userNo}`, sql`${u.firstN}`),
    (columns) => sql`SELECT DISTINCT ${columns} FROM ${given} JOIN ${userSegments} ${u}
      ON ${u.userNo} = x.user_no AND x.consensus_ns BETWEEN ${u.firstNs} AND ${u.lastNs}`,
  );
}

/** `RereadStore.remove`. Unpacks the rows first. Then takes the locks of packing and of every commit, so both wait for this step. */
export async function removeOutdated(statements: Statements, step: RereadStep, outdated: Outdated): Promise<void> {
  if (outdated.rows.length > 0) await unpackRows(statements, await statements.run("pack", segmentsOf(outdated.rows)));
  const users = outdated.profiles.map(({ userNo }) => userNo);
  const times = outdated.profiles.map(({ profile }) => profile.consensusNs as bigint);
  const profilesGo = sql`DELETE FROM ${profiles} WHERE ${profiles.userNo} = ANY (${arrayOf(users, "integer")})
    AND ${profiles.consensusNs} = ANY (${arrayOf(times, "bigint")});`;
  // A fact may only be removed for a second reading while no message was dropped: a dropped message cannot state it again.
  const isWhole = outdated.isAgain
    ? sql`AND NOT EXISTS (SELECT FROM ${topics} WHERE ${topics.droppedThrough} > 0)`
    : sql``;
  const block = sql`DO $remove$
DECLARE
  topic integer;
  renumbered boolean;
BEGIN
  LOCK TABLE ${userSegments}, ${topics} IN EXCLUSIVE MODE;
  SELECT ${t.topicNo}, ${isRenumbered} INTO topic, renumbered FROM ${topics} ${t} WHERE ${isAt(step)} AND ${isOfEpoch(statements)} ${isWhole};
  IF topic IS NULL THEN RETURN; END IF;
  ${rowsGo(outdated.rows)}
  ${registersGo(outdated.registers)}
  ${users.length === 0 ? undefined : profilesGo}
  ${claimsGo(outdated.claims)}
  UPDATE ${topics} SET ${names(topics.interpreted)} = ${step.from}, ${names(topics.decoderVersion)} =
    CASE WHEN ${outdated.isAgain} OR ${topics.decoderVersion} = -${VERSION} THEN -${VERSION} ELSE ${VERSION} END
  WHERE ${topics.topicNo} = topic;
END $remove$`.inlineParams();
  await runAndLearnStamp(statements, block);
}

/** `RereadStore.endReread`. */
export async function endReread(statements: Statements, topicId: TopicId): Promise<void> {
  const { topicNo } = topics;
  const block = sql`DO $end$
DECLARE
  topic integer;
  version integer;
  renumbered boolean;
BEGIN
  LOCK TABLE ${topics} IN EXCLUSIVE MODE;
  SELECT ${t.topicNo}, ${decoderVersion}, ${isRenumbered} INTO topic, version, renumbered FROM ${topics} ${t}
  WHERE ${t.topicId} = ${topicId} AND ${interpreted} >= ${t.cursor} AND abs(${decoderVersion}) = ${VERSION};
  IF topic IS NULL THEN RETURN; END IF;
  IF renumbered THEN ${NEXT_EPOCH}; END IF;
  IF version < 0 THEN
    UPDATE ${topics} SET ${names(topics.interpreted)} = 0, ${names(topics.decoderVersion)} = ${VERSION}
    WHERE abs(${topics.decoderVersion}) = ${VERSION};
  END IF;
  UPDATE ${topics} SET ${names(topics.isRenumbered)} = false WHERE ${topicNo} = topic;
END $end$`.inlineParams();
  await runAndLearnStamp(statements, block);
}
