/** The gates of a topic: for polls, and for rings of a doorbell. */
import type { Gate } from "../../ports/shared/hot-cache";

/**
 * The share of a gate period by which a poll may be early. An instance asks again one period later by its own clock, and that request
 * may reach the gate faster than the last one. Without a reserve one round in four came too early, found the gate closed, and the
 * topic waited another period (measured with Redis on the same machine).
 */
const EARLY_SHARE = 0.05;
/**
 * The share of a gate period that rings save. With the reserve above it is less than a period. So a number of periods has no more
 * syncs with rings than polls could make: one for each, and one.
 */
const SAVED_SHARE = 0.9;

export interface Gates {
  readonly poll: Gate;
  readonly ring: Gate & { readonly savedMs: number };
}

export function gatesOf(gateMs: number): Gates {
  const periodMs = Math.ceil(gateMs);
  return {
    poll: { periodMs, earlyMs: Math.floor(periodMs * EARLY_SHARE) },
    ring: { periodMs, savedMs: Math.floor(periodMs * SAVED_SHARE) },
  };
}
