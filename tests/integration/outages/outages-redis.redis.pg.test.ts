/** Redis fails: what users see, and that nothing is lost or doubled. */
import { expect } from "vitest";
import type { World } from "../../support/worlds/outages/outage-world";
import { flap, outages } from "../../support/worlds/outages/outages";

const DOWN = { kind: "down", how: "refused" } as const;
const SLOW = { kind: "slow", ms: 2_000 } as const;
const HALF = { kind: "error", probability: 0.5 } as const;
const WITHOUT_REDIS = /^postgres; hit, redis; fwd=miss; detail=unavailable, l1; fwd=miss/;

/** Reads that cannot come from the process come from Postgres, with all that was committed. */
async function readsFromPostgres(w: World): Promise<void> {
  const read = await w.readPastMemory(w.b);
  expect(read).toMatchObject({ status: 200, actors: w.people });
  expect(read.cacheStatus).toMatch(WITHOUT_REDIS);
}

/** Both instances sync, whatever the other does, and both show what the ledger has. */
async function syncsForItself(w: World): Promise<void> {
  w.write(2);
  for (const instance of [w.a, w.b]) {
    await w.eventually(async () => (await instance.sync()).status).toBe(200);
    await w.eventually(async () => (await instance.signals()).actors).toEqual(w.people);
  }
}

const flapping = (w: World, look: Parameters<typeof flap>[2]) =>
  flap(
    () => w.redis.faults.set(DOWN),
    () => w.redis.faults.clear(),
    look,
  );

/** A commit of the other instance, while neither can tell the other. */
async function streamsByItself(w: World, fault: typeof DOWN | typeof SLOW): Promise<void> {
  const reader = await w.open(w.b);
  await w.settled();
  await w.redis.faults.set(fault);
  w.write();
  await w.eventually(async () => (await w.a.sync()).status).toBe(200);
  await w.streamsAll(reader);
  await w.redis.faults.clear();
  await w.settled();
  await w.streamsAll(reader);
}

outages("Redis", {
  down: {
    reads: [
      "Postgres answers every read, completely: `redis; fwd=miss; detail=unavailable`.",
      async (w) => {
        await w.settled();
        await w.redis.faults.set(DOWN);
        for (let i = 0; i < 7; i += 1) await readsFromPostgres(w);
        expect(w.b.tier.stats().circuit).toBe("open");
        await w.redis.faults.clear();
        await w.recovers();
      },
    ],
    sync: [
      "Each instance syncs for itself, with a quarter of the mirror budget. The events of its commits follow when Redis is back.",
      async (w) => {
        await w.settled();
        await w.redis.faults.set(DOWN);
        await syncsForItself(w);
        await w.redis.faults.clear();
        await w.recovers();
      },
    ],
    submit: [
      "A write is 503 `unavailable`, and nothing is sent, because nonces cannot be checked. The same message is accepted when Redis is back.",
      async (w) => {
        await w.settled();
        await w.redis.faults.set(DOWN);
        const envelope = w.envelope();
        expect(await w.a.submit(envelope)).toMatchObject({ status: 503, code: "unavailable", retryAfter: "1" });
        expect((await w.a.submit(envelope)).detail).toMatch(/is not safe now.*Try again/);
        expect(w.written).toBe(0);
        await w.redis.faults.clear();
        await w.eventually(async () => (await w.a.submit(envelope)).status).toBe(200);
        expect((await w.b.submit(envelope)).code).toBe("nonce");
        expect(w.written).toBe(1);
      },
    ],
    streams: [
      "Streams stay open. A stream learns of another instance's commit when its own instance next syncs.",
      (w) => streamsByItself(w, DOWN),
    ],
  },
  "slow (2 s)": {
    reads: [
      "Postgres answers after 0.3 s, and at once when the circuit breaker has opened: `redis; fwd=miss; detail=unavailable`.",
      async (w) => {
        await w.settled();
        await w.redis.faults.set(SLOW);
        for (let i = 0; i < 7; i += 1) {
          const read = await w.readPastMemory(w.b, 2_000);
          expect(read).toMatchObject({ status: 200, actors: w.people });
          expect(read.cacheStatus).toContain("redis; fwd=miss; detail=unavailable");
        }
        await w.redis.faults.clear();
        await w.recovers();
      },
    ],
    sync: [
      "Each instance syncs for itself, as when Redis is down.",
      async (w) => {
        await w.settled();
        await w.redis.faults.set(SLOW);
        await syncsForItself(w);
        await w.redis.faults.clear();
        await w.recovers();
      },
    ],
    submit: [
      "A write is 503 `unavailable` after 1 s, and nothing is sent. The next try may need a new nonce, and its answer says so.",
      async (w) => {
        await w.settled();
        await w.redis.faults.set(SLOW);
        const envelope = w.envelope();
        expect(await w.a.submit(envelope)).toMatchObject({ status: 503, code: "unavailable", retryAfter: "1" });
        expect(w.written).toBe(0);
        await w.redis.faults.clear();
        const again = await w.a.submit(envelope);
        expect([200, 409]).toContain(again.status);
        if (again.status === 409) expect(again).toMatchObject({ code: "nonce" });
        await w.eventually(async () => (await w.b.submit(w.envelope())).status).toBe(200);
        expect(w.written).toBe(again.status === 200 ? 2 : 1);
      },
    ],
    streams: [
      "Streams stay open. A stream learns of another instance's commit when its own instance next syncs.",
      (w) => streamsByItself(w, SLOW),
    ],
  },
  flapping: {
    reads: [
      "Postgres or Redis answers, always completely.",
      async (w) => {
        await w.settled();
        await flapping(w, async () => {
          w.write();
          await w.eventually(async () => (await w.a.sync()).status).toBe(200);
          const read = await w.a.signals();
          expect(read).toMatchObject({ status: 200, actors: w.people });
          await w.eventually(async () => (await w.b.signals()).actors).toEqual(w.people);
        });
        await w.recovers();
      },
    ],
    sync: [
      "The sync goes on. No view outlives a commit whose event could not be sent.",
      async (w) => {
        await w.settled();
        await flapping(w, async (_, turn) => {
          w.write();
          const [writer, other] = turn % 4 < 2 ? [w.a, w.b] : [w.b, w.a];
          await w.eventually(async () => (await writer.sync()).status).toBe(200);
          await w.eventually(async () => (await other.signals()).actors).toEqual(w.people);
        });
        await w.recovers();
      },
    ],
    submit: [
      "Writes are 503 `unavailable` while Redis is away, and succeed while it is there. A refused write was not sent.",
      async (w) => {
        await w.settled();
        let accepted = 0;
        await flapping(w, async (isDown) => {
          const envelope = w.envelope();
          if (isDown) expect(await w.a.submit(envelope)).toMatchObject({ status: 503, code: "unavailable" });
          else {
            await w.eventually(async () => (await w.a.submit(envelope)).status).toBe(200);
            accepted += 1;
          }
          expect(w.written).toBe(accepted);
        });
        expect(accepted).toBe(3);
      },
    ],
    streams: [
      "Streams stay open. Each signal comes once and in order.",
      async (w) => {
        const reader = await w.open(w.b);
        await w.settled();
        await flapping(w, async () => {
          w.write();
          await w.eventually(async () => (await w.a.sync()).status).toBe(200);
          await w.streamsAll(reader);
        });
        await w.recovers();
        await w.streamsAll(reader);
      },
    ],
  },
  "erroring half the time": {
    reads: [
      "Redis or Postgres answers, always completely.",
      async (w) => {
        await w.settled();
        await w.redis.faults.set(HALF);
        for (let i = 0; i < 20; i += 1) {
          w.leap(2_000);
          expect(await w.b.signals()).toMatchObject({ status: 200, actors: w.people });
        }
        await w.redis.faults.clear();
        await w.recovers();
      },
    ],
    sync: [
      "The sync goes on. No view outlives a commit whose event could not be sent.",
      async (w) => {
        await w.settled();
        await w.redis.faults.set(HALF);
        for (let i = 0; i < 6; i += 1) await syncsForItself(w);
        await w.redis.faults.clear();
        await w.recovers();
      },
    ],
    submit: [
      "A write succeeds or is 503 `unavailable`. A refused write was not sent, and the same message is accepted on another try.",
      async (w) => {
        await w.settled();
        await w.redis.faults.set(HALF);
        const statuses = new Set<number>();
        for (let i = 1; i <= 8; i += 1) {
          const envelope = w.envelope();
          await w
            .eventually(async () => {
              const { status } = await w.a.submit(envelope);
              statuses.add(status);
              return status;
            })
            .toBe(200);
          expect(w.written).toBe(i);
        }
        expect([...statuses].sort()).toEqual([200, 503]);
      },
    ],
    streams: [
      "Streams stay open. Each signal comes once and in order.",
      async (w) => {
        const reader = await w.open(w.b);
        await w.settled();
        await w.redis.faults.set(HALF);
        for (let i = 0; i < 6; i += 1) {
          w.write();
          await w.eventually(async () => (await w.a.sync()).status).toBe(200);
          await w.streamsAll(reader);
        }
        await w.redis.faults.clear();
        await w.recovers();
        await w.streamsAll(reader);
      },
    ],
  },
});
