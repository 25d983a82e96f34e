/**
 * Two instances over a mirror, a Redis and a database that each may go back, and a mirror that may also lag, lie once, or answer
 * one instance and not the other, in any order. Whenever an answer says that it is fresh, it holds everything that the honest
 * ledger had at the time that the answer names.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openUpstash, type UpstashTier } from "@/lib/adapters/upstash/open-upstash";
import { parseConsensusTime } from "@/lib/core/ledger/consensus-time";
import type { TopicId, UserId } from "@/lib/core/ledger/ids";
import type { App } from "@/lib/server/boot/app";
import { createApp } from "@/lib/server/boot/container";
import { readEnv } from "@/lib/server/config/env";
import { registeredTopics } from "@/lib/server/config/network";
import { answer } from "@/lib/server/http/route";
import { ROUTES } from "@/lib/server/routes/table";
import { LeapingClock } from "../../support/control/leaping-clock";
import { OPERATOR } from "../../support/mirrors/chain";
import { LIES, WaywardMirror } from "../../support/mirrors/wayward-mirror";
import { newNetwork, upstashFixture } from "../../support/stand-ins/upstash-fixture";
import { emptyStores, keptDatabase, moreStores } from "../../support/stores/database";
import { forget, snapshotOf } from "../../support/stores/redis-snapshot";

const fixture = upstashFixture();
const ALICE = "tm-alice" as UserId;
const [CONTACT, TRUST] = ["0.0.1001", "0.0.1002"] as [TopicId, TopicId];
const TOPICS = [CONTACT, TRUST];
const quiet = { info: () => {}, warn: () => {}, error: () => {} };
/** Short, so that real time lets the gates in Redis pass. */
const TARGET_MS = 400;

interface Answer {
  readonly items: readonly { readonly topicId: string; readonly sequenceNumber: number }[];
  readonly stale: boolean;
  readonly asOf: string | null;
}

class World {
  readonly clock = new LeapingClock();
  readonly mirror = new WaywardMirror(() => this.clock.now());
  readonly network = newNetwork();
  readonly apps: App[] = [];
  private readonly closers: (() => Promise<void>)[] = [];
  private written = 0;
  fresh = 0;

  async start(index: number): Promise<void> {
    const name = String(index);
    const { url, token } = fixture.upstash;
    const clock = this.clock;
    const tier: UpstashTier = openUpstash({
      ...{ url, token, network: this.network, viewTtlMs: 3_600_000, clock, log: quiet },
      ...{ readTimeoutMs: 10_000, timeoutMs: 10_000 },
    });
    const served = await this.mirror.listen(name);
    const app = createApp({
      env: readEnv({
        SESSION_SECRET: "a secret of the tests that is long enough to be one",
        FRESHNESS_TARGET_MS: String(TARGET_MS),
        MIRROR_RPS: "1000",
      }),
      shared: tier,
      stores: await moreStores(),
      network: {
        mirrorUrls: [served.url],
        topics: registeredTopics({ contact: [CONTACT], trust: [TRUST], recognition: [CONTACT], profile: [CONTACT] }),
        trustedPayers: new Set([OPERATOR]),
        submitter: null,
        people: [],
        close: served.close,
      },
      log: quiet,
      clock,
    });
    await app.openTopics();
    this.apps[index] = app;
    this.closers.push(() => app.close());
  }

  write(): void {
    this.written += 1;
    const [type, topicId] = this.written % 3 === 0 ? ["TRUST_ALLOCATE", TRUST] : ["CONTACT_REQUEST", CONTACT];
    this.mirror.write(String(topicId), { type, actor: `tm-${this.written}`, target: ALICE, weight: 1 });
  }

  async ask(index: number, name: "GET /api/signals" | "POST /api/sync"): Promise<Response> {
    const app = this.apps[index] as App;
    const [method, path] = name.split(" ") as [string, string];
    const cookie = (await app.sessions.issue(ALICE)).split(";")[0] as string;
    const body = method === "POST" ? { body: "{}" } : {};
    const headers = { host: "app.test", cookie, "content-type": "application/json" };
    const request = new Request(`http://app.test${path}`, { method, headers, ...body });
    const pending: Promise<unknown>[] = [];
    const background = (work: () => Promise<unknown>) => void pending.push(work().catch(() => {}));
    const response = await answer(app, ROUTES[name], { request, params: {}, background });
    await Promise.all(pending);
    return response;
  }

  /** Reads, and holds what is called fresh against the honest ledger. */
  async read(index: number): Promise<Answer | null> {
    const response = await this.ask(index, "GET /api/signals");
    if (response.status !== 200) return null;
    const found = (await response.json()) as Answer;
    if (found.stale || found.asOf === null) return found;
    this.fresh += 1;
    const asOfNs = parseConsensusTime(found.asOf) ?? 0n;
    const has = new Set(found.items.map(({ topicId, sequenceNumber }) => `${topicId} ${sequenceNumber}`));
    for (const topicId of TOPICS) {
      for (let sequence = 1; sequence <= this.mirror.count(topicId, asOfNs); sequence += 1)
        expect(has, `as of ${found.asOf}`).toContain(`${topicId} ${sequence}`);
    }
    return found;
  }

  /** With everything healed both instances have everything again, and say so. */
  async recovers(): Promise<void> {
    this.mirror.heal();
    for (const index of [0, 1]) {
      await expect
        .poll(
          async () => {
            this.clock.leap(20_000);
            await this.ask(index, "POST /api/sync");
            const found = await this.read(index);
            return found && { count: found.items.length, stale: found.stale };
          },
          { timeout: 20_000, interval: 60 },
        )
        .toEqual({ count: this.written, stale: false });
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.closers.map((close) => close()));
    // Whoever still sleeps wakes, ends, and keeps nothing of this world in memory.
    this.clock.leap(86_400_000);
  }
}

const instance = fc.nat({ max: 1 });
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom("write"), instance }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constantFrom("read", "sync"), instance }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("save", "redis-back", "database-back"), instance }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("redis-gone", "restart", "wait"), instance }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("freeze", "back", "follow", "refuse", "heal"), instance }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("lie"), instance, lie: fc.constantFrom(...LIES) }) },
);
type Step = { readonly do: string; readonly instance: number; readonly lie?: (typeof LIES)[number] };

/** A process that knows nothing of the last commit meets a Redis that does not either. */
const NEWCOMER: readonly Step[] = [
  ...["write", "sync", "read", "save", "write", "sync", "redis-back"].map((name) => ({ do: name, instance: 0 })),
  ...["restart", "sync", "read"].map((name) => ({ do: name, instance: 1 })),
];

/** The database loses a commit, and no cache is left that could know of it but the process's own. */
const LOST_COMMIT: readonly Step[] = [
  "sync",
  "save",
  "write",
  "sync",
  "database-back",
  "redis-gone",
  "sync",
  "read",
].map((name) => ({ do: name, instance: 0 }));

async function run(steps: readonly Step[]): Promise<number> {
  await emptyStores();
  const world = new World();
  try {
    await Promise.all([world.start(0), world.start(1)]);
    let saved = { redis: await snapshotOf(fixture.redis, world.network), database: await keptDatabase() };
    for (const { do: name, instance, lie } of steps) {
      if (name === "write") world.write();
      else if (name === "read") await world.read(instance);
      else if (name === "sync") {
        await world.ask(instance, "POST /api/sync");
        await world.read(instance);
        await world.read(1 - instance);
      } else if (name === "save") {
        saved = { redis: await snapshotOf(fixture.redis, world.network), database: await keptDatabase() };
      } else if (name === "redis-back") await saved.redis();
      else if (name === "database-back") await saved.database();
      else if (name === "redis-gone") await forget(fixture.redis, world.network);
      else if (name === "restart") await world.start(instance);
      else if (name === "wait") world.clock.leap(15_000);
      else if (name === "freeze") world.mirror.freeze();
      else if (name === "back") world.mirror.goBack(1_000);
      else if (name === "follow") world.mirror.follow();
      else if (name === "refuse") world.mirror.refused.add(String(instance));
      else if (name === "heal") world.mirror.heal();
      else if (lie !== undefined) world.mirror.lieOnce(lie);
    }
    await world.recovers();
    return world.fresh;
  } finally {
    await world.close();
  }
}

describe("whatever goes back, lags, lies once or is split", () => {
  it("a process that starts when Redis has gone back waits until the views of before are gone", async () => {
    expect(await run(NEWCOMER)).toBeGreaterThan(4);
  });

  it("a process that knows of a commit says fresh of no database that has lost it", async () => {
    expect(await run(LOST_COMMIT)).toBeGreaterThan(2);
  });

  it(
    "an answer that says it is fresh holds everything that the ledger had at its time",
    async () => {
      let fresh = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 24, size: "max" }), async (steps) => {
          fresh += await run(steps);
        }),
        { numRuns: Number(process.env.NEVER_FRESH_RUNS ?? 8), endOnFailure: process.env.NEVER_FRESH_SHRINK !== "on" },
      );
      // Two at the end of each run, and some on the way: else the test would show nothing.
      expect(fresh).toBeGreaterThan(20);
    },
    Number(process.env.NEVER_FRESH_TIMEOUT_MS ?? 60_000),
  );
});
