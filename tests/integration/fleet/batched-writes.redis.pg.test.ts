/** Many people write at once through processes that put their signals into batches and are killed at any moment. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Fleet, startFleet } from "../../support/fleet/fleet";
import { batchedWrites } from "../../support/fleet/scenarios/batched-writes";
import { type FleetServices, startServices } from "../../support/fleet/services";

let services: FleetServices;
let fleet: Fleet;

beforeAll(async () => {
  services = await startServices({ grpc: true });
  fleet = await startFleet({ services, count: 3, isCounted: false, env: { SUBMIT_LINGER_MS: "500" } });
}, 120_000);
afterAll(async () => {
  await fleet?.stop();
  await services?.stop();
});

it("loses and doubles no write, whichever process is killed, and fewer messages carry them", async () => {
  const outcome = await batchedWrites(fleet, services, { writers: 20, durationMs: 10_000, killsPerSecond: 0.5 });
  expect([outcome.lost, outcome.doubled]).toEqual([[], []]);
  expect(outcome.kills).toBeGreaterThan(0);
  expect(outcome.messages).toBeLessThan(outcome.answered);
  expect(fleet.lost).toEqual([]);
}, 300_000);
