import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  admit,
  afterFailure,
  afterSuccess,
  type CircuitBreaker,
  type CircuitBreakerPolicy,
  CLOSED,
} from "@/lib/core/sync/circuit-breaker";

const policy: CircuitBreakerPolicy = { threshold: 3, backoff: { baseMs: 1_000, maxMs: 60_000 }, probeMs: 5_000 };
/** The longest wait of each opening. */
const CHANCE = 0.999_999;
const fail = (circuit: CircuitBreaker, nowMs: number, retryAfterMs = 0) =>
  afterFailure(circuit, nowMs, CHANCE, policy, retryAfterMs);
const opened = (nowMs = 0) => fail(fail(fail(CLOSED, nowMs), nowMs), nowMs);

describe("circuit breaker", () => {
  it("admits while failures in a row are below the threshold", () => {
    const circuit = fail(fail(CLOSED, 0), 0);
    expect(admit(circuit, 0, policy)).toEqual({ admitted: true, circuit });
  });

  it("counts failures in a row only: a success forgets them", () => {
    expect(afterSuccess(fail(fail(CLOSED, 0), 0))).toEqual(CLOSED);
  });

  it("opens at the threshold and refuses until its time is over", () => {
    const circuit = opened();
    expect(circuit).toEqual({ name: "open", openings: 1, untilMs: 1_000 });
    expect(admit(circuit, 999, policy)).toEqual({ admitted: false, circuit });
    expect(admit(circuit, 1_000, policy).admitted).toBe(true);
  });

  it("lets one probe through and refuses everybody else while it is under way", () => {
    const { admitted, circuit } = admit(opened(), 1_000, policy);
    expect(admitted).toBe(true);
    expect(admit(circuit, 1_001, policy)).toEqual({ admitted: false, circuit });
  });

  it("gives up a probe that never reports back", () => {
    const { circuit } = admit(opened(), 1_000, policy);
    expect(admit(circuit, 1_000 + policy.probeMs, policy).admitted).toBe(true);
  });

  it("closes when the probe succeeds", () => {
    expect(afterSuccess(admit(opened(), 1_000, policy).circuit)).toEqual(CLOSED);
  });

  it("opens for longer each time a probe fails", () => {
    const second = fail(admit(opened(), 1_000, policy).circuit, 1_000);
    expect(second).toEqual({ name: "open", openings: 2, untilMs: 3_000 });
    expect(fail(admit(second, 3_000, policy).circuit, 3_000)).toMatchObject({ openings: 3, untilMs: 7_000 });
  });

  it("opens at once, and for that long, if the other side says how long to wait", () => {
    expect(fail(CLOSED, 0, 30_000)).toEqual({ name: "open", openings: 1, untilMs: 30_000 });
  });

  it("is not closed early by answers to calls that were sent before it opened", () => {
    const waiting = fail(CLOSED, 0, 30_000);
    expect(fail(waiting, 10)).toEqual(waiting);
    expect(afterSuccess(waiting)).toEqual(waiting);
    expect(fail(waiting, 10, 60_000)).toMatchObject({ openings: 1, untilMs: 60_010 });
  });

  it("never admits before the time that was asked for, whatever else comes in between", () => {
    const step = fc.record({
      afterMs: fc.nat({ max: 2_000 }),
      what: fc.constantFrom("ask", "success", "failure", "failure", "wait"),
      retryAfterMs: fc.constantFrom(0, 0, 500, 5_000),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let circuit: CircuitBreaker = CLOSED;
        let nowMs = 0;
        let askedUntilMs = 0;
        for (const { afterMs, what, retryAfterMs } of steps) {
          nowMs += afterMs;
          if (what === "failure") {
            circuit = afterFailure(circuit, nowMs, 0, policy, retryAfterMs);
            if (retryAfterMs > 0) askedUntilMs = Math.max(askedUntilMs, nowMs + retryAfterMs);
          } else if (what === "success") {
            if (circuit.name !== "open") askedUntilMs = 0;
            circuit = afterSuccess(circuit);
          } else if (what === "ask") {
            const answer = admit(circuit, nowMs, policy);
            if (answer.admitted) expect(nowMs).toBeGreaterThanOrEqual(askedUntilMs);
            circuit = answer.circuit;
          }
        }
      }),
    );
  });

  it("always admits again in the end, without help", () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 3_600_000 }), { maxLength: 20 }), (waits) => {
        let circuit: CircuitBreaker = CLOSED;
        for (const retryAfterMs of waits) circuit = afterFailure(circuit, 0, CHANCE, policy, retryAfterMs);
        expect(admit(circuit, 3_600_000, policy).admitted).toBe(true);
      }),
    );
  });
});
