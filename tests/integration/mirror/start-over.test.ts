/** One topic is started over from the ledger while the app runs. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { TopicId } from "@/lib/core/ledger/ids";
import { epochOf } from "@/lib/core/signals/position";
import { startDevnet } from "@/lib/devnet/devnet";
import type { Stores } from "@/lib/server/boot/app";
import { ActionAnswer } from "@/lib/wire/admin";
import { DrivenClock } from "../../support/control/driven-clock";
import { fused } from "../../support/control/fuse";
import { chainOf } from "../../support/mirrors/chain";
import { emptyStores } from "../../support/stores/database";
import { startTestApp, type TestApp } from "../../support/worlds/app";
import { cleanReplay, history, ledgerOf, pieces, stateOf, stores, TOPICS } from "../../support/worlds/replayed";
import { syncOf } from "../../support/worlds/topic-sync";

const [FIRST, SECOND] = TOPICS as [TopicId, TopicId];

describe("starting a topic over", () => {
  beforeAll(async () => void (await emptyStores()));

  it("comes to a clean replay of what the ledger has now, wherever it is killed, and nobody vouches for less", async () => {
    const when = fc.constantFrom<"before" | "after">("before", "after");
    await fc.assert(
      fc.asyncProperty(history, pieces, fc.nat({ max: 14 }), when, async (before, other, crashAt, crash) => {
        // The network was reset: the first topic has another history now.
        const now = [chainOf(FIRST, other, 1_790_000_000_000_000_011n), before[1] ?? []];
        const expected = await cleanReplay(now);
        const opened = await stores();
        const clock = new DrivenClock();
        for (const topicId of TOPICS) await clock.drive(syncOf(topicId, opened.sync, ledgerOf(before), clock).run());
        let calls = 0;
        const fuse = () => {
          calls += 1;
          return calls === crashAt ? crash : null;
        };
        const vouched = new Set<TopicId>();
        /** An instance that does what an operator asks, and syncs. Dies with the fuse. */
        const instance = async (sync: Stores["sync"], startsOver: boolean) => {
          if (startsOver) await sync.startOver(FIRST);
          for (const topicId of TOPICS) {
            const onSynced = () => void vouched.add(topicId);
            await clock.drive(syncOf(topicId, sync, ledgerOf(now), clock, { onSynced }).run());
          }
        };
        await instance(fused(opened.sync, fuse), true).catch(() => {});
        // Everything that was vouched for is there, though the process is gone.
        if (vouched.size === TOPICS.length) expect(await stateOf(opened)).toEqual(expected);
        vouched.clear();
        // Where it died before it had begun, the operator asks again; else the next reader goes on.
        await instance(opened.sync, calls <= 1 || (crashAt === 1 && crash === "before"));
        expect(await stateOf(opened)).toEqual(expected);
        expect([...vouched].sort()).toEqual([FIRST, SECOND]);
      }),
      { numRuns: 12 },
    );
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
    await all();
    expect(await stateOf(opened)).toEqual(expected);
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

  it("has the ledger's messages, and none that a mirror made up", async () => {
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
    expect(epochOf(t.app.stores.stamp.highest)).toBe(1);
  });

  it("is never answered with a part of it that is called fresh", async () => {
    t = await startTestApp();
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
    expect((await contacts()).stale).toBe(false);
  });
});
