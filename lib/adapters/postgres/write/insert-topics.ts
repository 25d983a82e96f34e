/** Makes topics known to the store. */
import { type SQL, sql } from "drizzle-orm";
import { topics } from "../../../../drizzle/schema";
import { excluded, names } from "../sql/expressions";

/**
 * Inserts the topics that `given` names, and adds kinds to those that are known. `given`: what stands behind FROM, with `x`
 * as the rows of `topic_id` and `kind`.
 */
export const insertTopics = (given: SQL): SQL => sql`INSERT INTO ${topics} (${names(topics.topicId, topics.kinds)})
  SELECT x.topic_id, array_agg(DISTINCT x.kind ORDER BY x.kind) FROM ${given} WHERE x.topic_id IS NOT NULL
  GROUP BY x.topic_id ORDER BY x.topic_id
  ON CONFLICT (${names(topics.topicId)}) DO UPDATE
  SET ${names(topics.kinds)} = (SELECT array_agg(DISTINCT k ORDER BY k) FROM unnest(${topics.kinds} || ${excluded(topics.kinds)}) AS k)
  WHERE NOT ${topics.kinds} @> ${excluded(topics.kinds)}`;
