/** A topic that is another one on the ledger than what is stored, and mirrors that do not tell the same. */
import { describe, expect, it } from "vitest";
import type { TopicId } from "@/lib/core/ledger/ids";
import type { LedgerMessage } from "@/lib/core/ledger/message";
import { ok } from "@/lib/core/result";
import { Incidents } from "@/lib/engine/health/incidents";
import type { Synced, TopicSync } from "@/lib/engine/sync/topic/topic-sync";
import type { MirrorName } from "@/lib/ports/ledger/ledger";
import type { Stores } from "@/lib/server/boot/app";
import { DrivenClock } from "../../support/control/driven-clock";
import { chainOf } from "../../support/mirrors/chain";
import { MIRROR, ScriptedLedger } from "../../support/mirrors/scripted-ledger";
import { addTopics } from "../../support/stores/add-topics";
import { emptyStores } from "../../support/stores/database";
import { headsOf, syncOf } from "../../support/worlds/topic-sync";

const TOPIC = "0.0.101" as TopicId;
const OTHER = "http://other.mirror.test" as MirrorName;
const MINUTE_MS = 60_000;
const chain = (count: number, name = "tm") =>
  chainOf(
    TOPIC,
    Array.from({ length: count }, (_, i) => ({
      body: { type: "CONTACT_REQUEST", from: `${name}-${i}`, to: "tm-alice" },
    })),
  );

let stores: Stores;
let clock: DrivenClock;
let ledger: ScriptedLedger;
let incidents: Incidents;
let logged: string[];
let vouched: Synced[];

async function world(messages: readonly LedgerMessage[]): Promise<TopicSync> {
  stores = await emptyStores();
  await addTopics(stores.registry, [{ topicId: TOPIC, kinds: ["contact"] }]);
  clock = new DrivenClock();
  ledger = new ScriptedLedger();
  ledger.set(messages);
  logged = [];
  const line = (message: string) => void logged.push(message);
  incidents = new Incidents({ clock, log: { info: line, warn: line, error: line } });
  const sync = process();
  await clock.drive(sync.run());
  return sync;
}
/** A process of its own: it knows nothing but what is stored. */
function process(): TopicSync {
  vouched = [];
  const heads = headsOf(ledger, clock, incidents);
  // The network goes on though the topic rests.
  ledger.headNs = null;
  return syncOf(TOPIC, stores.sync, ledger, clock, {
    incidents,
    heads,
    onSynced: (_, synced) => void vouched.push(synced),
  });
}
async function runFor(sync: TopicSync, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 1_000) {
    ledger.headNs = (BigInt(clock.now()) * 1_000_000n) as LedgerMessage["consensusNs"];
    await clock.drive(sync.run());
    await clock.advance(1_000);
  }
}
const log = async () => (await stores.sync.log(TOPIC, 1, 1_000)).map(({ message }) => Buffer.from(message).toString());
const codes = () => incidents.current().map(({ code, subject }) => `${code} ${subject}`);

describe("a topic that was reset", () => {
  const RESETS = [
    ["is shorter than what is stored", chain(3)],
    ["is another one of the same length", chain(5, "new")],
    ["is another one that is longer", chain(9, "new")],
    ["is empty", []],
  ] as const;

  it.each(RESETS)("and %s is noticed by a process that starts, and nothing is written onto it", async (_, now) => {
    await world(chain(5));
    const before = await log();
    ledger.topics.set(TOPIC, now);
    const sync = process();
    await runFor(sync, 5_000);
    expect(sync.lastError).toMatch(
      /^Topic 0\.0\.101 on the mirror (has|no longer has) .*message 5.*another network\.$/,
    );
    expect([codes(), vouched, await log()]).toEqual([[`topic-reset ${TOPIC}`], [], before]);
    await runFor(sync, 10 * MINUTE_MS);
    expect([codes(), vouched, await log()]).toEqual([[`topic-reset ${TOPIC}`], [], before]);
    expect(logged.filter((each) => each.startsWith("Topic 0.0.101"))).toHaveLength(1);
  });

  it.each(RESETS)("and %s is noticed within ten minutes while it is read", async (_, now) => {
    const sync = await world(chain(5));
    await runFor(sync, MINUTE_MS);
    const before = await log();
    ledger.topics.set(TOPIC, now);
    await runFor(sync, 10 * MINUTE_MS);
    expect([codes(), await log()]).toEqual([[`topic-reset ${TOPIC}`], before]);
  });

  it("is noticed at once if a page does not continue the chain, and after an outage", async () => {
    const sync = await world(chain(5));
    await runFor(sync, MINUTE_MS);
    ledger.topics.set(TOPIC, chain(6, "new"));
    await runFor(sync, 2_000);
    expect([codes(), (await log()).length]).toEqual([[`topic-reset ${TOPIC}`], 5]);

    const again = await world(chain(5));
    await runFor(again, MINUTE_MS);
    ledger.answer = () => ({ ok: false, error: { code: "unavailable", message: "the mirror answered 503" } });
    await runFor(again, 10_000);
    ledger.topics.set(TOPIC, chain(2));
    ledger.answer = (_, page) => ok(page);
    await runFor(again, 5_000);
    expect(codes()).toEqual([`topic-reset ${TOPIC}`]);
  });

  it("goes on when an operator has started it over, or when the ledger has the history again", async () => {
    await world(chain(5));
    ledger.topics.set(TOPIC, chain(3, "new"));
    const sync = process();
    await runFor(sync, 5_000);
    expect(codes()).toEqual([`topic-reset ${TOPIC}`]);
    await stores.sync.rebuild();
    await runFor(sync, 5_000);
    expect([codes(), sync.cursor, sync.lastError]).toEqual([[], 3, null]);

    ledger.topics.set(TOPIC, []);
    const third = process();
    await runFor(third, 5_000);
    expect(codes()).toEqual([`topic-reset ${TOPIC}`]);
    ledger.topics.set(TOPIC, chain(4, "new"));
    await runFor(third, 5_000);
    expect([codes(), third.cursor, third.lastError]).toEqual([[], 4, null]);
  });
});

describe("a topic that was not reset", () => {
  it("is not taken for one that was: a mirror that is behind, lacks one message, or whose look-ups fail or are forged", async () => {
    const all = chain(8);
    const sync = await world(all.slice(0, 5));
    const lies: (typeof ledger.single)[] = [
      () => undefined,
      (message) => message && { ...message, message: new Uint8Array(3) },
    ];
    for (const [i, lie] of lies.entries()) {
      ledger.single = lie;
      ledger.set(all.slice(0, 6 + i));
      await runFor(process(), 3_000);
      await runFor(sync, 3_000);
      expect(codes()).toEqual([]);
    }
    // A replica that is a few seconds behind has not even the message at the cursor.
    ledger.single = (message) => message;
    const late = chainOf(TOPIC, [{ body: "x" }], BigInt(clock.now() - 5_000) * 1_000_000n);
    const other = await world(late);
    ledger.topics.set(TOPIC, []);
    await runFor(process(), 20_000);
    ledger.topics.set(TOPIC, late);
    await runFor(other, 3_000);
    expect(codes()).toEqual([]);
  });

  it("whose last stored message is forged heals, and is not taken for a reset one", async () => {
    const all = chain(5);
    await world(all.map((each) => (each.sequence === 5 ? { ...each, runningHash: new Uint8Array(48) } : each)));
    expect(await stores.sync.failed(TOPIC, 9)).toHaveLength(1);
    ledger.set(all);
    const [first, second] = [process(), process()];
    await runFor(second, 2_000);
    await runFor(first, 3 * MINUTE_MS);
    expect([codes(), await stores.sync.failed(TOPIC, 9)]).toEqual([[], []]);
    // The next message follows from the repaired one, in a process that knows of the repair and in one that does not.
    ledger.set(chain(6));
    await runFor(second, 2_000);
    ledger.set(chain(7));
    await runFor(first, 2_000);
    await runFor(process(), 2_000);
    expect([codes(), (await stores.sync.topic(TOPIC))?.counts]).toMatchObject([[], { verified: 7, failed: 0 }]);
  });

  it("costs one look-up in ten minutes", async () => {
    const sync = await world(chain(5));
    let lookUps = 0;
    ledger.single = (message) => {
      lookUps += 1;
      return message;
    };
    await runFor(sync, 60 * MINUTE_MS);
    expect(lookUps).toBeLessThanOrEqual(6);
    expect(lookUps).toBeGreaterThanOrEqual(5);
  });
});

describe("several mirrors", () => {
  it("are asked whether they agree, and named where they do not", async () => {
    const sync = await world(chain(5));
    ledger.mirrors = [MIRROR, OTHER];
    await runFor(sync, 11 * MINUTE_MS);
    expect([sync.agreed, codes()]).toEqual([{ through: 5, mirrors: 2 }, []]);

    const forged = chain(5, "forged");
    ledger.single = (message, { mirror }) => (mirror === OTHER && message ? forged[message.sequence - 1] : message);
    await runFor(sync, 11 * MINUTE_MS);
    expect(sync.agreed).toEqual({ through: 5, mirrors: 1 });
    expect(incidents.current()).toMatchObject([
      { code: "mirrors-disagree", summary: `${MIRROR} and ${OTHER} do not have the same message 5 of topic ${TOPIC}.` },
    ]);
    ledger.single = (message) => message;
    await runFor(sync, 11 * MINUTE_MS);
    expect([sync.agreed, codes()]).toEqual([{ through: 5, mirrors: 2 }, []]);
  });

  it("are used by their history: if the preferred one has another history, the topic is read from the other", async () => {
    const [ours, theirs] = [chain(7), chain(7, "theirs")];
    await world(ours.slice(0, 5));
    ledger.mirrors = [MIRROR, OTHER];
    ledger.set(ours);
    ledger.single = (message, { mirror }) => (mirror === MIRROR && message ? theirs[message.sequence - 1] : message);
    ledger.answer = ({ mirror, after }, page) => ok(mirror === MIRROR ? theirs.slice(after) : page);
    const sync = process();
    await runFor(sync, 10_000);
    expect([sync.cursor, codes(), await log()]).toEqual([
      7,
      [`mirrors-disagree ${TOPIC}`],
      ours.map(({ message }) => Buffer.from(message).toString()),
    ]);
  });
});
