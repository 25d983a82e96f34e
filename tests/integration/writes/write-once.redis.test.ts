/**
 * A write happens once. The process that writes is killed at each of its calls, before and after the other side has done what
 * it was asked; the client sends the same request again, to the same process started anew or to another instance, with what
 * Redis remembers or without. The ledger must have the message once, and the client must learn where.
 */

import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MemoryWriteGuard } from "@/lib/adapters/memory/memory-write-guard";
import { systemClock } from "@/lib/adapters/memory/system-clock";
import { tierOver } from "@/lib/adapters/redis/open-redis";
import type { TopicId, UserId } from "@/lib/core/ledger/ids";
import { err } from "@/lib/core/result";
import { type Devnet, startDevnet } from "@/lib/devnet/devnet";
import type { Submitter } from "@/lib/ports/ledger/submitter";
import { LIMITS } from "@/lib/server/access/limits";
import type { App, SharedTier, Stores } from "@/lib/server/boot/app";
import { ROUTES } from "@/lib/server/routes/table";
import type { SubmitAnswer } from "@/lib/wire/submit";
import { answer } from "../../support/contract/web-answer";
import { DrivenClock } from "../../support/control/driven-clock";
import { busy } from "../../support/control/event-loop";
import { Mortal } from "../../support/control/mortal";
import { DevnetSubmitter } from "../../support/mirrors/devnet-submitter";
import { quietLog } from "../../support/quiet-log";
import { newNetwork, upstashFixture } from "../../support/stand-ins/upstash-fixture";
import { age, withClock } from "../../support/stand-ins/upstash-time";
import { emptyStores } from "../../support/stores/database";
import { createTestApp } from "../../support/worlds/create-test-app";

const fixture = upstashFixture();

let devnet: Devnet;
let stores: Stores;
let clock: DrivenClock;
let network: string;
let apps: App[];
let people: number;

beforeEach(async () => {
  clock = new DrivenClock();
  [devnet, stores] = await Promise.all([startDevnet({ grpc: false, now: () => clock.now() }), emptyStores()]);
  network = newNetwork();
  [apps, people] = [[], 0];
  clock.onAdvance = (ms) => age(fixture.redis, network, ms);
});
afterEach(async () => {
  clock.onAdvance = null;
  await Promise.all(apps.map((app) => app.close()));
  await devnet.stop();
});

function openShared(): SharedTier {
  const client = fixture.client();
  const driven = withClock(client, clock);
  const commands = {
    eval: (...args: Parameters<typeof driven.eval>) => busy(driven.eval(...args)),
    subscribe: (...args: Parameters<typeof client.subscribe>) => client.subscribe(...args),
    stats: () => client.stats(),
    close: () => client.close(),
  };
  return tierOver(commands, { network, viewTtlMs: 3_600_000, clock: systemClock, log: quietLog });
}

/** A process: embedded where nothing is shared. */
async function start(isShared: boolean, submitter: Submitter = new DevnetSubmitter(devnet)) {
  const mortal = new Mortal();
  const shared = isShared ? openShared() : null;
  const app = createTestApp({
    devnet,
    shared: shared && { ...shared, hot: mortal.of(shared.hot) },
    guard: mortal.of(shared?.guard ?? new MemoryWriteGuard(clock)),
    stores: {
      ...stores,
      ...{ sync: mortal.of(stores.sync), views: mortal.of(stores.views), registry: mortal.of(stores.registry) },
    },
    network: { submitter: mortal.of(submitter) },
    clock,
    random: () => 0.5,
  });
  apps.push(app);
  await app.openTopics();
  return { app, mortal };
}
type Process = Awaited<ReturnType<typeof start>>;

interface Written {
  readonly from: string;
  readonly body: object;
}

function newWrite(): Written {
  people += 1;
  const from = `tm-writer-${people}`;
  const ts = Math.floor(clock.now() / 1_000);
  return { from, body: { type: "CONTACT_REQUEST", from, nonce: clock.now(), ts, payload: { target: "tm-bob" } } };
}

async function send({ app }: Process, { from, body }: Written, key: string | null = "k"): Promise<Response> {
  const cookie = (await app.sessions.issue(from as UserId)).split(";")[0] as string;
  const request = new Request("http://app.test/api/hcs/submit", {
    method: "POST",
    headers: {
      ...{ host: "app.test", cookie, "content-type": "application/json" },
      ...(key === null ? {} : { "idempotency-key": key }),
    },
    body: JSON.stringify(body),
  });
  const later: (() => Promise<unknown>)[] = [];
  const route = ROUTES["POST /api/hcs/submit"];
  return clock.drive(answer(app, route, { request, params: {}, background: (work) => void later.push(work) }));
}

/** Sends the same request until it is answered for good, as a client does who wants it written. */
async function insist(process: Process, write: Written): Promise<SubmitAnswer> {
  for (let attempt = 1; ; attempt += 1) {
    const response = await send(process, write);
    const body = (await response.json()) as SubmitAnswer & { code?: string };
    if (response.status === 200) return body;
    expect(["in-progress", "unavailable", "uncertain"], JSON.stringify(body)).toContain(body.code);
    expect(attempt).toBeLessThan(20);
    // An attempt that nobody ends is given up after a minute.
    await clock.advance(20_000);
  }
}

/** Where the ledger has this very message. */
const placesOf = ({ body }: Written) =>
  (devnet.ledger.topics.get(devnet.topics.contact)?.messages ?? [])
    .filter(({ bytes }) => Buffer.from(bytes).toString() === JSON.stringify(body))
    .map(({ sequence }) => Number(sequence));

async function expectOnce(write: Written, told: SubmitAnswer): Promise<void> {
  expect(placesOf(write)).toEqual([told.sequenceNumber]);
  expect(told.topicId).toBe(devnet.topics.contact);
}

const lose = () => busy(fixture.redis.send([["FLUSHALL"]]));

/** The calls without which no write is written. Others, as those of a sync, are under way already now and then. */
const CALLS = ["begin", "submit", "end"];

describe.each([
  ["of the embedded server, which remembers nothing when it starts again", false, false],
  ["of one of two instances, the other of which is asked again", true, false],
  ["of one of two instances, while Redis loses all that it remembers", true, true],
] as const)("a kill %s", (_, isShared, isLost) => {
  it("at any call doubles nothing, and loses nothing that was answered or is sent again", async () => {
    const other = isShared ? await start(true) : null;
    /** Whether a process died there. */
    const kill = async (at: number | string, when: "before" | "after"): Promise<boolean> => {
      const process = await start(isShared);
      process.mortal.dieAt({ at, when });
      const write = newWrite();
      const first = await send(process, write).catch(() => null);
      if (isLost) await lose();
      const asked = other ?? (await start(false));
      const told = await insist(asked, write);
      await expectOnce(write, told);
      if (first?.status === 200) expect(await first.json()).toEqual(told);
      expect((await send(asked, write, null)).status).toBe(409);
      await expectOnce(write, told);
      return process.mortal.end !== null;
    };
    for (const at of CALLS) expect([at, await kill(at, "before"), await kill(at, "after")]).toEqual([at, true, true]);
    for (let call = 1, hasDied = true; hasDied; call += 1) {
      const died = [await kill(call, "before"), await kill(call, "after")];
      hasDied = died.includes(true);
    }
  });
});

describe("the first answer", () => {
  it.each([
    ["after a restart of the embedded server", false],
    ["after Redis has lost it", true],
  ] as const)("is given again, word for word, %s", async (_, isShared) => {
    const write = newWrite();
    const first = await (await send(await start(isShared), write)).json();
    for (const waitMs of [0, 1_000, 120_000, 300_000]) {
      await clock.advance(waitMs);
      await lose();
      const again = await send(await start(isShared), write);
      expect(again.status).toBe(200);
      expect(await again.json()).toEqual(first);
    }
    expect(placesOf(write)).toHaveLength(1);
  });
});

/** Takes a message, and brings it to the ledger when it is told to. */
class Slow implements Submitter {
  private waiting: (() => void)[] = [];
  private readonly known = new Set<bigint>();
  async submit(topicId: TopicId, message: Uint8Array, validStartNs?: bigint) {
    if (validStartNs === undefined || this.known.has(validStartNs))
      return err({ code: "duplicate" as const, message: "known" });
    this.known.add(validStartNs);
    this.waiting.push(() => devnet.submit(topicId, message));
    return err({ code: "uncertain" as const, message: "not confirmed in time" });
  }
  arrive(): void {
    for (const bring of this.waiting.splice(0)) bring();
  }
  async close(): Promise<void> {}
}

describe("a message that is still on its way to consensus", () => {
  it.each([false, true])(
    "is not sent again meanwhile, and is found when it is there (shared: %s)",
    async (isShared) => {
      const slow = new Slow();
      const write = newWrite();
      expect((await send(await start(isShared, slow), write)).status).toBe(503);
      await lose();
      const process = await start(isShared, slow);
      expect(await (await send(process, write)).json()).toMatchObject({ code: "uncertain" });
      expect(placesOf(write)).toEqual([]);
      slow.arrive();
      await lose();
      await expectOnce(write, await insist(await start(isShared, slow), write));
    },
  );
});

describe("whatever happens, in whatever order", () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("kill" as const), call: fc.integer({ min: 1, max: 12 }), after: fc.boolean() }),
    fc.record({ kind: fc.constant("lose" as const) }),
    fc.record({ kind: fc.constant("wait" as const), ms: fc.constantFrom(1_000, 20_000, 70_000) }),
    fc.record({ kind: fc.constant("send" as const), isOther: fc.boolean() }),
  );

  it.each([false, true])(
    "a write is on the ledger once, and the client learns where (shared: %s)",
    async (isShared) => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 6 }), async (steps) => {
          const write = newWrite();
          const [mine, other] = [await start(isShared), isShared ? await start(true) : null];
          for (const each of steps) {
            if (each.kind === "lose") await lose();
            if (each.kind === "wait") await clock.advance(each.ms);
            if (each.kind === "send") await send(each.isOther && other ? other : mine, write);
            if (each.kind === "kill") {
              const dying = await start(isShared);
              dying.mortal.dieAt({ at: each.call, when: each.after ? "after" : "before" });
              await send(dying, write).catch(() => null);
            }
            expect(placesOf(write).length).toBeLessThanOrEqual(1);
          }
          await expectOnce(write, await insist(await start(isShared), write));
        }),
        { numRuns: 4 },
      );
    },
  );
});

describe("the largest nonce that is accepted", () => {
  it("is found after a restart by every smaller one, and a few minutes later the time alone will do again", async () => {
    const { from, body } = newWrite();
    const status = async (aheadMs: number) => {
      const ts = Math.floor(clock.now() / 1_000);
      return (await send(await start(false), { from, body: { ...body, ts, nonce: clock.now() + aheadMs } }, null))
        .status;
    };
    expect(await status(130_000)).toBe(200);
    for (let waited = 0; waited < 2; waited += 1) {
      await clock.advance(60_000);
      expect(await status(0)).toBe(409);
    }
    await clock.advance(20_000);
    expect(await status(0)).toBe(200);
  });
});
/** The process's commands so far, without those of its reports and its syncs, which no request waits for. */
function commandsOf({ app }: Process): number {
  const { report, round, ...others } = app.sharedStats?.().byPurpose ?? {};
  return Object.values(others).reduce((sum, { commands }) => sum + commands, 0);
}

describe("what it costs", () => {
  it("is no statement if Redis has the last nonce, and two commands: one begins it and one ends it", async () => {
    const process = await start(true);
    await insist(process, newWrite());
    await busy(fixture.redis.send([["HSET", `tm:${network}::history`, "since", "1000"]]));
    const again = newWrite();
    const from = "tm-writer-1";
    await clock.advance(1_000);
    const body = { ...again.body, from, nonce: clock.now() };
    const before = stores.stats().byPurpose.written.statements;
    fixture.upstash.counters.reset();
    expect((await send(process, { from, body }, "k2")).status).toBe(200);
    expect(stores.stats().byPurpose.written.statements).toBe(before);
    expect(fixture.upstash.counters.read().total).toBe(2);
    fixture.upstash.counters.reset();
    expect((await send(process, { from, body }, "k2")).status).toBe(200);
    expect((await send(process, { from, body }, null)).status).toBe(409);
    expect(fixture.upstash.counters.read().total).toBe(2);
  });

  it("is one command and no statement if its limit refuses it, and nothing at all from then on", async () => {
    const process = await start(true);
    const write = newWrite();
    const { burst } = LIMITS.submit.user;
    for (let i = 0; i < burst; i += 1) await busy(process.app.limits.spendForAll("submit", write.from as UserId));
    // The user and the topics are known by now, so they cost no statement.
    await clock.drive(process.app.router.getTopicForUser(write.from as UserId, "CONTACT_REQUEST"));
    const statements = () => Object.values(stores.stats().byPurpose).reduce((sum, each) => sum + each.statements, 0);
    const before = statements();
    const commands = commandsOf(process);
    for (let i = 0; i < 3; i += 1) {
      expect((await send(process, write)).status).toBe(429);
      expect(commandsOf(process) - commands).toBe(1);
    }
    expect(statements()).toBe(before);
    expect(placesOf(write)).toEqual([]);
  });

  it("is two commands if a rule refuses it, and the nonce is free again", async () => {
    const process = await start(true);
    const write = newWrite();
    await insist(process, write);
    const stranger = { ...write.body, type: "TRUST_ALLOCATE", nonce: clock.now() + 1 };
    const commands = commandsOf(process);
    const refused = await send(process, { from: write.from, body: stranger }, "k2");
    expect(await refused.json()).toMatchObject({ code: "not-bonded" });
    expect(commandsOf(process) - commands).toBe(2);
    const other = { ...write.body, nonce: stranger.nonce, payload: { target: "tm-carol" } };
    expect((await send(process, { from: write.from, body: other }, null)).status).toBe(200);
  });
});
