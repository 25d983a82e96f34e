/** An app that was closed leaves nothing behind: no timer, listener, subscription or registry holds it. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import type { App } from "@/lib/server/boot/app";
import { upstashFixture } from "../../support/stand-ins/upstash-fixture";
import { startTestApp } from "../../support/worlds/app";
import { WaywardWorld } from "../../support/worlds/wayward-world";

const fixture = upstashFixture();
setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Waits until the requests and timers that they had under way are over, and nothing holds them any more. */
async function expectGarbage(refs: readonly WeakRef<App>[]): Promise<void> {
  const left = () => {
    collectGarbage();
    // A WeakRef that was looked at is kept until the job ends, so the next look comes in a job of its own.
    return refs.filter((ref) => ref.deref() !== undefined).length;
  };
  await expect.poll(left).toBe(0);
}

async function used(): Promise<WeakRef<App>> {
  const t = await startTestApp();
  await t.sync();
  await t.ask("GET", "/api/signals", "tm-alice");
  await t.ask("GET", "/api/health/ready", null);
  await t.app.metrics.text();
  const events = await t.ask("GET", "/api/stream", "tm-alice");
  await t.close();
  await events.body?.cancel();
  return new WeakRef(t.app);
}

describe("an app that was closed", () => {
  it("leaves nothing in memory after reads, a sync, a scrape and a stream", async () => {
    await expectGarbage([await used(), await used()]);
  });

  it("leaves nothing in memory if it shared a Redis with another, or was replaced", async () => {
    const refs: WeakRef<App>[] = [];
    await WaywardWorld.run(fixture, async (world) => {
      world.write();
      await world.sync(0);
      refs.push(...world.apps.map((app) => new WeakRef(app)));
      await world.start(0);
      refs.push(new WeakRef(world.apps[0] as App));
    });
    expect(refs).toHaveLength(3);
    await expectGarbage(refs);
  });
});
