/** Many people write at once through processes that put their signals into batches and are killed at any moment. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { systemClock } from "@/lib/adapters/memory/system-clock";
import { type Fleet, type Instance, NETWORK, startFleet } from "../../support/fleet/fleet";
import { batchedWrites } from "../../support/fleet/scenarios/batched-writes";
import { type FleetServices, startServices } from "../../support/fleet/services";
import { rememberLong } from "../../support/servers/redis/long-memory";

const contactMessages = () => services.devnet.ledger.topics.get(services.devnet.topics.contact)?.messages.length ?? 0;
/** Writes that have begun: their nonces are claimed. */
const waiting = async ({ upstash }: FleetServices) => upstash.counters.read().byPurpose.begin ?? 0;

let services: FleetServices;
let fleet: Fleet;

beforeAll(async () => {
  services = await startServices({ grpc: true });
  fleet = await startFleet({ services, count: 3, isCounted: false, env: { SUBMIT_LINGER_MS: "500" } });
});
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
});

it("a process that is told to end sends what waits, and answers it", async () => {
  // Longer than a process may take to end.
  const patient = await startFleet({ services, count: 1, isCounted: false, env: { SUBMIT_LINGER_MS: "10000" } });
  try {
    await rememberLong(services.redis, NETWORK);
    const instance = patient.instances[0] as Instance;
    services.upstash.counters.reset();
    const before = contactMessages();
    const sent = ["tm-ada", "tm-bob", "tm-cleo"].map((from) => {
      const nonce = systemClock.now();
      const body = {
        type: "CONTACT_REQUEST",
        from,
        nonce,
        ts: Math.floor(nonce / 1_000),
        payload: { target: "tm-dan" },
      };
      return instance.post("/api/hcs/submit", from, { body });
    });
    await expect.poll(() => waiting(services)).toBe(3);
    expect(contactMessages()).toBe(before);
    expect(await instance.end()).toBe("exit code 0");
    expect((await Promise.all(sent)).map(({ status }) => status)).toEqual([200, 200, 200]);
  } finally {
    await patient.stop();
  }
});
