import fc from "fast-check";
import { expect, it } from "vitest";
import type { ConsensusNs } from "@/lib/core/ledger/consensus-time";
import type { UserId } from "@/lib/core/ledger/ids";
import type { NextBatch } from "@/lib/core/signals/batch";
import {
  type Edge,
  edgesOf,
  emptyEdge,
  isBonded,
  isIncoming,
  isOutgoing,
  mergeEdge,
} from "@/lib/core/signals/projection";
import type { ViewStore } from "@/lib/ports/store/view-store";
import { type EmptyStore, emptied, openStore, type Subject } from "@/tests/support/stores/store-opening";
import { batchOf, topic, user } from "@/tests/support/worlds/histories/batches";
import { addTopics } from "../../../support/stores/add-topics";

const T = topic("0.0.7");
const PEOPLE = ["a", "b", "c"].map(user);
const TYPES = [
  "CONTACT_REQUEST",
  "CONTACT_ACCEPT",
  "CONTACT_REVOKE",
  "TRUST_ALLOCATE",
  "TRUST_REVOKE",
  "TRUST_DECLINE",
];

/** A signal between two of three people. Its time is its own, as on the ledger; everything else repeats often. */
const signals = fc
  .array(
    fc.record({
      type: fc.constantFrom(...TYPES),
      actor: fc.nat(2),
      step: fc.integer({ min: 1, max: 2 }),
      weight: fc.constantFrom(0.5, 1, 2, 1e300),
      handle: fc.constantFrom(null, "Al", 'O\'Neil "x"', "名前\u{1f600}"),
      hrl: fc.constantFrom(null, "hcs://1/0.0.5"),
    }),
    { minLength: 1, maxLength: 30 },
  )
  .map((drafts) =>
    drafts.map((draft, i) =>
      edgesOf({
        consensusNs: BigInt(i + 1) as never,
        decoded: {
          type: draft.type,
          actor: PEOPLE[draft.actor] ?? null,
          target: PEOPLE[(draft.actor + draft.step) % 3] ?? null,
          weight: draft.weight,
          metadata: {},
          actorParty: { handle: draft.handle, hrl: draft.hrl },
          targetParty: { handle: draft.handle, hrl: null },
        },
      }),
    ),
  );

/** Any order, with repeats, cut into batches. */
const deliveries = signals.chain((edges) =>
  fc.record({
    edges: fc.constant(edges),
    batches: fc.array(fc.array(fc.nat(edges.length - 1), { minLength: 1, maxLength: 12 }), { maxLength: 6 }),
  }),
);

function fold(edges: readonly Edge[]): Edge[] {
  const byPair = new Map<string, Edge>();
  for (const edge of edges) {
    const key = `${edge.userId} ${edge.peerId}`;
    byPair.set(key, mergeEdge(byPair.get(key) ?? emptyEdge(edge.userId, edge.peerId), edge));
  }
  return [...byPair.values()].sort((a, b) => (a.userId + a.peerId < b.userId + b.peerId ? -1 : 1));
}

/** A batch that holds these edges and one message that says nothing. */
const withEdges = (cursor: number, edges: readonly Edge[]): NextBatch => ({
  ...batchOf(T, cursor, [{ type: "X", actor: null }]),
  edges: fold(edges),
});

async function stored({ views }: EmptyStore): Promise<Edge[]> {
  const all = await Promise.all(PEOPLE.map((id) => views.contacts(id)));
  return all.flatMap(({ edges }) => edges.map(({ profile: _, ...edge }) => edge));
}

export function edgesContract(subject: Subject): void {
  it("merge as core merges them, in any order, any number of times", async () => {
    await fc.assert(
      fc.asyncProperty(deliveries, async ({ edges, batches }) => {
        const store = await emptied(subject);
        await addTopics(store.registry, [{ topicId: T, kinds: ["contact"] }]);
        const delivered = batches.map((indexes) => indexes.flatMap((i) => edges[i] ?? []));
        for (const [cursor, batch] of delivered.entries()) {
          expect((await store.sync.commit(withEdges(cursor, batch))).kind).toBe("committed");
        }
        expect(await stored(store)).toEqual(fold(delivered.flat()));
      }),
      { numRuns: 30 },
    );
  });

  it("follow strict bonding if the store has it: for contacts, and for visible profiles", async () => {
    const { db, sync, views, registry } = await emptied(subject);
    const strict = (await openStore(db, "devnet", { isStrict: true })).views;
    await addTopics(registry, [{ topicId: T, kinds: ["contact", "profile"] }]);
    const [a, b, c] = PEOPLE as [UserId, UserId, UserId];
    await sync.commit(
      batchOf(T, 0, [
        { type: "CONTACT_REQUEST", actor: a, target: b },
        { type: "CONTACT_ACCEPT", actor: b, target: a },
        // Nobody has asked c.
        { type: "CONTACT_ACCEPT", actor: c, target: a },
        ...[b, c].map((actor) => ({ type: "PROFILE_UPDATE", actor, metadata: { displayName: actor } })),
      ]),
    );
    const bondedOf = async (store: ViewStore) =>
      (await store.contacts(a)).edges.filter(isBonded).map(({ peerId }) => peerId);
    const seenBy = async (store: ViewStore) =>
      (await store.events(a, "profile", 0n as ConsensusNs, 9)).rows.map(({ sequence }) => sequence);
    expect([await bondedOf(views), await seenBy(views)]).toEqual([
      [b, c],
      [4, 5],
    ]);
    expect([await bondedOf(strict), await seenBy(strict)]).toEqual([[b], [4]]);
    expect((await strict.contacts(a)).edges.filter(isIncoming).map(({ peerId }) => peerId)).toEqual([c]);
    expect((await strict.contacts(c)).edges.filter(isOutgoing).map(({ peerId }) => peerId)).toEqual([a]);
    await sync.commit(batchOf(T, 5, [{ type: "CONTACT_ACCEPT", actor: a, target: c }]));
    expect([await bondedOf(strict), await seenBy(strict)]).toEqual([
      [b, c],
      [4, 5],
    ]);
  });
}
