import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toMs } from "@/lib/core/ledger/consensus-time";
import { keptSince, ledgerMs } from "@/lib/core/signals/retention";

const DAY_MS = 86_400_000;
const YEAR_MS = 365 * DAY_MS;
const now = fc.integer({ min: 60 * YEAR_MS, max: 80 * YEAR_MS });

describe("the time from which messages are kept", () => {
  it("is the start of a month, so many whole months ago", () => {
    const since = (iso: string, months: number) => new Date(toMs(keptSince(Date.parse(iso), months))).toISOString();
    expect(since("2026-11-30T06:00:00Z", 1)).toBe("2026-10-01T00:00:00.000Z");
    expect(since("2026-11-01T00:00:00Z", 12)).toBe("2025-11-01T00:00:00.000Z");
    expect(since("2026-01-31T23:59:59Z", 3)).toBe("2025-10-01T00:00:00.000Z");
    expect(keptSince(Date.parse("1970-05-01T00:00:00Z"), 1_200)).toBe(0n);
  });

  it("is at least so many months ago, less than one more, and never goes back", () => {
    fc.assert(
      fc.property(now, fc.integer({ min: 1, max: 240 }), fc.nat(90 * DAY_MS), (nowMs, months, laterMs) => {
        const since = toMs(keptSince(nowMs, months));
        expect(nowMs - since).toBeGreaterThanOrEqual(months * 28 * DAY_MS);
        expect(nowMs - since).toBeLessThan((months + 1) * 31 * DAY_MS);
        expect(toMs(keptSince(nowMs + laterMs, months))).toBeGreaterThanOrEqual(since);
        expect(toMs(keptSince(nowMs, months + 1))).toBeLessThan(since);
      }),
    );
  });
});

it("the ledger's time is that of its latest message, and never after the clock's", () => {
  expect(ledgerMs(9_000, [])).toBe(0);
  expect(ledgerMs(9_000, [0n, 5_000_000_001n, 7_999_999_999n])).toBe(7_999);
  expect(ledgerMs(9_000, [5_000_000_000n, 99_000_000_000n])).toBe(9_000);
});
