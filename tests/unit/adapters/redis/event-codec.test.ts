/** Events as text, between instances of one release and of two. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { busMessage, EVERYTHING, encodeEvent, parseBusMessage } from "@/lib/adapters/redis/events/event-codec";
import type { Position, TopicId, UserId } from "@/lib/core/ledger/ids";
import type { BusEvent } from "@/lib/ports/shared/event-bus";

const decode = (json: string) => parseBusMessage(`7 instance-1 3 ${json}`);

const count = fc.nat({ max: 2 ** 40 });
const topicId = fc.nat().map((number) => `0.0.${number}` as TopicId);
const userId = fc.string({ minLength: 1, maxLength: 12 }).map((text) => text as UserId);
const peers = fc.array(userId, { maxLength: 3 });
const commit = fc.record({
  type: fc.constant("commit" as const),
  topicId,
  cursor: fc.option(fc.record({ from: fc.option(count), to: count.map((to) => to + 1) })),
  users: fc.array(fc.record({ userId, head: count.map((head) => head as Position), added: count, peers })),
  renamed: fc.array(fc.record({ userId, peers })),
  definitionsChanged: fc.boolean(),
});
const event: fc.Arbitrary<BusEvent> = fc.oneof(
  commit,
  fc.record({ type: fc.constant("topic-changed" as const), topicId }),
  fc.record({ type: fc.constant("views-invalidated" as const), userIds: fc.array(userId) }),
  fc.record({ type: fc.constant("sign-out" as const), subject: userId, untilMs: count }),
  fc.record({ type: fc.constant("registry-changed" as const), version: count }),
);

describe("an event as text", () => {
  it("is the same event when it is read", () => {
    fc.assert(
      fc.property(event, (sent) => {
        const message = decode(encodeEvent(sent));
        expect(message).toEqual({ sequence: 7, instanceId: "instance-1", turn: 3, heads: [], event: sent });
      }),
    );
  });

  it("carries the numbers that it took in other partitions, and is the same event", () => {
    const mark = fc.tuple(fc.stringMatching(/^[0-9a-f]{8}$/), count).map(([id, turn]) => `${id}-${turn}`);
    const heads = fc.array(fc.record({ partition: fc.integer({ min: 1, max: 63 }), sequence: count, mark }));
    fc.assert(
      fc.property(event, heads, (sent, taken) => {
        const message = parseBusMessage(`9 ${busMessage("instance-1", 4, taken, encodeEvent(sent))}`);
        expect(message).toEqual({ sequence: 9, instanceId: "instance-1", turn: 4, heads: taken, event: sent });
        expect(parseBusMessage(`9 ${busMessage("i", 4, taken, EVERYTHING)}`)).toMatchObject({
          heads: taken,
          event: null,
        });
      }),
    );
  });

  it("says that everything may have changed if its form is not known, or if it is not readable", () => {
    for (const json of ["null", "[6,1]", "[]", "{}", "[2]", "[3]", "[5]", '[1,"0.0.1"]', "[1", ""])
      expect(decode(json)).toMatchObject({ event: null });
    for (const text of ["", "hello", "x a 1 null", "1 a null"]) expect(parseBusMessage(text)).toBeNull();
  });
});

describe("between this release and the one before", () => {
  it("commits and sign-outs keep their form: new items stand behind those that the older release reads", () => {
    const users = [{ userId: "tm-ada" as UserId, head: 12 as Position, added: 1, peers: ["tm-bob" as UserId] }];
    const renamed = [{ userId: "tm-eve" as UserId, peers: ["tm-ada" as UserId] }];
    const sent = { type: "commit", topicId: "0.0.5" as TopicId, users, renamed, definitionsChanged: true } as const;
    const older = (cursor: number) => [1, "0.0.5", cursor, [["tm-ada", 12, 1, "tm-bob"]], [["tm-eve", "tm-ada"]], 1];
    expect(JSON.parse(encodeEvent({ ...sent, cursor: { from: 9, to: 12 } })).slice(0, 6)).toEqual(older(12));
    expect(JSON.parse(encodeEvent({ ...sent, cursor: null })).slice(0, 6)).toEqual(older(0));
    expect(decode(JSON.stringify(older(12)))?.event).toEqual({ ...sent, cursor: { from: null, to: 12 } });
    expect(decode(JSON.stringify(older(0)))?.event).toEqual({ ...sent, cursor: null });
    const signOut = { type: "sign-out", subject: "tm-ada" as UserId, untilMs: 5 } as const;
    expect(encodeEvent(signOut)).toBe('[2,"tm-ada",5]');
  });

  it("a paused topic is understood, although the older release announces it with a commit without users", () => {
    expect(decode('[1,"0.0.5",0,[],[],0]')?.event).toEqual({ type: "topic-changed", topicId: "0.0.5" });
  });
});
