/**
 * Turns any JSON that a mirror answers into messages. A message that cannot be taken as it came gets a defect, which fails
 * verification, so one rejected message never keeps its neighbours from being stored.
 *
 * Everything is checked here against what a row can hold. Nothing that passes makes the commit statement throw.
 */
import { type ConsensusNs, consensusNs, parseConsensusTime } from "../../core/ledger/consensus-time";
import {
  MAX_SEQUENCE,
  parseAccountId,
  parseSequence,
  parseTopicId,
  type TopicId,
  toSequence,
} from "../../core/ledger/ids";
import type { Defect, LedgerMessage } from "../../core/ledger/message";
import { HASH_BYTES } from "../../core/ledger/running-hash";
import { readChunk } from "./read-chunk";

type Fields = Readonly<Record<string, unknown>>;
type Unplaced = Omit<LedgerMessage, "sequence">;

const NO_TIME: ConsensusNs = consensusNs(0n);
const NO_BYTES = new Uint8Array(0);
/** The largest value of an int2 column. */
const MAX_VERSION = 32_767;

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The list of a page as it came; null if the answer is not a page. */
export function listOf(page: unknown): readonly unknown[] | null {
  return isFields(page) && Array.isArray(page.messages) ? page.messages : null;
}

/** `leftOut`: entries of a list that are not messages of the topic, or have no place in it. */
export interface ReadMessages {
  readonly messages: readonly LedgerMessage[];
  readonly leftOut: number;
}

/**
 * The messages of a list that was asked for after sequence number `after` of a topic. A message without a number takes the
 * number that its neighbours leave for it. If none is left, or if it is of another topic, it is left out: it shows as a hole,
 * or as no message yet.
 */
export function messagesOf(list: readonly unknown[], topicId: TopicId, after: number): ReadMessages {
  const messages: LedgerMessage[] = [];
  let before = after;
  let unplaced: Unplaced[] = [];
  for (const json of list) {
    if ((topicIn(json) ?? topicId) !== topicId) continue;
    const message = readMessage(json, topicId);
    if (!("sequence" in message)) {
      unplaced.push(message);
      continue;
    }
    const isExact = message.sequence - before - 1 === unplaced.length;
    if (isExact) messages.push(...unplaced.map((each, i) => ({ ...each, sequence: toSequence(before + 1 + i) })));
    unplaced = [];
    messages.push(message);
    before = message.sequence;
  }
  return { messages, leftOut: list.length - messages.length };
}

/** Reads one JSON value as a message of a topic. A value without a valid sequence number is an `Unplaced`. */
export function readMessage(json: unknown, topicId: TopicId): LedgerMessage | Unplaced {
  const sequence = isFields(json) && json.topic_id === topicId ? parseSequence(json.sequence_number) : null;
  if (!isFields(json) || sequence === null || sequence > MAX_SEQUENCE) return notAMessage(topicId);
  const consensusNs = readTime(json.consensus_timestamp);
  const message = readBase64(json.message);
  const payer = typeof json.payer_account_id === "string" ? parseAccountId(json.payer_account_id) : null;
  const runningHash = isNone(json.running_hash) ? null : readBase64(json.running_hash);
  const isHash = isNone(json.running_hash) || runningHash?.length === HASH_BYTES;
  const version = json.running_hash_version ?? null;
  const isVersion = version === null || isWithin(version, MAX_VERSION);
  const defect = firstOf([
    [consensusNs === null, "bad-time"],
    [message === null, "bad-bytes"],
    [!isHash, "bad-hash"],
    [!isVersion, "bad-version"],
  ]);
  return {
    topicId,
    sequence,
    consensusNs: consensusNs ?? NO_TIME,
    payer,
    message: message ?? NO_BYTES,
    runningHash: isHash ? runningHash : null,
    runningHashVersion: isVersion ? version : null,
    chunk: readChunk(json.chunk_info, payer),
    ...toldChunk(json.chunk_info),
    defect,
  };
}

/** The SDK's chunk info has 150 characters. Longer text is somebody's own, and is not kept. */
const MAX_CHUNK_INFO_CHARACTERS = 1_000;

/** The chunk info as the mirror sent it, so that it can be served again unchanged. */
function toldChunk(info: unknown): { readonly chunkInfo?: string | null } {
  if (info === undefined || info === null) return { chunkInfo: null };
  const text = JSON.stringify(info);
  return text.length <= MAX_CHUNK_INFO_CHARACTERS ? { chunkInfo: text } : {};
}

/** The topic that a message of a file names; null if it names none. */
export function topicIn(json: unknown): TopicId | null {
  return isFields(json) && typeof json.topic_id === "string" ? parseTopicId(json.topic_id) : null;
}

function notAMessage(topicId: TopicId): Unplaced {
  return {
    topicId,
    consensusNs: NO_TIME,
    payer: null,
    message: NO_BYTES,
    runningHash: null,
    runningHashVersion: null,
    chunk: null,
    defect: "not-a-message",
  };
}

/** Importers store an empty hash if they have none. */
const isNone = (hash: unknown) => hash === undefined || hash === null || hash === "";

const readTime = (value: unknown) => (typeof value === "string" ? parseConsensusTime(value) : null);

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Null if it is not base64: Buffer alone would skip characters outside the alphabet and give other bytes. */
function readBase64(value: unknown): Uint8Array | null {
  if (typeof value !== "string" || !BASE64.test(value)) return null;
  const digits = value.endsWith("=") ? value.indexOf("=") : value.length;
  return digits % 4 === 1 ? null : new Uint8Array(Buffer.from(value, "base64"));
}

const isWithin = (value: unknown, max: number): value is number =>
  typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= max;

const firstOf = (checks: readonly (readonly [boolean, Defect])[]): Defect | null =>
  checks.find(([isWrong]) => isWrong)?.[1] ?? null;
