/**
 * However a history reaches us — pages of any size, repeats, any interleaving of topics, a crash before or after any call, two
 * instances at once — it comes to what one clean replay comes to: the same contacts, trust and rows, positions without a gap.
 */
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { consensusNs } from "@/lib/core/ledger/consensus-time";
import type { TopicId } from "@/lib/core/ledger/ids";
import type { LedgerMessage } from "@/lib/core/ledger/message";
import { err, ok } from "@/lib/core/result";
import type { TopicSync } from "@/lib/engine/sync/topic/topic-sync";
import { TierUnavailable } from "@/lib/ports/tier-unavailable";
import type { Stores } from "@/lib/server/boot/app";
import { DrivenClock } from "../../support/control/driven-clock";
import { fused } from "../../support/control/fuse";
import { intercepted } from "../../support/control/intercepted";
import { chainOf } from "../../support/mirrors/chain";
import { MIRROR, ScriptedLedger } from "../../support/mirrors/scripted-ledger";
import { emptyStores } from "../../support/stores/database";
import {
  cleanReplay,
  history,
  ledgerOf,
  stateOf,
  stores,
  TOPICS,
  USERS,
} from "../../support/worlds/histories/replayed";
import { headsOf, syncOf } from "../../support/worlds/topic-sync";

const complete = async (opened: Stores, topics: readonly (readonly LedgerMessage[])[]) => {
  const cursors = new Map((await opened.sync.topics()).map(({ topicId, cursor }) => [topicId, cursor]));
  return topics.every(
    (messages) => messages.length === 0 || cursors.get((messages[0] as LedgerMessage).topicId) === messages.length,
  );
};

describe("any way to sync", () => {
  beforeAll(async () => void (await emptyStores()));

  it("equals one clean replay, whatever the pages, repeats, order of topics, crashes, lost answers and announced cursors", async () => {
    const turn = fc.record({
      topic: fc.nat(1),
      instance: fc.nat(1),
      keep: fc.integer({ min: 0, max: 12 }),
      repeat: fc.boolean(),
      crashAt: fc.integer({ min: 1, max: 24 }),
      crash: fc.constantFrom<"before" | "after" | null>("before", "after", null),
      told: fc.nat({ max: 20 }),
    });
    await fc.assert(
      fc.asyncProperty(history, fc.array(turn, { minLength: 5, maxLength: 30 }), async (topics, turns) => {
        const expected = await cleanReplay(topics);
        const opened = await stores();
        const clock = new DrivenClock();
        const ledger = ledgerOf(topics);
        // Two instances, each with what it believes of the cursors; a crash takes all of that with it.
        const instances = [new Map<TopicId, TopicSync>(), new Map<TopicId, TopicSync>()];
        for (const { topic, instance, keep, repeat, crashAt, crash, told } of turns) {
          let calls = 0;
          const fuse = () => {
            calls += 1;
            return crash !== null && calls === crashAt ? crash : null;
          };
          const topicId = TOPICS[topic] as TopicId;
          ledger.answer = (_, page) =>
            ok(repeat ? [...page.slice(0, keep), ...page.slice(0, 2)].reverse() : page.slice(0, Math.max(1, keep)));
          const own = instances[instance] as Map<TopicId, TopicSync>;
          const sync =
            crash === null
              ? (own.get(topicId) ?? syncOf(topicId, opened.sync, ledger, clock))
              : syncOf(topicId, fused(opened.sync, fuse), fused(ledger, fuse), clock);
          if (crash === null) own.set(topicId, sync);
          else own.delete(topicId);
          // Events may come late, or tell of a cursor that the topic has only in another epoch.
          sync.noteCursor(told);
          await clock.drive(sync.run(clock.monotonicMs() + 5_000));
          await clock.advance(1_500);
        }
        ledger.answer = (_, page) => ok(page);
        for (let round = 0; round < 5 && !(await complete(opened, topics)); round += 1) {
          for (const topicId of TOPICS) await clock.drive(syncOf(topicId, opened.sync, ledger, clock).run());
          await clock.advance(2_000);
        }
        expect(await stateOf(opened)).toEqual(expected);
      }),
      { numRuns: 40 },
    );
  });

  it("comes to the same contacts, trust and profiles in whatever order the topics are ingested", async () => {
    await fc.assert(
      fc.asyncProperty(history, async (topics) => {
        const expected = await cleanReplay(topics);
        const opened = await stores();
        const clock = new DrivenClock();
        for (const topicId of [...TOPICS].reverse())
          await clock.drive(syncOf(topicId, opened.sync, ledgerOf(topics), clock).run());
        expect(await stateOf(opened)).toEqual(expected);
      }),
      { numRuns: 20 },
    );
  });
});

describe("a race", () => {
  it("of eight instances commits each message once", async () => {
    const opened = await stores();
    const clock = new DrivenClock();
    const bodies = Array.from({ length: 700 }, (_, i) => ({
      body: { type: "CONTACT_REQUEST", from: USERS[i % 3], to: USERS[(i % 3) + 1] },
    }));
    const messages = chainOf(TOPICS[0] as string, bodies);
    const ledger = ledgerOf([messages]);
    const runs = Array.from({ length: 8 }, () => syncOf(TOPICS[0] as TopicId, opened.sync, ledger, clock).run());
    await clock.drive(Promise.all(runs));
    expect(await complete(opened, [messages])).toBe(true);
    const heads = await Promise.all(USERS.map((userId) => opened.views.head(userId)));
    expect(heads.reduce((sum, head) => sum + head, 0)).toBe(1_400);
  });

  /** Two instances at the first of three messages. */
  async function twoAtFirst() {
    const opened = await stores();
    const clock = new DrivenClock();
    const bodies = Array.from({ length: 3 }, () => ({ body: { type: "CONTACT_REQUEST", from: "tm-a", to: "tm-b" } }));
    const messages = chainOf(TOPICS[0] as string, bodies);
    const instance = () => {
      const ledger = ledgerOf([messages.slice(0, 1)]);
      const counts = { commits: 0, reads: 0 };
      const store = intercepted(opened.sync, (name) => {
        if (name === "commit") counts.commits += 1;
        if (name === "topic") counts.reads += 1;
        return null;
      });
      return { ledger, counts, sync: syncOf(TOPICS[0] as TopicId, store, ledger, clock) };
    };
    const [one, other] = [instance(), instance()];
    await clock.drive(one.sync.run());
    await clock.drive(other.sync.run());
    const seen = (count: number) => {
      for (const { ledger } of [one, other]) ledger.set(messages.slice(0, count));
    };
    Object.assign(other.counts, { commits: 0, reads: 0 });
    other.ledger.pages = [];
    return { one, other, clock, seen };
  }

  it("that another instance has committed and announced costs a read of the cursor, and neither a page nor a commit", async () => {
    const { one, other, clock, seen } = await twoAtFirst();
    seen(2);
    await clock.drive(one.sync.run());
    other.sync.noteCursor(2);
    seen(3);
    expect((await clock.drive(other.sync.run())).complete).toBe(true);
    expect(other.sync.cursor).toBe(3);
    expect(other.counts).toEqual({ commits: 1, reads: 1 });
    expect(other.ledger.pages.map(({ after }) => after)).toEqual([2]);
  });

  it("that another instance commits and announces in the middle of a run costs no commit", async () => {
    const { one, other, clock, seen } = await twoAtFirst();
    seen(2);
    const { page } = other.ledger;
    other.ledger.page = async function (this: typeof other.ledger, request) {
      const answer = await page.call(this, request);
      await one.sync.run();
      other.sync.noteCursor(2);
      return answer;
    };
    expect((await clock.drive(other.sync.run())).complete).toBe(true);
    expect(other.sync.cursor).toBe(2);
    expect(other.counts.commits).toBe(0);
  });

  it("that is lost leaves no page that was asked for before it", async () => {
    const opened = await stores();
    const clock = new DrivenClock();
    const bodies = Array.from({ length: 101 }, () => ({ body: { type: "CONTACT_REQUEST", from: "tm-a", to: "tm-b" } }));
    const messages = chainOf(TOPICS[0] as string, bodies);
    const full = messages.slice(0, 100);
    const [ledger, others] = [ledgerOf([full]), ledgerOf([full])];
    ledger.headNs = consensusNs((messages[100] as LedgerMessage).consensusNs + 1n);
    const other = syncOf(TOPICS[0] as TopicId, opened.sync, others, clock);
    let late: ReturnType<TopicSync["run"]> | null = null;
    // A full page promises more, so the next one is on its way, and empty, when the other instance commits the same hundred.
    const store = Object.assign(Object.create(opened.sync) as typeof opened.sync, {
      commit: async (batch: Parameters<typeof opened.sync.commit>[0]) => {
        if (late === null) {
          await other.run();
          ledger.set(messages);
          late = sync.run();
        }
        return opened.sync.commit(batch);
      },
    });
    const sync: TopicSync = syncOf(TOPICS[0] as TopicId, store, ledger, clock);
    expect(await clock.drive(sync.run())).toMatchObject({ complete: true, toSequence: 101 });
    expect(await clock.drive(late ?? sync.run())).toMatchObject({ complete: true, toSequence: 101 });
  });

  it("that ends at a caller's deadline leaves the topic as the run before it did", async () => {
    const opened = await stores();
    const clock = new DrivenClock();
    const ledger = ledgerOf([
      chainOf(TOPICS[0] as string, [{ body: { type: "CONTACT_REQUEST", from: "tm-a", to: "tm-b" } }]),
    ]);
    const sync = syncOf(TOPICS[0] as TopicId, opened.sync, ledger, clock);
    await clock.drive(sync.run());
    let late: ReturnType<TopicSync["run"]> | null = null;
    ledger.answer = (_, page) => {
      // The page is on its way, so the run that this call joins cannot tell what it asks for, and there is no time for another.
      late ??= sync.run(clock.monotonicMs());
      return ok(page);
    };
    await clock.drive(sync.run());
    expect(await clock.drive(late ?? sync.run())).toMatchObject({ complete: false, error: null });
    expect(sync.state.name).toBe("idle");
  });
});

describe("the sync of a topic that gets messages without a pause", () => {
  const bodies = Array.from({ length: 60 }, () => ({ body: { type: "CONTACT_REQUEST", from: "tm-a", to: "tm-b" } }));
  const messages = chainOf(TOPICS[0] as string, bodies);
  /** With each page that is asked for, `more` messages have come. */
  const restless = (had: number, more: number) => {
    const ledger = ledgerOf([messages.slice(0, had)]);
    let count = had;
    ledger.answer = (_, page) => {
      count += more;
      ledger.set(messages.slice(0, count));
      return ok(page);
    };
    return ledger;
  };

  it("is up to date with what the mirror had when the run began", async () => {
    const opened = await stores();
    const clock = new DrivenClock();
    const ledger = restless(10, 2);
    const sync = syncOf(TOPICS[0] as TopicId, opened.sync, ledger, clock);
    expect(await clock.drive(sync.run())).toMatchObject({ complete: true, toSequence: 10 });
    expect(ledger.pages).toHaveLength(1);
    expect(await clock.drive(sync.run())).toMatchObject({ complete: true, fromSequence: 10, toSequence: 12 });
  });

  it("reads on if the page ended before that", async () => {
    const opened = await stores();
    const clock = new DrivenClock();
    const ledger = restless(10, 2);
    const grow = ledger.answer;
    ledger.answer = (request, page) => grow(request, page.slice(0, 4));
    const sync = syncOf(TOPICS[0] as TopicId, opened.sync, ledger, clock);
    expect(await clock.drive(sync.run())).toMatchObject({ complete: true, toSequence: 12 });
  });

  it("is not up to date with a head that was asked before the run began", async () => {
    const opened = await stores();
    const clock = new DrivenClock();
    const ledger = ledgerOf([messages.slice(0, 10)]);
    const asked = Promise.resolve(ok((messages[3] as LedgerMessage).consensusNs));
    const heads = { count: 1, ask: () => ({ number: 1, answer: asked }) };
    ledger.answer = (_, page) => ok(page.slice(0, 4));
    const sync = syncOf(TOPICS[0] as TopicId, opened.sync, ledger, clock, { heads });
    expect(await clock.drive(sync.run())).toMatchObject({ complete: true, toSequence: 10 });
  });

  it("runs again for callers who came during the run", async () => {
    const opened = await stores();
    const clock = new DrivenClock();
    const ledger = ledgerOf([messages.slice(0, 10)]);
    const heads = headsOf(ledger, clock);
    let first: ReturnType<typeof heads.ask> | null = null;
    const once = () => {
      first ??= heads.ask(MIRROR);
      return first;
    };
    const sync = syncOf(TOPICS[0] as TopicId, opened.sync, ledger, clock, {
      heads: {
        ask: once,
        get count() {
          return heads.count;
        },
      },
    });
    let second: ReturnType<TopicSync["run"]> | null = null;
    // The page is on its way when two more messages come, and with them somebody who wants to see them.
    ledger.answer = (_, page) => {
      ledger.set(messages.slice(0, 12));
      second ??= sync.run();
      return ok(page);
    };
    await clock.drive(sync.run());
    expect(await clock.drive(second ?? sync.run())).toMatchObject({ complete: true, toSequence: 12 });
  });

  it("has what the mirror had at each call, however calls, messages and answers come between each other", async () => {
    const events = fc.array(fc.record({ afterMs: fc.nat(4), isCall: fc.boolean() }), { minLength: 2, maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(events, fc.nat(6), async (turns, answerMs) => {
        const opened = await stores();
        const clock = new DrivenClock();
        const ledger = ledgerOf([messages.slice(0, 1)]);
        // An answer holds what the mirror had when it was asked, and arrives later.
        const page = ledger.page.bind(ledger);
        ledger.page = async (request) => {
          const answer = await page(request);
          await clock.sleep(answerMs);
          return answer;
        };
        const sync = syncOf(TOPICS[0] as TopicId, opened.sync, ledger, clock);
        const calls: { readonly had: number; readonly report: ReturnType<TopicSync["run"]> }[] = [];
        let had = 1;
        for (const { afterMs, isCall } of turns) {
          await clock.advance(afterMs);
          if (isCall) {
            calls.push({ had, report: sync.run() });
            continue;
          }
          had += 1;
          ledger.set(messages.slice(0, had));
        }
        for (const call of calls) {
          const { complete, toSequence } = await clock.drive(call.report);
          expect(complete).toBe(true);
          expect(toSequence).toBeGreaterThanOrEqual(call.had);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("does not trust a forged time as its progress", async () => {
    const opened = await stores();
    const clock = new DrivenClock();
    const ledger = ledgerOf([messages.slice(0, 10)]);
    const far = (messages[59] as LedgerMessage).consensusNs;
    ledger.answer = (_, page) =>
      ok(page.slice(0, 4).map((each) => (each.sequence === 4 ? { ...each, consensusNs: far } : each)));
    const sync = syncOf(TOPICS[0] as TopicId, opened.sync, ledger, clock);
    expect(await clock.drive(sync.run())).toMatchObject({ complete: true, toSequence: 10 });
  });
});

describe("a database that fails", () => {
  it("is reported, backed off from, and resumed without loss", async () => {
    const opened = await stores();
    const clock = new DrivenClock();
    const messages = chainOf(TOPICS[0] as string, [{ body: { type: "CONTACT_REQUEST", from: "tm-a", to: "tm-b" } }]);
    let isDown = true;
    const store = intercepted(opened.sync, (name) =>
      isDown && name === "commit" ? new TierUnavailable("postgres", "down") : null,
    );
    const sync = syncOf(TOPICS[0] as TopicId, store, ledgerOf([messages]), clock);
    expect(await clock.drive(sync.run())).toMatchObject({ complete: false, error: "down" });
    isDown = false;
    await clock.advance(2_000);
    expect(await clock.drive(sync.run())).toMatchObject({ complete: true, toSequence: 1, added: 1 });
  });

  it("is independent of a mirror's error, which is a value", async () => {
    const opened = await stores();
    const clock = new DrivenClock();
    const ledger = new ScriptedLedger();
    ledger.answer = () => err({ code: "rate-limited", message: "the mirror answered 429", retryAfterMs: 30_000 });
    const sync = syncOf(TOPICS[0] as TopicId, opened.sync, ledger, clock);
    expect(await clock.drive(sync.run())).toMatchObject({ complete: false, error: "the mirror answered 429" });
    await clock.advance(29_000);
    await clock.drive(sync.run());
    expect(ledger.pages).toHaveLength(1);
    await clock.advance(2_000);
    await clock.drive(sync.run());
    expect(ledger.pages).toHaveLength(2);
  });
});
