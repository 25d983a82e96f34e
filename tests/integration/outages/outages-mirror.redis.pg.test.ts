/** The mirror node fails: what users see, and that nothing is lost or doubled. */
import { expect } from "vitest";
import type { FaultSpec } from "@/lib/devnet/faults/spec";
import { CAROL, type World } from "../../support/worlds/outages/outage-world";
import { flap, outages } from "../../support/worlds/outages/outages";

const DOWN: FaultSpec = { kind: "reset" };
const SLOW: FaultSpec = { kind: "latency", ms: 2_000 };
const HALF: FaultSpec = { kind: "badGateway", probability: 0.5 };

const flapping = (w: World, look: Parameters<typeof flap>[2]) =>
  flap(
    async () => w.devnet.faults.set([DOWN]),
    async () => w.devnet.faults.clear(),
    look,
  );

/** Nobody waits for the mirror: what there is is served, and says how old it is. */
async function servesWhatItHas(w: World): Promise<void> {
  w.leap(5_000);
  for (const instance of [w.a, w.b]) {
    const read = await instance.signals();
    expect(read).toMatchObject({ status: 200, isStale: true });
    expect(read.cacheStatus).not.toContain("fwd=stale");
  }
}

interface Synced {
  readonly status: number;
  readonly isComplete: boolean;
}

async function synced(w: World): Promise<Synced> {
  const response = await w.a.sync();
  const { topics } = (await response.json()) as { topics: { complete: boolean }[] };
  return { status: response.status, isComplete: topics.every(({ complete }) => complete) };
}

/** A write goes to a consensus node, and is shown until the mirror has it. */
async function writes(w: World): Promise<void> {
  const before = w.written;
  expect((await w.a.submit(w.envelope())).status).toBe(200);
  expect(w.written).toBe(before + 1);
  expect((await w.a.signals(CAROL)).actors).toEqual(Array.from({ length: w.written }, () => CAROL));
}

/** Carol's own messages, each once, as the ledger's. */
async function carolHas(w: World, count: number): Promise<void> {
  const expected = Array.from({ length: count }, (_, i) => i + 1);
  await w.eventually(async () => (await w.b.signals(CAROL)).positions).toEqual(expected);
}

/** The last word of a stream on how fresh it is. */
const isLate = (reader: { of(event: string): readonly { data: Record<string, unknown> }[] }) =>
  reader.of("freshness").at(-1)?.data.stale;

outages("mirror", {
  down: {
    reads: [
      "Reads are served as usual. Their age grows, and they are `stale` after 2 s.",
      async (w) => {
        await w.settled();
        w.devnet.faults.set([DOWN]);
        for (let i = 0; i < 5; i += 1) await servesWhatItHas(w);
        expect((await w.b.signals()).actors).toEqual(w.people);
        w.devnet.faults.clear();
        await w.recovers();
      },
    ],
    sync: [
      "A requested sync is 200 with `complete: false`. The sync backs off to once a minute and resumes by itself.",
      async (w) => {
        await w.settled();
        w.devnet.faults.set([DOWN]);
        w.write(3);
        w.devnet.requests.reset();
        for (let i = 0; i < 10; i += 1) expect(await synced(w)).toEqual({ status: 200, isComplete: false });
        // Four topics and the head, once each: then the back-off and the circuit hold.
        expect(w.devnet.requests.counts().total).toBeLessThan(20);
        w.devnet.faults.clear();
        await w.recovers();
      },
    ],
    submit: [
      "Writes reach the ledger and show as pending.",
      async (w) => {
        await w.settled();
        w.devnet.faults.set([DOWN]);
        for (let i = 0; i < 3; i += 1) await writes(w);
        w.devnet.faults.clear();
        await carolHas(w, 3);
      },
    ],
    streams: [
      "Streams stay open, and `freshness` tells the lag. When the mirror is back, missed signals come once and in order.",
      async (w) => {
        const reader = await w.open(w.b);
        await w.settled();
        await w.streamsAll(reader);
        w.devnet.faults.set([DOWN]);
        w.write(2);
        await w.eventually(() => isLate(reader)).toBe(true);
        w.devnet.faults.clear();
        await w.streamsAll(reader);
        await w.recovers();
      },
    ],
  },
  "slow (2 s)": {
    reads: [
      "Reads are served as usual, and none waits for the mirror. They are `stale` while a sync takes longer than 2 s.",
      async (w) => {
        await w.settled();
        w.devnet.faults.set([SLOW]);
        for (let i = 0; i < 5; i += 1) await servesWhatItHas(w);
        w.devnet.faults.clear();
        await w.recovers();
      },
    ],
    sync: [
      "The sync is slower, and complete. A read with `If-Min-Sequence` waits 3 s, and then is 503 `not-yet`.",
      async (w) => {
        await w.settled();
        w.devnet.faults.set([SLOW]);
        w.write();
        const headers = { "if-min-sequence": `${w.devnet.topics.contact}=${w.people.length}` };
        const first = await w.b.ask("GET", "/api/signals", { headers });
        expect([first.status, first.headers.get("retry-after")]).toEqual([503, "1"]);
        expect(await first.json()).toMatchObject({ code: "not-yet" });
        await w.eventually(async () => (await w.b.ask("GET", "/api/signals", { headers })).status, false).toBe(200);
        expect(await synced(w)).toEqual({ status: 200, isComplete: true });
        w.devnet.faults.clear();
        await w.recovers();
      },
    ],
    submit: [
      "Writes reach the ledger and show as pending until the mirror has them.",
      async (w) => {
        await w.settled();
        w.devnet.faults.set([SLOW]);
        await writes(w);
        await carolHas(w, 1);
        w.devnet.faults.clear();
      },
    ],
    streams: [
      "Streams stay open and are late. Each signal comes once and in order.",
      async (w) => {
        const reader = await w.open(w.b);
        await w.settled();
        w.devnet.faults.set([SLOW]);
        w.write(2);
        await w.streamsAll(reader);
        w.devnet.faults.clear();
        await w.recovers();
      },
    ],
  },
  flapping: {
    reads: [
      "Reads are served as usual. They are `stale` while the mirror is away.",
      async (w) => {
        await w.settled();
        await flapping(w, async (isAway) => {
          w.write();
          if (isAway) await servesWhatItHas(w);
          else await w.eventually(async () => (await w.b.signals()).actors).toEqual(w.people);
        });
        await w.recovers();
      },
    ],
    sync: [
      "The sync backs off and resumes. Nothing is lost or doubled.",
      async (w) => {
        await w.settled();
        await flapping(w, async (isAway) => {
          w.write(2);
          if (isAway) expect(await synced(w)).toEqual({ status: 200, isComplete: false });
          else await w.eventually(() => synced(w)).toEqual({ status: 200, isComplete: true });
        });
        await w.recovers();
      },
    ],
    submit: [
      "Writes reach the ledger and show as pending until the mirror is back.",
      async (w) => {
        await w.settled();
        await flapping(w, async (isAway) => {
          if (isAway) await writes(w);
          else await carolHas(w, w.written);
        });
        expect(w.written).toBe(3);
      },
    ],
    streams: [
      "Streams stay open. Each signal comes once and in order, late by the time that the mirror was away.",
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
      "Reads are served as usual. They are `stale` while syncs fail.",
      async (w) => {
        await w.settled();
        w.devnet.faults.set([HALF]);
        for (let i = 0; i < 4; i += 1) {
          w.write();
          expect((await w.a.signals()).status).toBe(200);
          await w.eventually(async () => (await w.b.signals()).actors).toEqual(w.people);
        }
        w.devnet.faults.clear();
        await w.recovers();
      },
    ],
    sync: [
      "The sync goes on with pauses. Nothing is lost or doubled.",
      async (w) => {
        await w.settled();
        w.devnet.faults.set([HALF]);
        for (let i = 0; i < 3; i += 1) {
          w.write(2);
          expect((await synced(w)).status).toBe(200);
          await w.eventually(async () => (await w.b.signals()).actors).toEqual(w.people);
        }
        w.devnet.faults.clear();
        await w.recovers();
      },
    ],
    submit: [
      "Writes reach the ledger and show as pending until a sync succeeds.",
      async (w) => {
        await w.settled();
        w.devnet.faults.set([HALF]);
        for (let i = 1; i <= 4; i += 1) {
          await writes(w);
          await carolHas(w, i);
        }
      },
    ],
    streams: [
      "Streams stay open. Each signal comes once and in order.",
      async (w) => {
        const reader = await w.open(w.b);
        await w.settled();
        w.devnet.faults.set([HALF]);
        for (let i = 0; i < 4; i += 1) {
          w.write();
          await w.streamsAll(reader);
        }
        w.devnet.faults.clear();
        await w.recovers();
        await w.streamsAll(reader);
      },
    ],
  },
});
