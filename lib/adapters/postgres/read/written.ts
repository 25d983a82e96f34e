/** Reads a user's own messages with the bytes as they were written, so that a repeated message is recognised. */
import type { AccountId } from "../../../core/ledger/ids";
import type { WrittenRow } from "../../../ports/store/view-store";
import { flagsOf } from "../codec/codes";
import { message, ns, sequenceOf } from "../codec/decode-row";
import type { Row } from "../drivers/database";
import { STAMP } from "../stamp";
import { topicIdIn } from "./view-rows";
import { ME, topicIdOf } from "./view-sql";

const IS_ACTOR = `r.flags >= ${flagsOf({ isActor: true, verification: "verified" })}`;

/** `$2` is a consensus time, `$3` a limit. The store's stamp beside the rows, the `ref` of which is null for none. */
export const WRITTEN = `SELECT ${STAMP} AS stamp, p.* FROM (SELECT 1) one LEFT JOIN (
  SELECT r.ref, r.consensus_ns, ${topicIdOf("r.ref")} AS topic_id, l.payer, coalesce(l.body, l.message) AS body
  FROM (SELECT * FROM hcs_messages r WHERE r.user_no = ${ME} AND r.consensus_ns >= $2::bigint AND ${IS_ACTOR}
    ORDER BY r.consensus_ns DESC LIMIT $3::integer) r
  JOIN LATERAL (SELECT * FROM topic_log l WHERE l.ref = r.ref LIMIT 1) l ON true) p ON true ORDER BY p.consensus_ns DESC`;

/** A row of it. */
export function written(row: Row): WrittenRow {
  return {
    topicId: topicIdIn(row),
    sequence: sequenceOf(row.ref),
    consensusNs: ns(row.consensus_ns),
    payer: row.payer as AccountId,
    body: message(row.body) as Uint8Array,
  };
}
