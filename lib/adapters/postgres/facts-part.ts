/** Profiles and recognition definitions: the last writer by consensus time wins. Few in a batch, so one JSON text each. */
import type { Batch } from "../../core/batch";
import { keyOf } from "../../core/key";
import type { Definition } from "../../core/projection";
import type { Params } from "./params";
import type { People } from "./people";
import { REF_SHIFT } from "./ref";

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

/** The CTE that sets definitions; none for no definitions. */
export function definitionsPart(definitions: readonly Definition[], params: Params): string[] {
  if (definitions.length === 0) return [];
  const json = definitions.map(({ consensusNs, sequence, topicId: _, definitionId, ...rest }) => ({
    ...rest,
    definition_id: definitionId,
    ns: String(consensusNs),
    seq: sequence,
  }));
  return [
    `definitions_in AS (
  INSERT INTO recognition_definitions AS d (definition_id, consensus_ns, ref, actor, slug, title, icon, description, category)
  SELECT x.definition_id, x.ns, (gate.topic_no::bigint << ${REF_SHIFT}) | x.seq, x.actor, x.slug, x.title, x.icon, x.description, x.category
  FROM gate, json_to_recordset(${params.add(JSON.stringify(json), "json")}) AS x (definition_id text, ns bigint, seq bigint,
    actor text, slug text, title text, icon text, description text, category text)
  -- Nobody's head guards these: they come after all heads, and in one order everywhere.
  WHERE (SELECT count(*) FROM people) = 1
  ORDER BY x.definition_id COLLATE "C"
  ON CONFLICT (definition_id) DO UPDATE SET consensus_ns = excluded.consensus_ns, ref = excluded.ref, actor = excluded.actor,
    slug = excluded.slug, title = excluded.title, icon = excluded.icon, description = excluded.description,
    category = excluded.category
  WHERE excluded.consensus_ns > d.consensus_ns)`,
  ];
}
