/** Assigns people to seats. Pure. The picture and the list use the same seats. */
import type { Contact, ContactsAnswer } from "@/lib/wire/contacts";
import { CIRCLE_SLOTS } from "@/lib/wire/contacts";

export type Seat =
  | { readonly kind: "taken"; readonly contact: Contact }
  /** This seat is taken by another seat's weight above one. */
  | { readonly kind: "weight" }
  | { readonly kind: "empty" };

export interface Seating {
  readonly seats: readonly Seat[];
  /** Contacts beyond nine, which the ledger allows and TrustMesh does not. */
  readonly beyond: readonly Contact[];
  /** Bonded contacts outside the circle. */
  readonly around: readonly Contact[];
  readonly given: number;
  readonly received: number;
}

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

export function seat(answer: ContactsAnswer): Seating {
  const { contacts } = answer;
  // Sorted by bond, oldest first, so that giving trust to one more person moves nobody else.
  const trusted = contacts
    .filter((contact) => contact.trust.allocatedTo > 0)
    .sort((a, b) => a.bondedAt - b.bondedAt || (a.peerId < b.peerId ? -1 : 1));
  const given = sum(trusted.map((contact) => contact.trust.allocatedTo));
  const taken = trusted.slice(0, CIRCLE_SLOTS);
  const open = Math.max(0, CIRCLE_SLOTS - Math.max(given, taken.length));
  const seats: Seat[] = taken.map((contact) => ({ kind: "taken", contact }));
  while (seats.length < CIRCLE_SLOTS - open) seats.push({ kind: "weight" });
  while (seats.length < CIRCLE_SLOTS) seats.push({ kind: "empty" });
  return {
    seats,
    beyond: trusted.slice(CIRCLE_SLOTS),
    around: contacts.filter((contact) => contact.trust.allocatedTo <= 0),
    given,
    received: sum(contacts.map((contact) => Math.max(0, contact.trust.receivedFrom))),
  };
}
