/** Every form of message found on TrustMesh topics (tests/fixtures/vectors/envelopes.json), made from an act. */
import type { Rng } from "../rng";
import type { Act, ActType } from "./acts";

export interface EnvelopeContext {
  /** Seconds since 1970. */
  readonly ts: number;
  /** Rises per sender. */
  readonly nonce: number;
  /** The nonce of the request that an accept answers. */
  readonly requestNonce?: number;
  readonly nameOf: (userId: string) => string;
}

type Body = Record<string, unknown>;
type Writer = (act: Act, context: EnvelopeContext) => Body;

const NUMBERS: Partial<Record<ActType, number>> = {
  CONTACT_REQUEST: 0,
  CONTACT_ACCEPT: 1,
  CONTACT_REVOKE: 2,
  TRUST_ALLOCATE: 3,
  TRUST_REVOKE: 4,
  RECOGNITION_MINT: 5,
  RECOGNITION_VALIDATE: 6,
};

const targetOf = (act: Act): Body => ("target" in act ? { target: act.target } : {});

function details(act: Act, context: EnvelopeContext): Body {
  switch (act.type) {
    case "CONTACT_REQUEST":
      return { handle: context.nameOf(act.actor), message: act.note };
    case "CONTACT_ACCEPT":
      return {
        handle: context.nameOf(act.actor),
        ...(context.requestNonce === undefined ? {} : { request_nonce: context.requestNonce }),
      };
    case "TRUST_ALLOCATE":
      return { weight: act.weight, category: act.category, note: act.note };
    case "RECOGNITION_MINT":
      return { recognitionId: act.recognitionId, note: act.note };
    case "RECOGNITION_DEFINITION":
      return { ...act.definition };
    case "PROFILE_UPDATE":
      return { ...act.profile };
    default:
      return {};
  }
}

const locator = (userId: string): string => `hrl:tm/${userId}`;

const WRITERS: Readonly<Record<string, Writer>> = {
  hcs21: (act, context) => ({
    hcs: "21",
    v: "1.0",
    type: NUMBERS[act.type],
    from: act.actor,
    nonce: context.nonce,
    ts: context.ts,
    payload: { ...targetOf(act), ...details(act, context) },
  }),
  legacy: (act, context) => ({
    type: act.type,
    from: act.actor,
    nonce: context.nonce,
    ts: context.ts,
    payload: { actor: act.actor, ...targetOf(act), ...details(act, context) },
  }),
  lowerCase: (act, context) => ({
    type: act.type.toLowerCase(),
    from: act.actor,
    ...("target" in act ? { to: act.target } : {}),
    ...details(act, context),
  }),
  flat: (act, context) => ({ type: act.type, actor: act.actor, ...targetOf(act), ...details(act, context) }),
  parties: (act, context) => ({
    type: act.type,
    from: { acct: act.actor, handle: context.nameOf(act.actor), hrl: locator(act.actor) },
    ...("target" in act
      ? { to: { acct: act.target, handle: context.nameOf(act.target), hrl: locator(act.target) } }
      : {}),
    ...("note" in act ? { note: act.note } : {}),
  }),
  accepted: (act) => ({ type: "CONTACT_ACCEPTED", actor: act.actor, ...targetOf(act) }),
  bonded: (act) => ({
    type: "CONTACT_BONDED",
    actors: { from: act.actor, to: "target" in act ? act.target : undefined },
  }),
  mirror: (act) => ({ type: "CONTACT_MIRROR", actor: act.actor, ...targetOf(act) }),
  kind: (act) => ({
    kind: act.type,
    from: act.actor,
    ...("target" in act ? { to: act.target } : {}),
    actor: act.actor,
    ...("note" in act ? { note: act.note } : {}),
  }),
  schema: (act) => ({
    schema: "hcs-11-contact-request",
    from: act.actor,
    ...("target" in act ? { to: act.target } : {}),
    ...("note" in act ? { note: act.note } : {}),
  }),
  amount: (act) => ({
    actor: act.actor,
    amount: act.type === "TRUST_ALLOCATE" ? act.weight : 1,
    ...("target" in act ? { to: act.target } : {}),
  }),
  weighed: (act, context) => ({ ...WRITERS.flat?.(act, context), amount: 7 }),
  definition: (act, context) => ({ kind: "RECOGNITION_DEFINITION", ...details(act, context) }),
  mint: (act) => ({
    kind: "RECOGNITION_MINT",
    ...(act.type === "RECOGNITION_MINT"
      ? { recognitionId: act.recognitionId, owner: act.target, actor: act.actor, note: act.note }
      : {}),
  }),
  issued: (act) => ({
    type: "RECOGNITION_ISSUED",
    actor: act.actor,
    ...targetOf(act),
    ...(act.type === "RECOGNITION_MINT" ? { recognitionId: act.recognitionId, note: act.note } : {}),
  }),
  shape: (act, context) => ({ actor: act.actor, ...details(act, context) }),
};

/** How often each form is found, by type. */
const FORMS: Readonly<Record<ActType, Readonly<Record<string, number>>>> = {
  CONTACT_REQUEST: { hcs21: 62, legacy: 16, lowerCase: 4, flat: 8, parties: 4, kind: 3, schema: 3 },
  CONTACT_ACCEPT: { hcs21: 64, legacy: 14, flat: 5, parties: 6, accepted: 5, bonded: 4, mirror: 2 },
  CONTACT_REVOKE: { hcs21: 75, legacy: 20, flat: 5 },
  TRUST_ALLOCATE: { hcs21: 66, legacy: 21, flat: 6, amount: 5, weighed: 2 },
  TRUST_REVOKE: { hcs21: 75, legacy: 20, flat: 5 },
  TRUST_ACCEPT: { legacy: 70, flat: 30 },
  TRUST_DECLINE: { legacy: 70, flat: 30 },
  RECOGNITION_DEFINITION: { definition: 1 },
  RECOGNITION_MINT: { hcs21: 50, mint: 25, legacy: 15, issued: 10 },
  RECOGNITION_VALIDATE: { hcs21: 1 },
  PROFILE_UPDATE: { legacy: 70, flat: 15, shape: 15 },
};

/** The forms in which an act of that type is found. */
export function formsOf(type: ActType): string[] {
  return Object.keys(FORMS[type]);
}

/** The message body of an act, in that form, or in a form that is chosen as often as it is found. */
export function writeEnvelope(act: Act, context: EnvelopeContext, rng: Rng, form?: string): Body {
  const writer = WRITERS[form ?? rng.weighted(FORMS[act.type])];
  if (!writer) throw new Error(`no envelope form ${form}`);
  return writer(act, context);
}
