/**
 * A write happens once. The process that writes is killed at each of its calls, before and after the other side has done what
 * it was asked; the client sends the same request again, to the same process started anew or to another instance, with what
 * Redis remembers or without. The ledger must have the message once, and the client must learn where.
 */

import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { TopicId, UserId } from "@/lib/core/ledger/ids";
import { err } from "@/lib/core/result";
import type { Submitter } from "@/lib/ports/ledger/submitter";
import { LIMITS } from "@/lib/server/access/limits";
import { busy } from "../../support/control/event-loop";
import { upstashFixture } from "../../support/stand-ins/upstash-fixture";
import { WriteWorld, type WritingProcess } from "../../support/worlds/write-world";

const fixture = upstashFixture();

let world: WriteWorld;
beforeEach(async () => {
  world = await WriteWorld.open(fixture);
});
afterEach(() => world.close());

/** The calls without which no write is written. Others, as those of a sync, are under way already now and then. */
const CALLS = ["begin", "submit", "end"];

describe.each([
  ["of the embedded server, which remembers nothing when it starts again", false, false],
  ["of one of two instances, the other of which is asked again", true, false],
  ["of one of two instances, while Redis loses all that it remembers", true, true],
] as const)("a kill %s", (_, isShared, isLost) => {
  it("at any call doubles nothing, and loses nothing that was answered or is sent again", async () => {
    const other = isShared ? await world.start(true) : null;
    /** Whether a process died there. */
    const kill = async (at: number | string, when: "before" | "after"): Promise<boolean> => {
      const process = await world.start(isShared);
      process.mortal.dieAt({ at, when });
      const write = world.newWrite();
      const first = await world.send(process, write).catch(() => null);
      if (isLost) await world.lose();
      const asked = other ?? (await world.start(false));
      const told = await world.insist(asked, write);
      await world.expectOnce(write, told);
      if (first?.status === 200) expect(await first.json()).toEqual(told);
      expect((await world.send(asked, write, null)).status).toBe(409);
      await world.expectOnce(write, told);
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
    const write = world.newWrite();
    const first = await (await world.send(await world.start(isShared), write)).json();
    for (const waitMs of [0, 1_000, 120_000, 300_000]) {
      await world.clock.advance(waitMs);
      await world.lose();
      const again = await world.send(await world.start(isShared), write);
      expect(again.status).toBe(200);
      expect(await again.json()).toEqual(first);
    }
    expect(world.placesOf(write)).toHaveLength(1);
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
    this.waiting.push(() => world.devnet.submit(topicId, message));
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
      const write = world.newWrite();
      expect((await world.send(await world.start(isShared, { submitter: slow }), write)).status).toBe(503);
      await world.lose();
      const process = await world.start(isShared, { submitter: slow });
      expect(await (await world.send(process, write)).json()).toMatchObject({ code: "uncertain" });
      expect(world.placesOf(write)).toEqual([]);
      slow.arrive();
      await world.lose();
      await world.expectOnce(write, await world.insist(await world.start(isShared, { submitter: slow }), write));
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
          const write = world.newWrite();
          const [mine, other] = [await world.start(isShared), isShared ? await world.start(true) : null];
          for (const each of steps) {
            if (each.kind === "lose") await world.lose();
            if (each.kind === "wait") await world.clock.advance(each.ms);
            if (each.kind === "send") await world.send(each.isOther && other ? other : mine, write);
            if (each.kind === "kill") {
              const dying = await world.start(isShared);
              dying.mortal.dieAt({ at: each.call, when: each.after ? "after" : "before" });
              await world.send(dying, write).catch(() => null);
            }
            expect(world.placesOf(write).length).toBeLessThanOrEqual(1);
          }
          await world.expectOnce(write, await world.insist(await world.start(isShared), write));
        }),
        { numRuns: 4 },
      );
    },
  );
});

describe("the largest nonce that is accepted", () => {
  it("is found after a restart by every smaller one, and a few minutes later the time alone will do again", async () => {
    const { from, body } = world.newWrite();
    const status = async (aheadMs: number) => {
      const ts = Math.floor(world.clock.now() / 1_000);
      return (
        await world.send(
          await world.start(false),
          { from, body: { ...body, ts, nonce: world.clock.now() + aheadMs } },
          null,
        )
      ).status;
    };
    expect(await status(130_000)).toBe(200);
    for (let waited = 0; waited < 2; waited += 1) {
      await world.clock.advance(60_000);
      expect(await status(0)).toBe(409);
    }
    await world.clock.advance(20_000);
    expect(await status(0)).toBe(200);
  });
});
/** The process's commands so far, without those of its reports and its syncs, which no request waits for. */
function commandsOf({ app }: WritingProcess): number {
  const { report, round, ...others } = app.sharedStats?.().byPurpose ?? {};
  return Object.values(others).reduce((sum, { commands }) => sum + commands, 0);
}

describe("what it costs", () => {
  it("is no statement if Redis has the last nonce, and two commands: one begins it and one ends it", async () => {
    const process = await world.start(true);
    await world.insist(process, world.newWrite());
    await world.remember();
    const again = world.newWrite();
    const from = "tm-writer-1";
    await world.clock.advance(1_000);
    const body = { ...again.body, from, nonce: world.clock.now() };
    const before = world.stores.stats().byPurpose.written.statements;
    fixture.upstash.counters.reset();
    expect((await world.send(process, { from, body }, "k2")).status).toBe(200);
    expect(world.stores.stats().byPurpose.written.statements).toBe(before);
    expect(fixture.upstash.counters.read().total).toBe(2);
    fixture.upstash.counters.reset();
    expect((await world.send(process, { from, body }, "k2")).status).toBe(200);
    expect((await world.send(process, { from, body }, null)).status).toBe(409);
    expect(fixture.upstash.counters.read().total).toBe(2);
  });

  it("is one command and no statement if its limit refuses it, and nothing at all from then on", async () => {
    const process = await world.start(true);
    const write = world.newWrite();
    const { burst } = LIMITS.submit.user;
    for (let i = 0; i < burst; i += 1) await busy(process.app.limits.spendForAll("submit", write.from as UserId));
    // The user and the topics are known by now, so they cost no statement.
    await world.clock.drive(process.app.router.getTopicForUser(write.from as UserId, "CONTACT_REQUEST"));
    const statements = () =>
      Object.values(world.stores.stats().byPurpose).reduce((sum, each) => sum + each.statements, 0);
    const before = statements();
    const commands = commandsOf(process);
    for (let i = 0; i < 3; i += 1) {
      expect((await world.send(process, write)).status).toBe(429);
      expect(commandsOf(process) - commands).toBe(1);
    }
    expect(statements()).toBe(before);
    expect(world.placesOf(write)).toEqual([]);
  });

  it("is two commands if a rule refuses it, and the nonce is free again", async () => {
    const process = await world.start(true);
    const write = world.newWrite();
    await world.insist(process, write);
    const stranger = { ...write.body, type: "TRUST_ALLOCATE", nonce: world.clock.now() + 1 };
    const commands = commandsOf(process);
    const refused = await world.send(process, { from: write.from, body: stranger }, "k2");
    expect(await refused.json()).toMatchObject({ code: "not-bonded" });
    expect(commandsOf(process) - commands).toBe(2);
    const other = { ...write.body, nonce: stranger.nonce, payload: { target: "tm-carol" } };
    expect((await world.send(process, { from: write.from, body: other }, null)).status).toBe(200);
  });
});
