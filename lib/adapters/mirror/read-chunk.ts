/** The mirror's `chunk_info`, which tells which chunks form one message. */
import { type ChunkInfo, kindOfChunk, UNUSABLE_CHUNK } from "../../core/ledger/chunks";
import { parseAccountId } from "../../core/ledger/ids";

type Fields = Readonly<Record<string, unknown>>;
const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The largest value of an int4 column. */
const MAX_INT32 = 2_147_483_647;
const isInt32 = (value: unknown): value is number =>
  typeof value === "number" && Number.isInteger(value) && Math.abs(value) <= MAX_INT32;

/**
 * Null for a message that was not split. Chunk info that does not name the chunk's message, or has no valid numbers, is
 * UNUSABLE_CHUNK: guessing would join chunks of different messages.
 */
export function readChunk(info: unknown, payer: string | null): ChunkInfo | null {
  if (info === undefined || info === null) return null;
  if (!isFields(info) || !isInt32(info.number) || !isInt32(info.total)) return UNUSABLE_CHUNK;
  const { number, total } = info;
  // A placeholder for the key: whether the numbers make sense does not depend on it.
  const kind = kindOfChunk({ key: "?", number, total });
  if (kind === "whole") return null;
  const key = kind === "part" ? groupKey(info, payer) : null;
  return key === null ? UNUSABLE_CHUNK : { key, number, total };
}

interface TransactionId {
  readonly account: string;
  readonly start: string;
  readonly nonce: number;
  readonly isScheduled: boolean;
}

/** Chunks belong together by payer, valid start, nonce and scheduled flag. A group holds messages of its own payer only. */
function groupKey(info: Fields, payer: string | null): string | null {
  const id = info.initial_transaction_id;
  const read = typeof id === "string" ? idOfText(id, info) : isFields(id) ? idOfFields(id) : null;
  return read && [payer ?? "", read.account, read.start, read.nonce, read.isScheduled].join("|");
}

/** Mirrors differ in the name of the time from which a transaction is valid. */
function idOfFields(id: Fields): TransactionId | null {
  const account = id.account_id ?? "";
  const start = startOf(id.transaction_valid_start ?? id.valid_start_timestamp ?? id.valid_start);
  return checked(account, start, id.nonce ?? 0, id.scheduled ?? false);
}

/** `0.0.2-1756834059-000000321` as mirrors write it, `0.0.2@1756834059.321?scheduled/1` as SDKs do. */
const ID_TEXT = /^([\d.]{5,60})[-@](\d{1,19})[-.](\d{1,9})(\?scheduled)?(?:\/(\d{1,9}))?$/;

function idOfText(text: string, info: Fields): TransactionId | null {
  const match = ID_TEXT.exec(text);
  if (!match) return null;
  const [, account, seconds, nanos = "", scheduled, nonce] = match;
  const start = startOf(`${seconds}.${nanos.padStart(9, "0")}`);
  const isScheduled = scheduled === undefined ? (info.scheduled ?? false) : true;
  return checked(account, start, nonce === undefined ? (info.nonce ?? 0) : Number(nonce), isScheduled);
}

function checked(account: unknown, start: string | null, nonce: unknown, isScheduled: unknown): TransactionId | null {
  const isAccount = account === "" || (typeof account === "string" && parseAccountId(account) !== null);
  if (!isAccount || start === null || !isInt32(nonce) || typeof isScheduled !== "boolean") return null;
  return { account, start, nonce, isScheduled };
}

/** Seconds of a protobuf timestamp have 64 bits, more than a consensus time that we keep. */
const START = /^(-?\d{1,19})(?:\.(\d{1,9}))?$/;

/** Nine decimals, so that one instant is always the same text. */
function startOf(value: unknown): string | null {
  const match = typeof value === "string" ? START.exec(value) : null;
  return match && `${BigInt(match[1] as string)}.${(match[2] ?? "").padEnd(9, "0")}`;
}
