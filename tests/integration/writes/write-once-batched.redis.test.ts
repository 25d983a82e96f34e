/**
 * A write happens once, also when it shares its ledger message with others. Processes are killed at each of their calls while
 * signals of several people wait for each other; every client sends its request again, to an instance with or without the setting.
 */
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { TopicId } from "@/lib/core/ledger/ids";
import { VALID_S } from "@/lib/core/ledger/write-window";
import { err } from "@/lib/core/result";
import type { Submitter } from "@/lib/ports/ledger/submitter";
import type { SubmitAnswer } from "@/lib/wire/submit";
import { upstashFixture } from "../../support/stand-ins/upstash-fixture";
import { WriteWorld, type WritingProcess, type Written } from "../../support/worlds/write-world";

const fixture = upstashFixture();
const LINGERING = { env: { SUBMIT_LINGER_MS: "2000" } };
/** A memory that is younger says nothing of a message that was made just now. */
const REMEMBERED_MS = 130_000;

let world: WriteWorld;
beforeEach(async () => {
  world = await WriteWorld.open(fixture);
  await world.remember();
});
afterEach(() => world.close());

const newWrites = (count: number) => Array.from({ length: count }, () => world.newWrite());
const sendAll = (process: WritingProcess, writes: readonly Written[], key = "k") =>
  world.clock.drive(Promise.all(writes.map((write) => world.ask(process, write, key).catch(() => null))));
const sharedMessages = () => world.messages.filter((signals) => signals.length > 1).length;

async function insistAll(process: WritingProcess, writes: readonly Written[]): Promise<SubmitAnswer[]> {
  const told = [];
  for (const write of writes) told.push(await world.insist(process, write));
  return told;
}
async function expectEachOnce(writes: readonly Written[], told: readonly SubmitAnswer[]): Promise<void> {
  for (const [i, write] of writes.entries()) await world.expectOnce(write, told[i] as SubmitAnswer);
}

describe("writes of several people at once", () => {
  it("become one ledger message, each with its own place, and a repeat gets that place even after everything is forgotten", async () => {
    const writes = newWrites(5);
    const answers = await sendAll(await world.start(true, LINGERING), writes);
    expect(world.messages.map((signals) => signals.length)).toEqual([5]);
    const told = (await Promise.all(answers.map((each) => each?.json()))) as SubmitAnswer[];
    expect(told.map(({ place }) => place ?? 0).sort()).toEqual([0, 1, 2, 3, 4]);
    await expectEachOnce(writes, told);
    await world.clock.advance(10_000);
    await world.lose();
    expect(await insistAll(await world.start(true), writes)).toEqual(told);
    expect(world.messages).toHaveLength(1);
  });
});

describe.each([
  ["of the embedded server, which remembers nothing when it starts again", false, false, true],
  ["of one of two instances, the other of which is asked again", true, false, true],
  ["of one of two instances, the other of which makes no batches", true, false, false],
  ["of one of two instances, while Redis loses all that it remembers", true, true, true],
] as const)("a kill while writes wait for each other, %s,", (_, isShared, isLost, isLingering) => {
  it("at any call loses and doubles none of them", async () => {
    const options = isLingering ? LINGERING : {};
    const other = isShared ? await world.start(true, options) : null;
    let shared = 0;
    const kill = async (at: number | string, when: "before" | "after"): Promise<boolean> => {
      const process = await world.start(isShared, LINGERING);
      if (isShared) await world.remember();
      else await world.clock.advance(REMEMBERED_MS);
      process.mortal.dieAt({ at, when });
      const writes = newWrites(3);
      const before = sharedMessages();
      const first = await sendAll(process, writes);
      shared += sharedMessages() - before;
      if (isLost) await world.lose();
      const told = await insistAll(other ?? (await world.start(false, options)), writes);
      await expectEachOnce(writes, told);
      for (const [i, answer] of first.entries())
        if (answer?.status === 200) expect(await answer.json()).toEqual(told[i]);
      return process.mortal.end !== null;
    };
    expect(await kill("submit", "before")).toBe(true);
    expect(await kill("submit", "after")).toBe(true);
    for (let call = 1, hasDied = true; hasDied; call += 1) {
      const died = [await kill(call, "before"), await kill(call, "after")];
      hasDied = died.includes(true);
    }
    expect(shared).toBeGreaterThan(0);
  });
});

/** Takes each transaction once while it is valid, and brings it to consensus as late as it is told, within its validity. */
class Late implements Submitter {
  private readonly known = new Set<bigint>();
  constructor(private readonly lateness: () => number) {}
  async submit(topicId: TopicId, message: Uint8Array, validStartNs = 0n) {
    const { clock, devnet } = world;
    const leftMs = Number(validStartNs / 1_000_000n) + VALID_S * 1_000 - clock.now();
    if (leftMs < 0) return err({ code: "unavailable" as const, message: "expired" });
    if (this.known.has(validStartNs)) return err({ code: "duplicate" as const, message: "known" });
    this.known.add(validStartNs);
    clock.after(Math.max(1, leftMs * this.lateness()), () => void devnet.submit(topicId, message));
    return err({ code: "uncertain" as const, message: "not confirmed in time" });
  }
  async close(): Promise<void> {}
}

describe("whatever happens, in whatever order", () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("kill" as const), call: fc.integer({ min: 1, max: 30 }), after: fc.boolean() }),
    fc.record({ kind: fc.constant("lose" as const) }),
    fc.record({ kind: fc.constant("wait" as const), ms: fc.constantFrom(500, 5_000, 20_000, 70_000) }),
    fc.record({ kind: fc.constant("send" as const), isLingering: fc.boolean() }),
    fc.record({ kind: fc.constant("send" as const), isLingering: fc.boolean() }),
  );

  it("each write is on the ledger once, however late it comes, and its client learns where", async () => {
    let shared = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 6 }),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 8 }),
        async (steps, lateness) => {
          let turn = 0;
          const submitter = new Late(() => lateness[turn++ % lateness.length] as number);
          await world.remember();
          const [lingering, plain] = [
            await world.start(true, { ...LINGERING, submitter }),
            await world.start(true, { submitter }),
          ];
          const writes = newWrites(3);
          // Instances without the setting know of no batch that Redis has forgotten.
          const asked = steps.some(({ kind }) => kind === "lose") ? lingering : plain;
          const before = sharedMessages();
          for (const [i, each] of steps.entries()) {
            // Another key does not wait until the request before it has ended.
            const key = `k${i}`;
            if (each.kind === "lose") await world.lose();
            if (each.kind === "wait") await world.clock.advance(each.ms);
            if (each.kind === "send") await sendAll(each.isLingering ? lingering : asked, writes, key);
            if (each.kind === "kill") {
              const dying = await world.start(true, { ...LINGERING, submitter });
              dying.mortal.dieAt({ at: each.call, when: each.after ? "after" : "before" });
              await sendAll(dying, writes, key);
            }
          }
          const told = await insistAll(asked, writes);
          // Whatever is still on its way comes now.
          await world.clock.advance(VALID_S * 1_000);
          shared += sharedMessages() - before;
          await expectEachOnce(writes, told);
        },
      ),
      { numRuns: 30 },
    );
    expect(shared).toBeGreaterThan(0);
  });
});
