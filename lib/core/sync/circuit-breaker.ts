/**
 * A circuit breaker as a value: closed → (failures in a row) → open → (time) → half-open → closed or open again.
 * While it is half-open one probe is under way and everybody else is refused.
 */
import { type BackoffPolicy, backoffMs } from "./backoff";

/** `openings`: how often it has opened in a row, which sets the next wait. */
export type CircuitBreaker =
  | { readonly name: "closed"; readonly failures: number }
  | { readonly name: "open"; readonly openings: number; readonly untilMs: number }
  | { readonly name: "half-open"; readonly openings: number; readonly sinceMs: number };

export const CLOSED: CircuitBreaker = { name: "closed", failures: 0 };

/** When a circuit breaker opens, and for how long. */
export interface CircuitBreakerPolicy {
  /** Failures in a row that open it. */
  readonly threshold: number;
  readonly backoff: BackoffPolicy;
  /** A probe that never reported back is given up after this. */
  readonly probeMs: number;
}

/** Whether a call may go out now, and the breaker after that decision. */
export function admit(
  circuit: CircuitBreaker,
  nowMs: number,
  policy: CircuitBreakerPolicy,
): { readonly admitted: boolean; readonly circuit: CircuitBreaker } {
  if (circuit.name === "closed") return { admitted: true, circuit };
  const isProbeDue = circuit.name === "open" ? nowMs >= circuit.untilMs : nowMs >= circuit.sinceMs + policy.probeMs;
  if (!isProbeDue) return { admitted: false, circuit };
  return { admitted: true, circuit: { name: "half-open", openings: circuit.openings, sinceMs: nowMs } };
}

/**
 * The breaker after a success. A call that was sent before it opened does not close it: the success says nothing about the wait
 * since.
 */
export function afterSuccess(circuit: CircuitBreaker): CircuitBreaker {
  return circuit.name === "open" ? circuit : CLOSED;
}

/** The breaker after a failure. `retryAfterMs`: the wait that the other side asked for, which opens the breaker at once. */
export function afterFailure(
  circuit: CircuitBreaker,
  nowMs: number,
  random: number,
  policy: CircuitBreakerPolicy,
  retryAfterMs = 0,
): CircuitBreaker {
  if (circuit.name === "closed" && circuit.failures + 1 < policy.threshold && retryAfterMs === 0) {
    return { name: "closed", failures: circuit.failures + 1 };
  }
  if (circuit.name === "open") {
    // The call was sent before the circuit breaker opened, so it does not open it again; its Retry-After still counts.
    return { ...circuit, untilMs: Math.max(circuit.untilMs, nowMs + retryAfterMs) };
  }
  const openings = circuit.name === "closed" ? 1 : circuit.openings + 1;
  return { name: "open", openings, untilMs: nowMs + backoffMs(policy.backoff, openings, random, retryAfterMs) };
}
