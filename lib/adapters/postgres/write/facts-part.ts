/**
 * Profiles, of which the last writer by consensus time wins, and recognition definitions, which belong to whoever made them first.
 * Few in a batch, so one JSON text each.
 */

import { keyOf } from "../../../core/key";
import type { Batch } from "../../../core/signals/batch";
import { type DefinitionClaim, MAX_CLAIMS } from "../../../core/signals/projection";
import { REF_SHIFT } from "../codec/ref";
import type { People } from "../read/people";
import type { Params } from "./params";

/** The CTE that sets profiles; none for no profiles. */
export function profilesPart(batch: Batch, people: People, params: Params): string[] {
  if (batch.profiles.length === 0) return [];
  const sequenceOf = new Map<string, number>();
  for (const { userId, consensusNs, sequence, type } of batch.rows) {
    if (type !== "PROFILE_UPDATE") continue;
    const key = keyOf(userId, String(consensusNs));
    // Several at one time: the first counts, as in the projection.
    if (!sequenceOf.has(key)) sequenceOf.set(key, sequence);
  }
  const json = batch.profiles.map((profile) => ({
    person: people.place(profile.userId),
    ns: String(profile.consensusNs),
    seq: sequenceOf.get(keyOf(profile.userId, String(profile.consensusNs))) ?? 0,
    handle: profile.handle,
    display_name: profile.displayName,
    bio: profile.bio,
    avatar: profile.avatar,
    hrl: profile.hrl,
  }));
  return [
    `profiles_in AS (
  INSERT INTO profiles AS p (user_no, consensus_ns, ref, handle, display_name, bio, avatar, hrl)
  SELECT (SELECT numbers FROM people)[x.person], x.ns, (gate.topic_no::bigint << ${REF_SHIFT}) | x.seq, x.handle, x.display_name, x.bio, x.avatar, x.hrl
  FROM gate, json_to_recordset(${params.add(JSON.stringify(json), "json")}) AS x (person integer, ns bigint, seq bigint,
    handle text, display_name text, bio text, avatar text, hrl text)
  ON CONFLICT (user_no) DO UPDATE SET consensus_ns = excluded.consensus_ns, ref = excluded.ref, handle = excluded.handle,
    display_name = excluded.display_name, bio = excluded.bio, avatar = excluded.avatar, hrl = excluded.hrl
  WHERE excluded.consensus_ns > p.consensus_ns)`,
  ];
}

/** One claim to a definition as it is kept, of columns `c` (core/signals/projection, DefinitionClaim). */
const claimJson = (
  c: string,
  first: string,
  ns: string,
  ref: string,
) => `jsonb_build_object('first', ${first}, 'ns', ${ns},
    'ref', ${ref}, 'actor', ${c}.actor, 'slug', ${c}.slug, 'title', ${c}.title, 'icon', ${c}.icon,
    'description', ${c}.description, 'category', ${c}.category)`;

/** Claims of two rows, actor by actor: the latest version, and the first time. The earliest are kept, and nobody's. */
const mergedClaims = (a: string, b: string) => `(SELECT jsonb_object_agg(kept.actor, kept.claim) FROM (
    SELECT coalesce(o.key, n.key) AS actor, CASE WHEN o.value IS NULL THEN n.value WHEN n.value IS NULL THEN o.value
      ELSE CASE WHEN (n.value ->> 'ns')::bigint > (o.value ->> 'ns')::bigint THEN n.value ELSE o.value END
        || jsonb_build_object('first', least((o.value ->> 'first')::bigint, (n.value ->> 'first')::bigint)) END AS claim
    FROM jsonb_each(${a}) o FULL JOIN jsonb_each(${b}) n ON o.key = n.key
    ORDER BY coalesce(o.key, n.key) <> '',
      least((o.value ->> 'first')::bigint, (n.value ->> 'first')::bigint) LIMIT ${MAX_CLAIMS}) kept)`;

/** The claim that counts (core/projection.definitionOf), as the columns of the row, with the claims themselves in front. */
const counting = (
  claims: string,
) => `SELECT m.claims, (w.value ->> 'ns')::bigint, (w.value ->> 'ref')::bigint, w.value ->> 'actor',
    w.value ->> 'slug', w.value ->> 'title', w.value ->> 'icon', w.value ->> 'description', w.value ->> 'category'
  FROM (SELECT ${claims} AS claims) m, LATERAL (SELECT c.value FROM jsonb_each(m.claims) c
    WHERE c.key = '' OR c.key = (SELECT k.key FROM jsonb_each(m.claims) k ORDER BY (k.value ->> 'first')::bigint LIMIT 1)
    ORDER BY (c.value ->> 'ns')::bigint DESC LIMIT 1) w`;

const DEFINITION_COLUMNS = "claims, consensus_ns, ref, actor, slug, title, icon, description, category";
/** A row of the version before is the only claim to its id. */
const KNOWN_CLAIMS = `coalesce(d.claims, jsonb_build_object(coalesce(d.actor, ''), ${claimJson("d", "d.consensus_ns", "d.consensus_ns", "d.ref")}))`;

/** The CTEs that set definitions; none for no definitions. */
export function definitionsPart(definitions: readonly DefinitionClaim[], params: Params): string[] {
  if (definitions.length === 0) return [];
  const json = definitions.map(({ consensusNs, firstNs, sequence, topicId: _, definitionId, ...rest }) => ({
    ...rest,
    definition_id: definitionId,
    first_ns: String(firstNs),
    ns: String(consensusNs),
    seq: sequence,
  }));
  const ref = `(gate.topic_no::bigint << ${REF_SHIFT}) | x.seq`;
  return [
    `claims_in AS (
  SELECT x.definition_id, jsonb_object_agg(coalesce(x.actor, ''), ${claimJson("x", "x.first_ns", "x.ns", ref)}) AS claims
  FROM gate, json_to_recordset(${params.add(JSON.stringify(json), "json")}) AS x (definition_id text, first_ns bigint, ns bigint,
    seq bigint, actor text, slug text, title text, icon text, description text, category text) GROUP BY x.definition_id)`,
    `definitions_in AS (
  INSERT INTO recognition_definitions AS d (definition_id, ${DEFINITION_COLUMNS})
  SELECT x.definition_id, row.* FROM claims_in x, LATERAL (${counting("x.claims")}) row
  -- Nobody's head guards these: they come after all heads, and in one order everywhere.
  WHERE (SELECT count(*) FROM people) = 1
  ORDER BY x.definition_id COLLATE "C"
  ON CONFLICT (definition_id) DO UPDATE SET (${DEFINITION_COLUMNS}) =
    (${counting(mergedClaims(KNOWN_CLAIMS, "excluded.claims"))})
  WHERE NOT coalesce(d.claims @> excluded.claims, false))`,
  ];
}
