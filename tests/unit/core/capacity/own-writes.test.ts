/** The cost of writes through the instances, one piece of code at a time, by hand. */
import { expect, it } from "vitest";
import { capacity } from "@/lib/core/capacity/capacity";
import { type CapacityInputs, DEFAULT_INPUTS } from "@/lib/core/capacity/inputs";
import { STAYING } from "@/lib/core/capacity/rates";
import { traffic } from "@/lib/core/capacity/traffic";

const of = (inputs: Partial<CapacityInputs>) => capacity({ ...DEFAULT_INPUTS, ...inputs });

const written = {
  kindShares: { contact: 1, trust: 0, recognition: 0, profile: 0 },
  ...{ readsPerUserDay: 0, contactsPerUser: 0, openPageShare: 0, users: 1_000 },
};

it("each write that no run joins is followed by one that finds it: two pages, a commit and an event", () => {
  const at = (perS: number, mirrorMs: number) =>
    of({ ...written, ...{ mirrorMs, instances: 1 }, signalsPerUserDay: (perS * 86_400) / 1_000 }).mean;
  // A head serves for half a second.
  expect(at(2, 1e-6).mirror.requests).toBeCloseTo(2 * 2 + 1 / (0.5 + 1 / 2), 3);
  expect(at(2, 1e-6).sql.commit).toBeCloseTo(2, 3);
  expect(at(2, 1e-6).redis.publish).toBeCloseTo(2, 3);
  // Two requests take half a second, as long as the next write takes to come.
  expect(at(2, 250).sql.commit).toBeCloseTo(1, 3);
});

it("scheduled runs find nothing where everything is written here", () => {
  const at = (ownWriteShare: number) =>
    traffic(
      {
        ...{ ...DEFAULT_INPUTS, ...written, ownWriteShare, mirrorMs: 1e-6 },
        ...{ openPageShare: 0.1, signalsPerUserDay: (3 * 86_400) / 1_000 },
      },
      1,
      STAYING,
    );
  expect(at(1).sql.commit).toBeCloseTo(3, 3);
  expect(at(0).sql.commit).toBeCloseTo(-Math.expm1(-3), 3);
});

it("a run that another instance overtakes reads where the topic stands, and asks for one page more", () => {
  const at = (instances: number) =>
    of({ ...written, mirrorMs: 100, instances, signalsPerUserDay: 86_400 / 1_000 }).mean;
  // One write a second: each instance's runs last 0.2 s, and follow a write that comes every two seconds.
  const runs = 2 / (0.2 + 2);
  const overtaken = runs * -Math.expm1(-(runs / 2) * 0.2);
  expect(at(2).sql.commit).toBeCloseTo(runs, 6);
  // Every second commit is the other instance's.
  expect(at(2).sql.cursor).toBeCloseTo(runs / 2 + overtaken, 6);
  const heads = 2 / (0.5 + 2 / runs);
  expect(at(2).mirror.requests).toBeCloseTo(2 * runs + overtaken + heads, 6);
});

it("a write by somebody who has not written for a day asks the log", () => {
  const { sql, writes } = of({ ...written, signalsPerUserDay: 2 }).mean;
  expect(sql.written).toBeCloseTo(writes * Math.exp(-2), 9);
});

it("rounds carry the registry's version, so it is requested separately only where rounds are rare", () => {
  const at = (readsPerUserDay: number) => of({ ...written, ...{ instances: 1, readsPerUserDay } }).mean;
  const asked = 1 / (5 + 1 / at(0).writes);
  expect(at(0).sql.registry).toBeCloseTo(asked, 9);
  const read = at(10);
  expect(read.redis.round).toBeGreaterThan(0.1);
  expect(read.sql.registry).toBeCloseTo(asked * Math.exp(-5 * read.redis.round), 9);
});
