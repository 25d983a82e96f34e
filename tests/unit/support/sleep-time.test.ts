import { expect, it } from "vitest";
import { systemClock } from "@/lib/adapters/memory/system-clock";
import { DrivenClock } from "../../support/control/driven-clock";
import { LeapingClock } from "../../support/control/leaping-clock";

const CLOCKS = { driven: () => new DrivenClock(), leaping: () => new LeapingClock() };

it.each(
  Object.entries(CLOCKS).flatMap(([name, clockOf]) =>
    [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, Number.NaN, 2 ** 31].map((ms) => ({ name, clockOf, ms })),
  ),
)("a $name clock fails whoever sleeps for $ms ms", async ({ clockOf, ms }) => {
  await expect(clockOf().sleep(ms)).rejects.toThrow(`no sleep can take ${ms} ms`);
});

it.each(Object.entries(CLOCKS))("a %s clock takes the rest of a time that is over as none", async (_, clockOf) => {
  await clockOf().sleep(-5);
});

it.each(Object.entries({ ...CLOCKS, "machine's": () => systemClock }))(
  "a %s clock calls after a time that is over, and not what was called off",
  async (_, clockOf) => {
    const clock = clockOf();
    const called: string[] = [];
    const callOff = clock.after(0, () => called.push("called off"));
    clock.after(-5, () => called.push("over"));
    callOff();
    if (clock instanceof DrivenClock) await clock.advance(0);
    else await clock.sleep(5);
    expect(called).toEqual(["over"]);
  },
);
