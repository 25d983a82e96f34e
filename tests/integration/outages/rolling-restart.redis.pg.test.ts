/** Three instances behind a balancer are ended and started again one after the other, while clients never pause. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { systemClock } from "@/lib/adapters/memory/system-clock";
import { type Fleet, startFleet } from "../../support/fleet/fleet";
import { Balancer } from "../../support/fleet/scenarios/balancer";
import { type FleetServices, startServices } from "../../support/fleet/services";

/** As often as it takes to trust it: with the tests of many processes. */
const ROUNDS = process.env.TEST_FLEET === "on" ? 10 : 1;
const CLIENTS = 6;
const PATHS = ["/api/contacts", "/api/signals", "/api/circle"];

let services: FleetServices;
let fleet: Fleet;
beforeAll(async () => {
  services = await startServices();
  const { contact } = services.devnet.topics;
  for (let i = 0; i < 20; i += 1)
    services.devnet.submit(contact, { type: "CONTACT_REQUEST", from: `tm-${i}`, to: `tm-${i + 1}` });
  fleet = await startFleet({ services, count: 3, isCounted: false });
});
afterAll(async () => {
  await fleet?.stop();
  await services?.stop();
});

it("fails no request, and each instance ends by itself within ten seconds", {
  timeout: 60_000 + ROUNDS * 60_000,
}, async () => {
  const balancer = new Balancer(fleet.instances);
  const failures: string[] = [];
  let answered = 0;
  let isOver = false;
  const client = async (index: number) => {
    const cookie = await fleet.cookieOf(`tm-${index}`);
    for (let i = 0; !isOver; i += 1) {
      const [method, path] =
        i % 5 === 0 ? (["POST", "/api/sync"] as const) : (["GET", PATHS[i % 3] as string] as const);
      const headers = { cookie, ...(method === "POST" ? { "content-type": "application/json" } : {}) };
      try {
        const { status, text } = await balancer.send(method, path, headers);
        if (status === 200) answered += 1;
        else failures.push(`${method} ${path}: ${status} ${text}`);
      } catch (cause) {
        failures.push(`${method} ${path}: ${cause}`);
      }
      await systemClock.sleep(2);
    }
  };
  const clients = Array.from({ length: CLIENTS }, (_, index) => client(index));
  const ends: string[] = [];
  let slowestMs = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const instance of fleet.instances) {
      const startMs = systemClock.monotonicMs();
      ends.push(await instance.end());
      slowestMs = Math.max(slowestMs, systemClock.monotonicMs() - startMs);
      await instance.start();
      await expect.poll(() => balancer.isReady(instance), { timeout: 30_000 }).toBe(true);
    }
  }
  isOver = true;
  await Promise.all(clients);
  await balancer.close();
  expect(failures).toEqual([]);
  expect(new Set(ends)).toEqual(new Set(["exit code 0"]));
  expect(slowestMs).toBeLessThan(10_000);
  expect(answered).toBeGreaterThan(ROUNDS * 100);
  expect(fleet.lost).toEqual([]);
  expect(fleet.logged.filter(({ level }) => level === "error").map(({ text }) => text)).toEqual([]);
});
