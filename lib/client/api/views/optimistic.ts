/** The views after each action, shown before the ledger answers: one pure function for each view and action. */
import type { ScopedMutator } from "swr";
import type { CircleAnswer, ContactsAnswer } from "@/lib/wire/contacts";

export interface Effect {
  contacts?(view: ContactsAnswer): ContactsAnswer;
  circle?(view: CircleAnswer): CircleAnswer;
}

/** The number of writes that each view has shown. */
const shownWrites = new Map<string, number>();

/**
 * Shows the effect of a write at once, takes it back if the write is refused, and reads the view again in the end. A write begins with
 * the view that is shown, which has the effects of writes that are still on their way. Rejects as the write does.
 */
export async function showWrite<T>(
  mutate: ScopedMutator,
  key: string,
  written: Promise<void>,
  apply: (view: T) => T,
): Promise<void> {
  const number = (shownWrites.get(key) ?? 0) + 1;
  shownWrites.set(key, number);
  try {
    await mutate<T>(key, written as Promise<never>, {
      populateCache: false,
      optimisticData: (_committed: T | undefined, shown: T | undefined): T =>
        shown === undefined ? (shown as unknown as T) : apply(shown),
    });
  } finally {
    // SWR reads the view again for the latest write alone, and that one may have ended before.
    if (shownWrites.get(key) !== number) void mutate(key);
  }
}

const NO_TRUST = { allocatedTo: 0, receivedFrom: 0 };

/** Adds a request to the sent ones. `nowMs`: milliseconds since 1970. */
export function requestEffect(peerId: string, handle: string, nowMs: number): Effect {
  return {
    contacts: (view) => ({
      ...view,
      requests: {
        ...view.requests,
        outgoing: [
          { peerId, handle, requestedAt: nowMs },
          ...view.requests.outgoing.filter((request) => request.peerId !== peerId),
        ],
      },
    }),
  };
}

/** Makes the person a contact, and drops the requests between the two. */
export function acceptEffect(peerId: string, nowMs: number): Effect {
  return {
    contacts: (view) => {
      const request = view.requests.incoming.find((incoming) => incoming.peerId === peerId);
      const contact = {
        peerId,
        handle: request?.handle ?? peerId,
        bondedAt: nowMs,
        profileHrl: null,
        trust: trustOf(view, peerId),
      };
      return withoutRequests(peerId, { ...view, contacts: [contact, ...without(peerId, view.contacts)] });
    },
  };
}

/** Drops the contact and the requests between the two. */
export function revokeEffect(peerId: string): Effect {
  return { contacts: (view) => withoutRequests(peerId, { ...view, contacts: without(peerId, view.contacts) }) };
}

/** A `weight` of 0 takes the trust back. `before` is the weight given so far. */
export function trustEffect(peerId: string, weight: number, before: number): Effect {
  return {
    circle: (view) => ({
      ...view,
      trustStats: { ...view.trustStats, allocatedOut: Math.max(0, view.trustStats.allocatedOut + weight - before) },
    }),
    contacts: (view) => ({
      ...view,
      contacts: view.contacts.map((contact) =>
        contact.peerId === peerId ? { ...contact, trust: { ...contact.trust, allocatedTo: weight } } : contact,
      ),
      trustLevels: {
        ...view.trustLevels,
        [peerId]: { ...trustOf(view, peerId), allocatedTo: weight },
      },
    }),
  };
}

/** Reads own members only: anybody may choose the id `constructor`, which every object inherits. */
function trustOf({ trustLevels }: ContactsAnswer, peerId: string): ContactsAnswer["trustLevels"][string] {
  return Object.hasOwn(trustLevels, peerId) ? (trustLevels[peerId] ?? NO_TRUST) : NO_TRUST;
}

function without<T extends { peerId: string }>(peerId: string, list: readonly T[]): T[] {
  return list.filter((entry) => entry.peerId !== peerId);
}

function withoutRequests(peerId: string, view: ContactsAnswer): ContactsAnswer {
  const { incoming, outgoing } = view.requests;
  return {
    ...view,
    count: view.contacts.length,
    requests: { incoming: without(peerId, incoming), outgoing: without(peerId, outgoing) },
  };
}
