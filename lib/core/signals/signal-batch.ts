/**
 * Several signals in one ledger message (docs/batch-format.md): two bytes that no text begins with, the time at which the transaction's
 * validity begins, and the signals' bytes, separated by newlines and compressed. Reading is exact: each signal has the bytes that were
 * written. The browser reads batches with this file too.
 */
import { deflateSync, inflateSync } from "fflate";
import { type ConsensusNs, consensusNs, MAX_CONSENSUS_NS } from "../ledger/consensus-time";
import { err, ok, type Result } from "../result";
import { BATCH_DICTIONARY } from "./batch-dictionary";

/** A ledger message in one piece has this many bytes at most. A batch is never split. */
export const MAX_BATCH_BYTES = 1_024;
/** The signals of a message take the nanoseconds after its time, and rows count them in six bits. */
export const MAX_BATCH_SIGNALS = 64;
/**
 * The limit of a batch's text. A kilobyte of deflate could unfold to a megabyte. The signals of an honest batch have about 4 kB
 * together, and short signals at most 12 kB. The package unfolds a longer text to its end, which takes 3 ms, so batches of
 * unknown payers are not opened (core/signals/interpret).
 */
const MAX_TEXT_BYTES = 16_384;

/** A byte that continues a character of UTF-8, so that no text begins with it, and the format's version. */
const MARK = [0xba, 0x01] as const;
const HEADER_BYTES = 6;
const NEWLINE = 0x0a;
const dictionary = new TextEncoder().encode(BATCH_DICTIONARY);

/** The content of one ledger message that is a signal batch. */
export interface OpenedBatch {
  /** One at least, each in the bytes in which it was written. */
  readonly signals: readonly Uint8Array[];
  /** Epoch seconds: the validity of the batch's transaction began in this second. */
  readonly validStartS: number;
}

/**
 * One message that holds these signals in this order. Null if they do not fit into it, or one of them can be in no batch: it is empty,
 * or has a newline. `validStartS`: epoch seconds (uint32).
 */
export function sealBatch(signals: readonly Uint8Array[], validStartS: number): Uint8Array | null {
  const text = joined(signals);
  if (text === null) return null;
  const packed = deflateSync(text, { level: 9, dictionary });
  if (HEADER_BYTES + packed.length > MAX_BATCH_BYTES) return null;
  const message = new Uint8Array(HEADER_BYTES + packed.length);
  message.set(MARK);
  new DataView(message.buffer).setUint32(MARK.length, validStartS);
  message.set(packed, HEADER_BYTES);
  return message;
}

/** Null if these are too many signals or too many bytes for a batch, or one can be in none. */
function joined(signals: readonly Uint8Array[]): Uint8Array | null {
  const length = signals.reduce((sum, signal) => sum + signal.length + 1, -1);
  if (signals.length === 0 || signals.length > MAX_BATCH_SIGNALS || length > MAX_TEXT_BYTES) return null;
  if (signals.some((signal) => signal.length === 0 || signal.includes(NEWLINE))) return null;
  const text = new Uint8Array(length).fill(NEWLINE);
  let at = 0;
  for (const signal of signals) {
    text.set(signal, at);
    at += signal.length + 1;
  }
  return text;
}

/** Whether a message is a batch, readable or not. */
export const isBatch = (message: Uint8Array): boolean => message[0] === MARK[0];

/** The signals of a batch. Null if the message is not a batch, but a single signal. Never throws. */
export function openBatch(message: Uint8Array): Result<OpenedBatch, "bad-batch"> | null {
  if (!isBatch(message)) return null;
  if (message[1] !== MARK[1] || message.length > MAX_BATCH_BYTES || message.length <= HEADER_BYTES) return BAD;
  const text = inflated(message.subarray(HEADER_BYTES));
  if (text === null) return BAD;
  const signals = split(text);
  if (signals.length > MAX_BATCH_SIGNALS || signals.some(({ length }) => length === 0)) return BAD;
  const validStartS = new DataView(message.buffer, message.byteOffset).getUint32(MARK.length);
  return ok({ signals, validStartS });
}

const BAD = err("bad-batch" as const);

/** The signals of any message: those of a batch, or the message itself. */
export function signalsIn(message: Uint8Array): readonly Uint8Array[] {
  const batch = openBatch(message);
  return batch?.ok ? batch.value.signals : [message];
}

/** Null for bytes that are not compressed text, or too much of it. Bytes after the end of the compressed text do not count. */
function inflated(bytes: Uint8Array): Uint8Array | null {
  try {
    // The package drops the bytes that do not fit into `out`, so one byte more tells.
    const text = inflateSync(bytes, { out: new Uint8Array(MAX_TEXT_BYTES + 1), dictionary });
    return text.length > MAX_TEXT_BYTES ? null : text;
  } catch {
    return null;
  }
}

/**
 * The time of a signal: its message's, and a nanosecond more for each signal before it. Transactions are a microsecond apart, so hardly
 * ever another message has that time; a row that finds its time taken gets a later one.
 */
export function signalTime(messageNs: ConsensusNs, place: number): ConsensusNs {
  const ns = messageNs + BigInt(place);
  return ns > MAX_CONSENSUS_NS ? MAX_CONSENSUS_NS : consensusNs(ns);
}

function split(text: Uint8Array): readonly Uint8Array[] {
  const signals: Uint8Array[] = [];
  for (let from = 0; from <= text.length; ) {
    const end = text.indexOf(NEWLINE, from);
    const to = end === -1 ? text.length : end;
    signals.push(text.slice(from, to));
    from = to + 1;
  }
  return signals;
}
