/** Recognition definitions, which belong to the user who claimed their id first. Few in a batch, so they travel as one JSON text. */
import { type SQL, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import { recognitionDefinitions } from "../../../../drizzle/schema";
import { type DefinitionClaim, MAX_CLAIMS } from "../../../core/signals/projection";
import { refOf, topicNoIn } from "../codec/ref";
import { literal, names } from "../sql/expressions";
import { constantSql } from "../sql/template";

const d = alias(recognitionDefinitions, "d");
export const CONTENT = names(
  d.claims,
  d.consensusNs,
  d.ref,
  d.actor,
  d.slug,
  d.title,
  d.icon,
  d.description,
  d.category,
);

/**
 * One claim as it is kept (lib/core/signals/projection, DefinitionClaim), from columns of `from`. `firstTopic` is the number of the
 * topic that the first time comes from: the latest version may come from another one.
 */
const claimOf = (from: SQL, first: SQL, firstTopic: SQL, ns: SQL, ref: SQL) => sql`jsonb_build_object('first', ${first},
    'firstTopic', ${firstTopic}, 'ns', ${ns}, 'ref', ${ref}, 'actor', ${from}.actor, 'slug', ${from}.slug, 'title', ${from}.title, 'icon', ${from}.icon,
    'description', ${from}.description, 'category', ${from}.category)`;

/** A row that an earlier version wrote is the only claim to its id. */
export const KNOWN_CLAIMS = sql`coalesce(${d.claims}, jsonb_build_object(coalesce(${d.actor}, ''),
  ${claimOf(sql`d`, sql`${d.consensusNs}`, topicNoIn(d.ref), sql`${d.consensusNs}`, sql`${d.ref}`)}))`;

/** Claims of two rows, actor by actor: the latest version, and the first time. The earliest are kept, and the one without an actor. */
const merged = (a: SQL, b: SQL) => sql`(SELECT jsonb_object_agg(kept.actor, kept.claim) FROM (
    SELECT coalesce(o.key, n.key) AS actor, CASE WHEN o.value IS NULL THEN n.value WHEN n.value IS NULL THEN o.value
      ELSE CASE WHEN (n.value ->> 'ns')::bigint > (o.value ->> 'ns')::bigint THEN n.value ELSE o.value END
        || (SELECT jsonb_build_object('first', e.value -> 'first', 'firstTopic', e.value -> 'firstTopic')
          FROM (VALUES (o.value), (n.value)) e (value) ORDER BY (e.value ->> 'first')::bigint LIMIT 1) END AS claim
    FROM jsonb_each(${a}) o FULL JOIN jsonb_each(${b}) n ON o.key = n.key
    ORDER BY coalesce(o.key, n.key) <> '',
      least((o.value ->> 'first')::bigint, (n.value ->> 'first')::bigint) LIMIT ${literal(MAX_CLAIMS)}) kept)`;

/** The claim that counts (lib/core/signals/projection, definitionOf) as the columns of the row, behind the claims themselves. */
export const winningClaim = (
  claims: SQL,
) => sql`SELECT m.claims, (w.value ->> 'ns')::bigint, (w.value ->> 'ref')::bigint, w.value ->> 'actor',
    w.value ->> 'slug', w.value ->> 'title', w.value ->> 'icon', w.value ->> 'description', w.value ->> 'category'
  FROM (SELECT ${claims} AS claims) m, LATERAL (SELECT c.value FROM jsonb_each(m.claims) c
    WHERE c.key = '' OR c.key = (SELECT k.key FROM jsonb_each(m.claims) k ORDER BY (k.value ->> 'first')::bigint LIMIT 1)
    ORDER BY (c.value ->> 'ns')::bigint DESC LIMIT 1) w`;

const CLAIM = claimOf(sql`x`, sql`x.first_ns`, sql`gate.topic_no`, sql`x.ns`, refOf(sql`gate.topic_no`, sql`x.seq`));
const CLAIMS = constantSql(sql`
  SELECT x.definition_id, jsonb_object_agg(coalesce(x.actor, ''), ${CLAIM}) AS claims FROM gate,`);
const GROUPED = constantSql(sql`AS x (definition_id text, first_ns bigint, ns bigint,
    seq bigint, actor text, slug text, title text, icon text, description text, category text) GROUP BY x.definition_id`);

const MERGE = constantSql(sql`definitions_in AS (
  INSERT INTO ${recognitionDefinitions} AS ${d} (${names(d.definitionId)}, ${CONTENT})
  SELECT x.definition_id, row.* FROM claims_in x, LATERAL (${winningClaim(sql`x.claims`)}) row
  -- No user's head guards these: they come after all heads, and in one order everywhere.
  WHERE (SELECT count(*) FROM people) = 1
  ORDER BY x.definition_id COLLATE "C"
  ON CONFLICT (${names(d.definitionId)}) DO UPDATE SET (${CONTENT}) =
    (${winningClaim(merged(KNOWN_CLAIMS, sql`excluded.claims`))})
  WHERE NOT coalesce(${d.claims} @> excluded.claims, false))`);

/** The CTEs that write definitions; none if there are no definitions. */
export function definitionsPart(definitions: readonly DefinitionClaim[]): readonly SQL[] {
  if (definitions.length === 0) return [];
  const given = definitions.map(({ consensusNs, firstNs, sequence, topicId: _, definitionId, ...rest }) => ({
    ...rest,
    definition_id: definitionId,
    first_ns: String(firstNs),
    ns: String(consensusNs),
    seq: sequence,
  }));
  return [sql`claims_in AS (${CLAIMS} json_to_recordset(${JSON.stringify(given)}::json) ${GROUPED})`, MERGE];
}
