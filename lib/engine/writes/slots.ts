/**
 * Each person has nine slots for trust, on every path that makes trust active. Trust is kept while two people are not bonded, and counts
 * again when they bond again. So an accept may fill slots as an allocation does, and the other person's slots too.
 *
 * An admitted write counts before it is read back: it is applied on top of the store's edges. Nothing is awaited
 * between reading the edges and the decision, so of two writes that race for a slot the second sees the first.
 */
import { consensusNs, fromMs } from "../../core/ledger/consensus-time";
import type { TopicId, UserId } from "../../core/ledger/ids";
import { err, ok, type Result } from "../../core/result";
import {
  type Edge,
  type EdgeSignal,
  edgesOf,
  emptyEdge,
  isBonded,
  laterNs,
  mergeEdge,
  trustGiven,
  underStrictBonding,
} from "../../core/signals/projection";
import type { DecodedBody } from "../../core/signals/signal";
import { CIRCLE_SLOTS } from "../../core/signals/views";
import type { Clock } from "../../ports/clock";
import type { Submitted } from "../../ports/ledger/submitter";
import type { ViewStore } from "../../ports/store/view-store";
import { ifDown } from "../../ports/tier-unavailable";

export interface SlotsDeps {
  readonly views: Pick<ViewStore, "contacts" | "peers">;
  readonly clock: Pick<Clock, "monotonicMs" | "now">;
  /** The topic's cursor here; null if it is not known. */
  readonly cursorOf: (topicId: TopicId) => number | null;
  /** STRICT_BONDING applies, both to the store's edges and to messages on their way. */
  readonly isStrict: boolean;
}

/** The slots that an admitted write may fill. They count as taken until the message is read back, or is known not to be written. */
export interface SlotReservation {
  /** Call it with the message's place, or with null if it was not written. Until you call it, the message may still arrive. */
  settle(as: Submitted | null): void;
}

/** `given`: the same trust was given a moment ago and stands, so another message would cost a fee and change nothing. */
export type SlotRefusal = "not-bonded" | "given" | { readonly needed: number; readonly isOwn: boolean };

interface Kept {
  signal: EdgeSignal;
  place: Pick<Submitted, "topicId" | "sequence"> | null;
  readonly sinceMs: number;
}

/** A mirror lags 5 to 20 s on a bad day. A message that has not come back after this never will. */
const FORGET_AFTER_MS = 10 * 60_000;
/** Two open pages of a person show the same button until the stream has told both, and a mirror lags 5 to 20 s on a bad day. */
const JUST_NOW_MS = 30_000;
/** Later than every time of the ledger, in the order of arrival: a message on its way will come after the stored ones. */
const LATER_NS = 2n ** 62n;
/** Changes of a bond or of trust. Nothing else can fill a slot. */
const MATTERS = /^(CONTACT_(REQUEST|ACCEPT|REVOKE)|TRUST_(ALLOCATE|REVOKE|DECLINE))$/;
/** A write that may free slots counts only once it is on the ledger, since it may fail. */
const MAY_FREE = /^(CONTACT_REVOKE|TRUST_ALLOCATE|TRUST_REVOKE|TRUST_DECLINE)$/;
const SWEEP_EVERY = 1_000n;
const NONE: SlotReservation = { settle: () => {} };

export class Slots {
  /** Keys are the people whom the write concerns. */
  private readonly kept = new Map<UserId, Set<Kept>>();
  private arrivals = 0n;

  constructor(private readonly deps: SlotsDeps) {}

  /** Admits the write and reserves its slots, or says why not. Rejects with TierUnavailable if trust cannot be counted. */
  async reserve(decoded: DecodedBody): Promise<Result<SlotReservation, SlotRefusal>> {
    const { actor, target } = decoded;
    if (actor === null || target === null || !MATTERS.test(decoded.type)) return ok(NONE);
    const decide = await this.look(actor, target, decoded);
    const refusal = decide();
    return refusal === null ? ok(this.keep(actor, target, decoded)) : err(refusal);
  }

  /**
   * Reads what the decision needs. The returned function decides synchronously, with the messages that are on their way when it is called.
   */
  private async look(actor: UserId, target: UserId, decoded: DecodedBody): Promise<() => SlotRefusal | null> {
    if (decoded.type === "TRUST_ALLOCATE") return this.lookAtTrust(actor, target, decoded);
    return this.mayBond(decoded.type) ? this.lookAtBond(actor, target, decoded) : () => null;
  }

  private mayBond(type: string): boolean {
    return type === "CONTACT_ACCEPT" || (type === "CONTACT_REQUEST" && this.deps.isStrict);
  }

  private async lookAtTrust(actor: UserId, target: UserId, decoded: DecodedBody): Promise<() => SlotRefusal | null> {
    const edges = await this.read(actor);
    return () => {
      const known = edges();
      const edge = this.readEdge(known.get(target) ?? emptyEdge(actor, target));
      if (!isBonded(edge)) return "not-bonded";
      return this.isJustGiven(edge, decoded) ? "given" : this.overfull(actor, known, decoded, true);
    };
  }

  /**
   * Whether the same trust was given a moment ago. False if a message between the two whose outcome is unknown may end this trust or change
   * its weight: then a new message is needed.
   */
  private isJustGiven(edge: Edge, { weight = 1 }: DecodedBody): boolean {
    const { userId, peerId } = edge;
    const isPair = ({ signal: { decoded } }: Kept) => decoded.actor === peerId || decoded.target === peerId;
    if (this.of(userId).some((kept) => kept.place === null && isPair(kept))) return false;
    return trustGiven(edge) === weight && edge.trustOutNs >= fromMs(this.deps.clock.now() - JUST_NOW_MS);
  }

  /** A bond between the two may activate trust for which one of them has no slot. */
  private async lookAtBond(actor: UserId, target: UserId, decoded: DecodedBody): Promise<() => SlotRefusal | null> {
    try {
      const before = this.of(actor);
      const { edges } = await this.deps.views.peers(actor, [target]);
      const edge = this.merged(actor, edges, before).get(target) ?? emptyEdge(actor, target);
      // One more statement for each side that gave trust before, which is rare.
      const isOwn = edge.trustOutNs > edge.trustOutEndNs || this.promised(actor).has(target);
      const isTheirs = edge.trustInNs > edge.trustInEndNs || this.promised(target).has(actor);
      const own = isOwn ? await this.read(actor) : null;
      const theirs = isTheirs ? await this.read(target) : null;
      return () =>
        (own && this.overfull(actor, own(), decoded, true)) ??
        (theirs && this.overfull(target, theirs(), decoded, false));
    } catch (cause) {
      // Contacts go on while the database is away. Too much trust on the ledger is then shown as over-allocated.
      return ifDown("postgres", () => () => null)(cause);
    }
  }

  /** Reads a user's edges. The returned function merges them with the messages on their way. Call it after the last await. */
  private async read(userId: UserId): Promise<() => ReadonlyMap<UserId, Edge>> {
    const before = this.of(userId);
    const { edges } = await this.deps.views.contacts(userId);
    return () => this.merged(userId, edges, before);
  }

  /** Refuses a write after which a user would need more slots than there are, and more than before. */
  private overfull(
    userId: UserId,
    edges: ReadonlyMap<UserId, Edge>,
    decoded: DecodedBody,
    isOwn: boolean,
  ): SlotRefusal | null {
    const after = new Map(edges);
    for (const edge of edgesOf(this.placed(decoded))) if (edge.userId === userId) merge(after, edge);
    const promised = this.promised(userId);
    const sum = (all: ReadonlyMap<UserId, Edge>) =>
      [...all.values()].reduce((total, edge) => total + this.weightOf(edge, promised), 0);
    const [now, needed] = [sum(edges), sum(after)];
    return needed > CIRCLE_SLOTS && needed > now ? { needed, isOwn } : null;
  }

  /** The most weight that an edge may end up giving. Trust on its way may still arrive, and may arrive last. */
  private weightOf(edge: Edge, promised: ReadonlyMap<UserId, number>): number {
    const read = this.readEdge(edge);
    return isBonded(read) ? Math.max(trustGiven(read), promised.get(edge.peerId) ?? 0) : 0;
  }

  /** For each peer, the largest weight that the user has sent and that is not known to have arrived. */
  private promised(userId: UserId): ReadonlyMap<UserId, number> {
    const weights = new Map<UserId, number>();
    for (const { signal, place } of this.of(userId)) {
      const { type, actor, target, weight = 1 } = signal.decoded;
      if (place !== null || type !== "TRUST_ALLOCATE" || actor !== userId || target === null) continue;
      weights.set(target, Math.max(weight, weights.get(target) ?? 0));
    }
    return weights;
  }

  /**
   * The store's edges, merged with the messages on their way. `before`: those that were on their way when the store was asked.
   */
  private merged(userId: UserId, edges: readonly Edge[], before: readonly Kept[]): ReadonlyMap<UserId, Edge> {
    const known = new Map(edges.map((edge) => [edge.peerId, raw(edge)]));
    for (const { signal, place } of [...before, ...this.of(userId)]) {
      if (place === null && MAY_FREE.test(signal.decoded.type)) continue;
      for (const edge of edgesOf(signal)) if (edge.userId === userId) merge(known, edge);
    }
    return known;
  }

  private readEdge(edge: Edge): Edge {
    return this.deps.isStrict ? underStrictBonding(edge) : edge;
  }

  private of(userId: UserId): readonly Kept[] {
    const all = this.kept.get(userId);
    if (!all) return [];
    for (const each of all) if (this.isOver(each)) all.delete(each);
    if (all.size === 0) this.kept.delete(userId);
    return [...all];
  }

  private isOver({ place, sinceMs }: Kept): boolean {
    if (this.deps.clock.monotonicMs() - sinceMs > FORGET_AFTER_MS) return true;
    return place !== null && (this.deps.cursorOf(place.topicId) ?? 0) >= place.sequence;
  }

  private placed(decoded: DecodedBody, at = consensusNs(LATER_NS + this.arrivals)): EdgeSignal {
    return { decoded, consensusNs: at };
  }

  private keep(actor: UserId, target: UserId, decoded: DecodedBody): SlotReservation {
    this.arrivals += 1n;
    // Writes of people whom nobody asks about are dropped after a while.
    if (this.arrivals % SWEEP_EVERY === 0n) for (const userId of [...this.kept.keys()]) this.of(userId);
    const kept: Kept = { signal: this.placed(decoded), place: null, sinceMs: this.deps.clock.monotonicMs() };
    for (const userId of [actor, target]) {
      this.kept.set(userId, (this.kept.get(userId) ?? new Set()).add(kept));
    }
    return {
      settle: (as) => {
        if (as === null) for (const userId of [actor, target]) this.kept.get(userId)?.delete(kept);
        else {
          kept.place = as;
          if (as.consensusNs !== null) kept.signal = this.placed(decoded, as.consensusNs);
        }
      },
    };
  }
}

function merge(edges: Map<UserId, Edge>, edge: Edge): void {
  const known = edges.get(edge.peerId);
  edges.set(edge.peerId, known ? mergeEdge(known, edge) : edge);
}

/** The edge before it was read strictly. The registers of the sides still hold an accept that only one side wants. */
function raw(edge: Edge): Edge {
  return { ...edge, acceptNs: laterNs(edge.acceptNs, laterNs(edge.acceptOutNs, edge.acceptInNs)) };
}
