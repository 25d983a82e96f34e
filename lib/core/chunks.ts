/**
 * Reassembly of messages that were split into chunks (hedera.md §3). Nothing stops a sender from repeating numbers, changing
 * the total or never finishing: the first part of each number wins, totals must agree, and nobody waits for the rest.
 */
import type { Verification } from "./signal";

export interface Part {
  readonly sequence: number;
  readonly key: string;
  /** From 1. */
  readonly number: number;
  readonly total: number;
  readonly message: Uint8Array;
  readonly verification: Verification;
}

export interface Whole {
  readonly message: Uint8Array;
  /** `verified` only where every part is. */
  readonly verification: Verification;
}

/** The SDK splits into 20 at most; a larger total is only ever an attempt to be remembered. */
export const MAX_CHUNKS = 100;

/** Parts seen so far, by group. Built by `Reassembly.from` out of the log, extended part by part in sequence order. */
export class Reassembly {
  private readonly groups = new Map<string, { total: number; parts: Map<number, Part>; done: boolean }>();

  /** `prior`: stored parts of the groups in question, in sequence order. */
  static from(prior: Iterable<Part>): Reassembly {
    const reassembly = new Reassembly();
    for (const part of prior) reassembly.add(part);
    return reassembly;
  }

  /**
   * Takes the next part in sequence order.
   * Answers the whole message when this part completes it, `null` while parts are missing or this one adds nothing,
   * and `bad-chunk` where its numbers make no sense.
   */
  add(part: Part): Whole | null | "bad-chunk" {
    const { number, total } = part;
    if (!Number.isInteger(total) || !Number.isInteger(number)) return "bad-chunk";
    if (total < 1 || total > MAX_CHUNKS || number < 1 || number > total) return "bad-chunk";
    const group = this.groups.get(part.key) ?? { total, parts: new Map<number, Part>(), done: false };
    this.groups.set(part.key, group);
    if (group.total !== total) return "bad-chunk";
    if (group.done || group.parts.has(number)) return null;
    group.parts.set(number, part);
    if (group.parts.size < total) return null;
    group.done = true;
    const parts = Array.from({ length: total }, (_, i) => group.parts.get(i + 1) as Part);
    const isVerified = parts.every(({ verification }) => verification === "verified");
    return {
      message: concat(parts.map(({ message }) => message)),
      verification: isVerified ? "verified" : "unverifiable",
    };
  }
}

function concat(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((bytes, piece) => bytes + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
