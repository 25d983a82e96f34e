/** Eight processes over the same four topics, two of them killed every second: what is stored is what one clean replay stores. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { runChaos } from "../../support/fleet/scenarios/chaos";
import { type FleetServices, startServices } from "../../support/fleet/services";

/** The bench row `chaos.wrong` has the full minute; CHAOS_SECONDS=60 has it here. */
const SECONDS = Number(process.env.CHAOS_SECONDS ?? 15);

let services: FleetServices;
beforeAll(async () => {
  services = await startServices({ people: 20 });
});
afterAll(() => services.stop());

it(
  "instances that are killed while they sync lose nothing, double nothing and block nobody",
  async () => {
    // A slow machine answers little while two instances start each second: it goes on until enough was answered.
    const run = { durationMs: SECONDS * 1_000, leastAnswers: SECONDS + 1, killsPerSecond: 2 };
    const outcome = await runChaos({ services, instances: 8, ...run });
    expect(outcome.wrong).toEqual([]);
    expect(outcome.deadlocks).toBe(0);
    expect(outcome.errors).toEqual([]);
    // That something was killed, written and answered meanwhile.
    expect(outcome.kills).toBeGreaterThan(3);
    expect(outcome.written).toBeGreaterThan(20 * SECONDS);
    expect(outcome.answers).toBeGreaterThan(SECONDS);
  },
  SECONDS * 10_000 + 240_000,
);
