/** Postgres fails: what users see, and that nothing is lost or doubled. */
import { expect } from "vitest";
import { CAROL, type World } from "../../support/worlds/outages/outage-world";
import { flap, outages } from "../../support/worlds/outages/outages";

const DOWN = { kind: "down", how: "refused" } as const;
const SLOW = { kind: "slow", ms: 2_000 } as const;
/** Half of all statements: some are not run, of some only the answer is lost. */
const HALF = [
  { kind: "error", probability: 0.3 },
  { kind: "lostAnswer", probability: 0.3 },
] as const;
const SENTENCE = /cannot be read at the moment. Try again shortly\./;

const flapping = (w: World, look: Parameters<typeof flap>[2]) =>
  flap(
    () => w.postgres.faults.set(DOWN),
    () => w.postgres.faults.clear(),
    look,
  );

/** Everybody has a copy of before a commit, and nobody one of after it. */
async function outdated(w: World): Promise<readonly string[]> {
  await w.settled();
  const before = w.people;
  w.write();
  expect((await w.a.sync()).status).toBe(200);
  return before;
}

/** Contacts need no database to be written; trust has rules, which are read from it. */
async function writesWithout(w: World): Promise<void> {
  const before = w.written;
  expect((await w.a.submit(w.envelope())).status).toBe(200);
  expect(w.written).toBe(before + 1);
  const trust = await w.a.submit(w.envelope("TRUST_ALLOCATE"));
  expect(trust).toMatchObject({ status: 503, code: "unavailable", retryAfter: "1" });
  expect(trust.detail).toMatch(/The database does not answer at the moment\. Try again shortly\./);
  expect(w.written).toBe(before + 1);
}

/** Carol's own messages, each once, as the ledger's. */
async function carolHas(w: World, count: number): Promise<void> {
  const expected = Array.from({ length: count }, (_, i) => i + 1);
  await w.eventually(async () => (await w.b.signals(CAROL)).positions).toEqual(expected);
}

outages("Postgres", {
  down: {
    reads: [
      "The last good copy in memory or in Redis is served, marked stale, for `STALE_MAX_S`: `postgres; detail=unavailable`, `fwd=stale; detail=postgres-unavailable`. A read without a copy is 503 `unavailable`, at once when the circuit breaker has opened.",
      async (w) => {
        const before = await outdated(w);
        await w.postgres.faults.set(DOWN);
        for (const instance of [w.a, w.b]) {
          w.leap(2_000);
          const read = await instance.signals();
          expect(read).toMatchObject({ status: 200, actors: before, isStale: true });
          expect(read.cacheStatus).toMatch(/^postgres; detail=unavailable, .*fwd=stale; detail=postgres-unavailable/);
        }
        for (let i = 0; i < 7; i += 1) {
          const nobody = await w.b.signals("tm-nobody");
          expect(nobody).toMatchObject({ status: 503, code: "unavailable", retryAfter: "1" });
          expect(nobody.detail).toMatch(SENTENCE);
        }
        expect(w.b.app.stores.stats().byPurpose.signals.refused).toBeGreaterThan(0);
        w.leap(86_400_000);
        expect(await w.b.signals()).toMatchObject({ status: 503, code: "unavailable" });
        await w.postgres.faults.clear();
        await w.recovers();
      },
    ],
    sync: [
      "A requested sync is 503 `unavailable`. The sync backs off and loses nothing.",
      async (w) => {
        await w.settled();
        await w.postgres.faults.set(DOWN);
        w.write(3);
        for (const instance of [w.a, w.b]) {
          const response = await instance.sync();
          expect([response.status, response.headers.get("retry-after")]).toEqual([503, "1"]);
          expect(await response.json()).toMatchObject({
            code: "unavailable",
            error: expect.stringMatching(/database/),
          });
        }
        await w.postgres.faults.clear();
        await w.recovers();
      },
    ],
    submit: [
      "Contacts, profiles and recognition reach the ledger and show as pending. Trust is 503 `unavailable`, because its rules are read from the database.",
      async (w) => {
        await w.settled();
        expect((await w.a.signals(CAROL)).actors).toEqual([]);
        await w.postgres.faults.set(DOWN);
        await writesWithout(w);
        expect(await w.a.signals(CAROL)).toMatchObject({ status: 200, actors: [CAROL] });
        await w.postgres.faults.clear();
        await carolHas(w, 1);
      },
    ],
    streams: [
      "Streams stay open and tell the lag. When Postgres is back, missed signals come once and in order, and new streams get their hello.",
      async (w) => {
        const reader = await w.open(w.b);
        await w.settled();
        await w.streamsAll(reader);
        await w.postgres.faults.set(DOWN);
        w.write(2);
        const late = await w.open(w.b, 1);
        const heard = reader.of("freshness").length;
        await w.eventually(() => reader.of("freshness").length).toBeGreaterThan(heard + 1);
        expect([late.of("hello").length, late.isEnded, reader.isEnded]).toEqual([0, false, false]);
        await w.postgres.faults.clear();
        await w.streamsAll(reader);
        await w.eventually(() => late.of("signal").map(({ id }) => id)).toEqual([2, 3]);
        await w.recovers();
      },
    ],
  },
  "slow (2 s)": {
    reads: [
      "The last good copy is served after half a second, marked `fwd=stale; detail=postgres-timeout`, while the load goes on and fills the caches. A read without a copy waits for the load.",
      async (w) => {
        const before = await outdated(w);
        await w.postgres.faults.set(SLOW);
        const read = await w.readPastMemory(w.b, 2_000);
        expect(read).toMatchObject({ status: 200, actors: before, isStale: true });
        expect(read.cacheStatus).toMatch(/^postgres; detail=timeout, .*fwd=stale; detail=postgres-timeout/);
        await w.eventually(async () => (await w.b.signals()).actors, false).toEqual(w.people);
        const nobody = await w.b.signals("tm-nobody");
        expect(nobody).toMatchObject({ status: 200, actors: [] });
        expect(nobody.cacheStatus).toMatch(/^postgres; hit/);
        await w.postgres.faults.clear();
        await w.recovers();
      },
    ],
    sync: [
      "The sync is slower, and complete.",
      async (w) => {
        await w.settled();
        await w.postgres.faults.set(SLOW);
        w.write(3);
        const response = await w.a.sync();
        expect(response.status).toBe(200);
        const { topics } = (await response.json()) as { topics: { complete: boolean }[] };
        expect(topics.every(({ complete }) => complete)).toBe(true);
        await w.postgres.faults.clear();
        await w.recovers();
      },
    ],
    submit: [
      "Contacts, profiles and recognition work as usual. Trust waits for its rules.",
      async (w) => {
        await w.settled();
        await w.postgres.faults.set(SLOW);
        expect((await w.a.submit(w.envelope())).status).toBe(200);
        const trust = await w.a.submit(w.envelope("TRUST_ALLOCATE"));
        expect(trust).toMatchObject({ status: 409, code: "not-bonded" });
        expect(w.written).toBe(1);
        await w.postgres.faults.clear();
        await carolHas(w, 1);
      },
    ],
    streams: [
      "Streams stay open and are late. Each signal comes once and in order.",
      async (w) => {
        const reader = await w.open(w.b);
        await w.settled();
        await w.postgres.faults.set(SLOW);
        w.write(2);
        expect((await w.a.sync()).status).toBe(200);
        await w.streamsAll(reader);
        await w.postgres.faults.clear();
        await w.recovers();
        await w.streamsAll(reader);
      },
    ],
  },
  flapping: {
    reads: [
      "Reads are complete while Postgres is there. While it is away, the last good copy is served, marked stale if it is outdated.",
      async (w) => {
        await w.settled();
        await flapping(w, async (isAway) => {
          w.leap(2_000);
          if (!isAway) {
            w.write();
            await w.eventually(async () => (await w.a.sync()).status).toBe(200);
            await w.eventually(async () => (await w.b.signals()).actors).toEqual(w.people);
          }
          const read = await w.b.signals();
          expect(read).toMatchObject({ status: 200, actors: w.people });
        });
        await w.recovers();
      },
    ],
    sync: [
      "The sync backs off and resumes. Nothing is lost or doubled.",
      async (w) => {
        await w.settled();
        await flapping(w, async (isAway) => {
          w.write();
          if (isAway) expect((await w.a.sync()).status).toBe(503);
          else await w.eventually(async () => (await w.b.signals()).actors).toEqual(w.people);
        });
        await w.recovers();
      },
    ],
    submit: [
      "Writes work as usual while Postgres is there. While it is away, they behave as when it is down.",
      async (w) => {
        await w.settled();
        await flapping(w, async (isAway, turn) => {
          if (isAway) await writesWithout(w);
          else await w.eventually(async () => (await w.a.submit(w.envelope("TRUST_ALLOCATE"))).code).toBe("not-bonded");
          expect(w.written).toBe(Math.floor(turn / 2) + 1);
        });
        await carolHas(w, 3);
      },
    ],
    streams: [
      "Streams stay open. Each signal comes once and in order, late by the time that Postgres was away.",
      async (w) => {
        const reader = await w.open(w.b);
        await w.settled();
        await flapping(w, async (isAway) => {
          w.write();
          await w.a.sync();
          if (!isAway) await w.streamsAll(reader);
        });
        await w.recovers();
        await w.streamsAll(reader);
      },
    ],
  },
  "erroring half the time": {
    reads: [
      "A read is complete, or it is the last good copy, marked stale if it is outdated. Without a copy it is the view or 503 `unavailable`.",
      async (w) => {
        await w.settled();
        await w.postgres.faults.set(...HALF);
        const statuses = new Set<number>();
        for (let i = 0; i < 20; i += 1) {
          w.leap(2_000);
          expect(await w.b.signals()).toMatchObject({ status: 200, actors: w.people });
          const nobody = await w.b.signals(`tm-nobody-${i}`);
          statuses.add(nobody.status);
          if (nobody.status !== 200)
            expect(nobody).toMatchObject({ status: 503, code: "unavailable", retryAfter: "1" });
        }
        expect(statuses).toContain(200);
        await w.postgres.faults.clear();
        await w.recovers();
      },
    ],
    sync: [
      "The sync goes on with pauses. Nothing is lost or doubled, even if only the answer to a commit was lost.",
      async (w) => {
        await w.settled();
        await w.postgres.faults.set(...HALF);
        for (let i = 0; i < 6; i += 1) {
          w.write();
          for (const instance of [w.a, w.b]) expect([200, 503]).toContain((await instance.sync()).status);
          await w.eventually(async () => (await w.b.signals()).actors).toEqual(w.people);
        }
        await w.postgres.faults.clear();
        await w.recovers();
      },
    ],
    submit: [
      "Contacts, profiles and recognition work as usual. Trust gets its answer, or 503 `unavailable`.",
      async (w) => {
        await w.settled();
        await w.postgres.faults.set(...HALF);
        for (let i = 1; i <= 6; i += 1) {
          expect((await w.a.submit(w.envelope())).status).toBe(200);
          const trust = await w.a.submit(w.envelope("TRUST_ALLOCATE"));
          expect(["not-bonded", "unavailable"]).toContain(trust.code);
          expect(w.written).toBe(i);
        }
        await w.postgres.faults.clear();
        await carolHas(w, 6);
      },
    ],
    streams: [
      "Streams stay open. Each signal comes once and in order.",
      async (w) => {
        const reader = await w.open(w.b);
        await w.settled();
        await w.postgres.faults.set(...HALF);
        for (let i = 0; i < 6; i += 1) {
          w.write();
          await w.a.sync();
          await w.streamsAll(reader);
        }
        await w.postgres.faults.clear();
        await w.recovers();
        await w.streamsAll(reader);
      },
    ],
  },
});
