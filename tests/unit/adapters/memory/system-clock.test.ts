import { afterEach, expect, it, vi } from "vitest";
import { systemClock } from "@/lib/adapters/memory/system-clock";

afterEach(() => {
  vi.restoreAllMocks();
});

it.each([-1, Number.NEGATIVE_INFINITY])(
  "a sleep of %s ms ends at once, without a timer that Node warns of",
  async (ms) => {
    const timer = vi.spyOn(globalThis, "setTimeout");
    await systemClock.sleep(ms);
    expect(timer.mock.calls.map(([, waitMs]) => waitMs)).toEqual([0]);
  },
);
