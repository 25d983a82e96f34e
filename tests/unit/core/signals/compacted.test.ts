import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { UserId } from "@/lib/core/ledger/ids";
import { asciiJson, COMPACTED_MAX, type CompactedMint, compacted } from "@/lib/core/signals/compacted";
import { emptyEdge } from "@/lib/core/signals/projection";
import { circleView, contactsView, type EdgeWithName } from "@/lib/core/signals/views";

const ME = "tm-a" as UserId;
const peer = (n: number) => `tm-peer-${n}` as UserId;
const time = fc.bigInt({ min: 0n, max: 60n });
const registers = fc.record({
  ...{ acceptNs: time, acceptOutNs: time, acceptInNs: time, revokeNs: time, requestInNs: time, requestOutNs: time },
  ...{ trustOutNs: time, trustOutWeight: fc.nat(3), trustOutEndNs: time },
  ...{ trustInNs: time, trustInWeight: fc.nat(3), trustInEndNs: time },
  peerHandle: fc.option(fc.string({ unit: "grapheme", maxLength: 8 }), { nil: null }),
});
const edgesOf = (max: number): fc.Arbitrary<readonly EdgeWithName[]> =>
  fc
    .array(registers, { maxLength: max })
    .map((all) => all.map((each, n) => ({ ...emptyEdge(ME, peer(n)), profile: null, ...each })));
const mints: fc.Arbitrary<readonly CompactedMint[]> = fc.array(
  fc.record({
    consensusNs: time,
    actor: fc.constantFrom(peer(1), ME),
    target: fc.constantFrom(peer(2), ME),
    words: fc.dictionary(fc.string(), fc.string()),
  }),
  { maxLength: 60 },
);
const listOf = (edges: readonly EdgeWithName[], given: readonly CompactedMint[] = []) =>
  compacted({ userId: ME, handle: "Ana", edges, mints: given });
const ofType = (list: ReturnType<typeof listOf>, type: string) => list.filter(({ body }) => body.type === type);
const peerOf = ({ body }: { body: Readonly<Record<string, unknown>> }) =>
  body.actor === ME ? body.target : body.actor;

describe("a person's compacted messages", () => {
  it("hold exactly the present bonds and the present trust, each once", () => {
    fc.assert(
      fc.property(edgesOf(40), mints, (edges, given) => {
        const list = listOf(edges, given);
        const contacts = contactsView(ME, edges).contacts.map(({ peerId }) => peerId);
        expect(ofType(list, "CONTACT_ACCEPT").map(peerOf).sort()).toEqual([...contacts].sort());
        const own = ofType(list, "TRUST_ALLOCATE").filter(({ body }) => body.actor === ME);
        expect(own).toHaveLength(circleView(ME, edges).innerCircle.count);
        expect(ofType(list, "RECOGNITION_MINT")).toHaveLength(given.length);
      }),
    );
  });

  it("rise strictly in time, and stay few", () => {
    fc.assert(
      fc.property(edgesOf(300), mints, (edges, given) => {
        const list = listOf(edges, given);
        expect(list.length).toBeLessThanOrEqual(COMPACTED_MAX);
        for (const [i, { consensusNs }] of list.entries())
          if (i > 0) expect(consensusNs > (list[i - 1]?.consensusNs ?? 0n)).toBe(true);
      }),
    );
  });

  it("keep the circle and forty mints of somebody with 250 contacts", () => {
    const edges = Array.from({ length: 250 }, (_, n) => ({
      ...{ ...emptyEdge(ME, peer(n)), profile: null, acceptNs: BigInt(n + 1) },
      ...(n < 9 ? { trustOutNs: BigInt(n + 1), trustOutWeight: 1 } : {}),
    }));
    const given = Array.from({ length: 60 }, (_, n) => ({
      ...{ consensusNs: BigInt(1_000 + n), actor: peer(1), target: ME, words: {} },
    }));
    const list = listOf(edges, given);
    expect(list).toHaveLength(COMPACTED_MAX);
    const contacts = ofType(list, "CONTACT_ACCEPT").map(peerOf);
    expect(contacts).toHaveLength(COMPACTED_MAX - 9 - 40);
    expect(contacts).toEqual(expect.arrayContaining(edges.slice(0, 9).map(({ peerId }) => peerId)));
    // The oldest bonds outside of the circle are the ones without a place.
    expect(contacts).not.toContain(peer(9));
    expect(contacts).toContain(peer(249));
  });

  it("name both sides of a bond, and who accepted", () => {
    const edge = { ...emptyEdge(ME, peer(1)), profile: null, acceptNs: 5n, peerHandle: "Ben" };
    const bodies = [listOf([{ ...edge, acceptInNs: 5n }]), listOf([{ ...edge, acceptOutNs: 5n }])];
    const [ana, ben] = [
      { acct: ME, handle: "Ana" },
      { acct: peer(1), handle: "Ben" },
    ];
    expect(bodies.map(([message]) => message?.body)).toEqual([
      { type: "CONTACT_ACCEPT", actor: peer(1), target: ME, from: ben, to: ana },
      { type: "CONTACT_ACCEPT", actor: ME, target: peer(1), from: ana, to: ben },
    ]);
  });

  it("cannot have their members replaced by a mint's words", () => {
    const words = { type: "CONTACT_ACCEPT", actor: "tm-x", target: "tm-y" };
    const [message] = listOf([], [{ consensusNs: 1n, actor: peer(1), target: ME, words }]);
    expect(message?.body).toMatchObject({ type: "RECOGNITION_MINT", actor: peer(1), target: ME });
  });
});

describe("JSON in ASCII", () => {
  const text = fc.string({ unit: "binary", maxLength: 10 });
  it("reads back as the same body, byte by byte as Latin-1", () => {
    fc.assert(
      fc.property(fc.dictionary(text, text, { maxKeys: 3 }), (body) => {
        const json = asciiJson(body);
        expect(json).toMatch(/^[\x20-\x7e]*$/);
        expect(JSON.parse(Buffer.from(json, "utf8").toString("latin1"))).toEqual(JSON.parse(JSON.stringify(body)));
      }),
    );
  });
});
