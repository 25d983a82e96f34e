/**
 * Starts one topic over. Its rows are dropped in small steps, each one statement, so that readers and the commits of other topics go
 * on in between. Afterwards the facts of the other topics are folded again from the log.
 *
 *   startOver ──▶ dropSome, person by person ──▶ dropSome, the log ──▶ the last dropSome ──▶ reproject, topic by topic
 *   new epoch     rows, positions, edges                               profiles, new epoch
 *
 * `topics.projected` says how far this is, so any instance goes on where another has stopped. The topic is not read, and so never
 * called fresh, before the last step. That step begins another epoch, after which every topic is read again.
 *
 * The facts of dropped messages (./drop-old.ts) cannot be folded again. So every topic with dropped messages is started over too.
 *
 * Rebuilding drops everything at once.
 */
import { type SQL, type SQLWrapper, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import {
  contactEdges,
  hcsMessages,
  meta,
  packedParts,
  profiles,
  recognitionDefinitions,
  topicGaps,
  topicLog,
  topicSegments,
  topics,
  userHeads,
  userSegments,
} from "../../../../drizzle/schema";
import { MAX_SEQUENCE, type TopicId } from "../../../core/ledger/ids";
import type { Refolded } from "../../../ports/store/sync/epoch-store";
import { SEGMENT_LENGTH } from "../codec/log-segment";
import { baseOf, topicNoIn } from "../codec/ref";
import type { Statements } from "../drivers/statements";
import { literal, names } from "../sql/expressions";
import { template } from "../sql/template";
import { STAMP } from "../stamp";
import { isOfEpoch } from "./commit";
import { KNOWN_CLAIMS } from "./definitions-part";
import { writeStatement } from "./write-statement";

const t = alias(topics, "t");
const { cursor, headHash, headNs, projected, packedThrough, logVersion, startedOverAt } = topics;
const { droppedThrough, droppedNs, droppedHash } = topics;
const { messages, verified, unverifiable, failed, undecodable, untrusted, unproven } = topics;
const ZEROS = [
  cursor,
  packedThrough,
  headNs,
  messages,
  verified,
  unverifiable,
  failed,
  undecodable,
  untrusted,
  unproven,
];
/** The `SET` list of a topic without stored messages. `projected` is set separately. */
const EMPTIED = sql.join(
  [
    ...ZEROS.map((column) => sql`${names(column)} = 0`),
    sql`${names(headHash)} = NULL`,
    sql`${names(logVersion)} = ${logVersion} + 1`,
    // A second start over may begin while the first is still being read.
    sql`${names(startedOverAt)} = greatest(${startedOverAt}, ${cursor})`,
  ],
  sql`, `,
);
/** Set by the last step only, because the steps before it ask whether messages were dropped. */
const NONE_DROPPED = sql`${names(droppedThrough)} = 0, ${names(droppedNs)} = 0, ${names(droppedHash)} = NULL`;
export const NEXT_EPOCH = sql`UPDATE ${meta} SET ${names(meta.epoch)} = ${meta.epoch} + 1`;

/** `projected` is -1 - n while a topic is being dropped and the people with numbers through n are done. This n is all people. */
const ALL_PEOPLE = literal(2_147_483_647);

/** Takes the lock that every commit takes first, so commits wait. A block takes no parameters, so the values are written into its text. */
const begin = (topicId: TopicId) =>
  sql`DO $begin$
BEGIN
  LOCK TABLE ${topics} IN EXCLUSIVE MODE;
  UPDATE ${topics} SET ${EMPTIED}, ${names(projected)} = -1
  WHERE (${topics.topicId} = ${topicId} OR ${droppedThrough} > 0 AND EXISTS (
      SELECT FROM ${topics} ${t} WHERE ${t.topicId} = ${topicId} AND coalesce(${t.projected}, 0) >= 0))
    AND coalesce(${projected}, 0) >= 0;
  IF FOUND THEN ${NEXT_EPOCH}; END IF;
END $begin$`.inlineParams();

const m = alias(hcsMessages, "m");
const e = alias(contactEdges, "e");
const h = alias(userHeads, "h");
const d = alias(recognitionDefinitions, "d");
const l = alias(topicLog, "l");
const u = alias(userSegments, "u");
const s = alias(topicSegments, "s");
const f = alias(topicSegments, "f");

const isOfTopic = (ref: SQLWrapper) => sql`${topicNoIn(ref)} = topic`;
/** This condition is repeated for each joined table, because the planner would otherwise read the whole table. */
const ofPeople = (userNo: SQLWrapper) => sql`${userNo} > after AND ${userNo} <= upto`;

/**
 * One step. People keep gap-free positions: all rows of a person go at once, and the others are renumbered. Another topic may
 * have said something of a pair, a profile or a definition too, so all other topics are to be folded again in the end.
 */
const step = (topicId: TopicId, most: number) =>
  sql`DO $step$
DECLARE
  topic integer;
  after integer;
  upto integer;
  people integer[];
  times bigint[];
  peers integer[];
  through bigint;
  dropped integer;
  had_dropped boolean;
BEGIN
  -- Connections keep plans for all values (drivers/pool.ts). This block's plans need its ranges, and run once.
  SET LOCAL plan_cache_mode = auto;
  LOCK TABLE ${userSegments}, ${topics} IN EXCLUSIVE MODE;
  SELECT ${topics.topicNo}, -1 - ${projected}, ${droppedThrough} > 0 INTO topic, after, had_dropped FROM ${topics} WHERE ${topics.topicId} = ${topicId} AND ${projected} < 0;
  IF topic IS NULL THEN RETURN; END IF;
  IF after < ${ALL_PEOPLE} THEN
    upto := coalesce((SELECT total.user_no FROM (
        SELECT ${h.userNo}, sum(greatest(${h.head}, 1)) OVER (ORDER BY ${h.userNo}) AS n FROM ${userHeads} ${h}
        WHERE ${h.userNo} > after ORDER BY ${h.userNo} LIMIT ${most}) total
      WHERE total.n >= ${most} ORDER BY total.user_no LIMIT 1), ${ALL_PEOPLE});
    SELECT array_agg(going.user_no), array_agg(going.consensus_ns), array_agg(going.peer_no) INTO people, times, peers FROM (
      SELECT * FROM ${hcsMessages} ${m} WHERE ${ofPeople(m.userNo)} AND ${isOfTopic(m.ref)}
      UNION ALL SELECT r.* FROM ${userSegments} ${u}, rows_in(${u}) r WHERE ${ofPeople(u.userNo)} AND ${isOfTopic(sql`r.ref`)}) going;
    DELETE FROM ${contactEdges} ${e} USING (SELECT DISTINCT user_no, peer_no FROM unnest(people, peers) p (user_no, peer_no)) pair
    WHERE ${ofPeople(e.userNo)} AND ${e.userNo} = pair.user_no AND ${e.peerNo} = pair.peer_no;
    PERFORM drop_rows(people, times);
    IF had_dropped THEN
      -- Dropped messages may have named anybody. All other topics say again what they say.
      DELETE FROM ${contactEdges} ${e} WHERE ${ofPeople(e.userNo)};
      UPDATE ${userHeads} ${h} SET ${names(h.droppedNs)} = 0 WHERE ${ofPeople(h.userNo)} AND ${h.droppedNs} > 0;
    END IF;
    UPDATE ${topics} SET ${names(projected)} = -1 - upto::bigint WHERE ${topics.topicNo} = topic;
    RETURN;
  END IF;
  WITH gone AS (DELETE FROM ${topicSegments} ${s}
    WHERE ${s.topicNo} = topic AND ${s.firstSeq} = ANY (ARRAY(SELECT ${f.firstSeq} FROM ${topicSegments} ${f}
      WHERE ${f.topicNo} = topic ORDER BY ${f.firstSeq} LIMIT ${Math.ceil(most / SEGMENT_LENGTH)}))
    RETURNING ${s.firstSeq} AS first) SELECT max(first) + ${SEGMENT_LENGTH - 1} INTO through FROM gone;
  DELETE FROM ${packedParts} WHERE ${packedParts.ref} > ${baseOf(sql`topic`)}
    AND ${packedParts.ref} <= ${baseOf(sql`topic`)} + coalesce(through, ${MAX_SEQUENCE});
  IF through IS NOT NULL THEN RETURN; END IF;
  DELETE FROM ${topicLog} WHERE ${topicLog.ref} = ANY (ARRAY(SELECT ${l.ref} FROM ${topicLog} ${l}
    WHERE ${l.ref} > ${baseOf(sql`topic`)} AND ${l.ref} <= ${baseOf(sql`topic`)} + ${MAX_SEQUENCE} ORDER BY ${l.ref} LIMIT ${most}));
  GET DIAGNOSTICS dropped = ROW_COUNT;
  IF dropped = ${most} THEN RETURN; END IF;
  DELETE FROM ${profiles} WHERE ${isOfTopic(profiles.ref)};
  -- An earlier version did not keep the topic of a claim's first time: it may be this one.
  DELETE FROM ${recognitionDefinitions} ${d} WHERE EXISTS (SELECT FROM jsonb_each(${KNOWN_CLAIMS}) c
    WHERE ${isOfTopic(sql`(c.value ->> 'ref')::bigint`)} OR coalesce((c.value ->> 'firstTopic')::integer, topic) = topic);
  DELETE FROM ${topicGaps} WHERE ${topicGaps.topicNo} = topic;
  UPDATE ${topics} SET ${names(projected)} = NULL, ${NONE_DROPPED} WHERE ${topics.topicNo} = topic;
  UPDATE ${topics} SET ${names(projected)} = 0
  WHERE ${topics.topicNo} <> topic AND ${cursor} > 0 AND coalesce(${projected}, 0) >= 0;
  ${NEXT_EPOCH};
END $step$`.inlineParams();

/** Begins to drop the topic, and learns the new epoch. */
export const startOver = (statements: Statements, topicId: TopicId) => runAndLearnStamp(statements, begin(topicId));

/** Drops about `most` more rows, at least all of one person. Learns the epoch. */
export const dropSome = (statements: Statements, topicId: TopicId, most: number) =>
  runAndLearnStamp(statements, step(topicId, most));

/** Runs a block, and then learns the store's stamp, which a block cannot answer with. */
export async function runAndLearnStamp(statements: Statements, block: SQL): Promise<void> {
  await statements.run("start-over", (db) => db.execute(block));
  await statements.run(
    "topics",
    template({ stamp: STAMP }, (columns) => sql`SELECT ${columns}`),
  );
}

/** `EpochStore.reproject`. */
export async function reproject(statements: Statements, { topicId, from, through, facts }: Refolded): Promise<boolean> {
  const gate = sql`gate AS (
  UPDATE ${topics} ${t} SET ${names(t.projected)} = ${through}::bigint
  WHERE ${t.topicId} = ${topicId} AND ${t.projected} = ${from}::bigint AND ${isOfEpoch(statements)}
  RETURNING ${t.topicNo})`;
  const batch = { topicId, entries: [], rows: [], ...facts };
  const [answer] = await statements.run("start-over", writeStatement(batch, { gate, mayExist: false }).statement);
  return answer !== undefined && answer.topicNo !== null;
}

const DERIVED = [
  topicGaps,
  topicLog,
  topicSegments,
  packedParts,
  userHeads,
  userSegments,
  hcsMessages,
  contactEdges,
  profiles,
  recognitionDefinitions,
];

/** Drops everything that is stored of all topics. It takes the locks of packing and of every commit, in the order in which steps do. */
const DROP_ALL = sql`DO $rebuild$ BEGIN
  LOCK TABLE ${userSegments}, ${topics} IN ACCESS EXCLUSIVE MODE;
  TRUNCATE ${sql.join(DERIVED, sql`, `)};
  UPDATE ${topics} SET ${EMPTIED}, ${NONE_DROPPED}, ${names(projected)} = NULL;
  ${NEXT_EPOCH}, ${names(meta.sweptThrough)} = 0, ${names(meta.sweptUser)} = 0;
END $rebuild$`;

/** Drops everything, and returns the new epoch. */
export async function rebuild(statements: Statements): Promise<number> {
  await statements.run("admin", (db) => db.execute(DROP_ALL));
  const [row] = await statements.run("admin", (db) => db.select({ epoch: meta.epoch, stamp: STAMP }).from(meta));
  return row?.epoch ?? 0;
}
