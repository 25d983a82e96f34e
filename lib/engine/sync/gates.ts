/** The gates of a topic: for polls, and for rings of a doorbell. */
import type { Gate } from "../../ports/shared/hot-cache";

/**
 * The share of a gate period by which a poll may be early. An instance asks again one period later by its own clock, and that request
 * may reach the gate faster than the last one. Without this reserve, one round in four reached a closed gate, and the topic waited
 * another period (measured with Redis on the same machine).
 */
const EARLY_SHARE = 0.05;
/**
 * The share of a gate period that is saved for the next ring while no sync comes. Together with the reserve above it is less than
 * one period. So rings cause no more syncs than polls could: at most N + 1 in N periods.
 */
const SAVED_SHARE = 0.9;

/** The two gates of a topic. `savedMs`: time without a sync that the next ring may use. */
export interface Gates {
  readonly poll: Gate;
  readonly ring: Gate & { readonly savedMs: number };
}

/** The gates of polls and rings for a gate period of `gateMs` milliseconds. */
export function gatesOf(gateMs: number): Gates {
  const periodMs = Math.ceil(gateMs);
  return {
    poll: { periodMs, earlyMs: Math.floor(periodMs * EARLY_SHARE) },
    ring: { periodMs, savedMs: Math.floor(periodMs * SAVED_SHARE) },
  };
}
