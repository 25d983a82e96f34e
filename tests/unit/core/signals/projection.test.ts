import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { consensusNs } from "@/lib/core/ledger/consensus-time";
import type { Sequence, UserId } from "@/lib/core/ledger/ids";
import { decodeJson } from "@/lib/core/signals/envelope";
import { project } from "@/lib/core/signals/interpret";
import {
  type DecodedMessage,
  definitionOf,
  type Edge,
  emptyEdge,
  isBonded,
  isIncoming,
  isOutgoing,
  mergeEdge,
  trustGiven,
  trustReceived,
  underStrictBonding,
} from "@/lib/core/signals/projection";
import {
  type Deed,
  deed,
  HISTORY_TOPIC,
  history,
  PEOPLE,
  placed,
  Replay,
  type Standing,
  timeOfDeed,
} from "../../../support/worlds/histories/histories";

const keyOf = (edge: Edge) => `${edge.userId} ${edge.peerId}`;
const sorted = (edges: Iterable<Edge>) => [...edges].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));

/** Batch by batch, each merged into what is known: what the store does. */
function folded(batches: readonly (readonly DecodedMessage[])[]): readonly Edge[] {
  const known = new Map<string, Edge>();
  for (const batch of batches) {
    for (const edge of project(batch).edges) {
      const before = known.get(keyOf(edge));
      known.set(keyOf(edge), before ? mergeEdge(before, edge) : edge);
    }
  }
  return sorted(known.values());
}

function standingOf(edge: Edge): Standing {
  return {
    bondedAt: isBonded(edge) ? edge.acceptNs : null,
    incomingAt: isIncoming(edge) ? edge.requestInNs : null,
    outgoingAt: isOutgoing(edge) ? edge.requestOutNs : null,
    given: trustGiven(edge),
    received: trustReceived(edge),
    peerHandle: edge.peerHandle,
  };
}

function standings(deeds: readonly Deed[], user: string, peer: string): Standing {
  const edge = project(placed(deeds)).edges.find((each) => each.userId === user && each.peerId === peer);
  return standingOf(edge ?? emptyEdge(user as UserId, peer as UserId));
}

const NOTHING: Standing = {
  bondedAt: null,
  incomingAt: null,
  outgoingAt: null,
  given: 0,
  received: 0,
  peerHandle: null,
};

describe("contacts and trust", () => {
  it("equal the result of a plain replay in the order of time", () => {
    fc.assert(
      fc.property(history, (deeds) => {
        const replay = new Replay(deeds);
        for (const user of PEOPLE) {
          for (const peer of PEOPLE) {
            if (user !== peer) expect(standings(deeds, user, peer)).toEqual(replay.standing(user, peer));
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it("do not depend on the order of messages, their repetition, or the batches they come in", () => {
    const scrambled = history.chain((deeds) => {
      const signals = placed(deeds);
      const some = fc.array(signals.length === 0 ? fc.constant(undefined) : fc.constantFrom(...signals), {
        maxLength: 10,
      });
      return fc
        .tuple(fc.shuffledSubarray([...signals], { minLength: signals.length }), some, fc.array(fc.nat({ max: 50 })))
        .map(([shuffled, repeats, cuts]) => {
          const all = [...shuffled, ...repeats.filter((signal) => signal !== undefined)];
          const edges = [0, ...cuts.filter((cut) => cut < all.length).sort((a, b) => a - b), all.length];
          return { signals, batches: edges.map((from, i) => all.slice(from, edges[i + 1])) };
        });
    });
    fc.assert(
      fc.property(scrambled, ({ signals, batches }) => {
        expect(folded(batches)).toEqual(folded([signals]));
      }),
      { numRuns: 300 },
    );
  });

  it("merge commutatively, associatively and idempotently", () => {
    const three = fc.tuple(deed, deed, deed).map((deeds) => {
      const edges = placed(deeds.map((each) => ({ ...each, actor: "tm-a", target: "tm-b" }))).map(
        (signal) => project([signal]).edges[0] ?? emptyEdge("tm-a" as UserId, "tm-b" as UserId),
      );
      return edges as [Edge, Edge, Edge];
    });
    fc.assert(
      fc.property(three, ([a, b, c]) => {
        expect(mergeEdge(a, b)).toEqual(mergeEdge(b, a));
        expect(mergeEdge(mergeEdge(a, b), c)).toEqual(mergeEdge(a, mergeEdge(b, c)));
        expect(mergeEdge(a, a)).toEqual(a);
      }),
    );
  });

  it("look the same from both sides", () => {
    fc.assert(
      fc.property(history, (deeds) => {
        const edges = project(placed(deeds)).edges;
        for (const edge of edges) {
          const mirror = edges.find((each) => each.userId === edge.peerId && each.peerId === edge.userId);
          if (!mirror) throw new Error(`${keyOf(edge)} has no other side`);
          expect(isBonded(mirror)).toBe(isBonded(edge));
          expect(isIncoming(mirror)).toBe(isOutgoing(edge));
          expect(trustReceived(mirror)).toBe(trustGiven(edge));
        }
      }),
    );
  });
});

describe("contacts", () => {
  const [A, B] = ["tm-a", "tm-b"];
  const ask: Deed = { type: "CONTACT_REQUEST", actor: A, target: B };
  const accept: Deed = { type: "CONTACT_ACCEPT", actor: B, target: A };
  const revoke: Deed = { type: "CONTACT_REVOKE", actor: A, target: B };

  it("are asked for by one and answered by the other", () => {
    expect(standings([ask], A, B)).toEqual({ ...NOTHING, outgoingAt: timeOfDeed(0) });
    expect(standings([ask], B, A)).toEqual({ ...NOTHING, incomingAt: timeOfDeed(0) });
    expect(standings([ask, accept], A, B)).toEqual({ ...NOTHING, bondedAt: timeOfDeed(1) });
  });

  it("are bonded since the latest accept, whoever sent it", () => {
    const again: Deed = { type: "CONTACT_MIRROR", actor: A, target: B };
    expect(standings([ask, accept, again], A, B).bondedAt).toBe(timeOfDeed(2));
  });

  it("end with a revoke by either side, and so does every earlier request", () => {
    expect(standings([ask, accept, revoke], B, A)).toEqual(NOTHING);
    expect(standings([ask, revoke], B, A)).toEqual(NOTHING);
  });

  it("can be asked for again after a revoke", () => {
    expect(standings([ask, accept, revoke, ask], B, A)).toEqual({ ...NOTHING, incomingAt: timeOfDeed(3) });
  });

  it("come from contact messages only", () => {
    const trust: Deed = { type: "TRUST_ALLOCATE", actor: A, target: B };
    expect(standings([trust], A, B)).toEqual(NOTHING);
  });

  it("are named by contact messages only", () => {
    const named: Deed = { ...ask, handle: "Ann" };
    const other: Deed = { type: "TRUST_ALLOCATE", actor: A, target: B, handle: "Best mentor" };
    expect(standings([named, other], B, A).peerHandle).toBe("Ann");
    expect(standings([other], B, A).peerHandle).toBeNull();
  });
});

describe("trust", () => {
  const [A, B] = ["tm-a", "tm-b"];
  const bond: Deed = { type: "CONTACT_ACCEPT", actor: B, target: A };
  const give = (weight?: number): Deed => ({ type: "TRUST_ALLOCATE", actor: A, target: B, ...(weight && { weight }) });
  const given = (...deeds: Deed[]) => standings([bond, ...deeds], A, B).given;

  it("is the latest allocation, with a weight of one if it names none", () => {
    expect(given(give())).toBe(1);
    expect(given(give(3), give(2))).toBe(2);
  });

  it("ends when its giver takes it back or its receiver declines", () => {
    expect(given(give(), { type: "TRUST_REVOKE", actor: A, target: B })).toBe(0);
    expect(given(give(), { type: "TRUST_DECLINE", actor: B, target: A })).toBe(0);
  });

  it("is not ended by the receiver's revoke, the giver's decline or anybody's accept: those are of the other direction", () => {
    expect(given(give(), { type: "TRUST_REVOKE", actor: B, target: A })).toBe(1);
    expect(given(give(), { type: "TRUST_DECLINE", actor: A, target: B })).toBe(1);
    expect(given(give(), { type: "TRUST_ACCEPT", actor: B, target: A })).toBe(1);
  });

  it("counts only while the two are bonded, and again when they bond again", () => {
    const revoke: Deed = { type: "CONTACT_REVOKE", actor: B, target: A };
    expect(given(give(2), revoke)).toBe(0);
    expect(given(give(2), revoke, bond)).toBe(2);
  });
});

/** A message's projections, from its body. */
const of = (body: unknown, ns: bigint): DecodedMessage => {
  const decoded = decodeJson(body);
  if (!decoded.ok) throw new Error(decoded.error);
  return {
    decoded: decoded.value,
    topicId: HISTORY_TOPIC,
    sequence: Number(ns) as Sequence,
    consensusNs: consensusNs(ns),
  };
};

describe("profiles", () => {
  const fields = { displayName: "Ann Lee", handle: "ann", bio: "Builds bridges", avatar: "a.png", hrl: "hrl:1" };
  const profile = { ...fields, userId: "tm-a", consensusNs: 1n };

  it.each([
    ["flat", { type: "PROFILE_UPDATE", actor: "tm-a", ...fields }],
    ["nested", { type: "PROFILE_UPDATE", actor: "tm-a", profile: fields }],
    ["in the payload of an envelope", { type: "PROFILE_UPDATE", from: "tm-a", nonce: 1, ts: 1, payload: fields }],
    ["nested in the payload", { type: "PROFILE_UPDATE", from: "tm-a", nonce: 1, ts: 1, payload: { profile: fields } }],
    ["without a type", { actor: "tm-a", ...fields }],
  ])("are read from every form: %s", (_, body) => {
    expect(project([of(body, 1n)]).profiles).toEqual([profile]);
  });

  it("belong to the last writer as a whole, in any order of arrival", () => {
    const first = of({ type: "PROFILE_UPDATE", actor: "tm-a", ...fields }, 1n);
    const second = of({ type: "PROFILE_UPDATE", actor: "tm-a", displayName: "Ann" }, 2n);
    for (const signals of [
      [first, second],
      [second, first],
      [second, first, second],
    ]) {
      expect(project(signals).profiles).toEqual([
        { userId: "tm-a", consensusNs: 2n, displayName: "Ann", handle: null, bio: null, avatar: null, hrl: null },
      ]);
    }
  });

  it("change no edge", () => {
    expect(project([of({ type: "PROFILE_UPDATE", actor: "tm-a", target: "tm-b", ...fields }, 1n)]).edges).toEqual([]);
  });
});

describe("recognition definitions", () => {
  const fields = { id: "kind", slug: "kind-heart", title: "Kind", icon: "heart", description: "d", category: "c" };

  it.each([
    ["flat", { kind: "RECOGNITION_DEFINITION", ...fields }],
    ["in a payload", { type: "RECOGNITION_DEFINITION", from: "tm-a", nonce: 1, ts: 1, payload: fields }],
    ["nested", { schema: "hcs-11-recognition-definition", definition: fields }],
  ])("are read from every form: %s", (_, body) => {
    const { id, ...rest } = fields;
    expect(project([of(body, 4n)]).definitions).toMatchObject([{ definitionId: id, sequence: 4, ...rest }]);
  });

  it("are the latest version by the first maker of their id, in any order of arrival", () => {
    const define = (actor: string, title: string, ns: bigint) =>
      of({ kind: "RECOGNITION_DEFINITION", id: "kind", actor, title }, ns);
    const messages = [
      define("tm-a", "Old", 1n),
      define("tm-b", "Stranger's", 2n),
      define("tm-a", "New", 3n),
      define("tm-b", "Stranger's, later", 4n),
    ];
    for (const order of [messages, messages.toReversed(), [2, 0, 3, 1].map((i) => messages[i] as DecodedMessage)]) {
      const { definitions } = project(order);
      expect(definitions).toHaveLength(2);
      expect(definitionOf(definitions)).toMatchObject({ title: "New", actor: "tm-a", firstNs: 1n });
    }
    const { definitions } = project([
      ...messages,
      of({ kind: "RECOGNITION_DEFINITION", id: "kind", title: "Mended" }, 5n),
    ]);
    expect(definitionOf(definitions)).toMatchObject({ title: "Mended", actor: null });
  });
});

describe("strict bonding", () => {
  const [A, B] = ["tm-a", "tm-b"];
  const ask: Deed = { type: "CONTACT_REQUEST", actor: A, target: B };
  const accept: Deed = { type: "CONTACT_ACCEPT", actor: B, target: A };
  const revoke: Deed = { type: "CONTACT_REVOKE", actor: A, target: B };
  const strict = (deeds: readonly Deed[], user: string, peer: string): Standing => {
    const edge = project(placed(deeds)).edges.find((each) => each.userId === user && each.peerId === peer);
    return standingOf(underStrictBonding(edge ?? emptyEdge(user as UserId, peer as UserId)));
  };

  it("bonds by an accept of the person who was asked", () => {
    expect(strict([ask, accept], A, B)).toEqual({ ...NOTHING, bondedAt: timeOfDeed(1) });
    expect(strict([ask, accept, ask], B, A).bondedAt).toBe(timeOfDeed(1));
  });

  it("takes an accept that nobody asked for as a request, and bonds when that is answered", () => {
    expect(strict([accept], A, B)).toEqual({ ...NOTHING, incomingAt: timeOfDeed(0) });
    expect(strict([accept], B, A)).toEqual({ ...NOTHING, outgoingAt: timeOfDeed(0) });
    const answer: Deed = { type: "CONTACT_ACCEPT", actor: A, target: B };
    expect(strict([accept, answer], A, B)).toEqual({ ...NOTHING, bondedAt: timeOfDeed(1) });
  });

  it("does not bond two who have both asked and neither accepted", () => {
    const back: Deed = { type: "CONTACT_REQUEST", actor: B, target: A };
    expect(strict([ask, back], A, B)).toEqual({ ...NOTHING, outgoingAt: timeOfDeed(0), incomingAt: timeOfDeed(1) });
  });

  it("drops the requests from before a revoke", () => {
    expect(strict([ask, accept, revoke, accept], A, B)).toEqual({ ...NOTHING, incomingAt: timeOfDeed(3) });
    expect(strict([ask, revoke, accept], B, A)).toEqual({ ...NOTHING, outgoingAt: timeOfDeed(2) });
  });

  it("gives no trust to a person who is bonded only by their own accept", () => {
    const trust: Deed = { type: "TRUST_ALLOCATE", actor: A, target: B };
    expect(strict([accept, trust], A, B).given).toBe(0);
    expect(strict([accept, trust, ask], A, B).given).toBe(1);
  });

  it("equals a plain replay: bonded while both have asked since the latest revoke, and one of them by an accept", () => {
    fc.assert(
      fc.property(history, (deeds) => {
        for (const user of PEOPLE)
          for (const peer of PEOPLE) {
            if (user === peer) continue;
            let [mine, theirs, accepted] = [false, false, false];
            for (const { type, actor, target } of deeds) {
              if (![user, peer].includes(actor) || ![user, peer].includes(target)) continue;
              const isAccept = /^CONTACT_(ACCEPT|ACCEPTED|BONDED|MIRROR)$/.test(type);
              if (type === "CONTACT_REVOKE") [mine, theirs, accepted] = [false, false, false];
              else if (isAccept || type === "CONTACT_REQUEST") {
                if (actor === user) mine = true;
                else theirs = true;
                accepted ||= isAccept;
              }
            }
            const standing = strict(deeds, user, peer);
            const isBonded = mine && theirs && accepted;
            expect(standing.bondedAt !== null).toBe(isBonded);
            expect([standing.outgoingAt !== null, standing.incomingAt !== null]).toEqual(
              isBonded ? [false, false] : [mine, theirs],
            );
          }
      }),
      { numRuns: 300 },
    );
  });

  it("does not depend on the order of messages, their repetition, or the batches they come in, and is the same from both sides", () => {
    const shuffled = history.chain((deeds) => {
      const signals = placed(deeds);
      return fc
        .tuple(fc.shuffledSubarray([...signals], { minLength: signals.length }), fc.nat({ max: 40 }))
        .map(([all, cut]) => ({ signals, batches: [all.slice(0, cut), all.slice(cut), all.slice(0, 3)] }));
    });
    fc.assert(
      fc.property(shuffled, ({ signals, batches }) => {
        const edges = folded(batches).map(underStrictBonding);
        expect(edges).toEqual(folded([signals]).map(underStrictBonding));
        for (const edge of edges) {
          const mirror = edges.find((each) => each.userId === edge.peerId && each.peerId === edge.userId) as Edge;
          expect(isBonded(mirror)).toBe(isBonded(edge));
          expect(isIncoming(mirror)).toBe(isOutgoing(edge));
          expect(trustReceived(mirror)).toBe(trustGiven(edge));
        }
      }),
      { numRuns: 300 },
    );
  });
});
