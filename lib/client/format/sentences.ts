/** Writes a signal as a sentence in parts: text, and people to name and link. Pure. */
import type { TopicKind } from "@/lib/core/ledger/ids";
import { type MessageType, typeKindOf, withoutVersion } from "@/lib/core/signals/message-types";
import type { Definition } from "@/lib/wire/recognition";
import type { Signal } from "@/lib/wire/signals";
import { plainText } from "./plain-text";

export type SentencePart = string | { readonly person: string } | { readonly strong: string };

export type Category = TopicKind | "other";

/** The category that gives a signal its icon. Types without a kind are `other`. */
export const categoryOf = (type: string): Category => typeKindOf(type) ?? "other";

export interface SentenceContext {
  readonly self: string | null;
  /** The title of a recognition, if its definition has arrived. */
  recognitionTitle(id: string): string | null;
}

type Words = (actor: SentencePart, target: SentencePart, signal: Signal, context: SentenceContext) => SentencePart[];

/** Null if the sentence for unlisted types is good enough. */
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
  SIGNAL_TRANSFER: null,
  SIGNAL_BOOST: null,
  SIGNAL_SUGGEST: null,
  SYSTEM_UPDATE: null,
  IDENTITY_BIND: null,
  IDENTITY_ASSERT: null,
  IDENTITY_ROTATE: null,
  IDENTITY_UNBIND: null,
  PAYMENT_SENT: null,
};

function times(signal: Signal): string {
  const weight = Number(signal.metadata.weight ?? signal.metadata.amount ?? 1);
  return weight > 1 ? ` (weight ${weight})` : "";
}

const text = (value: unknown): string | null => plainText(value, 80);

/** The members that name a mint's recognition; the last four name it for people. */
const NAMES_OF_RECOGNITIONS = [
  ...["recognitionId", "definitionId", "definitionSlug", "def_id", "tokenId"],
  ...["recognition", "name", "label", "title"],
];

/** The recognition as its mint names it: by the id of its definition, or else by a name. Null if it names none. */
export const nameOfRecognition = (metadata: Signal["metadata"]): string | null =>
  NAMES_OF_RECOGNITIONS.map((name) => text(metadata[name])).find((name) => name !== null) ?? null;

function recognition({ metadata }: Signal, context: SentenceContext): SentencePart[] {
  const id = nameOfRecognition(metadata);
  return id ? [" for ", { strong: context.recognitionTitle(id) ?? id }] : [];
}

/** The title of the recognition that a mint names; null where its definition is not among these. */
export function titleOfRecognition(definitions: readonly Definition[], name: string): string | null {
  const named = (as: (text: string) => string) =>
    definitions.find(({ id, slug }) => as(id) === as(name) || (slug !== null && as(slug) === as(name)));
  return (named((text) => text) ?? named(withoutVersion))?.title ?? null;
}

const titleOf = ({ metadata }: Signal): string =>
  text(metadata.title) ?? text(metadata.name) ?? text(metadata.id) ?? "a recognition";

/** The sentence about a signal, as its reader `context.self` sees it. */
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
