/**
 * The one table of message types. A new type is a row here. These places then do not compile until they treat it:
 * which edges it changes (projection.ts), how rows store it (adapters/postgres/codec/codes.ts), its sentence on the page
 * (client/format/sentences.ts). The ledger also holds types that are not here; they are kept and shown as they are.
 */
import { TOPIC_KINDS, type TopicKind } from "../ledger/ids";

interface Rule {
  /**
   * The topics that hold it, and the event list that shows it. Null: no kind. It goes to a recognition topic, and lists show it
   * under that topic's kind.
   */
  readonly kind: TopicKind | null;
  /**
   * `another`: needs a target that is not the actor. `anybody`: needs a target. `none`: it has no target; such a member describes
   * the message's own subject.
   */
  readonly target: "another" | "anybody" | "optional" | "none";
  /** Its number in numeric envelopes (`"hcs":"21"`, not the official HCS-21). */
  readonly number?: number;
  /** `optional`: may name nobody. `none`: never has one. Without an actor it counts from trusted payers only. */
  readonly actor?: "optional" | "none";
  /** Found on the ledger; this server does not write it. */
  readonly isForeign?: true;
}

export const MESSAGE_TYPES = {
  CONTACT_REQUEST: { kind: "contact", target: "another", number: 0 },
  CONTACT_ACCEPT: { kind: "contact", target: "another", number: 1 },
  CONTACT_REVOKE: { kind: "contact", target: "another", number: 2 },
  TRUST_ALLOCATE: { kind: "trust", target: "another", number: 3 },
  TRUST_REVOKE: { kind: "trust", target: "another", number: 4 },
  TRUST_ACCEPT: { kind: "trust", target: "another" },
  TRUST_DECLINE: { kind: "trust", target: "another" },
  TRUST_UPDATE: { kind: "trust", target: "optional" },
  RECOGNITION_MINT: { kind: "recognition", target: "anybody", number: 5 },
  RECOGNITION_VALIDATE: { kind: "recognition", target: "optional", number: 6 },
  RECOGNITION_DEFINITION: { kind: "recognition", target: "none", actor: "optional" },
  PROFILE_UPDATE: { kind: "profile", target: "none" },
  SIGNAL_TRANSFER: { kind: null, target: "optional" },
  SIGNAL_BOOST: { kind: null, target: "optional", isForeign: true },
  SIGNAL_SUGGEST: { kind: null, target: "optional", isForeign: true },
  SYSTEM_UPDATE: { kind: null, target: "optional", actor: "optional" },
  IDENTITY_BIND: { kind: null, target: "none", actor: "none", isForeign: true },
  IDENTITY_ASSERT: { kind: null, target: "none", actor: "none", isForeign: true },
  IDENTITY_ROTATE: { kind: null, target: "none", actor: "none", isForeign: true },
  IDENTITY_UNBIND: { kind: null, target: "none", actor: "none", isForeign: true },
  PAYMENT_SENT: { kind: null, target: "optional", isForeign: true },
} as const satisfies Readonly<Record<string, Rule>>;
export type MessageType = keyof typeof MESSAGE_TYPES;

/** The types of these kinds. */
export type TypeOfKind<Kind extends TopicKind> = {
  [Type in MessageType]: (typeof MESSAGE_TYPES)[Type]["kind"] extends Kind ? Type : never;
}[MessageType];

/** Other names of a type, which fold into it. Clients may write them. */
const SYNONYMS = {
  CONTACT_ACCEPTED: "CONTACT_ACCEPT",
  CONTACT_BONDED: "CONTACT_ACCEPT",
  CONTACT_MIRROR: "CONTACT_ACCEPT",
  RECOGNITION_ISSUED: "RECOGNITION_MINT",
  RECOGNITION_V2: "RECOGNITION_MINT",
  NFT_MINT: "RECOGNITION_MINT",
  SIGNAL_MINT: "RECOGNITION_MINT",
} as const satisfies Readonly<Record<string, MessageType>>;
type Synonym = keyof typeof SYNONYMS;

/** Names that fold in the same way, and stand only on the ledger. A version behind them, as in `signal.mint@1`, is left out. */
const FOREIGN_NAMES: Readonly<Record<string, MessageType>> = {
  RECOGNITION_AWARD: "RECOGNITION_MINT",
  RECOGNITION_INSTANCE_CREATED: "RECOGNITION_MINT",
  HCS11_INSTANCE: "RECOGNITION_MINT",
  RECOGNITION_DEFINITION_CREATED: "RECOGNITION_DEFINITION",
  HCS11_DEF: "RECOGNITION_DEFINITION",
  CATALOG_UPSERT: "RECOGNITION_DEFINITION",
  CATALOG_UPSERT_OVERLAY: "RECOGNITION_DEFINITION",
  "CATALOG.DEFINITION": "RECOGNITION_DEFINITION",
  "SIGNAL.MINT": "RECOGNITION_MINT",
  "SIGNAL.BOOST": "SIGNAL_BOOST",
  "SIGNAL.SUGGEST": "SIGNAL_SUGGEST",
};
const FOLDED: ReadonlyMap<string, MessageType> = new Map([
  ...(Object.entries(SYNONYMS) as [string, MessageType][]),
  ...Object.entries(FOREIGN_NAMES),
]);

const NAMES = Object.keys(MESSAGE_TYPES) as readonly MessageType[];
const ruleOf = (type: string): Rule | null =>
  Object.hasOwn(MESSAGE_TYPES, type) ? MESSAGE_TYPES[type as MessageType] : null;

/**
 * The types that can be written through this server, synonyms included. The ledger may hold others; a client that sends another one
 * here has most likely misspelt it.
 */
export const SUBMIT_TYPES: readonly (MessageType | Synonym)[] = [
  ...NAMES.filter((type) => !ruleOf(type)?.isForeign),
  ...(Object.keys(SYNONYMS) as Synonym[]),
];

/** The types of numeric envelopes: the index is the number on the wire. */
export const NUMERIC_TYPES: readonly MessageType[] = NAMES.filter((type) => ruleOf(type)?.number !== undefined).sort(
  (a, b) => (ruleOf(a)?.number ?? 0) - (ruleOf(b)?.number ?? 0),
);

/** The type that a name in capitals stands for: itself, unless it is another name of a type. */
export const foldSynonym = (name: string): string => FOLDED.get(name) ?? FOLDED.get(withoutVersion(name)) ?? name;

/** Without the version that some senders write behind a name: `signal.mint@1` is `signal.mint`. */
export const withoutVersion = (name: string): string => name.replace(/@\d{1,9}$/, "");

/** Whether the table has a row for this type. */
export const isListed = (type: string): boolean => ruleOf(type) !== null;

/** The prefix of a kind's types: `TRUST_`. Types without a row have it too. */
export const prefixOf = (kind: TopicKind): string => `${kind.toUpperCase()}_`;

/** The kind of a type: by its row, or else by its prefix; null if neither gives one. */
export function typeKindOf(type: string): TopicKind | null {
  const rule = ruleOf(type);
  return rule ? rule.kind : (TOPIC_KINDS.find((kind) => type.startsWith(prefixOf(kind))) ?? null);
}

/** The kind of topic that a type is written to. Recognition is TrustMesh's feed, which takes everything else. */
export const topicKindOf = (type: string): TopicKind => typeKindOf(type) ?? "recognition";

const ofKind = (kind: TopicKind) => NAMES.filter((type) => ruleOf(type)?.kind === kind);

/** The types of each kind, without synonyms. */
export const TYPES_OF_KIND: Readonly<Record<TopicKind, readonly MessageType[]>> = {
  contact: ofKind("contact"),
  trust: ofKind("trust"),
  recognition: ofKind("recognition"),
  profile: ofKind("profile"),
};

/** Whether a message of this type must name a target. False for types without a row. */
export const needsTarget = (type: string): boolean => ["another", "anybody"].includes(ruleOf(type)?.target ?? "");
/** Whether the target must be somebody else than the actor. */
export const needsOtherTarget = (type: string): boolean => ruleOf(type)?.target === "another";
/** False for types whose target member describes the message's own subject. It then names no recipient. */
export const hasTarget = (type: string): boolean => ruleOf(type)?.target !== "none";
/** Whether a message of this type must name its actor. True for types without a row. */
export const needsActor = (type: string): boolean => ruleOf(type)?.actor === undefined;
/** False for types that never have an actor. They count from trusted payers only. */
export const hasActor = (type: string): boolean => ruleOf(type)?.actor !== "none";
