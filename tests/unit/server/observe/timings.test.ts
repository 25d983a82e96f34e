/** Our histograms, against those of prom-client: a scrape must not tell the one from the other. */
import fc from "fast-check";
import { Histogram, Registry } from "prom-client";
import { expect, it } from "vitest";
import { Timings } from "@/lib/server/observe/timings";

const BOUNDS_MS = [1, 5, 250, 1_000];
const about = { name: "a_seconds", help: "How long it took", labelNames: ["route", "status"] as const };
const observed = fc.array(
  fc.record({
    ms: fc.oneof(fc.constantFrom(...BOUNDS_MS), fc.nat({ max: 8_000 })),
    route: fc.constantFrom("GET /a", 'POST /"b"\\'),
    status: fc.constantFrom("2xx", "5xx"),
  }),
);

it("writes what prom-client writes", async () => {
  await fc.assert(
    fc.asyncProperty(observed, async (all) => {
      const own = new Registry();
      const theirs = new Registry();
      const timings = new Timings({ ...about, boundsMs: BOUNDS_MS, registry: own });
      const histogram = new Histogram({
        ...about,
        labelNames: [...about.labelNames],
        buckets: BOUNDS_MS.map((ms) => ms / 1_000),
        registers: [theirs],
      });
      for (const { ms, route, status } of all) {
        timings.observe(ms, route, status);
        histogram.observe({ route, status }, ms / 1_000);
      }
      expect(numbered(await own.metrics())).toEqual(numbered(await theirs.metrics()));
    }),
  );
});

/** The lines, with sums rounded: ours are added in milliseconds. */
const numbered = (text: string) =>
  text
    .split("\n")
    .map((line) => line.replace(/(_sum\{.*\}) (.*)$/, (_, name, sum) => `${name} ${Number(sum).toFixed(6)}`))
    .sort();

it("hands out what was observed under one combination of labels", () => {
  const timings = new Timings({ ...about, boundsMs: BOUNDS_MS, registry: new Registry() });
  expect(timings.of("GET /a", "2xx")).toBeNull();
  for (const ms of [1, 1.5, 2_000]) timings.observe(ms, "GET /a", "2xx");
  expect(timings.of("GET /a", "2xx")).toMatchObject({ counts: [1, 1, 0, 0, 1], sumMs: 2_002.5 });
  expect(timings.of("GET /a", "5xx")).toBeNull();
});
