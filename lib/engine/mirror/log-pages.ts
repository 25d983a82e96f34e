/** Answers of the public mirror from the log: pages of messages, and single messages. */
import { MAX_ANSWER_BYTES } from "../../core/bounds";
import { type ConsensusNs, formatConsensusTime } from "../../core/ledger/consensus-time";
import type { TopicId } from "../../core/ledger/ids";
import { isImmutable } from "../../core/mirror/immutable-page";
import type { MessageQuery } from "../../core/mirror/message-query";
import { nextLink } from "../../core/mirror/next-link";
import type { LogEntry } from "../../core/signals/batch";
import type { LedgerLog } from "../../ports/store/ledger-log";
import { messageJson } from "./message-json";

/** `body` is JSON, or null if there is no such message. `isImmutable`: it can never change. */
export interface LogAnswer {
  readonly body: string | null;
  readonly isImmutable: boolean;
  /** Messages that were dropped (sync/drop-store) belong to the answer, so it is of no use. */
  readonly isDropped: boolean;
}

const NONE: LogAnswer = { body: null, isImmutable: false, isDropped: false };
const EVER = { from: 0n, to: 2n ** 63n - 1n };

const pageBody = (messages: readonly string[], next: string | null) =>
  `{"messages":[${messages.join(",")}],"links":{"next":${JSON.stringify(next)}}}`;

/** A page of a topic. `path` is the request's own path, for the link to the next page. */
export async function messagesPage(
  log: LedgerLog,
  topicId: TopicId,
  path: string,
  { within, order, limit, isUtf8, spelled }: MessageQuery,
): Promise<LogAnswer> {
  // Nothing can ever be on such a page.
  if (within === null) return { ...NONE, body: pageBody([], null) };
  const page = await log.page({ topicId, ...within, order, limit });
  const all = page.rows.map((row) => messageJson(topicId, row, isUtf8));
  const messages = fitting(all);
  const isCut = messages.length < all.length;
  const lastNs = isCut ? (page.rows[messages.length - 1]?.consensusNs ?? null) : page.lastNs;
  const isMore = (page.isFull || isCut) && lastNs !== null;
  const next = isMore ? nextLink(path, spelled, order, formatConsensusTime(lastNs)) : null;
  const found = { order, limit, sequences: within.sequences, ...page };
  return {
    ...{ body: pageBody(messages, next), isImmutable: !isCut && isImmutable(found) },
    isDropped: page.hasDropped,
  };
}

/** The messages that fit into one answer. The link to the next page goes on after them. The first message always fits. */
function fitting(messages: readonly string[]): readonly string[] {
  let bytes = 0;
  const end = messages.findIndex((message, i) => {
    bytes += Buffer.byteLength(message) + 1;
    return i > 0 && bytes > MAX_ANSWER_BYTES;
  });
  return end < 0 ? messages : messages.slice(0, end);
}

/** The message with this sequence number, if there is one. */
export async function messageBySequence(log: LedgerLog, topicId: TopicId, sequence: number): Promise<LogAnswer> {
  const sequences = { from: sequence, to: sequence };
  const { rows, hasDropped } = await log.page({ topicId, sequences, times: EVER, order: "asc", limit: 1 });
  return { ...single(topicId, rows[0]), isDropped: rows.length === 0 && hasDropped };
}

/** The message with this consensus time, in any topic. */
export async function messageAt(log: LedgerLog, ns: ConsensusNs): Promise<LogAnswer> {
  const found = await log.at(ns);
  return found === null ? NONE : single(found.topicId, found.entry);
}

function single(topicId: TopicId, entry: LogEntry | undefined): LogAnswer {
  if (entry === undefined) return NONE;
  return {
    body: messageJson(topicId, entry),
    isImmutable: entry.verification === "verified" && entry.chunkInfo !== undefined,
    isDropped: false,
  };
}
