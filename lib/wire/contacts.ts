import * as z from "zod/mini";
import { CappedAt, described, PositionNumber, UserIdText, ViewMembers } from "./common";

export const Trust = z.object({ allocatedTo: z.number(), receivedFrom: z.number() });

export const Contact = z.object({
  peerId: UserIdText,
  handle: z.string(),
  bondedAt: described(z.int(), "Epoch milliseconds of the latest accept"),
  profileHrl: z.nullable(z.string()),
  trust: Trust,
});
export type Contact = z.infer<typeof Contact>;

export const ContactRequest = z.object({
  peerId: UserIdText,
  handle: z.string(),
  requestedAt: described(z.int(), "Epoch milliseconds"),
});
export type ContactRequest = z.infer<typeof ContactRequest>;

/** `GET /api/contacts` */
export const ContactsAnswer = z.object({
  success: z.literal(true),
  sessionId: UserIdText,
  contacts: z.array(Contact),
  requests: z.object({ incoming: z.array(ContactRequest), outgoing: z.array(ContactRequest) }),
  trustLevels: z.record(z.string(), Trust),
  count: described(z.int(), "Total number of bonded contacts"),
  cappedAt: CappedAt,
  position: PositionNumber,
  ...ViewMembers.shape,
});
export type ContactsAnswer = z.infer<typeof ContactsAnswer>;

/** The number of slots in a circle. */
export const CIRCLE_SLOTS = 9;

const CircleContact = z.extend(z.omit(Contact, { trust: true }), { isBonded: z.literal(true) });

/** `GET /api/circle` */
export const CircleAnswer = z.object({
  success: z.literal(true),
  accountId: UserIdText,
  bondedContacts: z.array(CircleContact),
  trustStats: z.object({
    allocatedOut: z.number(),
    receivedIn: z.number(),
    maxSlots: z.literal(CIRCLE_SLOTS),
    bondedContacts: z.int(),
    overAllocated: z.boolean(),
  }),
  innerCircle: z.object({ count: z.int() }),
  position: PositionNumber,
  _meta: z.object({
    source: z.string(),
    lastUpdated: z.string(),
    cappedAt: described(z.optional(z.int()), "Set if more contacts exist than are listed"),
  }),
  ...ViewMembers.shape,
});
export type CircleAnswer = z.infer<typeof CircleAnswer>;
