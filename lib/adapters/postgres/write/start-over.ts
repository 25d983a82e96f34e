/**
 * `SyncStore.startOver` and `SyncStore.reproject`: everything that is stored of one topic is dropped, and what the other topics say
 * of the same people is folded again from the log. The first is one statement; the second swaps on how far a topic was folded,
 * so it may be interrupted and raced for.
 */
import { MAX_SEQUENCE, type TopicId } from "../../../core/ledger/ids";
import type { Refolded } from "../../../ports/store/sync-store";
import { REF_SHIFT } from "../codec/ref";
import type { Statements } from "../drivers/statements";
import { STAMP } from "../stamp";
import { isOfEpoch } from "./commit";
import { Params } from "./params";
import { writeStatement } from "./write-statement";

/**
 * Positions of the rows that stay are numbered anew without gaps, so they belong to a new epoch. Edges are dropped for the pairs
 * whom a message of the topic concerned, profiles and definitions where a message of the topic said them: another topic may have
 * said something too, so all of them are to be folded again. Commits wait; readers see all of it or nothing.
 *
 * A topic's id has digits and dots only, so it may stand in the text of the statement: a block takes no parameters.
 */
const dropTopic = (topicId: TopicId) => `DO $start_over$
DECLARE
  topic integer;
  users integer[];
BEGIN
  LOCK TABLE topics IN EXCLUSIVE MODE;
  SELECT topic_no INTO topic FROM topics WHERE topic_id = '${topicId}';
  IF topic IS NULL THEN RETURN; END IF;
  users := ARRAY(SELECT DISTINCT user_no FROM hcs_messages WHERE ref >> ${REF_SHIFT} = topic);
  DELETE FROM contact_edges e USING (
    SELECT DISTINCT user_no, peer_no FROM hcs_messages WHERE ref >> ${REF_SHIFT} = topic AND peer_no IS NOT NULL) pair
  WHERE e.user_no = pair.user_no AND e.peer_no = pair.peer_no;
  DELETE FROM hcs_messages WHERE ref >> ${REF_SHIFT} = topic;
  UPDATE hcs_messages m SET n = kept.n FROM (
    SELECT user_no, consensus_ns, row_number() OVER (PARTITION BY user_no ORDER BY n) AS n
    FROM hcs_messages WHERE user_no = ANY (users)) kept
  WHERE m.user_no = kept.user_no AND m.consensus_ns = kept.consensus_ns AND m.n <> kept.n;
  UPDATE user_heads h SET head = (SELECT count(*) FROM hcs_messages m WHERE m.user_no = h.user_no) WHERE h.user_no = ANY (users);
  DELETE FROM profiles WHERE ref >> ${REF_SHIFT} = topic;
  DELETE FROM recognition_definitions d WHERE ref >> ${REF_SHIFT} = topic
    OR EXISTS (SELECT FROM jsonb_each(d.claims) c WHERE (c.value ->> 'ref')::bigint >> ${REF_SHIFT} = topic);
  DELETE FROM topic_log WHERE ref > (topic::bigint << ${REF_SHIFT}) AND ref <= (topic::bigint << ${REF_SHIFT}) + ${MAX_SEQUENCE};
  DELETE FROM topic_gaps WHERE topic_no = topic;
  UPDATE topics SET cursor = 0, head_hash = NULL, head_ns = 0, synced_through_ns = 0, projected = NULL,
    messages = 0, verified = 0, unverifiable = 0, failed = 0, undecodable = 0, untrusted = 0 WHERE topic_no = topic;
  UPDATE topics SET projected = 0 WHERE topic_no <> topic AND cursor > 0;
  UPDATE meta SET epoch = epoch + 1;
END $start_over$`;

/** Drops the topic, and learns of the new epoch. */
export async function startOver(db: Statements, topicId: TopicId): Promise<void> {
  await db.run("start-over", dropTopic(topicId));
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
