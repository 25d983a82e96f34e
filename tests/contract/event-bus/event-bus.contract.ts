/** The contract of every event bus within a process. */
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Position, TopicId, UserId } from "@/lib/core/ledger/ids";
import type { BusEvent, CommitEvent, EventBus, EventListener, MissedReason } from "@/lib/ports/shared/event-bus";

export interface EventBusSubject {
  readonly bus: EventBus;
  /** Whether there are other instances to tell. */
  readonly isShared: boolean;
}

/** Keeps what it is told. */
export class Recorder implements EventListener {
  readonly events: BusEvent[] = [];
  missed = 0;
  readonly reasons: MissedReason[] = [];

  onEvent(event: BusEvent): void {
    this.events.push(event);
  }

  onMissed(reason: MissedReason): void {
    this.missed += 1;
    this.reasons.push(reason);
  }

  /** Cursors of the commits, null for those behind the cursor. */
  get cursors(): (number | null)[] {
    return this.events.flatMap((event) => (event.type === "commit" ? [event.cursor?.to ?? null] : []));
  }
}

export const TOPIC = "0.0.101" as TopicId;

/** `cursor` null: of messages behind the cursor. */
export function commitOf(cursor: number | null, userIds: readonly string[] = ["tm-ada"], topicId = TOPIC): CommitEvent {
  return {
    type: "commit",
    topicId,
    cursor: cursor === null ? null : { from: cursor - 1, to: cursor },
    users: userIds.map((userId) => ({
      userId: userId as UserId,
      head: (cursor ?? 1) as Position,
      added: 1,
      peers: ["tm-bob" as UserId],
    })),
    renamed: [],
    definitionsChanged: false,
  };
}

/** One event of each type but a commit. */
export const OTHER_EVENTS: readonly BusEvent[] = [
  { type: "topic-changed", topicId: TOPIC },
  { type: "views-invalidated", userIds: ["tm-ada", "0.0.5"] as UserId[] },
  { type: "sign-out", subject: "tm-ada" as UserId, untilMs: 1_790_000_000_123 },
  { type: "registry-changed", version: 7 },
];

export function eventBusContract(open: () => Promise<EventBusSubject>): void {
  let bus: EventBus;
  let isShared: boolean;
  beforeEach(async () => {
    ({ bus, isShared } = await open());
  });
  afterEach(() => bus.close());

  it("notifies its own listeners at once, before all others", async () => {
    const [a, b] = [new Recorder(), new Recorder()];
    bus.subscribe(a);
    bus.subscribe(b);
    const event = commitOf(1);
    const published = bus.publish(event);
    expect([a.events, b.events]).toEqual([[event], [event]]);
    await published;
  });

  it("announces them once and in order, however many commits there are at a time", async () => {
    const listener = new Recorder();
    bus.subscribe(listener);
    const cursors = Array.from({ length: 50 }, (_, i) => i + 1);
    await Promise.all(cursors.map((cursor) => bus.publish(commitOf(cursor))));
    expect(listener.cursors).toEqual(cursors);
  });

  it("delivers nothing to a listener that has left, even one that leaves during a delivery", async () => {
    const [leaving, staying] = [new Recorder(), new Recorder()];
    const unsubscribe = bus.subscribe({
      onEvent: (event) => {
        leaving.onEvent(event);
        unsubscribe();
      },
    });
    bus.subscribe(staying);
    await bus.publish(commitOf(1));
    await bus.publish(commitOf(2));
    expect([leaving.cursors, staying.cursors]).toEqual([[1], [1, 2]]);
  });

  it("delivers events of every type at once, in order and once, and takes none of them for a commit", async () => {
    const listener = new Recorder();
    bus.subscribe(listener);
    const events = [commitOf(1), ...OTHER_EVENTS, commitOf(2)];
    const published = events.map((event) => bus.publish(event));
    expect(listener.events).toEqual(events);
    await Promise.all(published);
    expect(listener.events).toEqual(events);
    expect(await bus.lastPublished(TOPIC)).toBe(isShared ? 2 : null);
  });

  it("takes an event without users, for a topic whose cursor only moved", async () => {
    const listener = new Recorder();
    bus.subscribe(listener);
    await bus.publish(commitOf(7, []));
    expect(listener.cursors).toEqual([7]);
  });

  it("announces missed events, and counts the cursor that was given as published", async () => {
    const listener = new Recorder();
    bus.subscribe(listener);
    for (const through of [{ topicId: TOPIC, cursor: 8 }, null]) {
      const before = listener.missed;
      const published = bus.publishMissed(through);
      expect([listener.events, listener.missed]).toEqual([[], before + 1]);
      await published;
      expect(await bus.lastPublished(TOPIC)).toBe(isShared ? 8 : null);
    }
    await bus.publishMissed(null, "invalidated");
    // A subscription that has just begun may have lost events.
    const reasons = listener.reasons.filter((reason) => reason !== "lost");
    expect(reasons).toEqual(["unpublished", "unpublished", "invalidated"]);
  });

  it("knows the last published cursor of each topic, if instances share it", async () => {
    const other = "0.0.102" as TopicId;
    await bus.publish(commitOf(9));
    await bus.publish(commitOf(10));
    await bus.publish(commitOf(4));
    await bus.publish(commitOf(null));
    await bus.publish(commitOf(3, [], other));
    expect(await bus.lastPublished(TOPIC)).toBe(isShared ? 10 : null);
    expect(await bus.lastPublished(other)).toBe(isShared ? 3 : null);
    expect(await bus.lastPublished("0.0.103" as TopicId)).toBe(isShared ? 0 : null);
  });

  it("closes any number of times, and delivers nothing afterwards", async () => {
    const listener = new Recorder();
    bus.subscribe(listener);
    await bus.close();
    await bus.close();
    await bus.publish(commitOf(1));
    expect([listener.events, listener.missed]).toEqual([[], 0]);
  });
}
