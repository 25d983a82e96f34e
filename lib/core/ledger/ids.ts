/**
 * Branded identifiers. `parse…` checks what comes from outside and answers null, `to…` checks what must be right and throws. Three
 * places cast instead: adapters/postgres and adapters/redis, which hold what was checked before it was written, and lib/devnet,
 * which makes its own ids (tests/unit/repository/source/brands.test.ts).
 */
import { showsWhole } from "../signals/text";
import type { EvmAddress } from "./magic-token";

/** `shard.realm.num`, as the ledger writes it. */
export type TopicId = string & { readonly __brand: "TopicId" };
/** `shard.realm.num`, as the ledger writes it. */
export type AccountId = string & { readonly __brand: "AccountId" };
/** An id of 1 to 50 characters: that of an account, or one that TrustMesh gave. */
export type UserId = string & { readonly __brand: "UserId" };

/** A message's number in its topic: starts at 1, without gaps. int64 on the ledger; stored up to MAX_SEQUENCE. */
export type Sequence = number & { readonly __brand: "Sequence" };

/** A row's reference to its message has 40 bits for it. At a thousand messages a second that lasts 34 years. */
export const MAX_SEQUENCE = 2 ** 40 - 1;

/** A row's number in its user's list: starts at 1 in each epoch, gap-free. */
export type Position = number & { readonly __brand: "Position" };

/** The kinds of topic that users' messages are written to. Shards are made of these. */
export const TOPIC_KINDS = ["contact", "trust", "recognition", "profile"] as const;
export type TopicKind = (typeof TOPIC_KINDS)[number];

/** The kind of the one topic that binds identities to accounts. It has no shards, and this server never writes to it. */
export const IDENTITY_KIND = "identity";
/** The kinds of topics that are synced: those of users, and the identity topic's. */
export type FollowedKind = TopicKind | typeof IDENTITY_KIND;

/** TrustMesh's own limit for ids and type names. */
export const MAX_ID_CHARACTERS = 50;

const ENTITY = /^(0|[1-9]\d{0,9})\.(0|[1-9]\d{0,9})\.(0|[1-9]\d{0,18})$/;

/** Null for a text that is not `shard.realm.num`. */
export function parseTopicId(text: string): TopicId | null {
  return ENTITY.test(text) ? (text as TopicId) : null;
}

/** Null for a text that is not `shard.realm.num`. Whether the account exists only the ledger knows. */
export function parseAccountId(text: string): AccountId | null {
  return ENTITY.test(text) ? (text as AccountId) : null;
}

/** Throws RangeError. */
export const toTopicId = (text: string): TopicId => parseTopicId(text) ?? refuse("topic id", text);

/** Throws RangeError. */
export const toAccountId = (text: string): AccountId => parseAccountId(text) ?? refuse("account id", text);

function refuse(what: string, value: unknown): never {
  throw new RangeError(`not a valid ${what}: ${String(value)}`);
}

/** `[shard, realm, num]` of an entity id, as the int64 values that the running hash is made of. */
export function entityNumbers(id: TopicId | AccountId): readonly [bigint, bigint, bigint] {
  const [shard = "0", realm = "0", num = "0"] = id.split(".");
  return [BigInt(shard), BigInt(realm), BigInt(num)];
}

/** The bits that the ledger has for the three numbers of an entity's id. */
const ENTITY_BITS = [10n, 16n, 38n] as const;

/** Whether the ledger could have such an entity. A mirror refuses a request about any other, whoever made the id up. */
export function mayExist(id: TopicId | AccountId): boolean {
  const numbers = entityNumbers(id);
  return numbers[2] > 0n && numbers.every((number, i) => number < 1n << (ENTITY_BITS[i] ?? 0n));
}

/** No white space, controls, format characters (bidi, zero width), lone surrogates or private use: ids appear in keys and logs. */
const USER_ID = /^[^\s\p{C}]+$/u;

/** A TrustMesh user: an account id (`0.0.7226146`) or a legacy id (`tm-alice`), 1 to 50 characters. Null if it is neither. */
export function parseUserId(text: unknown): UserId | null {
  if (typeof text !== "string" || !USER_ID.test(text) || !showsWhole(text)) return null;
  return text.length <= MAX_ID_CHARACTERS || [...text].length <= MAX_ID_CHARACTERS ? (text as UserId) : null;
}

/** The beginning of an account id: its shard and its realm. */
const BEGINS_AS_ACCOUNT = /^\d+\.\d+(\.|$)/;

/**
 * Whether somebody may have this id. An id that begins like an account's must be one that the ledger could have: `0.0.abc` is
 * nobody's. The ledger may hold messages to such ids, so they can be read, and only new messages to them are refused.
 */
export function mayBeSomebody(id: string): boolean {
  if (!BEGINS_AS_ACCOUNT.test(id)) return true;
  const accountId = parseAccountId(id);
  return accountId !== null && mayExist(accountId);
}

/** A whole number from 1, as a number or as digits; null for anything else. */
export function parseSequence(value: unknown): Sequence | null {
  const n = typeof value === "string" && /^\d{1,16}$/.test(value) ? Number(value) : value;
  return typeof n === "number" && Number.isSafeInteger(n) && n >= 1 ? (n as Sequence) : null;
}

/** Throws RangeError. */
export const toSequence = (value: number): Sequence => parseSequence(value) ?? refuse("sequence number", value);

/** Throws RangeError. 0 stands before the first row. */
export function toPosition(value: number): Position {
  return Number.isSafeInteger(value) && value >= 0 ? (value as Position) : refuse("position", value);
}

/** The user of an account that is bound to no other user: every account id is a user id. */
export const userOfAccount = (accountId: AccountId): UserId => parseUserId(accountId) ?? refuse("user id", accountId);

/** The identity of a signal: that of its message, `<topicId>/<sequence>`, and `/<place>` behind it for each further one of a batch. */
export function signalId(topicId: string, sequence: number, place = 0): string {
  return place === 0 ? `${topicId}/${sequence}` : `${topicId}/${sequence}/${place}`;
}

/** The id of a session. It contains a space, which no user's id does, so one list can hold both. */
export type SessionId = string & { readonly __brand: "SessionId" };

const SESSION_MARK = "session ";
/** The id of the session whose token has this digest. */
export const sessionId = (digest: string): SessionId => `${SESSION_MARK}${digest}` as SessionId;
/** Tells the id of a session from that of a user. */
export const isSessionId = (id: UserId | SessionId): id is SessionId => id.startsWith(SESSION_MARK);

/**
 * The owner of the rows that identity messages make: `issuer did:ethr:0x…`. It contains a space, so it is nobody's id: nobody signs
 * in with it, writes as it, or is looked up by it.
 */
export const ownerOfIssuer = (address: EvmAddress): UserId => `issuer did:ethr:${address}` as UserId;
