import { expect, it } from "vitest";
import type { TopicId } from "@/lib/core/ledger/ids";
import { ok } from "@/lib/core/result";
import { FirstSync, type FirstSyncDeps } from "@/lib/server/boot/first-sync";
import { DrivenClock } from "../../../support/control/driven-clock";

type Reports = Awaited<ReturnType<FirstSyncDeps["scheduler"]["syncNow"]>>;

const TOPICS = ["0.0.1", "0.0.2"] as TopicId[];

/** A first sync whose topics stand at `cursor` and that ends when `end` is called. */
function scene({ isMirrorSilent = false } = {}) {
  const clock = new DrivenClock();
  const logged: string[] = [];
  const line = (message: string) => void logged.push(message);
  let asked = 0;
  let end = (_: Reports) => {};
  /** `second`: where the second topic stands, if not where the first does. */
  const at: { cursor: number; second?: number | null } = { cursor: 0 };
  const deps = {
    clock,
    log: { info: line, warn: line, error: line },
    ledger: {
      newestSequence: async () => {
        asked += 1;
        return isMirrorSilent ? new Promise<never>(() => {}) : ok(100_000);
      },
    },
    scheduler: {
      topics: TOPICS.map((topicId) => ({ topicId, kinds: [] })),
      syncs: new Map(
        TOPICS.map((topicId, i) => [
          topicId,
          {
            get cursor() {
              return i === 0 || at.second === undefined ? at.cursor : at.second;
            },
          },
        ]),
      ),
      syncNow: () => new Promise<Reports>((resolve) => (end = resolve)),
    },
  };
  const first = new FirstSync(deps as unknown as FirstSyncDeps);
  return { clock, logged, at, first, asked: () => asked, end: () => end([] as unknown as Reports) };
}

it("the first sync says how many of about how many messages it has stored, also in the log", async () => {
  const { clock, logged, at, first, end } = scene();
  expect(first.progress).toBeNull();
  const run = first.run();
  expect(first.progress).toBe("The first sync has stored 0 messages so far.");
  at.cursor = 1_500;
  await clock.advance(2_000);
  expect(first.progress).toBe("The first sync has stored 3,000 of about 200,000 messages so far.");
  at.cursor = 90_000;
  await clock.advance(5_000);
  expect(logged.filter((text) => text.includes("of about"))).toEqual([
    "The first sync has stored 3,000 of about 200,000 messages so far.",
    "The first sync has stored 180,000 of about 200,000 messages so far. It needs about 1 more second.",
  ]);
  end();
  await run;
  expect(first.progress).toBeNull();
  await clock.advance(60_000);
  expect(logged.filter((text) => text.includes("of about"))).toHaveLength(2);
});

it("the first sync estimates how long it still takes by its speed, not by what was stored before", async () => {
  const { clock, at, first } = scene();
  at.cursor = 50_000;
  void first.run();
  await clock.advance(2_000);
  expect(first.progress).toBe("The first sync has stored 100,000 of about 200,000 messages so far.");
  at.cursor = 60_000;
  await clock.advance(10_000);
  expect(first.progress).toMatch(/120,000 of about 200,000 messages so far\. It needs about 40 more seconds\.$/);
  // The mirror has more by now.
  at.cursor = 150_000;
  expect(first.progress).toMatch(/300,000 of about 300,000 messages so far\. It needs about 1 more second\.$/);
});

it("the first sync does not take for its speed what a topic had stored before its cursor was known", async () => {
  const { clock, at, first } = scene();
  at.cursor = 40_000;
  at.second = null;
  void first.run();
  await clock.advance(7_000);
  at.second = 50_000;
  expect(first.progress).toBe("The first sync has stored 90,000 of about 200,000 messages so far.");
  await clock.advance(5_000);
  at.cursor = 41_000;
  at.second = 51_000;
  // 2,000 in 10 s, and 108,000 are left.
  expect(first.progress).toMatch(/92,000 of about 200,000 messages so far\. It needs about 9 more minutes\.$/);
});

it.each([
  [9_000, "102 more seconds"],
  [1_000, "17 more minutes"],
  [100, "3 more hours"],
])("the first sync tells the time that it needs in a unit that fits (%i messages in 10 s)", async (stored, words) => {
  const { clock, at, first } = scene();
  at.second = 100_000;
  void first.run();
  await clock.advance(12_000);
  at.cursor = stored;
  expect(first.progress).toContain(`It needs about ${words}.`);
});

it("a quick first sync makes no more requests, and a slow one makes one more for each topic", async () => {
  const quick = scene();
  const run = quick.first.run();
  quick.end();
  await run;
  await quick.clock.advance(60_000);
  expect(quick.asked()).toBe(0);
  const slow = scene();
  void slow.first.run();
  void slow.first.run();
  await slow.clock.advance(600_000);
  expect(slow.asked()).toBe(TOPICS.length);
});

it("progress does not wait for a silent mirror", async () => {
  const { clock, at, first } = scene({ isMirrorSilent: true });
  void first.run();
  at.cursor = 5;
  await clock.advance(60_000);
  expect(first.progress).toBe("The first sync has stored 10 messages so far.");
});

it.each([["ends"], ["is under way for long"]])(
  "a first sync of an app that has closed says nothing more: it %s",
  async (how) => {
    const { clock, logged, first, end } = scene();
    void first.run();
    await clock.advance(1_000);
    const before = [...logged];
    first.close();
    if (how === "ends") end();
    await clock.advance(60_000);
    expect(logged).toEqual(before);
  },
);

it("a first sync that fails because its app has closed is no error", async () => {
  const { sync, logged } = firstSync(["the mirror could not be reached"]);
  const run = sync.run();
  sync.close();
  expect(await run).toBe(false);
  expect(logged.filter((line) => /Not complete|error/.test(line))).toEqual([]);
});

function firstSync(errors: readonly (string | null)[]) {
  const logged: string[] = [];
  const line = (level: string) => (message: string) => void logged.push(`${level}: ${message}`);
  const reports = errors.map((error, i) => ({ topicId: `0.0.${i + 1}`, added: 2, error })) as unknown as Reports;
  const sync = new FirstSync({
    scheduler: { topics: [], syncs: new Map(), syncNow: async () => reports },
    ledger: { newestSequence: async (_: TopicId) => ok(0) },
    clock: new DrivenClock(),
    log: { info: line("info"), warn: line("warn"), error: line("error") },
  });
  return { sync, logged };
}

it("a first sync with unread topics names them once for each reason, and is not complete", async () => {
  const reason = "the mirror could not be reached: its name is not known (DNS)";
  const { sync, logged } = firstSync([reason, null, "no mirror node has answered lately", reason]);
  expect(await sync.run()).toBe(false);
  expect(logged.filter((line) => line.includes("Not complete"))).toEqual([
    `info: Not complete yet, will retry: 2 topics (0.0.1, 0.0.4): ${reason}.`,
    "info: Not complete yet, will retry: 1 topic (0.0.3): no mirror node has answered lately.",
  ]);
});

it("a first sync is complete when every topic was read", async () => {
  const { sync, logged } = firstSync([null, null]);
  expect(await sync.run()).toBe(true);
  expect(logged.filter((line) => line.includes("Not complete"))).toEqual([]);
});
