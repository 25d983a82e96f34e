/**
 * Starting one topic over. What is stored of it is dropped in small steps, each one statement, so that readers and the commits of
 * other topics go on in between. What the other topics say of the same people is folded again from the log afterwards.
 *
 *   startOver ──▶ dropSome, person by person ──▶ dropSome, the log ──▶ the last dropSome ──▶ reproject, topic by topic
 *   new epoch     rows, positions, edges                               profiles, new epoch
 *
 * How far this is stands in `topics.projected`, so any instance goes on where another has stopped. Nobody reads the topic, and so
 * nobody vouches for it, before the last step. That step begins another epoch, after which every topic is looked at anew.
 */
import { MAX_SEQUENCE, type TopicId } from "../../../core/ledger/ids";
import type { Refolded } from "../../../ports/store/sync-store";
import { REF_SHIFT } from "../codec/ref";
import type { Statements } from "../drivers/statements";
import { STAMP } from "../stamp";
import { isOfEpoch } from "./commit";
import { Params } from "./params";
import { writeStatement } from "./write-statement";

/** `projected` is -1 - n while a topic is being dropped and the people with numbers through n are done. This n is all people. */
const ALL_PEOPLE = 2_147_483_647;

/**
 * Each step takes the lock that every commit takes first, so commits wait for one step. A topic's id has digits and dots only, so
 * it may stand in the text of a statement: a block takes no parameters.
 */
const begin = (topicId: TopicId) => `DO $begin$
BEGIN
  LOCK TABLE topics IN EXCLUSIVE MODE;
  UPDATE topics SET cursor = 0, head_hash = NULL, head_ns = 0, synced_through_ns = 0, projected = -1,
    messages = 0, verified = 0, unverifiable = 0, failed = 0, undecodable = 0, untrusted = 0
  WHERE topic_id = '${topicId}' AND coalesce(projected, 0) >= 0;
  IF FOUND THEN UPDATE meta SET epoch = epoch + 1; END IF;
END $begin$`;

const IS_OF_TOPIC = `ref >> ${REF_SHIFT} = topic`;
/** Said of each table that is joined: the planner would read all of it else. */
const ofPeople = (column: string) => `${column} > after AND ${column} <= upto`;

/**
 * One step. People keep gap-free positions: all rows of a person go at once, and the others are numbered anew. Another topic may
 * have said something of a pair, a profile or a definition too, so all other topics are to be folded again in the end.
 */
const step = (topicId: TopicId, most: number) => `DO $step$
DECLARE
  topic integer;
  after integer;
  upto integer;
  users integer[];
  dropped integer;
BEGIN
  LOCK TABLE topics IN EXCLUSIVE MODE;
  SELECT topic_no, -1 - projected INTO topic, after FROM topics WHERE topic_id = '${topicId}' AND projected < 0;
  IF topic IS NULL THEN RETURN; END IF;
  IF after < ${ALL_PEOPLE} THEN
    upto := coalesce((SELECT user_no FROM hcs_messages WHERE user_no > after ORDER BY user_no OFFSET ${most} LIMIT 1), ${ALL_PEOPLE});
    DELETE FROM contact_edges e USING (
      SELECT DISTINCT user_no, peer_no FROM hcs_messages
      WHERE ${ofPeople("user_no")} AND ${IS_OF_TOPIC} AND peer_no IS NOT NULL) pair
    WHERE ${ofPeople("e.user_no")} AND e.user_no = pair.user_no AND e.peer_no = pair.peer_no;
    WITH gone AS (DELETE FROM hcs_messages WHERE ${ofPeople("user_no")} AND ${IS_OF_TOPIC} RETURNING user_no)
    SELECT array_agg(DISTINCT user_no) INTO users FROM gone;
    UPDATE hcs_messages m SET n = kept.n FROM (
      SELECT user_no, consensus_ns, row_number() OVER (PARTITION BY user_no ORDER BY n) AS n
      FROM hcs_messages WHERE ${ofPeople("user_no")} AND user_no = ANY (users)) kept
    WHERE ${ofPeople("m.user_no")} AND m.user_no = kept.user_no AND m.consensus_ns = kept.consensus_ns AND m.n <> kept.n;
    UPDATE user_heads h SET head = (SELECT count(*) FROM hcs_messages m WHERE m.user_no = h.user_no) WHERE h.user_no = ANY (users);
    UPDATE topics SET projected = -1 - upto::bigint WHERE topic_no = topic;
    RETURN;
  END IF;
  DELETE FROM topic_log WHERE ref = ANY (ARRAY(SELECT ref FROM topic_log
    WHERE ref > (topic::bigint << ${REF_SHIFT}) AND ref <= (topic::bigint << ${REF_SHIFT}) + ${MAX_SEQUENCE}
    ORDER BY ref LIMIT ${most}));
  GET DIAGNOSTICS dropped = ROW_COUNT;
  IF dropped = ${most} THEN RETURN; END IF;
  DELETE FROM profiles WHERE ${IS_OF_TOPIC};
  DELETE FROM recognition_definitions d WHERE ${IS_OF_TOPIC}
    OR EXISTS (SELECT FROM jsonb_each(d.claims) c WHERE (c.value ->> 'ref')::bigint >> ${REF_SHIFT} = topic);
  DELETE FROM topic_gaps WHERE topic_no = topic;
  UPDATE topics SET projected = NULL WHERE topic_no = topic;
  UPDATE topics SET projected = 0 WHERE topic_no <> topic AND cursor > 0 AND coalesce(projected, 0) >= 0;
  UPDATE meta SET epoch = epoch + 1;
END $step$`;

/** Begins to drop the topic, and learns of the new epoch. */
export const startOver = (db: Statements, topicId: TopicId) => stamped(db, begin(topicId));

/** Drops about `most` rows more: all of one person's at least. Learns of the epoch. */
export const dropSome = (db: Statements, topicId: TopicId, most: number) => stamped(db, step(topicId, most));

async function stamped(db: Statements, sql: string): Promise<void> {
  await db.run("start-over", sql);
  await db.run("topics", `SELECT ${STAMP} AS stamp`);
}

/** Folds facts again. False where the topic was folded further, or otherwise, meanwhile. */
export async function reproject(db: Statements, { topicId, from, through, facts }: Refolded): Promise<boolean> {
  const params = new Params();
  const gate = `gate AS (
  UPDATE topics t SET projected = ${params.add(through, "bigint")}
  WHERE t.topic_id = ${params.add(topicId, "text")} AND t.projected = ${params.add(from, "bigint")} AND ${isOfEpoch(db, params)}
  RETURNING t.topic_no)`;
  const nothing = { expectedCursor: 0, nextCursor: 0, headHash: null, headNs: 0n, syncedThroughNs: null, gap: null };
  const batch = { topicId, ...nothing, entries: [], rows: [], ...facts };
  const { sql } = writeStatement(batch, params, { gate, mayExist: false });
  const [row] = await db.run("start-over", sql, params.values);
  return row?.topic_no !== null;
}
