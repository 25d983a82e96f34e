/** Acts of people on TrustMesh, before they are put into one of the envelopes found on its topics. */
import type { TopicKind } from "@/lib/core/ledger/ids";

export interface DefinitionBody {
  readonly id: string;
  readonly slug: string;
  readonly title: string;
  readonly icon: string;
  readonly description: string;
  readonly category: string;
}

export interface ProfileBody {
  readonly displayName: string;
  readonly handle: string;
  readonly bio: string;
  readonly hrl?: string;
}

export type Act =
  | { readonly type: "CONTACT_REQUEST"; readonly actor: string; readonly target: string; readonly note: string }
  | { readonly type: "CONTACT_ACCEPT" | "CONTACT_REVOKE"; readonly actor: string; readonly target: string }
  | {
      readonly type: "TRUST_ALLOCATE";
      readonly actor: string;
      readonly target: string;
      readonly weight: number;
      readonly category: string;
      readonly note: string;
    }
  | {
      readonly type: "TRUST_REVOKE" | "TRUST_ACCEPT" | "TRUST_DECLINE";
      readonly actor: string;
      readonly target: string;
    }
  | { readonly type: "RECOGNITION_DEFINITION"; readonly actor: string; readonly definition: DefinitionBody }
  | {
      readonly type: "RECOGNITION_MINT";
      readonly actor: string;
      readonly target: string;
      readonly recognitionId: string;
      readonly note: string;
    }
  | { readonly type: "RECOGNITION_VALIDATE"; readonly actor: string; readonly target: string }
  | { readonly type: "PROFILE_UPDATE"; readonly actor: string; readonly profile: ProfileBody };

export type ActType = Act["type"];

/** An act with its time, or bytes that are not an act. A world is a list of these. */
export interface SeedEvent {
  readonly atMs: number;
  readonly kind: TopicKind;
  readonly what: { readonly act: Act; readonly form?: string } | { readonly bytes: Uint8Array };
  /** The account that paid, where it is not the operator. */
  readonly payer?: string;
  /** Only the first chunk of it ever arrives. */
  readonly unfinished?: boolean;
}

const KIND_OF: Readonly<Record<ActType, TopicKind>> = {
  CONTACT_REQUEST: "contact",
  CONTACT_ACCEPT: "contact",
  CONTACT_REVOKE: "contact",
  TRUST_ALLOCATE: "trust",
  TRUST_REVOKE: "trust",
  TRUST_ACCEPT: "trust",
  TRUST_DECLINE: "trust",
  RECOGNITION_DEFINITION: "recognition",
  RECOGNITION_MINT: "recognition",
  RECOGNITION_VALIDATE: "recognition",
  PROFILE_UPDATE: "profile",
};

/** The act at that time, on the topic of its kind. */
export function seedEvent(atMs: number, act: Act, extra: Partial<Pick<SeedEvent, "payer">> = {}): SeedEvent {
  return { atMs, kind: KIND_OF[act.type], what: { act }, ...extra };
}
