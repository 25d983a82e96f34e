import { expect, it } from "vitest";
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
