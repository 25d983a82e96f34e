/** Live streams on three processes while clients move between them and one of them is killed. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { runStreams } from "../../support/fleet/scenarios/streams";
import { type FleetServices, startServices } from "../../support/fleet/services";

/** The bench rows `stream.lost` and `stream.duplicated` have a hundred thousand. */
const EVENTS = 5_000;

let services: FleetServices;
beforeAll(async () => {
  services = await startServices();
});
afterAll(() => services.stop());

it("every signal comes once and in order to clients that are moved about and whose process dies, and idle streams cost nothing", async () => {
  const outcome = await runStreams({
    services,
    instances: 3,
    clients: 40,
    events: EVENTS,
    messagesPerSecond: 500,
    stay: { leastMs: 300, mostMs: 1_500 },
    killEveryMs: 3_000,
    idleMs: 2_000,
  });
  expect(outcome).toMatchObject({ expected: EVENTS, lost: 0, duplicated: 0, outOfOrder: 0, resyncs: 0 });
  expect(outcome.kills).toBeGreaterThan(0);
  expect(outcome.connections).toBeGreaterThan(2 * 40);
  expect(outcome.idle).toMatchObject({ commands: 0, statements: 0 });
});
