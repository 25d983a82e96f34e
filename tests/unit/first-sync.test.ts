import { expect, it } from "vitest";
import type { TopicId } from "@/lib/core/ids";
import { ok } from "@/lib/core/result";
import { FirstSync, type FirstSyncDeps } from "@/lib/server/first-sync";
import { DrivenClock } from "../support/driven-clock";

type Reports = Awaited<ReturnType<FirstSyncDeps["scheduler"]["syncNow"]>>;

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

it("names every topic that could not be read, each with its reason, and is not complete", async () => {
  const reason = "the mirror could not be reached: its name is not known (DNS)";
  const { sync, logged } = firstSync([reason, null, "no mirror node has answered lately"]);
  expect(await sync.run()).toBe(false);
  expect(logged.filter((line) => line.startsWith("warn"))).toEqual([
    `warn: Topic 0.0.1 is not complete yet: ${reason}.`,
    "warn: Topic 0.0.3 is not complete yet: no mirror node has answered lately.",
  ]);
});

it("is complete where every topic was read", async () => {
  const { sync, logged } = firstSync([null, null]);
  expect(await sync.run()).toBe(true);
  expect(logged.filter((line) => line.startsWith("warn"))).toEqual([]);
});
