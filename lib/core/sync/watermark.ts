/**
 * Instances tell each other that everything of a topic through a time is stored. The larger of two words holds. A word that was
 * wrong is taken back with a new generation, which is larger than any word of the one before.
 */
import { fromMs } from "../ledger/consensus-time";

export interface Watermark {
  /** Counts how often a word about the topic was taken back. */
  readonly generation: number;
  /** 0n for nothing. */
  readonly throughNs: bigint;
}

/** Above every time in nanoseconds. Twenty digits: the shared tier cuts a word there. */
const GENERATION = 10n ** 20n;
/**
 * A word this far ahead of the clock of who keeps it is not kept. Instances believe a head up to ten seconds ahead of their own
 * clocks, and the clocks differ. Within a minute the truth has passed a word that is wrong by less.
 */
export const AHEAD_MS = 60_000;

/** Both as one number, the larger the newer. */
export function packed({ generation, throughNs }: Watermark): bigint {
  return BigInt(generation) * GENERATION + throughNs;
}

export function unpacked(word: bigint): Watermark {
  return { generation: Number(word / GENERATION), throughNs: word % GENERATION };
}

/** Whether a word says something of a time that has not come yet. */
export function isAhead(word: bigint, nowMs: number): boolean {
  return unpacked(word).throughNs > fromMs(nowMs + AHEAD_MS);
}
