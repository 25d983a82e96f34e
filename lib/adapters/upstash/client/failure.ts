/**
 * The part of a failed command that may be shown. The client's own errors carry the whole command with its values, or the text of
 * an answer that is not JSON. Neither may reach a log, so only a kind and a code are taken from them.
 */
import { TierUnavailable } from "../../../ports/tier-unavailable";
import type { Purpose } from "./command-stats";

export type FailureKind = "timeout" | "network" | "rejected" | "refused";

/** `refused`: the circuit breaker is open, nothing was sent. */
export function unavailable(purpose: Purpose, kind: FailureKind, code: string | null = null): TierUnavailable {
  return new TierUnavailable("redis", `Redis: ${purpose} failed (${code === null ? kind : `${kind}, ${code}`})`);
}

export function kindOf(error: unknown): FailureKind {
  const name = error instanceof Error ? error.name : "";
  if (name === "TimeoutError" || name === "AbortError") return "timeout";
  return name === "UpstashError" || name === "UpstashJSONParseError" ? "rejected" : "network";
}

/** The system's code of a network error, or the first word of Redis' answer: names of errors, never data. */
export function codeOf(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  const code = (error.cause as { readonly code?: unknown } | undefined)?.code;
  if (typeof code === "string" && /^[A-Z][A-Z0-9_]{1,40}$/.test(code)) return code;
  if (error.name !== "UpstashError") return null;
  return /^[A-Z]{2,20}(?= )/.exec(error.message)?.[0] ?? null;
}
