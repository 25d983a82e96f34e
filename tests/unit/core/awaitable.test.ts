import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Awaitable, andThen, orElse } from "@/lib/core/awaitable";

const later = (value: number, isLate: boolean): Awaitable<number> => (isLate ? Promise.resolve(value) : value);
const failing = (isLate: boolean): Awaitable<number> => {
  if (isLate) return Promise.reject(new Error("failed"));
  throw new Error("failed");
};

describe("a chain of steps", () => {
  it("gives the same value whichever steps have to wait, and gives it at once if none has", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.array(fc.boolean(), { maxLength: 6 }), async (start, waits) => {
        const end = waits.reduce<Awaitable<number>>(
          (value, isLate) => andThen(value, (known) => later((known * 3 + 1) % 1_000, isLate)),
          start,
        );
        expect(end instanceof Promise).toBe(waits.includes(true));
        expect(await end).toBe(waits.reduce((value) => (value * 3 + 1) % 1_000, start));
      }),
    );
  });

  it.each([
    ["thrown", false],
    ["rejected", true],
  ])("rescues an error that is %s, and passes values through", async (_, isLate) => {
    const rescued = orElse(
      () => failing(isLate),
      (cause) => (cause as Error).message.length,
    );
    expect(rescued instanceof Promise).toBe(isLate);
    expect(await rescued).toBe(6);
    expect(
      await orElse<number>(
        () => later(1, isLate),
        () => 2,
      ),
    ).toBe(1);
  });
});
