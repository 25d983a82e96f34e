/** Addresses and words for one person or one message on the operators' pages. Pure. */
import { parseSequence, parseTopicId } from "@/lib/core/ledger/ids";
import type { UndecodableReason } from "@/lib/core/signals/signal";
import type { MessageLookup, PersonLookup } from "@/lib/wire/operators/lookup";

/** The address of the operators' page about a person. */
export const personHref = (userId: string): string => `/admin/lookup?person=${encodeURIComponent(userId)}`;
/** The address of the operators' page about a message. */
export const messageHref = (topicId: string, sequence: number): string =>
  `/admin/lookup?message=${topicId}/${sequence}`;

/**
 * Parses `0.0.7148063/31415`, with spaces around it, or with a comma or space between. The place of a signal in a batch may follow, as in
 * its id. Null for anything else.
 */
export function parseMessagePlace(text: string | null): { readonly topicId: string; readonly sequence: number } | null {
  const [topic = "", number = "", place = "0", ...rest] = (text ?? "").trim().split(/[\s/,]+/);
  const [topicId, sequence] = [parseTopicId(topic), parseSequence(number)];
  return topicId === null || sequence === null || !/^\d{1,2}$/.test(place) || rest.length > 0
    ? null
    : { topicId, sequence };
}

const DISPOSITIONS: Readonly<Record<MessageLookup["disposition"], string>> = {
  signal: "Shown",
  part: "Part of a longer message",
  undecodable: "Rejected: undecodable",
  untrusted: "Rejected: not its sender's word",
  failed: "Failed: running hash mismatch",
  unproven: "Waiting: its signature is not checked yet",
};
/** The outcome of a message, in words. */
export const dispositionWords = ({ disposition }: Pick<MessageLookup, "disposition">): string =>
  DISPOSITIONS[disposition];

type Untrusted = "untrusted-payer" | "wrong-signature" | "outdated-signature";

const REASONS: Readonly<Record<UndecodableReason | Untrusted, string>> = {
  "not-utf8": "Its bytes are not UTF-8 text.",
  "not-json": "Its text is not JSON.",
  "not-an-object": "Its JSON is not an object.",
  "too-deep": "Its JSON is nested too deep.",
  "unknown-type": "It names no type, or one of another protocol.",
  "bad-type": "Its type is not written as a type must be.",
  "no-actor": "It does not name its sender.",
  "no-target": "It does not name its recipient.",
  "self-target": "Its sender is also its recipient.",
  "bad-id": "An id in it is not written as an id must be.",
  "bad-weight": "Its amount of trust is not a valid number.",
  "no-definition": "It defines a recognition and has no definition.",
  "bad-batch": "It is a batch that cannot be opened, or that holds a signed message.",
  "bad-chunk": "It is a part of a longer message, and its number or total does not fit.",
  "untrusted-payer": "Its payer may not write for others, and no signature of its sender speaks for it.",
  "wrong-signature": "Its signature was not made with its sender's key over these words.",
  "outdated-signature":
    "Its payer may not write for others, and it was signed too long before it came, or with a later time.",
};

/** Says why a message does not count. A reason that only a later server version gives is shown by its name. */
export const reasonWords = (reason: string): string =>
  Object.hasOwn(REASONS, reason) ? REASONS[reason as keyof typeof REASONS] : reason;

const SIGNATURES: Readonly<Record<NonNullable<MessageLookup["signature"]>, string>> = {
  right: "right: the sender's account had this key",
  wrong: "wrong: the sender's account had another key, or the message was changed",
  unprovable: "proves nothing: there was no such account, or it has no single key of its own",
  open: "not checked yet: the account's key is not known",
};
/** The result of a signature check, in words. A signature is not checked where it would change nothing. */
export const signatureWords = ({
  signature,
  disposition,
}: Pick<MessageLookup, "signature" | "disposition">): string => {
  if (signature === null) return "none that could be checked";
  if (signature === "open" && disposition === "untrusted") return "not checked: the message would not count anyway";
  return SIGNATURES[signature];
};

/** Says what a message binds, and whether it counts at sign-in. */
export const identityWords = ({ did, accountId, counts }: NonNullable<MessageLookup["identity"]>): string =>
  `${did} ${accountId === null ? "is unbound from its account" : `is bound to ${accountId}`}: ` +
  (counts
    ? "counts, unless a message says otherwise that was issued later"
    : "does not count. It needs the identity topic, a trusted payer, a verified running hash, and in iat a time that is not ahead");

const AUDIENCES: Readonly<Record<MessageLookup["audience"], string>> = {
  nobody: "nobody",
  people: "sender and recipient",
  contacts: "the sender and all contacts of the sender",
  everybody: "everybody: it defines a recognition",
};
/** The people who see a message, in words. */
export const audienceWords = ({ audience }: Pick<MessageLookup, "audience">): string => AUDIENCES[audience];

/** The tier of a person's topics, with the tenant's name if there is one. */
export const tierWords = ({ tier, tenantId }: Pick<PersonLookup, "tier" | "tenantId">): string =>
  tenantId === null ? tier : `enterprise (${tenantId})`;
