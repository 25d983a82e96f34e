/** The statements about recognition: what a user was given, and which definitions there are. */
import { flagsOf, typeNumber } from "../codec/codes";
import { STAMP } from "../stamp";
import { ME, SIGNAL, topicIdOf, withHead } from "./view-sql";

/** So many of the user's own definitions, the newest, come with what the user was given. */
export const OWN_DEFINITIONS = 50;

/** The user is the target of a mint unless only the actor; somebody who mints for himself has one row and is both. */
const IS_TARGET = `(r.flags < ${flagsOf({ isActor: true, verification: "verified" })} OR r.peer_no IS NULL OR r.peer_no = r.user_no)`;

const COLUMNS = "d.definition_id, d.actor, d.slug, d.title, d.icon, d.description, d.category";
const DEFINITION = `${COLUMNS}, d.ref, d.consensus_ns, ${topicIdOf("d.ref")} AS topic_id`;

/** `$1` user, `$2` limit of mints, `$3` before, `$4` limit of own definitions. Definitions are the rows with an id. */
export const RECOGNITION = `SELECT m.*, NULL AS definition_id, NULL AS actor, NULL AS slug, NULL AS title, NULL AS icon,
    NULL AS description, NULL AS category
  FROM (${withHead(
    `SELECT ${SIGNAL} FROM (SELECT * FROM hcs_messages r WHERE r.user_no = ${ME} AND r.consensus_ns < $3::bigint
      AND r.type_no = ${typeNumber("RECOGNITION_MINT")} AND ${IS_TARGET} ORDER BY r.consensus_ns DESC LIMIT $2::integer) r`,
    "consensus_ns DESC",
  )}) m
UNION ALL
(SELECT NULL, 0, 0, NULL, d.ref, d.consensus_ns, NULL, NULL, NULL, ${topicIdOf("d.ref")}, NULL, NULL, NULL, NULL, ${COLUMNS}
  FROM recognition_definitions d WHERE d.actor = $1::text ORDER BY d.consensus_ns DESC, d.ref DESC LIMIT $4::integer)`;

/** Definitions beside the store's stamp: at least one row, which has no id where there is none. */
const withStamp = (page: string, order = "") =>
  `WITH page AS MATERIALIZED (${page}) SELECT ${STAMP} AS stamp, p.* FROM (SELECT 1) one LEFT JOIN page p ON true ${order}`;

/** `$1` ids, which may be slugs. Of a slug that several have the newest. */
export const NAMED_DEFINITIONS =
  withStamp(`SELECT ${DEFINITION} FROM recognition_definitions d WHERE d.definition_id = ANY ($1::text[])
UNION ALL
(SELECT DISTINCT ON (d.slug) ${DEFINITION} FROM recognition_definitions d WHERE d.slug = ANY ($1::text[])
  ORDER BY d.slug, d.consensus_ns DESC, d.ref DESC)`);

/** `$1` trusted payers (null: all), `$2` limit, `$3` limit of each other payer. */
export const CATALOGUE = withStamp(
  `SELECT ${DEFINITION}, d.is_trusted, d.place FROM (
  SELECT d.*, row_number() OVER (PARTITION BY d.payer, d.actor ORDER BY d.consensus_ns, d.ref) AS place
  FROM (SELECT d.*, l.payer, $1::text[] IS NULL OR coalesce(l.payer = ANY ($1::text[]), false) AS is_trusted
    FROM recognition_definitions d LEFT JOIN topic_log l ON l.ref = d.ref) d) d
WHERE d.is_trusted OR d.place <= $3::integer
ORDER BY d.is_trusted DESC, d.place, d.consensus_ns, d.ref LIMIT $2::integer`,
  "ORDER BY p.is_trusted DESC, p.place, p.consensus_ns, p.ref",
);
