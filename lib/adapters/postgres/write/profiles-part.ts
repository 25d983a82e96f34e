/**
 * Writes profiles. The latest version counts, by the rule of `isLaterProfile` (lib/core/signals/projection). There are few in a
 * batch, so they travel as one JSON text.
 */
import { type SQL, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import { profiles } from "../../../../drizzle/schema";
import { keyOf } from "../../../core/key";
import type { Batch } from "../../../core/signals/batch";
import { refOf } from "../codec/ref";
import { excluded, names, takeExcluded } from "../sql/expressions";
import { constantSql } from "../sql/template";
import type { BatchUsers } from "./batch-users";

const p = alias(profiles, "p");
const CONTENT = [p.consensusNs, p.ref, p.handle, p.displayName, p.bio, p.avatar, p.hrl, p.saidNs];

const INSERT = constantSql(sql`INSERT INTO ${profiles} AS ${p} (${names(p.userNo, ...CONTENT)})
  SELECT (SELECT numbers FROM people)[x.person], x.ns, ${refOf(sql`gate.topic_no`, sql`x.seq`)}, x.handle, x.display_name, x.bio, x.avatar, x.hrl, x.said
  FROM gate,`);
const MERGE = constantSql(sql`AS x (person integer, ns bigint, seq bigint,
    handle text, display_name text, bio text, avatar text, hrl text, said bigint)
  ON CONFLICT (${names(p.userNo)}) DO UPDATE SET ${takeExcluded(...CONTENT)}
  WHERE (coalesce(${excluded(p.saidNs)}, ${excluded(p.consensusNs)}), -${excluded(p.consensusNs)})
    > (coalesce(${p.saidNs}, ${p.consensusNs}), -${p.consensusNs})`);

/** The CTE that writes profiles; none if there are no profiles. */
export function profilesPart(batch: Batch, users: BatchUsers): readonly SQL[] {
  if (batch.profiles.length === 0) return [];
  const sequenceOf = sequencesOfProfiles(batch);
  const given = batch.profiles.map((profile) => ({
    person: users.place(profile.userId),
    ns: String(profile.consensusNs),
    seq: sequenceOf.get(keyOf(profile.userId, String(profile.consensusNs))) ?? 0,
    handle: profile.handle,
    display_name: profile.displayName,
    bio: profile.bio,
    avatar: profile.avatar,
    hrl: profile.hrl,
    said: profile.saidNs === undefined ? null : String(profile.saidNs),
  }));
  return [sql`profiles_in AS (${INSERT} json_to_recordset(${JSON.stringify(given)}::json) ${MERGE})`];
}

/** The sequence of each profile's message. */
function sequencesOfProfiles(batch: Batch): ReadonlyMap<string, number> {
  const sequences = new Map<string, number>();
  for (const { userId, consensusNs, sequence, type } of batch.rows) {
    if (type !== "PROFILE_UPDATE") continue;
    const key = keyOf(userId, String(consensusNs));
    // If several have one time, the first counts, as in the projection.
    if (!sequences.has(key)) sequences.set(key, sequence);
  }
  return sequences;
}
