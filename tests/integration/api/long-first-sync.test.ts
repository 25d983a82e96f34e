/** A process whose first sync reads a long history serves all the while: it works on a bounded number of messages at a time. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { PAGE, RANGES } from "@/lib/core/sync/pages";
import type { SignalsAnswer } from "@/lib/wire/signals";
import { startTestApp, type TestApp } from "../../support/worlds/app";

const MESSAGES = 6 * PAGE * RANGES;
const READER = "tm-reader";

let t: TestApp;
/** The number of messages of each commit. What a commit holds was checked and decoded in one piece. */
const commits: number[] = [];
/** Answers and progress before each commit. */
const seen: { readonly health: number; readonly read: number; readonly stale: boolean; readonly progress: string }[] =
  [];

async function look(): Promise<void> {
  const health = await t.ask("GET", "/api/health", null, { withoutBackground: true });
  const read = await t.ask("GET", "/api/signals", READER, { withoutBackground: true });
  const { stale } = (await read.json()) as SignalsAnswer;
  seen.push({ health: health.status, read: read.status, stale, progress: t.app.firstSync.progress ?? "" });
}

beforeAll(async () => {
  t = await startTestApp({
    // Nobody waits for a turn: this process asks more often than any reader would.
    env: { RATE_LIMITS: "0", MIRROR_RPS: "1000" },
    wrapStores: (stores) => ({
      ...stores,
      sync: Object.assign(Object.create(stores.sync) as typeof stores.sync, {
        commit: async (batch: Parameters<typeof stores.sync.commit>[0]) => {
          commits.push(batch.entries.length);
          await look();
          return stores.sync.commit(batch);
        },
      }),
    }),
  });
  t.devnet.submitMany(
    t.devnet.topics.contact,
    Array.from({ length: MESSAGES }, (_, i) => ({ type: "CONTACT_REQUEST", from: `tm-${i}`, to: `tm-${i % 50}` })),
  );
  t.devnet.submit(t.devnet.topics.contact, { type: "CONTACT_REQUEST", from: "tm-last", to: READER });
});
afterAll(() => t.close());

it("during a long first sync the app is alive, answers stale, and tells its progress", async () => {
  expect(await t.clock.drive(t.app.firstSync.run())).toBe(true);
  expect(seen.length).toBeGreaterThanOrEqual(MESSAGES / (PAGE * RANGES));
  for (const { health, read, stale } of seen) expect([health, read, stale]).toEqual([200, 200, true]);
  // It says more before each commit.
  expect(new Set(seen.map(({ progress }) => progress)).size).toBe(seen.length);
  expect(seen.at(-1)?.progress).toMatch(
    /^The first sync has stored [1-9][\d,]* (of about [\d,]+ )?messages so far\.( It needs about \d+ more (second|minute|hour)s?\.)?$/,
  );
  expect(await t.json("/api/signals", READER)).toMatchObject({ items: [{ actor: "tm-last" }] });
});

it("no piece of a long first sync is larger than a few pages, so that nothing else waits for long", () => {
  expect(commits.reduce((sum, messages) => sum + messages, 0)).toBe(MESSAGES + 1);
  expect(Math.max(...commits)).toBeLessThanOrEqual(PAGE * RANGES);
});
