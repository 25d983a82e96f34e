/** Holes: what may be declared a gap, what not, and how soon a gap is filled when its messages are there after all. */
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import type { Sequence, TopicId } from "@/lib/core/ledger/ids";
import type { LedgerMessage } from "@/lib/core/ledger/message";
import { ok } from "@/lib/core/result";
import { checkTopic, newCheck } from "@/lib/engine/repair/audit";
import type { TopicSync } from "@/lib/engine/sync/topic/topic-sync";
import type { MirrorName } from "@/lib/ports/ledger/ledger";
import type { Stores } from "@/lib/server/boot/app";
import { DrivenClock } from "../../support/control/driven-clock";
import { chainOf } from "../../support/mirrors/chain";
import { MIRROR, ScriptedLedger } from "../../support/mirrors/scripted-ledger";
import { addTopics } from "../../support/stores/add-topics";
import { emptyStores } from "../../support/stores/database";
import { depsOf, syncOf } from "../../support/worlds/topic-sync";

const TOPIC = "0.0.101" as TopicId;
const OTHER = "http://other.mirror.test" as MirrorName;
const GRACE_MS = 120_000;
const request = (i: number) => ({ body: { type: "CONTACT_REQUEST", from: `tm-${i}`, to: "tm-alice" } });
const chain = (count: number) =>
  chainOf(
    TOPIC,
    Array.from({ length: count }, (_, i) => request(i + 1)),
  );
/** A message of somebody's own making: no hash follows from it, and it follows from none. */
const madeUp = (sequence: number, like: LedgerMessage): LedgerMessage => ({
  ...like,
  sequence: sequence as Sequence,
  runningHash: new Uint8Array(48).fill(sequence % 251),
});

let stores: Stores;
let clock: DrivenClock;
let ledger: ScriptedLedger;
let sync: TopicSync;
beforeEach(async () => {
  stores = await emptyStores();
  await addTopics(stores.registry, [{ topicId: TOPIC, kinds: ["contact"] }]);
  clock = new DrivenClock();
  ledger = new ScriptedLedger();
  sync = syncOf(TOPIC, stores.sync, ledger, clock);
});

/** A run each second. */
async function runFor(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 1_000) {
    await clock.drive(sync.run());
    await clock.advance(1_000);
  }
}
const without = (messages: readonly LedgerMessage[], from: number, to: number) =>
  messages.filter(({ sequence }) => sequence < from || sequence > to);
const cursor = async () => (await stores.sync.topic(TOPIC))?.cursor;
const declared = async () =>
  (await stores.sync.gaps(TOPIC)).filter(({ state }) => state === "declared").map(({ from, to }) => [from, to]);

describe("a made-up message far ahead", () => {
  const honest = chain(14);
  const bogus = madeUp(5_000_000, honest[0] as LedgerMessage);
  const listed = (...messages: readonly LedgerMessage[]) => {
    ledger.answer = ({ after }, page) => ok([...page, ...messages.filter(({ sequence }) => sequence > after)]);
  };

  it.each([
    ["that a look-up does not know", [bogus], (): undefined => undefined],
    ["that the same mirror's look-up repeats", [bogus], () => bogus],
    ["with another after it", [bogus, madeUp(5_000_001, bogus)], (): undefined => undefined],
    ["a few numbers ahead that a look-up does not know", [madeUp(20, bogus)], (): undefined => undefined],
  ] as const)("%s is not passed to, however long it is listed, and holds up nothing", async (_, lies, lookUp) => {
    ledger.set(honest.slice(0, 10));
    listed(...lies);
    ledger.single = (message) => message ?? lookUp();
    await runFor(2 * GRACE_MS);
    expect([await cursor(), await declared()]).toEqual([10, []]);
    expect(sync.lastError).toContain("which nothing confirms");
    ledger.set(honest);
    await runFor(3_000);
    expect([await cursor(), await declared()]).toEqual([14, []]);
    listed();
    await runFor(3_000);
    expect(sync).toMatchObject({ state: { name: "idle" }, lastError: null });
  });

  it("that the mirror denies when asked for it belongs to the hole, if later ones follow from each other", async () => {
    const late = chain(30);
    ledger.set(without(late, 11, 20));
    ledger.answer = (_, page) => ok(page.flatMap((each) => (each.sequence === 21 ? [madeUp(20, each), each] : [each])));
    await runFor(2 * GRACE_MS);
    expect([await cursor(), await declared()]).toEqual([30, [[11, 20]]]);
    expect((await stores.sync.topic(TOPIC))?.counts).toMatchObject({ failed: 0, messages: 20 });
  });

  it("does not move the cursor, even where the next message should be", async () => {
    const late = chain(30);
    ledger.set(without(late, 11, 19));
    ledger.answer = (_, page) => ok(page.map((each) => (each.sequence === 20 ? madeUp(20, each) : each)));
    await runFor(2 * GRACE_MS);
    // The look-up has the real one, from which the next follows: that is what is stored.
    expect([await cursor(), await declared()]).toEqual([30, [[11, 19]]]);
    expect((await stores.sync.topic(TOPIC))?.counts).toMatchObject({ failed: 0, unverifiable: 1 });
  });
});

describe("a hole that stays", () => {
  it("is declared a gap if later messages belong to the topic, shown by a successor or by a second look-up", async () => {
    const shape = fc.record({ before: fc.nat(5), missing: fc.integer({ min: 1, max: 5 }), after: fc.nat(4) });
    await fc.assert(
      fc.asyncProperty(shape, fc.boolean(), async ({ before, missing, after }, hasTwoMirrors) => {
        stores = await emptyStores();
        await addTopics(stores.registry, [{ topicId: TOPIC, kinds: ["contact"] }]);
        [clock, ledger] = [new DrivenClock(), new ScriptedLedger()];
        if (hasTwoMirrors) ledger.mirrors = [MIRROR, OTHER];
        sync = syncOf(TOPIC, stores.sync, ledger, clock);
        const all = chain(before + missing + 1 + after);
        ledger.set(without(all, before + 1, before + missing));
        await runFor(GRACE_MS - 5_000);
        expect([await cursor(), await declared()]).toEqual([before, []]);
        await runFor(10_000);
        expect([await cursor(), await declared()]).toEqual([all.length, [[before + 1, before + missing]]]);
      }),
      { numRuns: 6 },
    );
  });
});

describe("a mirror that starts late", () => {
  it("is read at full speed when its history is back, whatever its pages hold", async () => {
    const all = chain(1_600);
    const cap = (size: number) => {
      ledger.answer = (_, page) => ok(page.slice(0, size));
    };
    cap(100);
    ledger.set(all.slice(1_500));
    await runFor(GRACE_MS + 10_000);
    expect([await cursor(), await declared()]).toEqual([1_600, [[1, 1_500]]]);
    ledger.set(all);
    cap(50);
    await runFor(45_000);
    expect(await declared()).toEqual([]);
    expect((await stores.sync.topic(TOPIC))?.counts).toMatchObject({ messages: 1_600, verified: 1_600 });
  });

  it("asks for failed messages in turn, even behind ones that never heal", async () => {
    const all = chain(40);
    const isForged = (sequence: number) => sequence <= 20;
    const forge = (message: LedgerMessage) => ({ ...message, message: new Uint8Array([1]) });
    ledger.set(all);
    ledger.answer = (_, page) => ok(page.map((each) => (isForged(each.sequence) ? forge(each) : each)));
    ledger.single = (message) => message && forge(message);
    await runFor(2_000);
    expect((await stores.sync.topic(TOPIC))?.counts.failed).toBe(20);
    ledger.single = (message) => message && (message.sequence > 10 ? message : forge(message));
    await runFor(150_000);
    expect((await stores.sync.failed(TOPIC, 100)).map(({ sequence }) => sequence)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
    ]);
  });
});

describe("a mirror whose pages are small", () => {
  it.each([1, 7, 25, 99])("of at most %i is read to its end, and an audit confirms every message", async (size) => {
    const all = chain(size === 1 ? 8 : 130);
    ledger.set(all);
    ledger.answer = (_, page) => ok(page.slice(0, size));
    await clock.drive(sync.run());
    expect(await cursor()).toBe(all.length);
    const found = await clock.drive(
      checkTopic({ ...depsOf(stores.sync, ledger, clock), onUnproven: () => {} }, TOPIC, {
        mode: "audit",
        start: newCheck(all.length),
        paceMs: 1,
        signal: new AbortController().signal,
        onProgress: async () => {},
      }),
    );
    expect(found).toMatchObject({
      ok: true,
      value: { checked: all.length, matching: all.length, unconfirmed: { count: 0 }, missing: { count: 0 } },
    });
  });
});
