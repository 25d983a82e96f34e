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
  untrusted: "Rejected: untrusted payer",
  failed: "Failed: running hash mismatch",
};
export const dispositionWords = ({ disposition }: Pick<MessageLookup, "disposition">): string =>
  DISPOSITIONS[disposition];

const AUDIENCES: Readonly<Record<MessageLookup["audience"], string>> = {
  nobody: "nobody",
  people: "sender and recipient",
  contacts: "the sender and all contacts of the sender",
  everybody: "everybody: it defines a recognition",
};
export const audienceWords = ({ audience }: Pick<MessageLookup, "audience">): string => AUDIENCES[audience];

export const tierWords = ({ tier, tenantId }: Pick<PersonLookup, "tier" | "tenantId">): string =>
  tenantId === null ? tier : `enterprise (${tenantId})`;
