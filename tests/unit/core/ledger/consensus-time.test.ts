import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  consensusNs,
  formatConsensusTime,
  fromMs,
  MAX_CONSENSUS_NS,
  parseConsensusTime,
  splitSeconds,
  toMs,
} from "@/lib/core/ledger/consensus-time";

const anyNs = fc.bigInt({ min: 0n, max: MAX_CONSENSUS_NS }).map(consensusNs);

describe("consensus time", () => {
  it("keeps every nanosecond through its text", () => {
    fc.assert(
      fc.property(anyNs, (ns) => {
        const text = formatConsensusTime(ns);
        expect(text).toMatch(/^\d+\.\d{9}$/);
        expect(parseConsensusTime(text)).toBe(ns);
      }),
    );
  });

  it("orders like its text of equal length", () => {
    const recent = fc.bigInt({ min: 10n ** 18n, max: 2n * 10n ** 18n - 1n }).map(consensusNs);
    fc.assert(
      fc.property(recent, recent, (a, b) => {
        expect(formatConsensusTime(a) < formatConsensusTime(b)).toBe(a < b);
      }),
    );
  });

  it.each([
    ["1234567890.000000001", 1_234_567_890_000_000_001n],
    ["1234567890.1", 1_234_567_890_100_000_000n],
    ["1234567890", 1_234_567_890_000_000_000n],
    ["0.0", 0n],
    ["9223372036.854775807", MAX_CONSENSUS_NS],
  ])("reads %s as the mirror means it", (text, ns) => {
    expect(parseConsensusTime(text)).toBe(ns);
  });

  it.each([
    "",
    ".5",
    "1.",
    "1.0000000000",
    "-1.0",
    "1e9",
    "1,5",
    " 1.0",
    "1.0\n",
    "1234567890123.0",
    "0x1",
    "9223372036.854775808",
    "999999999999",
  ])("refuses %j", (text) => {
    expect(parseConsensusTime(text)).toBeNull();
  });

  it("rounds down to milliseconds, and milliseconds turn into their first nanosecond", () => {
    fc.assert(
      fc.property(anyNs, (ns) => {
        const back = fromMs(toMs(ns));
        expect(back <= ns && ns - back < 1_000_000n).toBe(true);
      }),
    );
    expect(fromMs(1_700_000_000_123.9)).toBe(1_700_000_000_123_000_000n);
  });

  it("splits into the seconds and nanoseconds that it is made of", () => {
    fc.assert(
      fc.property(anyNs, (ns) => {
        const { seconds, nanos } = splitSeconds(ns);
        expect(seconds * 1_000_000_000n + BigInt(nanos)).toBe(ns);
        expect(nanos).toBeLessThan(1_000_000_000);
      }),
    );
  });

  it("is not negative", () => {
    expect(() => consensusNs(-1n)).toThrow(RangeError);
    expect(consensusNs(0n)).toBe(0n);
  });
});
