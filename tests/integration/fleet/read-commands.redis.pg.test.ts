/** The cost of a read in Redis commands and SQL statements, counted at the stand-ins in front of the real servers. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { costOf, quiet } from "../../support/fleet/cost";
import { type Fleet, type Instance, startFleet } from "../../support/fleet/fleet";
import { type FleetServices, startServices } from "../../support/fleet/services";

const PATHS = ["/api/contacts", "/api/circle", "/api/signals"];
/** Limits are kept count of, as in production, though nobody reaches them: they are part of what a read costs. */
const LIMITED = { RATE_LIMITS: "1000" };
/** Nothing leaves L1 and no round begins while a test looks. */
const CALM = { FRESHNESS_TARGET_MS: "600000", ...LIMITED };
const GATE_MS = 500;
const LIVELY = { FRESHNESS_TARGET_MS: String(2 * GATE_MS), ...LIMITED };

let services: FleetServices;
let fleet: Fleet;
let a: Instance;
let b: Instance;
/** People whom no instance has read yet. */
let strangers: string[];
const stranger = () => strangers.pop() as string;

beforeAll(async () => {
  services = await startServices({ people: 30 });
  strangers = services.devnet.people.map(({ userId }) => userId);
});
afterAll(() => services.stop());

/** Two instances for the tests of a block, whose first reads, and the round of the sync that these begin, are over. */
function instances(env: Readonly<Record<string, string>>): void {
  beforeAll(async () => {
    fleet = await startFleet({ services, count: 2, env });
    [a, b] = fleet.instances as [Instance, Instance];
    for (const instance of fleet.instances) await instance.get("/api/contacts", "tm-nobody");
    await quiet(services);
  });
  afterAll(() => fleet.stop());
}

describe("a read", () => {
  instances(CALM);

  it("costs two commands and one statement cold, one command where Redis has it, and nothing where the process has it", async () => {
    for (const path of PATHS) {
      const userId = stranger();
      const get = (instance: Instance) => async () => expect((await instance.get(path, userId)).status).toBe(200);
      expect(await costOf(services, get(a))).toMatchObject({ commands: 2, statements: 1 });
      expect(await costOf(services, get(b))).toMatchObject({ commands: 1, statements: 0 });
      for (const instance of [a, b])
        expect(await costOf(services, get(instance))).toMatchObject({ commands: 0, statements: 0 });
    }
  });

  it("answered by 304 costs the same: what is not sent must be known all the same", async () => {
    const userId = stranger();
    const cold = await a.get("/api/contacts", userId);
    const headers = { "if-none-match": String(cold.headers.etag) };
    const seen: string[] = [];
    const again = (instance: Instance) => async () => {
      const { status, headers: answer } = await instance.get("/api/contacts", userId, { headers });
      seen.push(`${status} ${String(answer["cache-status"]).split(";")[0]}`);
    };
    expect(await costOf(services, again(a))).toMatchObject({ commands: 0, statements: 0 });
    expect(await costOf(services, again(b))).toMatchObject({ commands: 1, statements: 0 });
    expect(seen).toEqual(["304 l1", "304 redis"]);
  });

  it("of one user by many at once, on two processes, costs one statement, and at most one pull of each topic", async () => {
    const userId = stranger();
    services.devnet.requests.reset();
    const { statements } = await costOf(services, async () => {
      const readers = Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? a : b).get("/api/contacts", userId));
      for (const { status } of await Promise.all(readers)) expect(status).toBe(200);
    });
    expect(statements).toBe(1);
    for (const pulls of Object.values(services.devnet.requests.counts().byTopic)) expect(pulls).toBeLessThanOrEqual(1);
  });
});

describe("an idle topic", () => {
  instances(LIVELY);

  it("costs no statement, however many read, and one round of the sync for each instance and period", async () => {
    const readers = [stranger(), stranger(), stranger()];
    let fromPostgres = 0;
    const read = async () => {
      for (const instance of fleet.instances) {
        const answers = await Promise.all(readers.map((userId) => instance.get("/api/contacts", userId)));
        fromPostgres += answers.filter(({ headers }) => /^postgres/.test(String(headers["cache-status"]))).length;
      }
    };
    await read();
    await quiet(services);
    const startMs = Date.now();
    fromPostgres = 0;
    const { statements, own } = await costOf(services, async () => {
      while (Date.now() - startMs < 6 * GATE_MS) await read();
      await quiet(services);
    });
    const periods = Math.ceil((Date.now() - startMs) / GATE_MS) + 1;
    expect([statements, fromPostgres]).toEqual([0, 0]);
    expect(own).toMatchObject({ publish: 0, cursor: 0 });
    expect(own.round).toBeGreaterThan(2);
    expect(own.round).toBeLessThanOrEqual(2 * periods);
  });
});
