/**
 * Reassembly of messages that were split into chunks (docs/hedera.md §3). A sender may repeat numbers, change the total or
 * never finish. So the first part of each number wins, totals must agree, and no message waits for a group's missing parts.
 *
 * The app and the topic commands both ask `Reassembly.take` about every message, so they cannot disagree.
 */
import type { Verification } from "../signals/signal";

/** The place of one part in a message that was split, as its sender claims it. */
export interface ChunkInfo {
  /** The group's key, shared by all chunks of a message: payer, valid start, nonce and scheduled. Empty: no group. */
  readonly key: string;
  /** From 1. */
  readonly number: number;
  readonly total: number;
}

/** One ledger message as reassembly sees it. */
export interface Piece {
  /** Null for a message that was not split. */
  readonly chunk: ChunkInfo | null;
  readonly message: Uint8Array;
  readonly verification: Verification;
}

/** A message whose parts are all there, joined. */
export interface Whole {
  readonly message: Uint8Array;
  /** `verified` only if every part is. */
  readonly verification: Verification;
}

/** The SDK splits a message into 20 chunks at most. A larger total than this only makes us remember parts. */
export const MAX_CHUNKS = 100;

/**
 * Stands for chunk info that cannot be used or stored as it came. Its number lies outside 1 to its total, so it is always a bad
 * chunk.
 */
export const UNUSABLE_CHUNK: ChunkInfo = { key: "", number: 0, total: 1 };

/**
 * Classifies a message by its chunk info.
 *
 * - `whole`: not split. The SDK then says "1 of 1"; a protobuf that was never set says "0 of 0".
 * - `part`: belongs to the group that its key names.
 * - `repeat`: a part that added nothing when it was stored, so it has left its group.
 * - `bad-chunk`: its numbers make no sense.
 */
export function kindOfChunk(chunk: ChunkInfo | null): "whole" | "part" | "repeat" | "bad-chunk" {
  if (chunk === null) return "whole";
  const { key, number, total } = chunk;
  if (number === total && (total === 0 || total === 1)) return "whole";
  if (!Number.isInteger(total) || !Number.isInteger(number)) return "bad-chunk";
  if (total < 1 || total > MAX_CHUNKS || number < 1 || number > total) return "bad-chunk";
  return key === "" ? "repeat" : "part";
}

/** The groups that occur in these messages, once each. */
export function groupsIn(messages: Iterable<{ readonly chunk: ChunkInfo | null }>): readonly string[] {
  const keys = new Set<string>();
  for (const { chunk } of messages) if (chunk !== null && kindOfChunk(chunk) === "part") keys.add(chunk.key);
  return [...keys];
}

interface Group {
  readonly total: number;
  /** Null once the message is whole: its parts are not needed any more. */
  parts: Map<number, Piece> | null;
}

/** Parts seen so far, by group. `Reassembly.from` builds it from the log; `take` adds message by message, in sequence order. */
export class Reassembly {
  private readonly groups = new Map<string, Group>();

  /** `prior`: stored parts of the groups in question, in sequence order. */
  static from(prior: Iterable<Piece>): Reassembly {
    const reassembly = new Reassembly();
    for (const piece of prior) reassembly.take(piece);
    return reassembly;
  }

  /**
   * Takes the next message in sequence order. Its cost does not depend on what was taken before. Returns the whole message if
   * this one is whole or completes it, `null` while parts are missing, `repeat` if this part adds nothing, and `bad-chunk` if its
   * numbers make no sense or its total is not its group's.
   */
  take(piece: Piece): Whole | null | "repeat" | "bad-chunk" {
    const { chunk, message, verification } = piece;
    const kind = kindOfChunk(chunk);
    if (chunk === null || kind === "whole") return { message, verification };
    if (kind !== "part") return kind;
    const { key, number, total } = chunk;
    const group: Group = this.groups.get(key) ?? { total, parts: new Map() };
    this.groups.set(key, group);
    if (group.total !== total) return "bad-chunk";
    if (group.parts === null || group.parts.has(number)) return "repeat";
    group.parts.set(number, piece);
    if (group.parts.size < total) return null;
    const { parts } = group;
    group.parts = null;
    return joined(Array.from({ length: total }, (_, i) => parts.get(i + 1) as Piece));
  }
}

function joined(parts: readonly Piece[]): Whole {
  const isVerified = parts.every(({ verification }) => verification === "verified");
  const message = new Uint8Array(parts.reduce((bytes, part) => bytes + part.message.length, 0));
  let at = 0;
  for (const part of parts) {
    message.set(part.message, at);
    at += part.message.length;
  }
  return { message, verification: isVerified ? "verified" : "unverifiable" };
}
