/** The statements of `ViewStore.events`: the messages of one kind that concern a user, oldest first. */
import { type SQL, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import {
  contactEdges,
  hcsMessages,
  profiles,
  recognitionDefinitions,
  topicLog,
  topics,
} from "../../../../../drizzle/schema";
import { TOPIC_KINDS, type TopicId, type TopicKind } from "../../../../core/ledger/ids";
import { prefixOf, TYPES_OF_KIND } from "../../../../core/signals/message-types";
import { typeNumber, UNNAMED_TYPE } from "../../codec/codes";
import { topicNoIn } from "../../codec/ref";
import { literal, orNull } from "../../sql/expressions";
import { messageOf, signatureOf, timeOf, topicIdOf } from "../../sql/references";
import { type Naming, parameters, preparedTemplate, type RowOf } from "../../sql/template";
import { STAMP } from "../../stamp";
import { FOUND, NUMBER_OF_USER, type Owner, r, withPage } from "./pages";
import { DROPPED_NS, fromBoth, PACKED_NS, type RowSource } from "./row-sources";

const KIND_OF_PREFIX: Readonly<Record<TopicKind, string>> = {
  contact: prefixOf("contact"),
  trust: prefixOf("trust"),
  recognition: prefixOf("recognition"),
  profile: prefixOf("profile"),
};

const NUMBERED_TYPES = TOPIC_KINDS.flatMap((kind) => TYPES_OF_KIND[kind]).filter(
  (type) => typeNumber(type) !== UNNAMED_TYPE,
);

const numbersOf = (types: readonly string[]) =>
  sql.join(
    types.map((type) => literal(typeNumber(type))),
    sql`, `,
  );

/** A type's prefix says its kind. A type without one is of the kind of the topic that it came by. */
function isOfKind(kind: TopicKind): SQL {
  const prefix = KIND_OF_PREFIX[kind];
  const ofKind = numbersOf(NUMBERED_TYPES.filter((type) => type.startsWith(prefix)));
  const saysItsKind = sql.join(
    Object.values(KIND_OF_PREFIX).map((word) => sql`coalesce(${r.typeName} ^@ ${word}, false)`),
    sql` OR `,
  );
  const isOfTopic = sql`EXISTS (SELECT FROM ${topics} WHERE ${topics.topicNo} = ${topicNoIn(r.ref)}::integer
      AND ${topics.kinds} @> ARRAY[${kind}])`;
  return sql`(${r.typeNo} IN (${ofKind}) OR ${r.typeNo} NOT IN (${numbersOf(NUMBERED_TYPES)}) AND (
    ${r.typeNo} = ${literal(UNNAMED_TYPE)} AND ${r.typeName} ^@ ${prefix} OR NOT (${saysItsKind}) AND ${isOfTopic}))`.inlineParams();
}

const e = alias(contactEdges, "e");
const f = alias(profiles, "f");
const d = alias(recognitionDefinitions, "d");

/** Bonds as `isBonded` and `underStrictBonding` of lib/core/signals/projection define them. `greatest` ignores null. */
const BONDED = sql`${e.acceptNs} > coalesce(${e.revokeNs}, 0)`;
const MUTUAL = sql`greatest(${e.requestOutNs}, ${e.acceptOutNs}) > coalesce(${e.revokeNs}, 0)
    AND greatest(${e.requestInNs}, ${e.acceptInNs}) > coalesce(${e.revokeNs}, 0)`;

const values = parameters<Owner & { readonly sinceNs: bigint; readonly limit: number }>();
const SINCE = sql`${values("sinceNs")}::bigint`;
const LIMIT = sql`${values("limit")}::integer`;

/**
 * The user's own rows may be of any kind. These are the further messages of some kinds, which others wrote for everybody to see.
 */
const also = (isStrict: boolean): Readonly<Record<TopicKind, SQL | undefined>> => ({
  contact: undefined,
  trust: undefined,
  recognition: sql`UNION ALL SELECT ${d.ref}, ${d.consensusNs}, NULL FROM ${recognitionDefinitions} ${d} WHERE ${d.consensusNs} > ${SINCE}`,
  profile: sql`UNION ALL SELECT ${f.ref}, ${f.consensusNs}, NULL FROM ${contactEdges} ${e} JOIN ${profiles} ${f} ON ${f.userNo} = ${e.peerNo}
    WHERE ${e.userNo} = ${NUMBER_OF_USER} AND ${BONDED} ${isStrict ? sql`AND ${MUTUAL}` : undefined} AND ${f.consensusNs} > ${SINCE}`,
});

const b = alias(hcsMessages, "b");

/** In the row that stands for an empty page `ref` is null, and so are all columns after it. */
const FIELDS = {
  stamp: STAMP,
  packedNs: PACKED_NS,
  droppedNs: DROPPED_NS,
  found: FOUND,
  ref: orNull(b.ref),
  consensusNs: b.consensusNs,
  /** Null if the message is not one of the user's own rows. */
  flags: sql<number | null>`b.flags`,
  /** The message's time; null if `flags` tell the signal's place, or the message is packed. */
  messageNs: sql<bigint | null>`b.message_ns`.mapWith(topicLog.consensusNs),
  topicId: sql<TopicId | null>`b.topic_id`,
  signature: sql<number | null>`b.signature`,
  size: sql<number | null>`b.size`,
  body: sql<Uint8Array | null>`b.body`.mapWith(topicLog.body),
};
export type EventAnswer = RowOf<typeof FIELDS>;

const eventsOf = (kind: TopicKind, isStrict: boolean, rows: RowSource, naming?: Naming) =>
  preparedTemplate(
    values,
    FIELDS,
    (columns) =>
      withPage(
        columns,
        sql`SELECT few.ref, few.consensus_ns, ${topicIdOf(sql`few.ref`)} AS topic_id, ${messageOf(sql`few.ref`)} AS whole,
  ${signatureOf(sql`few.ref`)} AS signature, few.flags,
  CASE WHEN few.flags IS NULL THEN ${timeOf(sql`few.ref`)} END AS message_ns FROM (
  SELECT ref, consensus_ns, max(flags) AS flags FROM (
    (SELECT ${r.ref}, ${r.consensusNs}, ${r.flags} FROM (${rows({ order: "oldest", after: SINCE, limit: LIMIT, isWanted: isOfKind(kind) })}) ${r})
    ${also(isStrict)[kind]}) every
  GROUP BY ref, consensus_ns ORDER BY consensus_ns, ref LIMIT ${LIMIT}) few`,
        sql`consensus_ns, ref`,
      ),
    naming,
  );

const byKind = (isStrict: boolean) =>
  fromBoth(
    (rows, naming) =>
      Object.fromEntries(TOPIC_KINDS.map((kind) => [kind, eventsOf(kind, isStrict, rows, naming)])) as Record<
        TopicKind,
        ReturnType<typeof eventsOf>
      >,
  );

/** By kind. `strict`: bonds as STRICT_BONDING has them. */
export const EVENTS = { loose: byKind(false), strict: byKind(true) };
