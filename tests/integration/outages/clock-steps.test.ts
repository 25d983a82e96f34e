/** The wall clock of an instance is set back or forward while it runs, by a minute and by an hour. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { SignalsAnswer } from "@/lib/wire/signals";
import { startTestApp, type TestApp } from "../../support/worlds/app";

const ALICE = "tm-alice";
let t: TestApp;
let sent = 0;

beforeEach(async () => {
  t = await startTestApp();
  sent = 0;
});
afterEach(() => t.close());

function request(): void {
  sent += 1;
  t.devnet.submit(t.devnet.topics.contact, { type: "CONTACT_REQUEST", from: `tm-p${sent}`, to: ALICE });
}
/** A reader asks every second, as people do; nobody forces a sync. */
async function readFor(seconds: number): Promise<SignalsAnswer> {
  let answer = await t.json<SignalsAnswer>("/api/signals", ALICE);
  for (let second = 0; second < seconds; second += 1) {
    await t.clock.advance(1_000);
    answer = await t.json<SignalsAnswer>("/api/signals", ALICE);
  }
  return answer;
}

const STEPS = [
  ["back by a minute", -60_000],
  ["back by an hour", -3_600_000],
  ["forward by an hour", 3_600_000],
] as const;

describe("a wall clock that is set", () => {
  it.each(STEPS)("%s does not hold up the sync", async (_, ms) => {
    request();
    await readFor(3);
    t.clock.stepWall(ms);
    request();
    expect((await readFor(3)).items).toHaveLength(2);
  });

  it.each(STEPS)("%s does not make a dead mirror look fresh", async (_, ms) => {
    request();
    await readFor(3);
    t.clock.stepWall(ms);
    t.devnet.faults.add({ kind: "badGateway" });
    request();
    const answer = await readFor(10);
    expect(answer.items).toHaveLength(1);
    expect(answer.stale).toBe(true);
    expect(answer.lagMs).toBeGreaterThanOrEqual(9_000);
  });

  it("back by an hour does not keep a mirror's circuit open after its time", async () => {
    await readFor(3);
    const fault = t.devnet.faults.add({ kind: "badGateway" });
    await readFor(20);
    t.clock.stepWall(-3_600_000);
    t.devnet.faults.remove(fault);
    request();
    expect((await readFor(130)).items).toHaveLength(1);
  });
});
