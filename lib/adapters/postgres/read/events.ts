/** `ViewStore.events`: the messages of one kind that concern a user, oldest first. */
import { TOPIC_KINDS, type TopicKind } from "../../../core/ledger/ids";
import { prefixOf, TYPES_OF_KIND } from "../../../core/signals/message-types";
import { typeNumber, UNNAMED_TYPE } from "../codec/codes";
import { STAMP } from "../stamp";
import { bodyOf, boundedRows, ME, topicIdOf } from "./view-sql";

const KIND_OF_PREFIX: Readonly<Record<TopicKind, string>> = {
  contact: prefixOf("contact"),
  trust: prefixOf("trust"),
  recognition: prefixOf("recognition"),
  profile: prefixOf("profile"),
};

const NUMBERED_TYPES = TOPIC_KINDS.flatMap((kind) => TYPES_OF_KIND[kind]).filter(
  (type) => typeNumber(type) !== UNNAMED_TYPE,
);

/** A type says by its first word which kind it is; one that does not is of the kind of the topic it came by. */
function isOfKind(kind: TopicKind): string {
  const prefix = KIND_OF_PREFIX[kind];
  const known = NUMBERED_TYPES.filter((type) => type.startsWith(prefix)).map(typeNumber);
  const others = NUMBERED_TYPES.map(typeNumber);
  const foreign = Object.values(KIND_OF_PREFIX).map((word) => `coalesce(r.type_name ^@ '${word}', false)`);
  return `(r.type_no IN (${known.join(", ")}) OR r.type_no NOT IN (${others.join(", ")}) AND (
    r.type_no = ${UNNAMED_TYPE} AND r.type_name ^@ '${prefix}'
    OR NOT (${foreign.join(" OR ")}) AND EXISTS (SELECT FROM topics t WHERE t.topic_no = (r.ref >> 40)::integer AND t.kinds @> '{${kind}}')))`;
}

/** What core/signals/projection says of a pair (isBonded, and that of `strictly`), of an edge `e`. `greatest` passes over null. */
const BONDED = "e.accept_ns > coalesce(e.revoke_ns, 0)";
const MUTUAL = `greatest(e.request_out_ns, e.accept_out_ns) > coalesce(e.revoke_ns, 0)
    AND greatest(e.request_in_ns, e.accept_in_ns) > coalesce(e.revoke_ns, 0)`;

/** Rows of the user, and for some kinds messages that others wrote for everybody to see. */
const also = (isStrict: boolean): Readonly<Record<TopicKind, string>> => ({
  contact: "",
  trust: "",
  recognition: `UNION SELECT d.ref, d.consensus_ns FROM recognition_definitions d WHERE d.consensus_ns > $2::bigint`,
  profile: `UNION SELECT f.ref, f.consensus_ns FROM contact_edges e JOIN profiles f ON f.user_no = e.peer_no
    WHERE e.user_no = ${ME} AND ${isStrict ? `${BONDED} AND ${MUTUAL}` : BONDED} AND f.consensus_ns > $2::bigint`,
});

/** `$1` user, `$2` since, `$3` limit. */
export const eventsSql = (kind: TopicKind, isStrict: boolean): string => `WITH few AS MATERIALIZED (
  SELECT ref, consensus_ns FROM (
    (SELECT r.ref, r.consensus_ns FROM hcs_messages r
      WHERE r.user_no = ${ME} AND r.consensus_ns > $2::bigint AND ${isOfKind(kind)} ORDER BY r.consensus_ns LIMIT $3::integer)
    ${also(isStrict)[kind]}) every
  ORDER BY consensus_ns, ref LIMIT $3::integer),
page AS MATERIALIZED (SELECT f.ref, f.consensus_ns, ${topicIdOf("f.ref")} AS topic_id, ${bodyOf("f.ref")} AS whole FROM few f),
bounded AS MATERIALIZED (${boundedRows("ref, consensus_ns, topic_id", "consensus_ns, ref")})
SELECT ${STAMP} AS stamp, (SELECT count(*) FROM page) AS found, b.* FROM (SELECT 1) one LEFT JOIN bounded b ON true ORDER BY b.place`;
