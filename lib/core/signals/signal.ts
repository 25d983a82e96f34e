/**
 * The vocabulary of TrustMesh messages: types, the synonyms that fold into them, and what each one needs.
 */
import type { UserId } from "../ledger/ids";

/** How a message stands to the ledger's hash chain (docs/hedera.md §4). */
export type Verification = "verified" | "unverifiable" | "failed";

/** What became of a message in the log. */
export type Disposition = "signal" | "part" | "undecodable" | "untrusted" | "failed";

/** Why bytes are no signal. Each is counted by this name. */
export const UNDECODABLE_REASONS = [
  "not-utf8",
  "not-json",
  "not-an-object",
  "too-deep",
  "unknown-type",
  "bad-type",
  "no-actor",
  "no-target",
  "self-target",
  "bad-id",
  "bad-weight",
  "no-definition",
  "bad-chunk",
] as const;
export type UndecodableReason = (typeof UNDECODABLE_REASONS)[number];

/** TrustMesh's numeric types (`"hcs":"21"`, not the official HCS-21): the index is the number on the wire. */
export const NUMERIC_TYPES = [
  "CONTACT_REQUEST",
  "CONTACT_ACCEPT",
  "CONTACT_REVOKE",
  "TRUST_ALLOCATE",
  "TRUST_REVOKE",
  "RECOGNITION_MINT",
  "RECOGNITION_VALIDATE",
] as const;

const SYNONYMS: Readonly<Record<string, string>> = {
  CONTACT_ACCEPTED: "CONTACT_ACCEPT",
  CONTACT_BONDED: "CONTACT_ACCEPT",
  CONTACT_MIRROR: "CONTACT_ACCEPT",
  RECOGNITION_ISSUED: "RECOGNITION_MINT",
};

export function foldSynonym(type: string): string {
  return Object.hasOwn(SYNONYMS, type) ? (SYNONYMS[type] as string) : type;
}

/**
 * The types that can be written through this server: TrustMesh's own clients and services write no others. The ledger may hold
 * others, which readers show as they are; a client that sends one here has most likely misspelt it.
 */
export const SUBMIT_TYPES = [
  "CONTACT_REQUEST",
  "CONTACT_ACCEPT",
  "CONTACT_ACCEPTED",
  "CONTACT_BONDED",
  "CONTACT_MIRROR",
  "CONTACT_REVOKE",
  "TRUST_ALLOCATE",
  "TRUST_UPDATE",
  "TRUST_REVOKE",
  "TRUST_ACCEPT",
  "TRUST_DECLINE",
  "RECOGNITION_DEFINITION",
  "RECOGNITION_MINT",
  "RECOGNITION_ISSUED",
  "RECOGNITION_VALIDATE",
  "RECOGNITION_V2",
  "NFT_MINT",
  "SIGNAL_MINT",
  "SIGNAL_TRANSFER",
  "PROFILE_UPDATE",
  "SYSTEM_UPDATE",
] as const;

/** Contact and trust are between two people; a mint belongs to somebody. */
const NEEDS_TARGET = /^(CONTACT_(REQUEST|ACCEPT|REVOKE)|TRUST_(ALLOCATE|REVOKE|ACCEPT|DECLINE)|RECOGNITION_MINT)$/;
const BETWEEN_TWO = /^(CONTACT_(REQUEST|ACCEPT|REVOKE)|TRUST_(ALLOCATE|REVOKE|ACCEPT|DECLINE))$/;

export const needsTarget = (type: string): boolean => NEEDS_TARGET.test(type);
export const needsOtherTarget = (type: string): boolean => BETWEEN_TWO.test(type);

/** What a handle or profile link says of one side of a message. */
export interface Party {
  readonly handle: string | null;
  readonly hrl: string | null;
}

/** What a message's body means, before it has a place on the ledger. */
export interface Decoded {
  /** In capitals, synonyms folded. */
  readonly type: string;
  /** Null only for a recognition definition that names nobody. */
  readonly actor: UserId | null;
  readonly target: UserId | null;
  /** Of TRUST_ALLOCATE: above 0, 1 if absent. */
  readonly weight?: number;
  /** Of recognition definitions and mints. */
  readonly definitionId?: string;
  /** The payload of an envelope, or the whole of a flat message. Shown, never interpreted. */
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly actorParty: Party;
  readonly targetParty: Party;
}
