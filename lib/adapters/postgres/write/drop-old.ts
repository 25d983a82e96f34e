/**
 * `DropStore`: drops old messages. Only packed messages are dropped, whole segments at a time, oldest first.
 * `topics.dropped_through` is the last sequence number so far. A message up to it that is stored nowhere was dropped, and is no hole.
 * Dropping swaps the version of the topic's log, as packing does (./pack.ts). So a process may be killed while it drops, and several
 * instances may drop at once.
 *
 * The rows that people have of dropped messages are deleted later, by a function of the database (migration 0016). Until then readers
 * leave them out, because their message is missing.
 */
import { type SQL, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import { meta, packedParts, topicSegments, topics } from "../../../../drizzle/schema";
import { type ConsensusNs, consensusNs } from "../../../core/ledger/consensus-time";
import type { TopicId } from "../../../core/ledger/ids";
import type { DropRange, RowsDropped } from "../../../ports/store/sync/drop-store";
import { DROPPED_FORMAT } from "../codec/format";
import { heldIn, SEGMENT_LENGTH } from "../codec/log-segment";
import { baseOf, refOf } from "../codec/ref";
import type { Statements } from "../drivers/statements";
import type { StoredMessages } from "../read/stored-messages";
import { literal, names } from "../sql/expressions";
import { parameters, preparedTemplate, template, UNNAMED } from "../sql/template";
import { isOfEpoch } from "./commit";
import { isOfVersion, isSettled, msSince, NEXT_VERSION } from "./pack";

const t = alias(topics, "t");
const o = alias(topics, "o");
const s = alias(topicSegments, "s");

/** Some 4,000 messages, which the database drops in some milliseconds. */
const SEGMENTS_AT_ONCE = 16;
/** The limits of one statement, as in packing (./pack-rows.ts). A person without old rows costs two look-ups. */
const [PEOPLE_AT_ONCE, USER_SEGMENTS_AT_ONCE] = [256, 8];

/** `DropStore.dropAgeMs`. */
export const dropAgeMs = (statements: Statements): Promise<number> => msSince(statements, meta.droppableMs);

const END = sql`(${s.firstSeq} + ${literal(SEGMENT_LENGTH - 1)})`;

/** No topic of identities: its old messages still decide who may sign in as whom (../identity-store.ts). */
const HOLDS_NO_IDENTITIES = sql`NOT ${t.kinds} @> ARRAY['identity']`;

/**
 * Whether the messages of topic `t` up to this sequence number may be dropped now. Nothing else is being done to them, and no topic is
 * in a state that needs the messages of all topics: being started over, or read again because a new decoder has taken facts back
 * (./reread.ts).
 */
const isFree = (through: SQL): SQL => sql`${isSettled(through)} AND ${HOLDS_NO_IDENTITIES}
    AND ${t.packedThrough} >= ${through} AND ${t.cursor} > ${through}
    AND NOT EXISTS (SELECT FROM ${topics} ${o} WHERE ${o.projected} IS NOT NULL OR ${o.decoderVersion} < 0)`;

const ofTopic = parameters<{ readonly topicId: TopicId }>();

const OLDEST = preparedTemplate(
  ofTopic,
  {
    logVersion: t.logVersion,
    firstSeq: s.firstSeq,
    lastNs: s.lastNs,
    held: s.held,
    isFree: sql<boolean>`${isFree(END)}`,
  },
  (columns) => sql`SELECT ${columns} FROM ${topics} ${t}, LATERAL (SELECT * FROM ${topicSegments} ${s}
    WHERE ${s.topicNo} = ${t.topicNo} ORDER BY ${s.firstSeq} LIMIT ${literal(SEGMENTS_AT_ONCE)}) ${s}
  WHERE ${t.topicId} = ${ofTopic("topicId")} ORDER BY ${s.firstSeq}`,
  UNNAMED,
);

/** `DropStore.nextDrop`. */
export async function nextDrop(
  statements: Statements,
  messages: StoredMessages,
  topicId: TopicId,
  beforeNs: ConsensusNs,
): Promise<DropRange | null> {
  const oldest = await statements.run("segments", OLDEST({ topicId }));
  const end = oldest.findIndex(({ lastNs, isFree: isMovable }) => lastNs >= beforeNs || !isMovable);
  const old = end < 0 ? oldest : oldest.slice(0, end);
  const last = old.at(-1);
  if (last === undefined) return null;
  const through = last.firstSeq + SEGMENT_LENGTH - 1;
  const [entry] = await messages.range(topicId, through, through);
  const [throughNs = 0n] = old.map(({ lastNs }) => lastNs).sort((a, b) => (a < b ? 1 : -1));
  return {
    ...{ topicId, through, logVersion: last.logVersion, hash: entry?.runningHash ?? null },
    throughNs: consensusNs(throughNs),
    messages: old.reduce((sum, { firstSeq, held }) => sum + heldIn(firstSeq, held).length, 0),
  };
}

/**
 * `DropStore.drop`. If the dropped range was read from the ledger again in part, its segments are dropped once more, and
 * `dropped_through` stays as it is. In any case the rows of all people are looked through again, from the first person on.
 */
export async function drop(statements: Statements, range: DropRange): Promise<boolean> {
  const { topicId, through, throughNs, hash, logVersion } = range;
  const hashThere = sql`CASE WHEN ${t.droppedThrough} < ${through}::bigint THEN ${hash}::bytea
      WHEN ${t.droppedThrough} = ${through}::bigint THEN coalesce(${hash}::bytea, ${t.droppedHash}) ELSE ${t.droppedHash} END`;
  const statement = template(
    { topicNo: sql<number>`gate.topic_no` },
    (columns) => sql`WITH gate AS (
  UPDATE ${topics} ${t} SET ${NEXT_VERSION}, ${names(t.droppedThrough)} = greatest(${t.droppedThrough}, ${through}::bigint),
    ${names(t.droppedHash)} = ${hashThere},
    ${names(t.droppedNs)} = greatest(${t.droppedNs}, ${throughNs}::bigint)
  WHERE ${t.topicId} = ${topicId} AND ${isOfVersion(logVersion)} AND ${isFree(sql`${through}::bigint`)} AND ${isOfEpoch(statements)}
  RETURNING ${t.topicNo}),
claimed AS (UPDATE ${meta} SET ${names(meta.format)} = greatest(${meta.format}, ${literal(DROPPED_FORMAT)}), ${names(meta.sweptThrough)} = 0 FROM gate),
gone AS (DELETE FROM ${topicSegments} ${s} USING gate
  WHERE ${s.topicNo} = gate.topic_no AND ${s.firstSeq} <= ${through}::bigint),
groups AS (DELETE FROM ${packedParts} USING gate WHERE ${packedParts.ref} > ${baseOf(sql`gate.topic_no`)}
  AND ${packedParts.ref} <= ${refOf(sql`gate.topic_no`, sql`${through}::bigint`)})
SELECT ${columns} FROM gate`,
  );
  const [answer] = await statements.run("pack", statement);
  return answer !== undefined;
}

const values = parameters<{ readonly nowNs: bigint }>();

const DROP_ROWS = preparedTemplate(
  values,
  { people: sql`p.looked`.mapWith(Number), rows: sql`p.dropped`.mapWith(Number) },
  (columns) => sql`SELECT ${columns} FROM drop_old_rows(${values("nowNs")}::bigint,
    ${literal(PEOPLE_AT_ONCE)}, ${literal(USER_SEGMENTS_AT_ONCE)}, ${literal(DROPPED_FORMAT)}) p`,
  UNNAMED,
);

/** `DropStore.dropRows`. */
export async function dropRows(statements: Statements, nowNs: ConsensusNs): Promise<RowsDropped> {
  const [dropped] = await statements.run("pack", DROP_ROWS({ nowNs }));
  return dropped ?? { people: 0, rows: 0 };
}
