/**
 * A segment of a topic's log: messages of one range of sequence numbers, packed column by column and compressed. It gives back each
 * entry exactly as it was, bytes and members.
 *
 * Running hashes are not kept: each follows from the one before (lib/core/ledger/running-hash). Only the first of a chain is kept,
 * and any that does not follow. Hashes that are computed here prove nothing about the stored bytes: the digest does.
 *
 *   layout ‖ digest ‖ brotli(count ‖ words ‖ columns ‖ length of the records ‖ records ‖ messages ‖ bodies)
 *
 * The digest is that of what brotli holds, which has no checksum of its own: a bit that has flipped on a disk must not become another
 * message, whose running hash would follow from it too.
 *
 * Words are the texts that repeat: payers, reasons and chunk keys. The columns hold what a reader of one message needs, so that the
 * rest is read only for whole entries. Messages are in columns of their own (./json-columns.ts).
 *
 * Segments of the first layout are still read. They have the lengths of messages among the columns, and each body after its message.
 */
import { hash } from "node:crypto";
import { brotliCompressSync, brotliDecompressSync, constants } from "node:zlib";
import { type ConsensusNs, consensusNs } from "../../../core/ledger/consensus-time";
import type { AccountId, Sequence, TopicId } from "../../../core/ledger/ids";
import { equalBytes, nextRunningHash, RUNNING_HASH_VERSION } from "../../../core/ledger/running-hash";
import type { LogEntry } from "../../../core/signals/batch";
import type { SignatureState } from "../../../core/signals/signal";
import { ByteReader, ByteWriter } from "./bytes";
import { packChunkInfo, unpackChunkInfo } from "./chunk-info";
import { disposition, signatureState, verification } from "./codes";
import { readTexts, writeTexts } from "./json-columns";

/** A segment holds this many sequence numbers at most, and begins after a multiple of it. */
export const SEGMENT_LENGTH = 256;

/** The first sequence number of the segment that a sequence number belongs to. */
export const segmentStart = (sequence: number): number => sequence - ((sequence - 1) % SEGMENT_LENGTH);

/** A bit for each sequence number of a range: set for those of these entries. */
export function heldOf(first: number, entries: readonly Pick<LogEntry, "sequence">[]): Uint8Array {
  const held = new Uint8Array(SEGMENT_LENGTH / 8);
  for (const { sequence } of entries) {
    const place = sequence - first;
    held[place >> 3] = (held[place >> 3] as number) | (1 << (place & 7));
  }
  return held;
}

/** The sequence numbers whose bits are set. */
export function heldIn(first: number, held: Uint8Array): readonly number[] {
  const places = Array.from({ length: held.length * 8 }, (_, place) => place);
  return places
    .filter((place) => ((held[place >> 3] as number) & (1 << (place & 7))) !== 0)
    .map((place) => first + place);
}

/** The first byte of a segment. A later version of the layout takes another number. */
export const LAYOUT = 2;
const FIRST_LAYOUT = 1;
/**
 * A larger window takes ten times as long for the same bytes, because brotli then looks for matches in another way. Quality 11 takes
 * an eighth less bytes and fifty times as long.
 */
const COMPRESSION = { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_LGWIN]: 16 };
/**
 * The limit of an uncompressed segment, so that a damaged one cannot fill the memory. 256 of the longest packed messages have less:
 * 1 MiB of messages, which columns make 10/3 as long at worst, and the same again of bodies.
 */
const MOST_BYTES = 8 * 1024 * 1024;

/** This length is enough to detect accidents. Forgery is detected by the hash chain, which a browser compares with another mirror's. */
const DIGEST_BYTES = 16;
const digestOf = (plain: Uint8Array): Uint8Array => hash("sha256", plain, "buffer").subarray(0, DIGEST_BYTES);

const sha384 = (bytes: Uint8Array): Uint8Array => hash("sha384", bytes, "buffer");

/** Packs entries of one range, by rising sequence. Throws RangeError for more than one range has. */
export function packSegment(topicId: TopicId, entries: readonly LogEntry[]): Uint8Array {
  const starts = new Set(entries.map(({ sequence }) => segmentStart(sequence)));
  if (entries.length > SEGMENT_LENGTH || starts.size > 1) throw new RangeError("the messages are not of one range");
  const words = new Words();
  const columns = new ByteWriter();
  entries.reduce((before, { sequence }) => {
    columns.number(sequence - before);
    return sequence;
  }, 0);
  entries.reduce((before, { consensusNs: ns }) => {
    columns.signed(ns - before);
    return ns as bigint;
  }, 0n);
  for (const { payer } of entries) words.put(columns, payer);
  for (const { signature } of entries) columns.option(signature ? signatureState.code(signature) : null);
  for (const { body } of entries) columns.option(body?.length ?? null);
  const records = new ByteWriter();
  for (const [i, entry] of entries.entries()) writeRecord(records, words, topicId, entry, entries[i - 1] ?? null);
  const written = records.end();
  const head = new ByteWriter();
  head.number(entries.length);
  words.write(head);
  head.bytes(columns.end());
  head.number(written.length);
  head.bytes(written);
  writeTexts(
    head,
    entries.map(({ message }) => message),
  );
  for (const { body } of entries) if (body !== null) head.bytes(body);
  const plain = head.end();
  return Buffer.concat([Buffer.of(LAYOUT), digestOf(plain), brotliCompressSync(plain, { params: COMPRESSION })]);
}

/** One message of a segment, as readers of views need it. */
export interface PackedMessage {
  readonly consensusNs: ConsensusNs;
  readonly payer: AccountId | null;
  readonly signature: SignatureState | null;
  /** The whole message: of all chunks, where it is the last of several. */
  readonly whole: Uint8Array;
}

/** A segment that is open for reading. Its methods throw RangeError where it is damaged or of a later version. */
export class LogSegment {
  private readonly words: Words;
  private readonly sequences: readonly Sequence[];
  private readonly times: readonly ConsensusNs[];
  private readonly payers: readonly (AccountId | null)[];
  private readonly signatures: readonly (number | null)[];
  private readonly records: Uint8Array;
  private readonly contents: Contents;

  constructor(
    private readonly topicId: TopicId,
    content: Uint8Array,
  ) {
    const [layout] = content;
    if (layout !== LAYOUT && layout !== FIRST_LAYOUT)
      throw new RangeError("the segment has the layout of a later version");
    const packed = content.subarray(1 + DIGEST_BYTES);
    const plain = brotliDecompressSync(packed, { maxOutputLength: MOST_BYTES });
    if (!equalBytes(content.subarray(1, 1 + DIGEST_BYTES), digestOf(plain)))
      throw new RangeError("the segment is damaged");
    const reader = new ByteReader(plain);
    const count = reader.number();
    if (count > SEGMENT_LENGTH) throw new RangeError("the segment holds too many messages");
    const column = <T>(read: () => T): T[] => Array.from({ length: count }, read);
    this.words = Words.read(reader);
    let sequence = 0;
    this.sequences = column(() => {
      sequence += reader.number();
      return sequence as Sequence;
    });
    let ns = 0n;
    this.times = column(() => {
      ns += reader.signed();
      return consensusNs(ns);
    });
    this.payers = column(() => this.words.take(reader) as AccountId | null);
    this.signatures = column(() => reader.option());
    const lengths = layout === FIRST_LAYOUT ? column(() => reader.number()) : null;
    const bodies = column(() => reader.option());
    this.records = reader.view(reader.number());
    this.contents = lengths === null ? contentsIn(reader, bodies) : contentsOfFirst(reader, lengths, bodies);
  }

  /** Null if the segment does not hold it. */
  message(sequence: number): PackedMessage | null {
    const i = this.sequences.indexOf(sequence as Sequence);
    if (i === -1) return null;
    const code = this.signatures[i] ?? null;
    return {
      consensusNs: this.times[i] as ConsensusNs,
      payer: this.payers[i] ?? null,
      signature: code === null ? null : signatureState.name(code),
      whole: this.contents.body(i) ?? this.contents.message(i),
    };
  }

  /** The entry of exactly this time; null if the segment holds none. */
  at(time: ConsensusNs): LogEntry | null {
    const sequence = this.sequences[this.times.indexOf(time)];
    return sequence === undefined ? null : (this.entries(sequence, sequence)[0] ?? null);
  }

  /**
   * The entries from one sequence through another, by rising sequence, with their running hashes. Those before them are read too,
   * because hashes follow from each other.
   */
  entries(from = 1, through = Number.POSITIVE_INFINITY): readonly LogEntry[] {
    const reader = new ByteReader(this.records);
    const entries: LogEntry[] = [];
    for (const [i, sequence] of this.sequences.entries()) {
      if (sequence > through) break;
      entries.push(this.read(reader, i, entries[i - 1] ?? null));
    }
    return entries.filter(({ sequence }) => sequence >= from);
  }

  private read(from: ByteReader, i: number, before: LogEntry | null): LogEntry {
    const payer = this.payers[i] ?? null;
    const code = this.signatures[i] ?? null;
    const ns = this.times[i] as ConsensusNs;
    const [verified, disposed, version] = [from.number(), from.number(), from.option()];
    const reason = this.words.take(from);
    const key = this.words.take(from);
    const chunk = key === null ? null : { key, number: Number(from.signed()), total: Number(from.signed()) };
    const length = from.option();
    const info = unpackChunkInfo(length === null ? null : from.view(length), { payer, consensusNs: ns });
    const entry: LogEntry = {
      sequence: this.sequences[i] as Sequence,
      ...{ consensusNs: ns, payer, message: this.contents.message(i), body: this.contents.body(i) },
      ...{ runningHash: null, runningHashVersion: version },
      verification: verification.name(verified),
      disposition: disposition.name(disposed),
      ...{ reason, chunk },
      ...(info === undefined ? {} : { chunkInfo: info }),
      ...(code === null ? {} : { signature: signatureState.name(code) }),
    };
    return { ...entry, runningHash: this.hashOf(from, entry, before) };
  }

  private hashOf(from: ByteReader, entry: LogEntry, before: LogEntry | null): Uint8Array | null {
    const how = from.number();
    if (how === HASH.kept) return from.bytes(from.number());
    if (how === HASH.unknown) return null;
    const next = following(this.topicId, before, entry);
    if (next === null) throw new RangeError("the segment lacks a running hash");
    return next;
  }
}

/** The bytes of messages and bodies, by the place of their entry. A copy each, which shares no memory with the segment. */
interface Contents {
  readonly message: (i: number) => Uint8Array;
  readonly body: (i: number) => Uint8Array | null;
}

function contentsIn(reader: ByteReader, lengths: readonly (number | null)[]): Contents {
  const message = readTexts(reader, lengths.length);
  const bodies = lengths.map((length) => (length === null ? null : reader.view(length)));
  return { message, body: copyFrom(bodies) };
}

function contentsOfFirst(
  reader: ByteReader,
  messageLengths: readonly number[],
  bodyLengths: readonly (number | null)[],
): Contents {
  const bodies: (Uint8Array | null)[] = [];
  const messages = messageLengths.map((length, i) => {
    const message = reader.view(length);
    const bodyLength = bodyLengths[i] ?? null;
    bodies.push(bodyLength === null ? null : reader.view(bodyLength));
    return message;
  });
  return { message: (i) => new Uint8Array(messages[i] as Uint8Array), body: copyFrom(bodies) };
}

const copyFrom = (views: readonly (Uint8Array | null)[]) => (i: number) => {
  const view = views[i] ?? null;
  return view === null ? null : new Uint8Array(view);
};

/** How a record gives its running hash: it follows from the one before, it is not known, or it is stored. */
const HASH = { follows: 0, unknown: 1, kept: 2 } as const;

function writeRecord(to: ByteWriter, words: Words, topicId: TopicId, entry: LogEntry, before: LogEntry | null): void {
  const { runningHash, chunk } = entry;
  to.number(verification.code(entry.verification));
  to.number(disposition.code(entry.disposition));
  to.option(entry.runningHashVersion);
  words.put(to, entry.reason);
  words.put(to, chunk?.key ?? null);
  if (chunk !== null) {
    to.signed(BigInt(chunk.number));
    to.signed(BigInt(chunk.total));
  }
  const info = packChunkInfo(entry.chunkInfo, entry);
  to.option(info?.length ?? null);
  if (info !== null) to.bytes(info);
  const next = following(topicId, before, entry);
  if (runningHash === null) to.number(HASH.unknown);
  else if (next !== null && equalBytes(next, runningHash)) to.number(HASH.follows);
  else {
    to.number(HASH.kept);
    to.number(runningHash.length);
    to.bytes(runningHash);
  }
}

/** The running hash that follows from the entry before; null if none does. */
function following(topicId: TopicId, before: LogEntry | null, entry: LogEntry): Uint8Array | null {
  const { sequence, consensusNs: ns, payer, message, runningHashVersion } = entry;
  if (before === null || before.runningHash === null || before.sequence !== sequence - 1) return null;
  if (payer === null || runningHashVersion !== RUNNING_HASH_VERSION) return null;
  return nextRunningHash(sha384, before.runningHash, { topicId, payer, consensusNs: ns, sequence }, message);
}

/** Texts that repeat, by their number; 0 stands for null. */
class Words {
  private readonly texts: string[] = [];
  private readonly numbers = new Map<string, number>();

  put(to: ByteWriter, text: string | null): void {
    const number = text === null ? 0 : (this.numbers.get(text) ?? this.texts.push(text));
    if (text !== null) this.numbers.set(text, number);
    to.number(number);
  }

  take(from: ByteReader): string | null {
    const number = from.number();
    if (number === 0) return null;
    const text = this.texts[number - 1];
    if (text === undefined) throw new RangeError("the segment names a word that it does not have");
    return text;
  }

  write(to: ByteWriter): void {
    to.number(this.texts.length);
    for (const text of this.texts) {
      const bytes = Buffer.from(text);
      to.number(bytes.length);
      to.bytes(bytes);
    }
  }

  static read(from: ByteReader): Words {
    const words = new Words();
    for (let left = from.number(); left > 0; left -= 1)
      words.texts.push(Buffer.from(from.view(from.number())).toString());
    return words;
  }
}
