import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hcsCosts } from "@/lib/core/capacity/costs";
import { PRICES, type PriceName, usdOf, VENDOR_LIMITS } from "@/lib/core/capacity/prices";

const names = Object.keys(PRICES) as PriceName[];
const amount = fc.double({ min: 0, max: 1e15, noNaN: true });

describe("prices", () => {
  it("each name their source", () => {
    for (const entry of [...Object.values(PRICES), ...Object.values(VENDOR_LIMITS)]) {
      expect(entry.source).not.toBe("");
      expect(entry.dated === null || /^20\d\d-\d\d(-\d\d)?$/.test(entry.dated)).toBe(true);
    }
  });

  it.each([
    ["redisCommand", 1e6, 2],
    ["redisTrafficGb", 200, 0],
    ["redisTrafficGb", 1_200, 30],
    ["functionCall", 1e6, 0],
    ["functionCall", 11e6, 6],
    ["postgresStorageGb", 100, 35],
    ["mirrorCall", 1e6, 27.5],
  ] as const)("of %s: %d cost $%d", (name, units, usd) => {
    expect(usdOf(name, units)).toBeCloseTo(usd, 9);
  });

  it("are zero for no units, and never fall", () => {
    fc.assert(
      fc.property(fc.constantFrom(...names), amount, amount, (name, a, b) => {
        expect(usdOf(name, 0)).toBe(0);
        expect(usdOf(name, a + b)).toBeGreaterThanOrEqual(usdOf(name, a));
      }),
    );
  });
});

describe("the ledger's fee", () => {
  const usd = (messages: number, bytes: number) => hcsCosts(messages, bytes).map((line) => line.usd);

  it("of a month of 1.75 million messages a day is $42,000, each within the first 100 bytes, and $5,250 for their records", () => {
    const [base, size, records] = usd(1.75e6 * 30, 100);
    expect(base).toBeCloseTo(42_000, 6);
    expect(size).toBe(0);
    expect(records).toBeCloseTo(5_250, 6);
  });

  it("of a full chunk of 1,024 bytes is about $0.00143, and $0.0001 for its record", () => {
    const [base = 0, size = 0, record] = usd(1, 1_024);
    expect(base + size).toBeCloseTo(0.00143, 5);
    expect(record).toBe(0.0001);
  });
});
