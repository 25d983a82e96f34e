/**
 * Instances share, for each topic, the time through which everything is stored. The larger watermark holds. A wrong one is
 * taken back with a new generation, which is larger than any watermark of the one before.
 */
import { fromMs } from "../ledger/consensus-time";

/** The time through which everything of a topic is stored. */
export interface Watermark {
  /** How often the topic's watermark was taken back. */
  readonly generation: number;
  /** 0n for nothing. */
  readonly throughNs: bigint;
}

/**
 * Greater than any time in nanoseconds. The time has the last twenty digits of an encoded watermark: the scripts in Redis cut
 * the text there, and compare generation and time separately.
 */
const GENERATION = 10n ** 20n;
/**
 * A watermark further ahead than this of the clock of Redis, or of the only process, is dropped. Instances accept a head up to ten
 * seconds ahead of their own clocks, and the clocks differ. Real time overtakes a smaller error within a minute.
 */
export const AHEAD_MS = 60_000;

/** Generation and time as one number: the larger is the newer. */
export function encodeWatermark({ generation, throughNs }: Watermark): bigint {
  return BigInt(generation) * GENERATION + throughNs;
}

/** Undoes `encodeWatermark`. */
export function decodeWatermark(value: bigint): Watermark {
  return { generation: Number(value / GENERATION), throughNs: value % GENERATION };
}

/** Whether an encoded watermark is further ahead of the clock than one may be. */
export function isAhead(value: bigint, nowMs: number): boolean {
  return decodeWatermark(value).throughNs > fromMs(nowMs + AHEAD_MS);
}
