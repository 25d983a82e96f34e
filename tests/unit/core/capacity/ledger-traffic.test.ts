/** How many ledger messages carry the signals, beside a simulation of signals that come by chance. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { capacity } from "@/lib/core/capacity/capacity";
import { total } from "@/lib/core/capacity/costs";
import { type CapacityInputs, DEFAULT_INPUTS, withLinger } from "@/lib/core/capacity/inputs";
import { ledgerTraffic } from "@/lib/core/capacity/ledger-traffic";
import { VENDOR_LIMITS } from "@/lib/core/capacity/prices";
import { figure } from "@/lib/core/capacity/unit-figures";
import { createRng } from "@/lib/devnet/rng";

const [BASE, EACH] = [figure("batchBytes"), figure("batchBytesPerSignal")];
const MOST = Math.floor((VENDOR_LIMITS.hcsMessageBytes.value - BASE) / EACH);
/** All signals are of one kind. */
const oneKind = (lingerMs: number): CapacityInputs => ({
  ...withLinger(DEFAULT_INPUTS, lingerMs),
  kindShares: { contact: 1, trust: 0, recognition: 0, profile: 0 },
});

/** Messages and bytes a second of one topic on one instance. */
function simulated(perS: number, lingerS: number) {
  const rng = createRng(1);
  const found = { messages: 0, bytes: 0 };
  const signals = 40_000;
  let [nowS, openUntilS, size] = [0, 0, 0];
  const close = () => {
    if (size > 0) found.messages += 1;
    if (size > 0) found.bytes += size === 1 ? DEFAULT_INPUTS.messageBytes : BASE + EACH * size;
    size = 0;
  };
  for (let i = 0; i < signals; i += 1) {
    nowS += -Math.log(1 - rng.next()) / perS;
    if (nowS > openUntilS) close();
    if (size === 0) openUntilS = nowS + lingerS;
    size += 1;
    if (size === MOST) close();
  }
  close();
  return { messages: found.messages / nowS, bytes: found.bytes / nowS };
}

describe("ledger messages", () => {
  it("are one for each signal if none waits", () => {
    expect(ledgerTraffic(DEFAULT_INPUTS, 20, 3)).toMatchObject({
      messages: 20,
      bytes: 20 * DEFAULT_INPUTS.messageBytes,
    });
  });

  it.each([
    [0.2, 1],
    [2, 1],
    [8, 1],
    [20, 1],
    [20, 0.2],
    [200, 1],
  ])("are as many as a simulation finds: %s signals a second, a wait of %s s", (perS, lingerS) => {
    const model = ledgerTraffic(oneKind(lingerS * 1_000), perS, 1);
    const real = simulated(perS, lingerS);
    expect(Math.abs(model.messages / real.messages - 1)).toBeLessThan(0.03);
    expect(Math.abs(model.bytes / real.bytes - 1)).toBeLessThan(0.03);
  });

  it("carry what one instance writes to one topic, and others' signals one by one", () => {
    const inputs = oneKind(1_000);
    const { messages } = ledgerTraffic(inputs, 20, 1);
    expect(ledgerTraffic(inputs, 80, 4).messages).toBeCloseTo(4 * messages, 9);
    expect(ledgerTraffic({ ...inputs, segments: 4 }, 80, 1).messages).toBeCloseTo(4 * messages, 9);
    expect(ledgerTraffic({ ...inputs, ownWriteShare: 0 }, 20, 1).messages).toBeCloseTo(20, 9);
  });

  it("never cost more if signals wait longer", () => {
    const wait = fc.integer({ min: 0, max: 10_000 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000_000 }), wait, wait, (users, a, b) => {
        const [less, more] = [Math.min(a, b), Math.max(a, b)].map((lingerMs) =>
          total(capacity(withLinger({ ...DEFAULT_INPUTS, users }, lingerMs)).costs, "ledger"),
        ) as [number, number];
        expect(more).toBeLessThanOrEqual(less * (1 + 1e-9));
      }),
    );
  });
});
