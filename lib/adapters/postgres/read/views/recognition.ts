/** The statements about recognition: what a user was given, and which definitions there are. */
import { type SQL, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import { recognitionDefinitions, topicLog, userHeads } from "../../../../../drizzle/schema";
import type { AccountId, TopicId } from "../../../../core/ledger/ids";
import { isActorIn, typeNumber } from "../../codec/codes";
import { literal, orNull } from "../../sql/expressions";
import { topicIdOf } from "../../sql/references";
import { parameters, preparedTemplate, type RowOf } from "../../sql/template";
import { STAMP } from "../../stamp";
import { BESIDE, FOUND, type Reader, r, signalsOf, USER, withPage } from "./pages";
import { DROPPED_NS, fromBothForReader, PACKED_NS, type RowSource } from "./row-sources";
import { signalIn } from "./signals";

/** This many of the user's own definitions, the newest, come with what the user was given. */
export const OWN_DEFINITIONS = 50;

/** The user is the target of a mint unless they are only its actor. A user who mints for themselves has one row and is both. */
const IS_TARGET = sql`(NOT ${isActorIn(r.flags)}
    OR ${r.peerNo} IS NULL OR ${r.peerNo} = ${r.userNo})`;

const d = alias(recognitionDefinitions, "d");

/** The columns of a definition in `rows`. In the row that stands for none `ref` is null, and so are all after it. */
function definitionIn(rows: string) {
  const { definitionId, actor, slug, title, icon, description, category, ref, consensusNs } = alias(
    recognitionDefinitions,
    rows,
  );
  const topicId = sql<TopicId | null>`${sql.identifier(rows)}.topic_id`;
  return { ref: orNull(ref), consensusNs, topicId, definitionId, actor, slug, title, icon, description, category };
}
export type DefinitionAnswer = RowOf<ReturnType<typeof definitionIn>>;

const CONTENT = sql`${d.definitionId}, ${d.actor}, ${d.slug}, ${d.title}, ${d.icon}, ${d.description}, ${d.category}`;
const DEFINITION = sql`${CONTENT}, ${d.ref}, ${d.consensusNs}, ${topicIdOf(d.ref)} AS topic_id`;

const mints = parameters<Reader & { readonly limit: number; readonly beforeNs: bigint; readonly ownLimit: number }>();

const IS_MINT = sql`${r.typeNo} = ${literal(typeNumber("RECOGNITION_MINT"))}`;

const mintsOf = (rows: RowSource) =>
  withPage(
    sql`${BESIDE.stamp} AS stamp, ${BESIDE.head} AS head, ${BESIDE.userNo} AS user_no, ${PACKED_NS} AS packed_ns, ${DROPPED_NS} AS dropped_ns,
    ${FOUND} AS found,
    b.position, b.ref, b.consensus_ns, b.type_no, b.type_name, b.flags, b.topic_id, b.peer_id, b.size, b.body,
    NULL AS definition_id, NULL AS actor, NULL AS slug, NULL AS title, NULL AS icon, NULL AS description, NULL AS category`,
    signalsOf(
      rows({
        order: "newest",
        before: sql`${mints("beforeNs")}::bigint`,
        limit: sql`${mints("limit")}::integer`,
        isWanted: sql`${IS_MINT} AND ${IS_TARGET}`,
        isKindWanted: IS_MINT,
      }),
    ),
    sql`consensus_ns DESC`,
  );

const { definitionId, ...definitionOfRow } = definitionIn("u");
const FIELDS = {
  stamp: sql`u.stamp`.mapWith(Number),
  head: sql`u.head`.mapWith(Number),
  userNo: sql<number | null>`u.user_no`,
  packedNs: sql`u.packed_ns`.mapWith(userHeads.packedNs),
  droppedNs: sql`u.dropped_ns`.mapWith(userHeads.droppedNs),
  found: sql`u.found`.mapWith(Number),
  ...definitionOfRow,
  definitionId: orNull(definitionId),
  ...signalIn("u"),
};

/** The mints whose target is the user, newest first, then the user's own definitions: the rows with a `definitionId`. */
export const RECOGNITION = fromBothForReader((rows, naming) =>
  preparedTemplate(
    mints,
    FIELDS,
    (columns) => sql`SELECT ${columns} FROM (SELECT m.* FROM (${mintsOf(rows)}) m
UNION ALL
(SELECT NULL, 0, NULL, 0, 0, 0, NULL, ${d.ref}, ${d.consensusNs}, NULL, NULL, NULL, ${topicIdOf(d.ref)}, NULL, NULL, NULL, ${CONTENT}
  FROM ${recognitionDefinitions} ${d} WHERE ${d.actor} = ${USER}
  ORDER BY ${d.consensusNs} DESC, ${d.ref} DESC LIMIT ${mints("ownLimit")}::integer)) u`,
    naming,
  ),
);

const STAMPED_DEFINITION = { stamp: STAMP, ...definitionIn("p") };

/** Definitions beside the store's stamp: at least one row, whose `ref` is null if there is no definition. */
const withStamp = (columns: SQL, page: SQL, order?: SQL) =>
  sql`WITH page AS MATERIALIZED (${page}) SELECT ${columns} FROM (SELECT 1) one LEFT JOIN page p ON true ${order}`;

const named = parameters<{ readonly ids: readonly string[] }>();
const IDS = sql`${named("ids")}::text[]`;

/**
 * The definitions with these ids, and for each of these ids that is a slug its newest definition. An id without a version also
 * stands for the first of its versions: in the order of bytes they lie between `id@` and `idA`.
 */
export const NAMED_DEFINITIONS = preparedTemplate(named, STAMPED_DEFINITION, (columns) =>
  withStamp(
    columns,
    sql`SELECT ${DEFINITION} FROM ${recognitionDefinitions} ${d} WHERE ${d.definitionId} = ANY (${IDS})
UNION ALL
(SELECT DISTINCT ON (${d.slug}) ${DEFINITION} FROM ${recognitionDefinitions} ${d} WHERE ${d.slug} = ANY (${IDS})
  ORDER BY ${d.slug}, ${d.consensusNs} DESC, ${d.ref} DESC)
UNION ALL
SELECT v.* FROM unnest(${IDS}) AS asked (id), LATERAL (SELECT ${DEFINITION} FROM ${recognitionDefinitions} ${d}
  WHERE ${d.definitionId} > asked.id || '@' AND ${d.definitionId} < asked.id || 'A' ORDER BY ${d.definitionId} LIMIT 1) v`,
  ),
);

const offered = parameters<{
  /** Null: all payers are trusted. */
  readonly trustedPayers: readonly AccountId[] | null;
  readonly limit: number;
  readonly limitOfUntrusted: number;
}>();
const TRUSTED = sql`${offered("trustedPayers")}::text[]`;
const l = alias(topicLog, "l");

/** The definitions of trusted payers, then the first of each other payer, before the second of any. */
export const CATALOGUE = preparedTemplate(offered, STAMPED_DEFINITION, (columns) =>
  withStamp(
    columns,
    sql`SELECT ${DEFINITION}, d.is_trusted, d.place FROM (
  SELECT ${d}.*, row_number() OVER (PARTITION BY d.payer, ${d.actor} ORDER BY ${d.consensusNs}, ${d.ref}) AS place
  FROM (SELECT ${d}.*, ${l.payer}, ${TRUSTED} IS NULL OR coalesce(${l.payer} = ANY (${TRUSTED}), false) AS is_trusted
    FROM ${recognitionDefinitions} ${d} LEFT JOIN ${topicLog} ${l} ON ${l.ref} = ${d.ref}) ${d}) ${d}
WHERE d.is_trusted OR d.place <= ${offered("limitOfUntrusted")}::integer
ORDER BY d.is_trusted DESC, d.place, ${d.consensusNs}, ${d.ref} LIMIT ${offered("limit")}::integer`,
    sql`ORDER BY p.is_trusted DESC, p.place, p.consensus_ns, p.ref`,
  ),
);
