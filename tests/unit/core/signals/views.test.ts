import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { z } from "zod/mini";
import { consensusNs } from "@/lib/core/ledger/consensus-time";
import type { Position, Sequence, TopicId, UserId } from "@/lib/core/ledger/ids";
import type { StoredRow } from "@/lib/core/signals/batch";
import { project } from "@/lib/core/signals/interpret";
import { emptyEdge, type Profile } from "@/lib/core/signals/projection";
import {
  CIRCLE_CONTACTS_MAX,
  CIRCLE_SLOTS,
  circleView,
  contactsView,
  definitionView,
  type EdgeWithName,
  handleOf,
  profileView,
  signalView,
} from "@/lib/core/signals/views";
import * as wire from "@/lib/wire/contacts";
import * as recognition from "@/lib/wire/recognition";
import { Signal } from "@/lib/wire/signals";
import { unwrap } from "../../../support/unwrap";
import { history, PEOPLE, placed, Replay } from "../../../support/worlds/histories/histories";

const ME = "tm-a" as UserId;
const MS = 1_700_000_000_000;
const ns = (n: number) => BigInt(MS + n) * 1_000_000n;

const profileOf = (fields: Partial<Profile>): Profile => ({
  userId: "tm-b" as UserId,
  consensusNs: consensusNs(1n),
  handle: null,
  displayName: null,
  bio: null,
  avatar: null,
  hrl: null,
  ...fields,
});

const edge = (peer: string, registers: Partial<EdgeWithName> = {}): EdgeWithName => ({
  ...emptyEdge(ME, peer as UserId),
  profile: null,
  ...registers,
});
const bonded = (peer: string, atMs: number, registers: Partial<EdgeWithName> = {}) =>
  edge(peer, { acceptNs: ns(atMs), ...registers });
const trusting = (peer: string, atMs: number, weight: number) =>
  bonded(peer, atMs, { trustOutNs: ns(atMs), trustOutWeight: weight });

const AGE = { asOf: "1700000000.000000000", lagMs: 5, stale: false, timestamp: "2026-11-23T00:00:00.000Z" };
/** Members that a route adds around a view. */
const asContacts = (view: ReturnType<typeof contactsView>) => ({
  ...view,
  ...AGE,
  position: 3,
});
const asCircle = (view: ReturnType<typeof circleView>) => ({
  ...view,
  ...AGE,
  position: 3,
  _meta: { source: "postgres", lastUpdated: "2026-11-23T00:00:00.000Z" },
});

/** It is what the contract says, as JSON, and nothing more. */
function meets(schema: z.ZodMiniType, answer: unknown): void {
  const json: unknown = JSON.parse(JSON.stringify(answer));
  expect(schema.parse(json)).toEqual(json);
}

const histories = history.map((deeds) => {
  const edges = project(placed(deeds)).edges.filter((each) => each.userId === ME);
  return { deeds, edges: edges.map((each): EdgeWithName => ({ ...each, profile: null })) };
});

describe("views", () => {
  it("have the shapes of the wire schema, whatever happened", () => {
    fc.assert(
      fc.property(histories, ({ edges }) => {
        meets(wire.ContactsAnswer, asContacts(contactsView(ME, edges)));
        meets(wire.CircleAnswer, asCircle(circleView(ME, edges)));
      }),
    );
  });

  it("equal a plain replay of the history", () => {
    fc.assert(
      fc.property(histories, ({ deeds, edges }) => {
        const replay = new Replay(deeds);
        const peers = PEOPLE.filter((peer) => peer !== ME).map((peer) => ({ peer, ...replay.standing(ME, peer) }));
        const contacts = contactsView(ME, edges);
        const circle = circleView(ME, edges);
        const ids = (list: readonly { peerId: string }[]) => new Set(list.map(({ peerId }) => peerId));
        const where = (test: (each: (typeof peers)[number]) => boolean) =>
          new Set(peers.filter(test).map(({ peer }) => peer));
        expect(ids(contacts.contacts)).toEqual(where((each) => each.bondedAt !== null));
        expect(ids(contacts.requests.incoming)).toEqual(where((each) => each.incomingAt !== null));
        expect(ids(contacts.requests.outgoing)).toEqual(where((each) => each.outgoingAt !== null));
        expect(new Set(Object.keys(contacts.trustLevels))).toEqual(where((each) => each.given + each.received > 0));
        const sum = (numbers: number[]) => numbers.reduce((total, n) => total + n, 0);
        expect(circle.trustStats.allocatedOut).toBe(sum(peers.map((each) => each.given)));
        expect(circle.trustStats.receivedIn).toBe(sum(peers.map((each) => each.received)));
        expect(circle.innerCircle.count).toBe(peers.filter((each) => each.given > 0).length);
      }),
    );
  });

  it("are the same, byte for byte, in any order of the rows", () => {
    const shuffled = histories.chain(({ edges }) =>
      fc.shuffledSubarray(edges, { minLength: edges.length }).map((other) => [edges, other] as const),
    );
    fc.assert(
      fc.property(shuffled, ([edges, other]) => {
        expect(JSON.stringify(circleView(ME, other))).toBe(JSON.stringify(circleView(ME, edges)));
        expect(JSON.stringify(contactsView(ME, other))).toBe(JSON.stringify(contactsView(ME, edges)));
      }),
    );
  });
});

describe("the name of a contact", () => {
  const named = { peerHandle: "From a message" };

  it.each([
    ["the profile's display name", { profile: profileOf({ displayName: "Ann", handle: "ann" }), ...named }, "Ann"],
    ["the profile's handle", { profile: profileOf({ handle: "ann" }), ...named }, "ann"],
    ["the name in contact messages", { profile: profileOf({}), ...named }, "From a message"],
    ["the name in contact messages", named, "From a message"],
    ["the id", {}, "tm-b"],
  ])("is %s if nothing better is known", (_, registers, name) => {
    expect(handleOf(edge("tm-b", registers))).toBe(name);
  });

  it("links to the profile's own address before the messages'", () => {
    const link = (profile: Profile | null) =>
      contactsView(ME, [bonded("tm-b", 0, { profile, peerHrl: "hrl:message" })]).contacts[0]?.profileHrl;
    expect(link(profileOf({ hrl: "hrl:profile" }))).toBe("hrl:profile");
    expect(link(profileOf({}))).toBe("hrl:message");
    expect(link(null)).toBe("hrl:message");
  });
});

describe("contacts", () => {
  it("are listed with the newest bond first, and requests with the newest first", () => {
    const view = contactsView(ME, [
      bonded("tm-b", 1),
      bonded("tm-c", 3),
      bonded("tm-d", 2),
      edge("tm-e", { requestInNs: ns(1) }),
      edge("tm-f", { requestInNs: ns(2) }),
      edge("tm-g", { requestOutNs: ns(4) }),
      edge("tm-h", { requestOutNs: ns(5) }),
    ]);
    expect(view.contacts.map(({ peerId }) => peerId)).toEqual(["tm-c", "tm-d", "tm-b"]);
    expect(view.requests.incoming.map(({ peerId }) => peerId)).toEqual(["tm-f", "tm-e"]);
    expect(view.requests.outgoing.map(({ peerId }) => peerId)).toEqual(["tm-h", "tm-g"]);
    expect(view.count).toBe(3);
    expect(view.contacts[0]?.bondedAt).toBe(MS + 3);
    expect(view.requests.incoming[0]?.requestedAt).toBe(MS + 2);
  });

  it("leave out people who are neither bonded nor asking", () => {
    const gone = edge("tm-b", { acceptNs: ns(1), revokeNs: ns(2), trustOutNs: ns(1), trustOutWeight: 3 });
    expect(contactsView(ME, [gone])).toMatchObject({
      contacts: [],
      requests: { incoming: [], outgoing: [] },
      trustLevels: {},
      count: 0,
    });
  });

  it("carry the trust between the two, and trust levels name those who have any", () => {
    const view = contactsView(ME, [trusting("tm-b", 1, 2), bonded("tm-c", 2)]);
    expect(view.trustLevels).toEqual({ "tm-b": { allocatedTo: 2, receivedFrom: 0 } });
    expect(view.contacts.map(({ trust }) => trust.allocatedTo)).toEqual([0, 2]);
  });
});

describe("the circle", () => {
  it("lists 250 contacts at most, the newest, and counts them all", () => {
    const edges = Array.from({ length: CIRCLE_CONTACTS_MAX + 10 }, (_, i) => trusting(`tm-${i}`, i, 1));
    const view = circleView(ME, edges);
    expect(CIRCLE_CONTACTS_MAX).toBe(250);
    expect(view.bondedContacts).toHaveLength(250);
    expect(view.bondedContacts[0]?.peerId).toBe("tm-259");
    expect(view.trustStats).toMatchObject({ bondedContacts: 260, allocatedOut: 260 });
    expect(view.innerCircle.count).toBe(260);
  });

  it.each([
    [[9], false],
    [[4, 5], false],
    [[4, 6], true],
    [[], false],
  ])("with weights %j given is over-allocated: %s", (weights, over) => {
    const view = circleView(
      ME,
      weights.map((weight, i) => trusting(`tm-${i}`, i, weight)),
    );
    expect(view.trustStats).toMatchObject({ maxSlots: 9, overAllocated: over });
    expect([CIRCLE_SLOTS, wire.CIRCLE_SLOTS]).toEqual([9, 9]);
  });
});

describe("a signal", () => {
  const row: StoredRow = {
    position: 4 as Position,
    topicId: "0.0.5" as TopicId,
    sequence: 7 as Sequence,
    consensusNs: consensusNs(1_700_000_000_123_456_789n),
    type: "CONTACT_REQUEST",
    peerId: "tm-b" as UserId,
    isActor: true,
    verification: "verified",
  };
  const payload = { note: "hi" };

  it("shows the user's side: the actor and the target", () => {
    expect(signalView(ME, row, payload, "hcs")).toMatchObject({ actor: ME, target: "tm-b", source: "hcs" });
    expect(signalView(ME, { ...row, isActor: false }, payload, "hcs-cached")).toMatchObject({
      actor: "tm-b",
      target: ME,
    });
    expect(signalView(ME, { ...row, peerId: null }, payload, "hcs")).toMatchObject({ actor: ME, target: null });
  });

  it("keeps the ledger's nanoseconds beside the browser's milliseconds", () => {
    const view = signalView(ME, row, payload, "hcs");
    expect(view).toMatchObject({ id: "0.0.5/7", ts: 1_700_000_000_123, consensusTimestamp: "1700000000.123456789" });
  });

  it.each(["verified", "unverifiable", "failed"] as const)(
    "has the shape of the wire schema when %s",
    (verification) => {
      meets(Signal, signalView(ME, { ...row, verification }, payload, "hcs-cached"));
    },
  );
});

describe("definitions and profiles", () => {
  it("have the shapes of the wire schema", () => {
    const [definition] = project(
      placed([{ type: "RECOGNITION_DEFINITION", actor: "tm-a", target: "", ...{ id: "kind", title: "Kind" } }]),
    ).definitions;
    meets(recognition.Definition, definitionView(unwrap(definition)));
    meets(recognition.Profile, profileView(ME, profileOf({ displayName: "Ann" }), "fallback"));
    meets(recognition.Profile, profileView(ME, null, null));
  });

  it("name a person without a profile by the name in contact messages, else by the id", () => {
    expect(profileView(ME, null, "Ann")).toMatchObject({ handle: "Ann", updatedAt: null });
    expect(profileView(ME, null, null)).toMatchObject({ handle: ME });
    expect(profileView(ME, profileOf({ handle: "ann" }), "Other")).toMatchObject({ handle: "ann", updatedAt: 0 });
  });
});
