/** Rows as drivers hand them out, as values of the domain. Drivers differ in int8 (string, number, bigint) and bytea. */

import { type ConsensusNs, consensusNs } from "../../../core/ledger/consensus-time";
import type { AccountId, Sequence, TopicId, TopicKind } from "../../../core/ledger/ids";
import { GENESIS_HASH } from "../../../core/ledger/running-hash";
import type { LogEntry } from "../../../core/signals/batch";
import type { Gap, TopicState } from "../../../ports/store/sync-store";
import type { Row } from "../drivers/database";
import { disposition, gapState, NO_PAYER, verification } from "./codes";
import { REF_SHIFT } from "./ref";
import { expand } from "./shorthand";

export const int8 = (value: unknown): bigint => (value === null ? 0n : BigInt(value as string | number | bigint));
export const ns = (value: unknown): ConsensusNs => consensusNs(int8(value));
export const text = (value: unknown): string | null => (typeof value === "string" ? value : null);
export const payer = (value: unknown): AccountId | null => (value === NO_PAYER ? null : (value as AccountId));
const optionalNumber = (value: unknown): number | null => (value === null ? null : Number(value));

/** A copy: what a driver hands out may be a view of a whole network packet. */
export const bytes = (value: unknown): Uint8Array | null =>
  value === null ? null : new Uint8Array(value as Uint8Array);

/** A message or a body, which are kept in shorthand. */
export const message = (value: unknown): Uint8Array | null => (value === null ? null : expand(value as Uint8Array));

/** The sequence that a `ref` holds. */
export const sequenceOf = (ref: unknown): Sequence => Number(BigInt.asUintN(REF_SHIFT, int8(ref))) as Sequence;

export function topicState(row: Row): TopicState {
  const cursor = Number(row.cursor);
  const projected = optionalNumber(row.projected);
  const isDropping = projected !== null && projected < 0;
  return {
    topicId: row.topic_id as TopicId,
    kinds: row.kinds as TopicKind[],
    cursor,
    headHash: cursor === 0 ? GENESIS_HASH : bytes(row.head_hash),
    headNs: int8(row.head_ns),
    syncedThroughNs: int8(row.synced_through_ns),
    counts: {
      messages: Number(row.messages),
      verified: Number(row.verified),
      unverifiable: Number(row.unverifiable),
      failed: Number(row.failed),
      undecodable: Number(row.undecodable),
      untrusted: Number(row.untrusted),
    },
    paused: row.paused === true,
    projected: isDropping ? null : projected,
    isDropping,
  };
}

export function logEntry(row: Row): LogEntry {
  return {
    sequence: sequenceOf(row.ref),
    consensusNs: ns(row.consensus_ns),
    payer: payer(row.payer),
    message: message(row.message) as Uint8Array,
    body: message(row.body),
    runningHash: bytes(row.running_hash),
    runningHashVersion: optionalNumber(row.hash_version),
    verification: verification.name(row.verification),
    disposition: disposition.name(row.disposition),
    reason: text(row.reason),
    chunk:
      row.chunk_total === null
        ? null
        : { key: text(row.chunk_key) ?? "", number: Number(row.chunk_number), total: Number(row.chunk_total) },
  };
}

export function gap(topicId: TopicId, row: Row): Gap {
  return {
    topicId,
    from: Number(row.from_seq) as Sequence,
    to: Number(row.to_seq) as Sequence,
    state: gapState.name(row.state),
    firstSeenMs: Number(row.first_seen_ms),
  };
}
