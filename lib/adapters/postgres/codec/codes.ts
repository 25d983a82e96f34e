/** Names as the small numbers that rows hold. A number, once given, keeps its meaning: only ever append. */
import type { Disposition, Verification } from "../../../core/signals/signal";
import type { GapState } from "../../../ports/store/sync-store";

const VERIFICATIONS = ["verified", "unverifiable", "failed"] as const satisfies readonly Verification[];
/** `failed` is 4 in the index topic_log_failed too. */
const DISPOSITIONS = ["signal", "part", "undecodable", "untrusted", "failed"] as const satisfies readonly Disposition[];
const GAP_STATES = ["suspected", "declared", "filled"] as const satisfies readonly GapState[];

/** Types that TrustMesh writes every day. 0 stands for all others, whose name is in the row. */
const TYPES = [
  "",
  "CONTACT_REQUEST",
  "CONTACT_ACCEPT",
  "CONTACT_REVOKE",
  "TRUST_ALLOCATE",
  "TRUST_REVOKE",
  "TRUST_ACCEPT",
  "TRUST_DECLINE",
  "RECOGNITION_MINT",
  "RECOGNITION_VALIDATE",
  "RECOGNITION_DEFINITION",
  "PROFILE_UPDATE",
  "PAYMENT_SENT",
] as const;

/** Stands for a payer that the mirror did not tell, in a column that is not null. No account has this id. */
export const NO_PAYER = "";

export const UNNAMED_TYPE = 0;
const NUMBER_OF_TYPE: ReadonlyMap<string, number> = new Map(TYPES.map((name, number) => [name, number]));

const indexed = <T extends string>(names: readonly T[]) => ({
  code: (name: T): number => names.indexOf(name),
  name: (code: unknown): T => {
    const name = names[Number(code)];
    if (name === undefined) throw new RangeError(`the database holds an unknown code: ${String(code)}`);
    return name;
  },
});

export const verification = indexed<Verification>(VERIFICATIONS);
export const disposition = indexed<Disposition>(DISPOSITIONS);
export const gapState = indexed<GapState>(GAP_STATES);

/** A type's number, or 0 where its name has to be stored. */
export const typeNumber = (type: string): number => NUMBER_OF_TYPE.get(type) ?? UNNAMED_TYPE;

/** Throws RangeError for a number that a later version gave. */
export function typeName(number: unknown, name: unknown): string {
  if (Number(number) === UNNAMED_TYPE && typeof name === "string") return name;
  const known = TYPES[Number(number)];
  if (!known) throw new RangeError(`the database holds an unknown type: ${String(number)}`);
  return known;
}

/** Verification in the low two bits, 4 where the user is the actor. */
const ACTOR_FLAG = 4;
export const flagsOf = (row: { readonly isActor: boolean; readonly verification: Verification }): number =>
  verification.code(row.verification) + (row.isActor ? ACTOR_FLAG : 0);
export const isActorFlag = (flags: unknown): boolean => (Number(flags) & ACTOR_FLAG) !== 0;
/** Throws RangeError where flags hold more than this version gives them. */
export const verificationFlag = (flags: unknown): Verification => verification.name(Number(flags) & ~ACTOR_FLAG);
