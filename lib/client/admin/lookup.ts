/** Addresses and words for one person or one message on the operators' pages. Pure. */
import { parseSequence, parseTopicId } from "@/lib/core/ledger/ids";
import type { MessageLookup, PersonLookup } from "@/lib/wire/operators/lookup";

export const personHref = (userId: string): string => `/admin/lookup?person=${encodeURIComponent(userId)}`;
export const messageHref = (topicId: string, sequence: number): string =>
  `/admin/lookup?message=${topicId}/${sequence}`;

/** Parses `0.0.7148063/31415`, with spaces around it, or with a comma or space between. Null for anything else. */
export function parseMessagePlace(text: string | null): { readonly topicId: string; readonly sequence: number } | null {
  const [topic = "", number = "", ...rest] = (text ?? "").trim().split(/[\s/,]+/);
  const [topicId, sequence] = [parseTopicId(topic), parseSequence(number)];
  return topicId === null || sequence === null || rest.length > 0 ? null : { topicId, sequence };
}

const DISPOSITIONS: Readonly<Record<MessageLookup["disposition"], string>> = {
  signal: "Shown",
  part: "Part of a longer message",
  undecodable: "Rejected: undecodable",
  untrusted: "Rejected: not its sender's word",
  failed: "Failed: running hash mismatch",
  unproven: "Waiting: its signature is not checked yet",
};
export const dispositionWords = ({ disposition }: Pick<MessageLookup, "disposition">): string =>
  DISPOSITIONS[disposition];

const SIGNATURES: Readonly<Record<NonNullable<MessageLookup["signature"]>, string>> = {
  right: "right: the sender's account had this key",
  wrong: "wrong: the sender's account had another key, or the message was changed",
  unprovable: "proves nothing: the sender's account has no single key of its own",
  open: "not checked yet: the account's key is not known",
};
export const signatureWords = ({ signature }: Pick<MessageLookup, "signature">): string =>
  signature === null ? "none that could be checked" : SIGNATURES[signature];

const AUDIENCES: Readonly<Record<MessageLookup["audience"], string>> = {
  nobody: "nobody",
  people: "sender and recipient",
  contacts: "the sender and all contacts of the sender",
  everybody: "everybody: it defines a recognition",
};
export const audienceWords = ({ audience }: Pick<MessageLookup, "audience">): string => AUDIENCES[audience];

export const tierWords = ({ tier, tenantId }: Pick<PersonLookup, "tier" | "tenantId">): string =>
  tenantId === null ? tier : `enterprise (${tenantId})`;
