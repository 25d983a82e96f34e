/** Nine slots, against a ledger that takes writes late, refuses some, and is read back later still. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ConsensusNs } from "@/lib/core/ledger/consensus-time";
import type { Sequence, TopicId, UserId } from "@/lib/core/ledger/ids";
import {
  type DecodedMessage,
  type Edge,
  edgesOf,
  mergeEdge,
  trustGiven,
  underStrictBonding,
} from "@/lib/core/signals/projection";
import type { DecodedBody } from "@/lib/core/signals/signal";
import { type SlotReservation, Slots, type SlotsDeps } from "@/lib/engine/writes/slots";
import { DrivenClock } from "../../../support/control/driven-clock";

const TOPIC = "0.0.7" as TopicId;
const user = (person: number) => `tm-${person}` as UserId;
const nobody = { handle: null, hrl: null };

class World {
  readonly ledger: DecodedMessage[] = [];
  readonly waiting: { readonly decoded: DecodedBody; readonly reservation: SlotReservation }[] = [];
  private cursor = 0;
  private readonly slots: Slots;

  constructor(private readonly isStrict: boolean) {
    const views = {
      contacts: async (userId: UserId) => ({ position: 0, edges: this.edges(userId, this.cursor) }),
      peers: async (userId: UserId, peers: readonly UserId[]) => ({
        position: 0,
        edges: this.edges(userId, this.cursor).filter(({ peerId }) => peers.includes(peerId)),
      }),
    } as unknown as SlotsDeps["views"];
    this.slots = new Slots({ views, clock: new DrivenClock(), cursorOf: () => this.cursor, isStrict });
  }

  async write(decoded: DecodedBody): Promise<void> {
    const reserved = await this.slots.reserve(decoded);
    if (reserved.ok) this.waiting.push({ decoded, reservation: reserved.value });
  }

  /** One of the writes on its way comes to an end. */
  land(which: number, isRefused: boolean): void {
    const [next] = this.waiting.splice(which % Math.max(1, this.waiting.length), 1);
    if (next === undefined) return;
    if (isRefused) {
      next.reservation.settle(null);
      return;
    }
    const sequence = (this.ledger.length + 1) as Sequence;
    const consensusNs = BigInt(sequence) as ConsensusNs;
    this.ledger.push({ decoded: next.decoded, topicId: TOPIC, sequence, consensusNs });
    next.reservation.settle({ topicId: TOPIC, sequence, consensusNs, transactionId: "" });
  }

  readBack(): void {
    this.cursor = this.ledger.length;
  }

  given(userId: UserId): number {
    return this.edges(userId, this.ledger.length).reduce((sum, edge) => sum + trustGiven(edge), 0);
  }

  private edges(userId: UserId, upTo: number): Edge[] {
    const edges = new Map<UserId, Edge>();
    for (const edge of this.ledger.slice(0, upTo).flatMap(edgesOf)) {
      if (edge.userId !== userId) continue;
      const known = edges.get(edge.peerId);
      edges.set(edge.peerId, known ? mergeEdge(known, edge) : edge);
    }
    return [...edges.values()].map((edge) => (this.isStrict ? underStrictBonding(edge) : edge));
  }
}

const TYPES = [
  "CONTACT_ACCEPT",
  "CONTACT_ACCEPT",
  "CONTACT_REQUEST",
  "CONTACT_REVOKE",
  "TRUST_ALLOCATE",
  "TRUST_ALLOCATE",
];
const person = fc.integer({ min: 0, max: 2 });
const write = fc.record({
  kind: fc.constant("write" as const),
  type: fc.constantFrom(...TYPES, "TRUST_REVOKE", "TRUST_DECLINE"),
  actor: person,
  by: fc.integer({ min: 1, max: 2 }),
  weight: fc.constantFrom(3, 5, 9),
});
const step = fc.oneof(
  { weight: 6, arbitrary: write },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant("land" as const), which: fc.nat(5), isRefused: fc.constant(false) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("land" as const), which: fc.nat(5), isRefused: fc.constant(true) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("read" as const) }) },
  // Two writes that look at the same edges before either is decided.
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("race" as const), first: write, second: write }) },
);
type Write = typeof write extends fc.Arbitrary<infer T> ? T : never;

const decodedOf = ({ type, actor, by, weight }: Write): DecodedBody => ({
  ...{
    type,
    actor: user(actor),
    target: user((actor + by) % 3),
    metadata: {},
    actorParty: nobody,
    targetParty: nobody,
  },
  ...(type === "TRUST_ALLOCATE" ? { weight } : {}),
});

describe.each([false, true])("with strict bonding: %s", (isStrict) => {
  it("nobody gives more than nine, whatever is let through, arrives late, fails or races", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 80 }), async (steps) => {
        const world = new World(isStrict);
        for (const each of steps) {
          if (each.kind === "write") await world.write(decodedOf(each));
          if (each.kind === "race")
            await Promise.all([each.first, each.second].map((one) => world.write(decodedOf(one))));
          if (each.kind === "land") world.land(each.which, each.isRefused);
          if (each.kind === "read") world.readBack();
          for (const who of [0, 1, 2]) expect(world.given(user(who))).toBeLessThanOrEqual(9);
        }
      }),
      { numRuns: 600 },
    );
  });
});
