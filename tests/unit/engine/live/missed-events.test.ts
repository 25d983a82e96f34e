import { describe, expect, it } from "vitest";
import type { TopicId } from "@/lib/core/ledger/ids";
import { MissedEvents, type MissedEventsDeps } from "@/lib/engine/live/missed-events";
import { TierUnavailable } from "@/lib/ports/tier-unavailable";
import { DrivenClock } from "../../../support/control/driven-clock";
import { quietLog } from "../../../support/quiet-log";

const TOPIC = "0.0.7" as TopicId;

/** A bus that knows of `published`, or is alone (null), or does not answer (undefined); and what it was told. */
function setUp(published: number | null | undefined) {
  const state = { published, here: 0, everywhere: 0 };
  const away = () => Promise.reject(new TierUnavailable("redis", "down"));
  const bus: MissedEventsDeps["bus"] = {
    lastPublished: async () => (state.published === undefined ? away() : state.published),
    publishMissed: async () => {
      state.here += 1;
      if (state.published === undefined) await away();
      state.everywhere += 1;
    },
  };
  const clock = new DrivenClock();
  return { state, clock, missed: new MissedEvents({ bus, clock, log: quietLog }) };
}

describe("a cursor that was loaded from the store", () => {
  it("reveals this process's own commit whose answer was lost", async () => {
    const { state, clock, missed } = setUp(null);
    await clock.drive(missed.check(TOPIC, 3));
    expect(state.here).toBe(0);
    await clock.drive(missed.check(TOPIC, 4));
    expect(state.here).toBe(1);
  });

  it("changes nothing if its commit was announced, at once or a moment later", async () => {
    const { state, clock, missed } = setUp(3);
    await clock.drive(missed.check(TOPIC, 3));
    const late = missed.check(TOPIC, 4);
    await clock.advance(500);
    state.published = 4;
    await clock.drive(late);
    expect(state.here).toBe(0);
  });

  it("is announced to everybody if nobody had announced it", async () => {
    const { state, clock, missed } = setUp(3);
    await clock.drive(missed.check(TOPIC, 4));
    expect(state).toMatchObject({ here: 1, everywhere: 1 });
  });

  it("is announced in this process at once if Redis is down, and to the others when they can be reached", async () => {
    const { state, clock, missed } = setUp(undefined);
    await clock.drive(missed.check(TOPIC, 4));
    expect(state).toMatchObject({ here: 1, everywhere: 0 });
    state.published = 3;
    await missed.publishUnpublished();
    expect(state.everywhere).toBe(1);
    await missed.publishUnpublished();
    expect(state.everywhere).toBe(1);
  });
});
