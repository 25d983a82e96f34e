/** A signal as a sentence, in parts: text, and people to be named (and linked). Pure. */
import type { TopicKind } from "@/lib/core/ledger/ids";
import { kindOf, type MessageType } from "@/lib/core/signals/message-types";
import type { Signal } from "@/lib/wire/signals";
import { plainText } from "./plain-text";

export type SentencePart = string | { readonly person: string } | { readonly strong: string };

export type Category = TopicKind | "other";

export const categoryOf = (type: string): Category => kindOf(type) ?? "other";

export interface SentenceContext {
  readonly self: string | null;
  /** The title of a recognition, if its definition has come. */
  recognitionTitle(id: string): string | null;
}

type Words = (actor: SentencePart, target: SentencePart, signal: Signal, context: SentenceContext) => SentencePart[];

/** Null: the sentence of a type that nobody listed says enough. */
const SENTENCES: Record<MessageType, { byMe: Words; toMe: Words } | null> = {
  CONTACT_REQUEST: {
    byMe: (_, target) => ["You asked ", target, " to be a contact"],
    toMe: (actor) => [actor, " asks to be your contact"],
  },
  CONTACT_ACCEPT: {
    byMe: (_, target) => ["You accepted ", target, " as a contact"],
    toMe: (actor) => [actor, " accepted your contact request"],
  },
  CONTACT_REVOKE: {
    byMe: (_, target) => ["You ended your contact with ", target],
    toMe: (actor) => [actor, " ended your contact"],
  },
  TRUST_ALLOCATE: {
    byMe: (_, target, signal) => ["You gave ", target, ` trust${times(signal)}`],
    toMe: (actor, _, signal) => [actor, ` gave you trust${times(signal)}`],
  },
  TRUST_REVOKE: {
    byMe: (_, target) => ["You took your trust in ", target, " back"],
    toMe: (actor) => [actor, " took their trust back"],
  },
  TRUST_ACCEPT: {
    byMe: (_, target) => ["You accepted the trust of ", target],
    toMe: (actor) => [actor, " accepted your trust"],
  },
  TRUST_DECLINE: {
    byMe: (_, target) => ["You declined the trust of ", target],
    toMe: (actor) => [actor, " declined your trust"],
  },
  RECOGNITION_MINT: {
    byMe: (_, target, signal, context) => ["You recognised ", target, ...recognition(signal, context)],
    toMe: (actor, _, signal, context) => [actor, " recognised you", ...recognition(signal, context)],
  },
  RECOGNITION_DEFINITION: {
    byMe: (_, _target, signal) => ["You defined the recognition ", { strong: titleOf(signal) }],
    toMe: (actor, _, signal) => [actor, " defined the recognition ", { strong: titleOf(signal) }],
  },
  PROFILE_UPDATE: {
    byMe: () => ["You updated your profile"],
    toMe: (actor) => [actor, " updated their profile"],
  },
  TRUST_UPDATE: null,
  RECOGNITION_VALIDATE: null,
  RECOGNITION_V2: null,
  NFT_MINT: null,
  SIGNAL_MINT: null,
  SIGNAL_TRANSFER: null,
  SYSTEM_UPDATE: null,
  PAYMENT_SENT: null,
};

function times(signal: Signal): string {
  const weight = Number(signal.metadata.weight ?? signal.metadata.amount ?? 1);
  return weight > 1 ? ` (weight ${weight})` : "";
}

const text = (value: unknown): string | null => plainText(value, 80);

function recognition({ metadata }: Signal, context: SentenceContext): SentencePart[] {
  const id = text(metadata.recognitionId) ?? text(metadata.definitionId) ?? text(metadata.recognition);
  return id ? [" for ", { strong: context.recognitionTitle(id) ?? id }] : [];
}

const titleOf = ({ metadata }: Signal): string =>
  text(metadata.title) ?? text(metadata.name) ?? text(metadata.id) ?? "a recognition";

export function sentenceOf(signal: Signal, context: SentenceContext): SentencePart[] {
  const { type } = signal;
  const mine = signal.actor !== null && signal.actor === context.self;
  const actor: SentencePart = signal.actor ? { person: signal.actor } : "Somebody";
  const target: SentencePart = signal.target ? { person: signal.target } : "somebody";
  const words = Object.hasOwn(SENTENCES, type) ? SENTENCES[type as MessageType] : null;
  if (words) return mine ? words.byMe(actor, target, signal, context) : words.toMe(actor, target, signal, context);
  const whom = !signal.target ? [] : signal.target === context.self ? [" to you"] : [" to ", target];
  return [mine ? "You" : actor, " sent ", { strong: humanType(type) }, ...whom];
}

/** `PAYMENT_SENT` → `Payment sent`. */
function humanType(type: string): string {
  const words = type.replaceAll("_", " ").toLowerCase().trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
