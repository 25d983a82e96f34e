/** What every event bus does within a process, whatever it is made of. */
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Position, TopicId, UserId } from "@/lib/core/ledger/ids";
import type { CommitEvent, EventBus, EventListener } from "@/lib/ports/shared/event-bus";
import type { SignOut } from "@/lib/ports/store/account-store";

export interface EventBusSubject {
  readonly bus: EventBus;
  /** Whether there are other instances to tell. */
  readonly isShared: boolean;
}

/** Keeps what it is told. */
export class Recorder implements EventListener {
  readonly events: CommitEvent[] = [];
  readonly signOuts: SignOut[] = [];
  missed = 0;

  onCommit(event: CommitEvent): void {
    this.events.push(event);
  }

  onSignOut(event: SignOut): void {
    this.signOuts.push(event);
  }

  onMissed(): void {
    this.missed += 1;
  }

  get cursors(): number[] {
    return this.events.map(({ cursor }) => cursor);
  }
}

export const TOPIC = "0.0.101" as TopicId;

export function commitOf(cursor: number, userIds: readonly string[] = ["tm-ada"], topicId = TOPIC): CommitEvent {
  return {
    topicId,
    cursor,
    users: userIds.map((userId) => ({
      userId: userId as UserId,
      head: cursor as Position,
      added: 1,
      peers: ["tm-bob" as UserId],
    })),
    renamed: [],
    definitionsChanged: false,
  };
}

export function eventBusContract(open: () => Promise<EventBusSubject>): void {
  let bus: EventBus;
  let isShared: boolean;
  beforeEach(async () => {
    ({ bus, isShared } = await open());
  });
  afterEach(() => bus.close());

  it("tells its own listeners at once, before anybody else is told", async () => {
    const [a, b] = [new Recorder(), new Recorder()];
    bus.subscribe(a);
    bus.subscribe(b);
    const event = commitOf(1);
    const published = bus.publish(event);
    expect([a.events, b.events]).toEqual([[event], [event]]);
    await published;
  });

  it("tells them once and in order, however many commits there are at a time", async () => {
    const listener = new Recorder();
    bus.subscribe(listener);
    const cursors = Array.from({ length: 50 }, (_, i) => i + 1);
    await Promise.all(cursors.map((cursor) => bus.publish(commitOf(cursor))));
    expect(listener.cursors).toEqual(cursors);
  });

  it("tells nobody who has left, though they leave while they are told", async () => {
    const [leaving, staying] = [new Recorder(), new Recorder()];
    const unsubscribe = bus.subscribe({
      onMissed: () => {},
      onCommit: (event) => {
        leaving.onCommit(event);
        unsubscribe();
      },
    });
    bus.subscribe(staying);
    await bus.publish(commitOf(1));
    await bus.publish(commitOf(2));
    expect([leaving.cursors, staying.cursors]).toEqual([[1], [1, 2]]);
  });

  it("tells of a sign-out at once too, between the commits and as none of them", async () => {
    const listener = new Recorder();
    bus.subscribe(listener);
    const signOut = { subject: "tm-ada" as UserId, untilMs: 1_790_000_000_123 };
    const published = [bus.publish(commitOf(1)), bus.publishSignOut(signOut), bus.publish(commitOf(2))];
    expect([listener.cursors, listener.signOuts]).toEqual([[1, 2], [signOut]]);
    await Promise.all(published);
    expect([listener.cursors, listener.signOuts]).toEqual([[1, 2], [signOut]]);
    expect(await bus.lastPublished(TOPIC)).toBe(isShared ? 2 : null);
  });

  it("takes an event of nobody, for a topic that has only moved", async () => {
    const listener = new Recorder();
    bus.subscribe(listener);
    await bus.publish(commitOf(7, []));
    expect(listener.cursors).toEqual([7]);
  });

  it("tells that something was missed, as having told of that cursor", async () => {
    const listener = new Recorder();
    bus.subscribe(listener);
    await bus.tellMissed(TOPIC, 8);
    expect([listener.events, listener.missed]).toEqual([[], 1]);
    expect(await bus.lastPublished(TOPIC)).toBe(isShared ? 8 : null);
  });

  it("knows the last cursor that was published of each topic, where others may want to know", async () => {
    const other = "0.0.102" as TopicId;
    await bus.publish(commitOf(9));
    await bus.publish(commitOf(10));
    await bus.publish(commitOf(4));
    // Behind the cursor.
    await bus.publish(commitOf(0));
    await bus.publish(commitOf(3, [], other));
    expect(await bus.lastPublished(TOPIC)).toBe(isShared ? 10 : null);
    expect(await bus.lastPublished(other)).toBe(isShared ? 3 : null);
    expect(await bus.lastPublished("0.0.103" as TopicId)).toBe(isShared ? 0 : null);
  });

  it("closes, more than once, and tells nobody afterwards", async () => {
    const listener = new Recorder();
    bus.subscribe(listener);
    await bus.close();
    await bus.close();
    await bus.publish(commitOf(1));
    expect([listener.events, listener.missed]).toEqual([[], 0]);
  });
}
