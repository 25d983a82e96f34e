/** Rows of tables as values of the domain. */
import type { topicGaps, topicLog, topics } from "../../../../drizzle/schema";
import { consensusNs } from "../../../core/ledger/consensus-time";
import type { AccountId, TopicId } from "../../../core/ledger/ids";
import { GENESIS_HASH } from "../../../core/ledger/running-hash";
import type { LogEntry } from "../../../core/signals/batch";
import { DECODER_VERSION } from "../../../core/signals/envelope";
import type { Gap } from "../../../ports/store/sync/gap-store";
import type { TopicState } from "../../../ports/store/sync/topic-store";
import { unpackChunkInfo } from "./chunk-info";
import { disposition, gapState, NO_PAYER, signatureState, verification } from "./codes";
import { sequenceOf } from "./ref";
import { fromShorthand } from "./shorthand";

/** The payer of a stored row. Null where the mirror did not report one. */
export const payerOf = (payer: AccountId): AccountId | null => (payer === NO_PAYER ? null : payer);

/** Decodes a row of `topics`. */
export function topicState(row: typeof topics.$inferSelect): TopicState {
  const { topicId, kinds, cursor, headHash, headNs, paused, projected } = row;
  const isDropping = projected !== null && projected < 0;
  const { messages, verified, unverifiable, failed, undecodable, untrusted, unproven } = row;
  return {
    topicId,
    kinds,
    cursor,
    headHash: cursor === 0 ? GENESIS_HASH : headHash,
    headNs,
    counts: { messages, verified, unverifiable, failed, undecodable, untrusted, unproven },
    paused,
    projected: isDropping ? null : projected,
    isDropping,
    syncAgainThrough: cursor < row.startedOverAt ? row.startedOverAt : null,
    ...reading(row),
    packedThrough: row.packedThrough,
    dropped: { through: row.droppedThrough, throughNs: row.droppedNs, hash: row.droppedHash },
  };
}

/** `decoder_version` is negative if all topics are to be read once more, from their start, after this one. */
function reading({ cursor, interpreted, decoderVersion, isRenumbered }: typeof topics.$inferSelect) {
  const version = Math.abs(decoderVersion);
  const through = version === DECODER_VERSION ? Math.min(interpreted, cursor) : version > DECODER_VERSION ? cursor : 0;
  const isDone = through === cursor && decoderVersion > 0 && !isRenumbered;
  const isReread = cursor === 0 || version > DECODER_VERSION || isDone;
  return { interpreted: through, isReread, isReadTwice: decoderVersion < 0 };
}

/** Throws if the row holds a code or a phrase of a later version. */
export function logEntry(row: typeof topicLog.$inferSelect): LogEntry {
  const { chunkKey, chunkNumber, chunkTotal } = row;
  return {
    sequence: sequenceOf(row.ref),
    consensusNs: consensusNs(row.consensusNs),
    payer: payerOf(row.payer),
    message: fromShorthand(row.message),
    body: row.body && fromShorthand(row.body),
    runningHash: row.runningHash,
    runningHashVersion: row.hashVersion,
    verification: verification.name(row.verification),
    disposition: disposition.name(row.disposition),
    reason: row.reason,
    ...(row.signature === null ? {} : { signature: signatureState.name(row.signature) }),
    ...(row.chunkInfo === null ? {} : { chunkInfo: unpackChunkInfo(row.chunkInfo, row) }),
    chunk: chunkTotal === null ? null : { key: chunkKey ?? "", number: chunkNumber ?? 0, total: chunkTotal },
  };
}

/** Throws if the row holds a state of a later version. */
export function gapOf(topicId: TopicId, row: Omit<typeof topicGaps.$inferSelect, "topicNo">): Gap {
  const { fromSeq: from, toSeq: to, firstSeenMs } = row;
  return { topicId, from, to, state: gapState.name(row.state), firstSeenMs };
}
