import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  afterRepair,
  isRepairDue,
  REPAIR_AT_START,
  type RepairTimer,
  repairNeeded,
} from "@/lib/core/sync/repair-timer";

const HOUR_MS = 3_600_000;

/** When the rounds begin that find nothing, from `nowMs` on. */
function vainRounds(timer: RepairTimer, count: number): number[] {
  const startsMs: number[] = [];
  let current = timer;
  for (let round = 0; round < count; round += 1) {
    startsMs.push(current.dueMs);
    current = afterRepair(current, { mended: 0, left: 1, failedThrough: 0 }, current.dueMs);
  }
  return startsMs;
}

describe("the repairs of a topic", () => {
  it("are due at the start, and half a minute after something new is missing", () => {
    expect(isRepairDue(REPAIR_AT_START, 0)).toBe(true);
    const needed = repairNeeded(REPAIR_AT_START, 1_000);
    expect([isRepairDue(needed, 30_999), isRepairDue(needed, 31_000)]).toEqual([false, true]);
  });

  it("wait twice as long after each round that finds nothing, up to an hour", () => {
    const startsMs = vainRounds(repairNeeded(REPAIR_AT_START, 0), 12);
    const waitsMs = startsMs.slice(1).map((ms, i) => ms - (startsMs[i] as number));
    expect(waitsMs.slice(0, 4)).toEqual([30_000, 60_000, 120_000, 240_000]);
    expect(waitsMs.at(-1)).toBe(HOUR_MS);
  });

  it("go on at once while they help, and end when nothing is left", () => {
    const helped = afterRepair(repairNeeded(REPAIR_AT_START, 0), { mended: 3, left: 2, failedThrough: 0 }, 30_000);
    expect([isRepairDue(helped, 30_000), helped.waitMs]).toEqual([true, 30_000]);
    const done = afterRepair(helped, { mended: 2, left: 0, failedThrough: 0 }, 30_000);
    expect(isRepairDue(done, Number.MAX_SAFE_INTEGER)).toBe(false);
    expect(isRepairDue(repairNeeded(done, 40_000), 70_000)).toBe(true);
  });

  it("are still needed if something new is found wrong while a look that finds nothing is under way", () => {
    const meanwhile = repairNeeded(REPAIR_AT_START, 500);
    const done = afterRepair(meanwhile, { mended: 0, left: 0, failedThrough: 0 }, 0);
    expect(isRepairDue(done, 30_500)).toBe(true);
  });

  it("look at every failed message before the wait grows", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), (parts) => {
        let timer = repairNeeded(REPAIR_AT_START, 0);
        for (let part = 1; part <= parts; part += 1) {
          timer = afterRepair(timer, { mended: 0, left: 9, failedThrough: part * 8 }, timer.dueMs);
          expect([timer.failedThrough, timer.waitMs]).toEqual([part * 8, 30_000]);
        }
        expect(afterRepair(timer, { mended: 0, left: 9, failedThrough: 0 }, timer.dueMs).waitMs).toBe(60_000);
      }),
    );
  });
});
