/**
 * A topic's watermark: the consensus time through which everything of it is stored. Instances tell it to each other, and the larger
 * of two holds. A watermark that was wrong is taken back with a new generation, which is larger than any of the one before.
 */
import { fromMs } from "../ledger/consensus-time";

export interface Watermark {
  /** How often the topic's watermark was taken back. */
  readonly generation: number;
  /** 0n for nothing. */
  readonly throughNs: bigint;
}

/** Above every time in nanoseconds. Twenty digits: Redis' scripts split the packed number there. */
const GENERATION = 10n ** 20n;
/**
 * A watermark this far ahead of the keeper's clock is not kept. Instances believe a head up to ten seconds ahead of their own clocks,
 * and clocks differ. Within a minute the truth has passed a watermark that is wrong by less.
 */
export const AHEAD_MS = 60_000;

/** Generation and time as one number: the larger is the newer. */
export function packed({ generation, throughNs }: Watermark): bigint {
  return BigInt(generation) * GENERATION + throughNs;
}

export function unpacked(value: bigint): Watermark {
  return { generation: Number(value / GENERATION), throughNs: value % GENERATION };
}

/** Whether a packed watermark is further ahead of the clock than one may be. */
export function isAhead(value: bigint, nowMs: number): boolean {
  return unpacked(value).throughNs > fromMs(nowMs + AHEAD_MS);
}
