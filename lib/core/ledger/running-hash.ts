/**
 * The topic running hash, version 3 (docs/hedera.md §4): SHA-384 over a Java object stream that holds the hash before, the
 * message's identity and the SHA-384 of its bytes. The framing bytes are Java's own and were checked on real messages.
 *
 *   head(8+…) ‖ previous(48) ‖ 77 4c ‖ version payer×3 topic×3 seconds nanos sequence ‖ 75 71007e0000 00000030 ‖ content(48)
 *
 * Hashing itself is handed in, so that the same layout serves node:crypto on the server and WebCrypto in the browser.
 */
import { type ConsensusNs, splitSeconds } from "./consensus-time";
import type { AccountId, TopicId } from "./ids";

/** The version of the layout that this file computes. Messages of an older version cannot be verified. */
export const RUNNING_HASH_VERSION = 3;
/** Bytes of a running hash: SHA-384. */
export const HASH_BYTES = 48;

/** The hash before sequence 1. */
export const GENESIS_HASH: Uint8Array = new Uint8Array(HASH_BYTES);

/** SHA-384 of the bytes: 48 bytes. */
export type Sha384 = (bytes: Uint8Array) => Uint8Array;

/** The members of a message that its running hash covers, besides its bytes and the hash before. */
export interface Link {
  readonly topicId: TopicId;
  readonly payer: AccountId;
  readonly consensusNs: ConsensusNs;
  readonly sequence: number;
}

const hex = (text: string) => Uint8Array.from(text.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));

// STREAM_MAGIC, STREAM_VERSION; TC_ARRAY of class byte[] (its serialVersionUID, SC_SERIALIZABLE, no fields); length 48.
const HEAD = hex("aced000575720002" + "5b42acf317f8060854e00200007870" + "00000030");
// TC_BLOCKDATA of 0x4c = 76 bytes: eight int64, one int32, one int64.
const BLOCK = hex("774c");
// TC_ARRAY again, its class by reference to handle 0x7e0000; length 48.
const TAIL = hex("7571007e000000000030");

const PREVIOUS_AT = HEAD.length;
const FIELDS_AT = PREVIOUS_AT + HASH_BYTES + BLOCK.length;
const CONTENT_AT = FIELDS_AT + 76 + TAIL.length;
const PREIMAGE_BYTES = CONTENT_AT + HASH_BYTES;

const INT64_BYTES = 8;
const ENTITY_BYTES = 3 * INT64_BYTES;
const PAYER_AT = FIELDS_AT + INT64_BYTES;
const TOPIC_AT = PAYER_AT + ENTITY_BYTES;
const SECONDS_AT = TOPIC_AT + ENTITY_BYTES;

/** The bytes that are the same in all preimages. */
const FRAME = (() => {
  const bytes = new Uint8Array(PREIMAGE_BYTES);
  bytes.set(HEAD, 0);
  bytes.set(BLOCK, PREVIOUS_AT + HASH_BYTES);
  bytes.set(TAIL, FIELDS_AT + 76);
  new DataView(bytes.buffer).setBigInt64(FIELDS_AT, BigInt(RUNNING_HASH_VERSION));
  return bytes;
})();

/** Numbers of up to this many digits are exact. */
const EXACT_DIGITS = 15;

/** Writes `[shard, realm, num]` of an id as int64s. Six BigInts a message would cost an eighth of its verification. */
function setEntity(view: DataView, at: number, id: TopicId | AccountId): void {
  for (const [index, digits] of id.split(".").entries()) {
    const place = at + index * INT64_BYTES;
    if (digits.length > EXACT_DIGITS) view.setBigInt64(place, BigInt(digits));
    else {
      const number = Number(digits);
      view.setUint32(place, Math.floor(number / 2 ** 32));
      view.setUint32(place + 4, number % 2 ** 32);
    }
  }
}

/** The bytes whose SHA-384 is the running hash after `link`. `contentHash` is the SHA-384 of the message's (or chunk's) own bytes. */
export function runningHashPreimage(
  previous: Uint8Array,
  link: Link,
  contentHash: Uint8Array,
): Uint8Array<ArrayBuffer> {
  if (previous.length !== HASH_BYTES || contentHash.length !== HASH_BYTES) {
    throw new RangeError(`a SHA-384 has ${HASH_BYTES} bytes`);
  }
  const bytes = new Uint8Array(FRAME);
  bytes.set(previous, PREVIOUS_AT);
  const view = new DataView(bytes.buffer);
  setEntity(view, PAYER_AT, link.payer);
  setEntity(view, TOPIC_AT, link.topicId);
  const { seconds, nanos } = splitSeconds(link.consensusNs);
  view.setBigInt64(SECONDS_AT, seconds);
  view.setInt32(SECONDS_AT + INT64_BYTES, nanos);
  view.setBigInt64(SECONDS_AT + INT64_BYTES + 4, BigInt(link.sequence));
  bytes.set(contentHash, CONTENT_AT);
  return bytes;
}

/** The running hash after a message, from the one before it. */
export function nextRunningHash(sha384: Sha384, previous: Uint8Array, link: Link, message: Uint8Array): Uint8Array {
  return sha384(runningHashPreimage(previous, link, sha384(message)));
}

/** Whether two byte strings are equal. It stops at the first difference, so it must not compare secrets. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false;
  return true;
}
