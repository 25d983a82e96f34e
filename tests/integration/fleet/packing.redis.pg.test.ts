/** Processes that pack all the time while they are killed: what is stored, and what people are told, is as without packing. */
import { afterEach, expect, it } from "vitest";
import { runChaos } from "../../support/fleet/scenarios/chaos";
import { oldLedger } from "../../support/fleet/scenarios/packing-load";
import { runStreams } from "../../support/fleet/scenarios/streams";
import { type FleetServices, startServices } from "../../support/fleet/services";

const SECONDS = Number(process.env.CHAOS_SECONDS ?? 15);

let services: FleetServices | null = null;
afterEach(async () => {
  await services?.stop();
  services = null;
});

it(
  "instances that are killed while they pack lose nothing, double nothing and answer as before",
  async () => {
    services = await startServices(oldLedger);
    const packing = { messagesBefore: 12_000, messagesPerSecond: 200, leastKills: 3 };
    const run = { durationMs: SECONDS * 1_000, leastAnswers: SECONDS + 1, killsPerSecond: 2, packing };
    const outcome = await runChaos({ services, instances: 5, ...run });
    expect(outcome.wrong).toEqual([]);
    expect(outcome.deadlocks).toBe(0);
    expect(outcome.errors).toEqual([]);
    // Ranges of four topics and the rows of 24 people were packed, instances were killed meanwhile, and old pages were read.
    expect(outcome.packed.log).toBeGreaterThan(40);
    expect(outcome.packed.user).toBeGreaterThan(24);
    expect(outcome.packed.kills).toBeGreaterThanOrEqual(packing.leastKills);
    expect(outcome.oldPages).toBeGreaterThan(SECONDS);
  },
  SECONDS * 10_000 + 240_000,
);

it("every signal comes once and in order while instances pack what streams tell, and once more to a client that begins then", async () => {
  services = await startServices(oldLedger);
  const [clients, events] = [10, 12_000];
  const outcome = await runStreams({
    ...{ services, instances: 3, clients, events, messagesPerSecond: 500, isPacking: true },
    ...{ stay: { leastMs: 300, mostMs: 1_500 }, killEveryMs: 2_000, idleMs: 0 },
  });
  expect(outcome).toMatchObject({ expected: 2 * events, lost: 0, duplicated: 0, outOfOrder: 0, resyncs: 0 });
  expect(outcome.connections).toBeGreaterThan(2 * clients);
  // Three topics have 2,000 messages each, and each person 1,200 rows.
  expect(outcome.packed.log).toBeGreaterThan(15);
  expect(outcome.packed.user).toBeGreaterThanOrEqual(2 * clients);
  expect(outcome.packed.kills).toBeGreaterThan(0);
});
