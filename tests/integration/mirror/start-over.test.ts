/** One topic is started over from the ledger while the app runs. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { TopicId, UserId } from "@/lib/core/ledger/ids";
import type { LedgerMessage } from "@/lib/core/ledger/message";
import { epochOf } from "@/lib/core/signals/position";
import { MAX_CLAIMS } from "@/lib/core/signals/projection";
import { startDevnet } from "@/lib/devnet/devnet";
import type { Stores } from "@/lib/server/boot/app";
import { ActionAnswer } from "@/lib/wire/operators/admin";
import { DrivenClock } from "../../support/control/driven-clock";
import { Crash, fused } from "../../support/control/fuse";
import { chainOf, type Piece } from "../../support/mirrors/chain";
import { emptyStores } from "../../support/stores/database";
import { startTestApp, type TestApp } from "../../support/worlds/app";
import {
  cleanReplay,
  history,
  ledgerOf,
  pieces,
  stateOf,
  stores,
  TOPICS,
  USERS,
} from "../../support/worlds/histories/replayed";
import { syncOf } from "../../support/worlds/topic-sync";

const [FIRST, SECOND] = TOPICS as [TopicId, TopicId];

/** Each step drops a few rows only, so that there are several. */
const inSmallSteps = (sync: Stores["sync"]): Stores["sync"] =>
  new Proxy(sync, {
    get(target, name) {
      if (name === "dropSome") return (topicId: TopicId) => target.dropSome(topicId, 5);
      const value = Reflect.get(target, name) as unknown;
      return typeof value === "function" ? value.bind(target) : value;
    },
  });

describe("starting a topic over", () => {
  beforeAll(async () => void (await emptyStores()));

  it("equals a clean replay of the ledger, wherever it is killed, and nothing incomplete is called fresh", async () => {
    const when = fc.constantFrom<"before" | "after">("before", "after");
    const order = fc.constantFrom([FIRST, SECOND], [SECOND, FIRST]);
    const at = fc.nat({ max: 40 });
    await fc.assert(
      fc.asyncProperty(history, pieces, at, when, order, async (before, other, crashAt, crash, topics) => {
        // The network was reset: the first topic has another history now. The second one has gone on.
        const second = before[1] ?? [];
        const now = [chainOf(FIRST, other, 1_790_000_000_000_000_011n), second];
        const expected = await cleanReplay(now);
        const opened = await stores();
        const clock = new DrivenClock();
        const then = ledgerOf([before[0] ?? [], second.slice(0, second.length / 2)]);
        for (const topicId of TOPICS) await clock.drive(syncOf(topicId, opened.sync, then, clock).run());
        let calls = 0;
        const fuse = () => {
          calls += 1;
          return calls === crashAt ? crash : null;
        };
        const vouched = new Set<TopicId>();
        // An instance takes back its word when there is a new epoch.
        opened.stamp.watch({ onBack: () => {}, onEpoch: () => vouched.clear() });
        /** An instance that does what an operator asks, and syncs. Dies with the fuse. */
        const instance = async (sync: Stores["sync"], startsOver: boolean) => {
          const few: Stores["sync"] = inSmallSteps(sync);
          if (startsOver) await few.startOver(FIRST);
          for (let round = 0; round < 2; round += 1)
            for (const topicId of topics) {
              const onSynced = () => void vouched.add(topicId);
              await clock.drive(syncOf(topicId, few, ledgerOf(now), clock, { onSynced }).run());
              if (vouched.size === TOPICS.length) expect(await stateOf(opened)).toEqual(expected);
            }
        };
        await instance(fused(opened.sync, fuse), true).catch((cause: unknown) => {
          if (!(cause instanceof Crash)) throw cause;
        });
        vouched.clear();
        // Where it died before it had begun, the operator asks again; else the next reader goes on.
        await instance(opened.sync, calls <= 1 || (crashAt === 1 && crash === "before"));
        expect(await stateOf(opened)).toEqual(expected);
        expect([...vouched].sort()).toEqual([FIRST, SECOND]);
      }),
      { numRuns: 12 },
    );
  });

  it("drops in small steps, between which people keep gap-free positions and the other topics go on", async () => {
    const opened = await stores();
    const clock = new DrivenClock();
    const requests = (topicId: TopicId, count: number, startNs?: bigint) =>
      chainOf(
        topicId,
        Array.from({ length: count }, (_, i) => ({
          body: { type: "CONTACT_REQUEST", from: USERS[i % 3], to: USERS[(i % 3) + 1] },
        })),
        startNs,
      );
    const later = requests(SECOND, 90, 1_790_000_000_500_000_007n);
    const run = (topicId: TopicId, second: number) =>
      clock.drive(syncOf(topicId, opened.sync, ledgerOf([requests(FIRST, 60), later.slice(0, second)]), clock).run());
    await run(FIRST, 30);
    await run(SECOND, 30);
    await opened.sync.startOver(FIRST);
    const left = async () => (await opened.sync.log(FIRST, 1, 1_000)).length;
    const lefts: number[] = [];
    for (let steps = 1; (await opened.sync.topic(FIRST))?.isDropping; steps += 1) {
      await opened.sync.dropSome(FIRST, 7);
      lefts.push(await left());
      expect((await run(SECOND, 30 + steps)).toSequence).toBe(30 + steps);
      await stateOf(opened);
    }
    const people = lefts.filter((each) => each === 60).length;
    expect(people).toBeGreaterThan(1);
    expect(lefts.slice(people)).toEqual([53, 46, 39, 32, 25, 18, 11, 4, 0]);
    // Nobody is left with a row of it, and the others have theirs.
    const { rows } = await opened.views.signalsAfter(USERS[0] as UserId, 0, 1_000);
    expect(new Set(rows.map(({ topicId }) => topicId))).toEqual(new Set([SECOND]));
  });

  it("is done once more without harm, and leaves a topic that is not known alone", async () => {
    const [before] = fc.sample(history, { numRuns: 1, seed: 7 });
    const expected = await cleanReplay(before ?? []);
    const opened = await stores();
    const clock = new DrivenClock();
    const all = async () => {
      for (const topicId of TOPICS)
        await clock.drive(syncOf(topicId, opened.sync, ledgerOf(before ?? []), clock).run());
    };
    await all();
    await opened.sync.startOver("0.0.404" as TopicId);
    expect(epochOf(opened.stamp.highest)).toBe(0);
    await Promise.all([opened.sync.startOver(FIRST), opened.sync.startOver(FIRST), opened.sync.startOver(SECOND)]);
    expect(epochOf(opened.stamp.highest)).toBe(2);
    // Two at once go on with it, and the first topic is folded again when the second is dropped.
    await Promise.all([all(), all()]);
    await all();
    expect(await stateOf(opened)).toEqual(expected);
  });

  const at = (second: number) => 1_790_000_000_000_000_000n + BigInt(second) * 1_000_000_000n;
  const said = (second: number, type: string, actor: string, more: object): Piece => ({
    body: { type, actor, ...more },
    consensusNs: at(second),
  });
  const defines = (second: number, actor: string, title: string) =>
    said(second, "RECOGNITION_DEFINITION", actor, { id: "d1", title });
  const asks = (second: number, from: string, to: string) => said(second, "CONTACT_REQUEST", from, { from, to });
  const accepts = (second: number, from: string, to: string) => said(second, "CONTACT_ACCEPT", from, { from, to });
  const isNamed = (second: number, actor: string, displayName: string) =>
    said(second, "PROFILE_UPDATE", actor, { displayName });

  it.each<[what: string, first: readonly Piece[], readonly Piece[]]>([
    [
      "a bond that both topics state",
      [asks(1, "tm-a", "tm-b"), accepts(4, "tm-b", "tm-a")],
      [asks(2, "tm-a", "tm-b"), accepts(3, "tm-b", "tm-a")],
    ],
    [
      "a profile that the first topic states last",
      [isNamed(3, "tm-a", "Of the first")],
      [isNamed(2, "tm-a", "Of the second")],
    ],
    [
      "a definition whose owner only the first topic states",
      [defines(1, "tm-a", "Of a")],
      [defines(2, "tm-b", "Of b")],
    ],
    [
      "a definition whose owner claimed it earlier in the first topic",
      [defines(1, "tm-a", "Of a, at first")],
      [defines(2, "tm-b", "Of b"), defines(3, "tm-a", "Of a, later")],
    ],
    [
      "a definition whose owner states it last in the first topic",
      [defines(3, "tm-a", "Of a, later")],
      [defines(1, "tm-a", "Of a, at first"), defines(2, "tm-b", "Of b")],
    ],
    [
      "as many claims as are kept, of which some were the first topic's",
      Array.from({ length: MAX_CLAIMS }, (_, i) => defines(2 + i, `tm-early-${i}`, "Early")),
      [defines(1, "tm-a", "Of a"), defines(100, "tm-late", "Late")],
    ],
  ])("keeps what the second topic states: %s", async (_, first, second) => {
    const now = [chainOf(FIRST, [asks(200, "tm-c", "tm-d")]), chainOf(SECOND, second)];
    const opened = await stores();
    const clock = new DrivenClock();
    const sync = async (topics: readonly (readonly LedgerMessage[])[]) => {
      for (const topicId of TOPICS) await clock.drive(syncOf(topicId, opened.sync, ledgerOf(topics), clock).run());
    };
    await sync([chainOf(FIRST, first), chainOf(SECOND, second)]);
    await opened.sync.startOver(FIRST);
    await sync(now);
    await sync(now);
    expect(await stateOf(opened)).toEqual(await cleanReplay(now));
  });

  it("forgets the topic's gaps, and keeps those of others", async () => {
    const opened = await stores();
    const clock = new DrivenClock();
    const topics = TOPICS.map((topicId) => chainOf(topicId, [asks(1, "tm-a", "tm-b")]));
    for (const topicId of TOPICS) {
      await clock.drive(syncOf(topicId, opened.sync, ledgerOf(topics), clock).run());
      await opened.sync.recordHole(topicId, 2, 4, clock.now());
    }
    await opened.sync.startOver(FIRST);
    while ((await opened.sync.topic(FIRST))?.isDropping) await opened.sync.dropSome(FIRST, 7);
    expect((await Promise.all(TOPICS.map((topicId) => opened.sync.gaps(topicId)))).map(({ length }) => length)).toEqual(
      [0, 1],
    );
  });
});

describe("an operator who starts a topic over", () => {
  let t: TestApp;
  afterEach(() => t.close());
  const ask = (topicId: TopicId, headers = {}) =>
    t.ask("POST", `/api/admin/topics/${topicId}/start-over`, t.devnet.operatorId, { body: {}, headers });
  const signals = async () =>
    (await t.json("/api/signals", "tm-alice")) as unknown as { items: { actor: string }[]; stale: boolean };
  const request = (from: string) => ({ type: "CONTACT_REQUEST", from, to: "tm-alice" });

  it("gets the ledger's messages, and none that a mirror made up", async () => {
    t = await startTestApp();
    const { contact } = t.devnet.topics;
    t.devnet.submitMany(contact, [request("tm-1"), request("tm-2"), request("tm-3")]);
    await t.sync();
    // The ledger loses the messages that were read from it.
    const topic = t.devnet.ledger.topic(contact);
    topic.messages.length = 0;
    t.devnet.submitMany(contact, [request("tm-9")]);
    await t.clock.advance(700_000);
    await t.sync();
    expect(t.app.incidents.current().map(({ code }) => code)).toContain("topic-reset");
    expect((await signals()).items).toHaveLength(3);

    const { entry } = ActionAnswer.parse(await (await ask(contact)).json());
    expect(entry).toMatchObject({ action: "topic.start-over", target: contact, state: "done", detail: { dropped: 3 } });
    const { items, stale } = await signals();
    expect([items.map(({ actor }) => actor), stale]).toEqual([["tm-9"], false]);
    await t.sync();
    expect(t.app.incidents.current().map(({ code }) => code)).not.toContain("topic-reset");
  });

  it("heals a topic of a devnet whose journal lost its last lines, after the incident named it", async () => {
    const dataDir = mkdtempSync(join(tmpdir(), "devnet-torn-"));
    t = await startTestApp({ devnet: { dataDir } });
    const { contact } = t.devnet.topics;
    t.devnet.submitMany(contact, ["tm-1", "tm-2", "tm-3"].map(request));
    await t.sync();
    await t.devnet.stop();
    const path = join(dataDir, "ledger.jsonl");
    const lines = readFileSync(path, "utf8").trimEnd().split("\n");
    writeFileSync(path, `${lines.slice(0, -2).join("\n")}\n`);
    const restPort = Number(new URL(t.devnet.restUrl).port);
    const torn = await startDevnet({ dataDir, restPort, grpc: false, now: () => t.clock.now() });
    await t.clock.advance(700_000);
    await t.sync();
    const [reset] = t.app.incidents.current().filter(({ code }) => code === "topic-reset");
    expect(reset?.summary).toContain(`Topic ${contact} on the mirror no longer has message 3`);
    await t.ask("POST", `/api/admin/topics/${contact}/start-over`, t.devnet.operatorId, { body: {} });
    torn.submit(contact, request("tm-4"));
    await t.sync();
    expect((await signals()).items.map(({ actor }) => actor)).toEqual(["tm-4", "tm-1"]);
    await torn.stop();
    rmSync(dataDir, { recursive: true });
  });

  it("is refused while it is paused, for a topic that is not kept, and does one request once", async () => {
    t = await startTestApp();
    const { contact } = t.devnet.topics;
    t.devnet.submitMany(contact, [request("tm-1")]);
    await t.sync();
    await t.ask("POST", `/api/admin/topics/${contact}/pause`, t.devnet.operatorId, { body: {} });
    expect((await ask(contact)).status).toBe(409);
    await t.ask("POST", `/api/admin/topics/${contact}/resume`, t.devnet.operatorId, { body: {} });
    expect((await ask("0.0.404" as TopicId)).status).toBe(404);
    const key = { "idempotency-key": "once" };
    for (const repeated of [false, true]) expect(await (await ask(contact, key)).json()).toMatchObject({ repeated });
    // One begins with it, and one when everything is dropped.
    expect(epochOf(t.app.stores.stamp.highest)).toBe(2);
  });

  it("never gets a partial answer that is called fresh", async () => {
    // How many reads fit into the sync depends on the machine.
    t = await startTestApp({ env: { RATE_LIMITS: "0" } });
    const { contact, profile } = t.devnet.topics;
    const people = Array.from({ length: 40 }, (_, i) => `tm-${i}`);
    t.devnet.submitMany(contact, people.map(request));
    t.devnet.submitMany(
      profile,
      people.map((actor) => ({ type: "PROFILE_UPDATE", actor, displayName: `Name of ${actor}` })),
    );
    await t.sync();
    const contacts = async () => {
      const response = await t.ask("GET", "/api/contacts", "tm-alice", { withoutBackground: true });
      return (await response.json()) as { stale: boolean; incoming?: unknown[]; [name: string]: unknown };
    };
    const whole = await contacts();
    // The rows go at once; each later read sees the sync at another point of its way back.
    await t.app.stores.sync.startOver(contact);
    const syncing = t.app.scheduler.syncNow();
    let isDone = false;
    void syncing.then(() => {
      isDone = true;
    });
    for (let reads = 0; !isDone && reads < 200; reads += 1) {
      const now = await contacts();
      // When it was answered, and how far it was synced by then, is of that answer alone.
      const apart = { position: 0, asOf: 0, lagMs: 0, timestamp: 0 };
      if (!now.stale) expect({ ...now, ...apart }).toEqual({ ...whole, ...apart });
    }
    await t.clock.drive(syncing);
    // The others are folded when it is dropped.
    await t.sync();
    expect((await contacts()).stale).toBe(false);
  });
});
