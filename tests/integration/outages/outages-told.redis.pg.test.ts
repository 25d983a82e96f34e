/** Every way in which a tier fails, and what operators are told of it: within 15 s, everywhere the same, and once. */
import { afterAll, beforeAll, expect, it } from "vitest";
import type { IncidentCode } from "@/lib/core/health/incident";
import { RespConnection } from "../../support/servers/redis/resp";
import { FAULTS, type FaultName, TIERS, type TierName } from "../../support/worlds/outages/outage-table";
import { OutageWorld, type World } from "../../support/worlds/outages/outage-world";
import { toldCodes } from "../../support/worlds/told-codes";

const world = new OutageWorld();
beforeAll(() => world.open());
afterAll(() => world.close());

/** More than a second, which is what `slow` starts with. */
const SLOW_MS = 1_100;

type Switch = (w: World) => Promise<void> | void;
interface Failure {
  readonly codes: readonly IncidentCode[];
  readonly faults: Readonly<Record<Exclude<FaultName, "flapping">, Switch>>;
  readonly heal: Switch;
}

const FAILURES: Readonly<Record<TierName, Failure>> = {
  Redis: {
    codes: ["redis-down", "redis-failing"],
    faults: {
      down: (w) => w.redis.faults.set({ kind: "down", how: "refused" }),
      "slow (2 s)": (w) => w.redis.faults.set({ kind: "slow", ms: SLOW_MS }),
      "erroring half the time": (w) => w.redis.faults.set({ kind: "error", probability: 0.5 }),
    },
    heal: (w) => w.redis.faults.clear(),
  },
  Postgres: {
    codes: ["postgres-down", "postgres-failing"],
    faults: {
      down: (w) => w.postgres.faults.set({ kind: "down", how: "refused" }),
      "slow (2 s)": (w) => w.postgres.faults.set({ kind: "slow", ms: SLOW_MS }),
      "erroring half the time": (w) => w.postgres.faults.set({ kind: "error", probability: 0.5 }),
    },
    heal: (w) => w.postgres.faults.clear(),
  },
  mirror: {
    codes: ["mirror-down", "mirror-failing"],
    faults: {
      down: (w) => w.devnet.faults.set([{ kind: "reset" }]),
      "slow (2 s)": (w) => w.devnet.faults.set([{ kind: "latency", ms: SLOW_MS }]),
      "erroring half the time": (w) => w.devnet.faults.set([{ kind: "badGateway", probability: 0.6 }]),
    },
    heal: (w) => w.devnet.faults.clear(),
  },
};

const STEP_MS = 3_000;
/** The Redis of the tests keeps nothing over a restart, which is an incident of its own, all the time. */
const OF_THE_TESTS = "redis-forgets";
const codesOf = (incidents: readonly { readonly code: string }[]) =>
  incidents.map(({ code }) => code).filter((code) => code !== OF_THE_TESTS);

let readers = 0;

/**
 * Some people read, as on any day, and three seconds go by, in which the watch has looked. Each reads for the first time: a view from
 * the cache would tell nothing about the tiers behind it.
 */
async function aMoment(w: World): Promise<void> {
  w.leap(STEP_MS);
  const read = () => {
    readers += 1;
    return w.a.signals(`tm-reader-${readers}`);
  };
  await Promise.all([w.a.sync(), read(), read(), read()]);
}

/** Everything that an instance tells of its health. */
async function told({ a }: World) {
  const places = await toldCodes(a.app, (path, headers = {}) => a.ask("GET", path, { headers }));
  return places.map((codes) => codes.filter((code) => code !== OF_THE_TESTS));
}

async function proves(w: World, tier: TierName, fault: FaultName): Promise<void> {
  const { codes, faults, heal } = FAILURES[tier];
  const isTold = () => w.a.app.incidents.current().some(({ code }) => codes.includes(code));
  const before = w.a.logged.length;
  const begin = faults[fault === "flapping" ? "down" : fault];
  for (let turn = 0; turn * STEP_MS <= 15_000 && !isTold(); turn += 1) {
    if (fault === "flapping" && turn % 2 === 1) await heal(w);
    else await begin(w);
    await aMoment(w);
    w.a.app.health.look();
  }
  expect(isTold(), `${tier} ${fault}: ${JSON.stringify(w.a.app.incidents.current())}`).toBe(true);
  await begin(w);
  await expect
    .poll(async () => {
      const all = await told(w);
      return [
        new Set(all.map((each) => each.join())).size,
        all[0]?.some((code) => codes.includes(code as IncidentCode)),
      ];
    })
    .toEqual([1, true]);
  await heal(w);
  await w
    .eventually(async () => {
      await aMoment(w);
      w.a.app.health.look();
      return codesOf(w.a.app.incidents.current());
    })
    .toEqual([]);
  const lines = w.a.logged.slice(before);
  // An incident is a sentence; whatever else is a warning or an error would tell of the same failure again.
  const starts = lines.filter((line) => !line.startsWith("info: "));
  for (const line of starts) expect(line).toMatch(/^(warn|error): (Redis|The database|Mirror|Topic|\d+ of) .*\.$/);
  const ends = lines.filter((line) => line === "info: an incident has ended");
  // A tier that fails some calls may be down for a moment, or become so: then there are two incidents, each with its line.
  const most = { down: 1, "erroring half the time": 3, "slow (2 s)": codes.length, flapping: codes.length };
  expect(starts.length, starts.join()).toBeGreaterThanOrEqual(1);
  expect(starts.length, starts.join()).toBeLessThanOrEqual(most[fault]);
  expect(ends.length).toBe(starts.length);
}

/** Gives Redis no memory for another key. What it has stays, and nothing is evicted. 0 lifts the limit. */
async function limitMemory({ stored }: World, bytes: number): Promise<void> {
  const redis = await RespConnection.open(stored.redisPort);
  await redis.send([["CONFIG", "SET", "maxmemory-policy", "noeviction"]]);
  await redis.send([["CONFIG", "SET", "maxmemory", String(bytes)]]);
  redis.close();
}

it("a Redis that is out of memory is named within 15 s in one line; reads are complete, writes say what to do, and it heals", async () => {
  await world.run(async (w) => {
    const isNamed = () =>
      w.a.app.incidents.current().find(({ code }) => code.startsWith("redis-") && code !== OF_THE_TESTS);
    await w.settled();
    const before = w.a.logged.length;
    await limitMemory(w, 1);
    w.write();
    for (let turn = 0; turn * STEP_MS <= 12_000; turn += 1) {
      await aMoment(w);
      w.a.app.health.look();
    }
    expect(isNamed()).toMatchObject({ code: "redis-down", summary: expect.stringContaining("out of memory") });
    expect((await told(w)).map((codes) => codes.join())).toEqual(Array(4).fill("redis-down"));
    const ready = await w.a.ask("GET", "/api/health/ready");
    expect([ready.status, await ready.json()]).toMatchObject([200, { ready: true, degraded: true }]);
    await w.eventually(async () => (await w.a.signals()).actors).toEqual(w.people);
    expect(await w.a.submit(w.envelope())).toMatchObject({ status: 503, detail: expect.stringMatching(/again/) });
    expect(w.written).toBe(0);
    const lines = w.a.logged.slice(before).filter((line) => !line.startsWith("info: "));
    expect(lines).toEqual([`error: ${isNamed()?.summary}`]);
    await limitMemory(w, 0);
    await w.recovers();
    await w.eventually(async () => (await w.a.submit(w.envelope())).status).toBe(200);
    await w
      .eventually(async () => {
        await w.a.ask("GET", "/api/health/ready");
        return isNamed();
      })
      .toBeUndefined();
  });
});

it("each failure of each tier shows everywhere within 15 s, in the same words, and so does its end", async () => {
  await world.run(async (w) => {
    await w.settled();
    w.a.app.health.start();
    await w
      .eventually(() => w.a.app.incidents.current())
      .toMatchObject([{ code: OF_THE_TESTS, subject: "persistence" }]);
    for (const tier of TIERS) for (const fault of FAULTS) await proves(w, tier, fault);
  });
});
