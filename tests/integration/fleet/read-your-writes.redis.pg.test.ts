/** A write through one process is in what another answers, when asked for by its place on the ledger. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Fleet, startFleet } from "../../support/fleet/fleet";
import { readYourWrites } from "../../support/fleet/scenarios/read-your-writes";
import { type FleetServices, startServices } from "../../support/fleet/services";

const WRITES = 24;
const WRITERS = Array.from({ length: 6 }, (_, i) => `tm-writer-${i}`);

let services: FleetServices;
let fleet: Fleet;

beforeAll(async () => {
  services = await startServices({ grpc: true });
  fleet = await startFleet({ services, count: 3, isCounted: false });
});
afterAll(async () => {
  await fleet?.stop();
  await services?.stop();
});

describe("a read that names a write", () => {
  it("through another process contains it, whichever process wrote and whichever is asked", async () => {
    const { contained, missing } = await readYourWrites(fleet, WRITERS, WRITES);
    expect(missing).toEqual([]);
    expect(contained).toBe(WRITES);
    expect(fleet.lost).toEqual([]);
  });
});
