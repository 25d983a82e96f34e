/**
 * The part of a failed command that may be shown. A client's own errors carry the whole command with its values, or the text of an
 * answer that is not JSON. Neither may reach a log, so only a kind and a code are taken from them (transport.ts).
 */
import { TierUnavailable } from "../../../ports/tier-unavailable";
import type { Purpose } from "./command-stats";
import type { FailureKind } from "./transport";

/** `refused`: the circuit breaker is open, nothing was sent. */
export function unavailable(
  purpose: Purpose,
  kind: FailureKind | "refused",
  code: string | null = null,
): TierUnavailable {
  return new TierUnavailable("redis", `Redis: ${purpose} failed (${code === null ? kind : `${kind}, ${code}`})`);
}
