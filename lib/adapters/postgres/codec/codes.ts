/** The small numbers that rows hold instead of names. A number keeps its meaning for ever: only append. */
import { type SQL, type SQLWrapper, sql } from "drizzle-orm";
import type { UserRow } from "../../../core/signals/batch";
import type { MessageType } from "../../../core/signals/message-types";
import type { Author, Disposition, SignatureState, Verification } from "../../../core/signals/signal";
import { MAX_BATCH_SIGNALS } from "../../../core/signals/signal-batch";
import type { GapState } from "../../../ports/store/sync/gap-store";
import { literal } from "../sql/expressions";

const VERIFICATIONS = ["verified", "unverifiable", "failed"] as const satisfies readonly Verification[];
/** The indexes topic_log_failed and topic_log_unproven hold the numbers 4 and 5, too. */
const DISPOSITIONS = [
  ...["signal", "part", "undecodable", "untrusted", "failed"],
  "unproven",
] as const satisfies readonly Disposition[];
const SIGNATURES = ["alone", "both", "wrong", "unprovable", "open"] as const satisfies readonly SignatureState[];
const GAP_STATES = ["hole", "declared", "filled"] as const satisfies readonly GapState[];

/** The number of all types that have none of their own. Their rows store the type's name. */
export const UNNAMED_TYPE = 0;

/**
 * The numbers of types that TrustMesh writes every day. Rows of all other types hold the name, and 0 (UNNAMED_TYPE). A type whose name
 * rows hold already stays without a number: queries would have to look for both.
 */
const NUMBER_OF_TYPE: Readonly<Record<MessageType, number>> = {
  CONTACT_REQUEST: 1,
  CONTACT_ACCEPT: 2,
  CONTACT_REVOKE: 3,
  TRUST_ALLOCATE: 4,
  TRUST_REVOKE: 5,
  TRUST_ACCEPT: 6,
  TRUST_DECLINE: 7,
  RECOGNITION_MINT: 8,
  RECOGNITION_VALIDATE: 9,
  RECOGNITION_DEFINITION: 10,
  PROFILE_UPDATE: 11,
  PAYMENT_SENT: 12,
  TRUST_UPDATE: UNNAMED_TYPE,
  SIGNAL_TRANSFER: UNNAMED_TYPE,
  SIGNAL_BOOST: UNNAMED_TYPE,
  SIGNAL_SUGGEST: UNNAMED_TYPE,
  SYSTEM_UPDATE: UNNAMED_TYPE,
  IDENTITY_BIND: UNNAMED_TYPE,
  IDENTITY_ASSERT: UNNAMED_TYPE,
  IDENTITY_ROTATE: UNNAMED_TYPE,
  IDENTITY_UNBIND: UNNAMED_TYPE,
};
const TYPE_OF_NUMBER: ReadonlyMap<number, string> = new Map(
  Object.entries(NUMBER_OF_TYPE).flatMap(([type, number]) => (number === UNNAMED_TYPE ? [] : [[number, type]])),
);

/** Stands for a payer whom the mirror did not name, in a column that is not null. No account has this id. */
export const NO_PAYER = "";

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
export const signatureState = indexed<SignatureState>(SIGNATURES);

/** The number of a type; 0 if its name has to be stored. */
export const typeNumber = (type: string): number =>
  Object.hasOwn(NUMBER_OF_TYPE, type) ? NUMBER_OF_TYPE[type as MessageType] : UNNAMED_TYPE;

/** Throws RangeError for a number that a later version added. */
export function typeName(number: unknown, name: unknown): string {
  if (Number(number) === UNNAMED_TYPE && typeof name === "string") return name;
  const known = TYPE_OF_NUMBER.get(Number(number));
  if (!known) throw new RangeError(`the database holds an unknown type: ${String(number)}`);
  return known;
}

/** Verification is in the low two bits. This one is set if the user is the actor. */
const ACTOR_FLAG = 4;
/** The author, where it is not the payer alone. */
const AUTHOR_FLAGS: Readonly<Record<Author, number>> = { payer: 0, signature: 8, both: 16 };
const ALL_AUTHORS = 24;
/** The place in a batch is in the six bits after them. */
const PLACE_UNIT = 32;
const ALL_PLACES = (MAX_BATCH_SIGNALS - 1) * PLACE_UNIT;

/** The flags of a user row as one number: verification, actor, author, place. */
export const flagsOf = (row: Pick<UserRow, "isActor" | "verification" | "author" | "place">): number =>
  verification.code(row.verification) +
  (row.isActor ? ACTOR_FLAG : 0) +
  AUTHOR_FLAGS[row.author ?? "payer"] +
  (row.place ?? 0) * PLACE_UNIT;
/** The same in SQL. */
export const isActorIn = (flags: SQLWrapper): SQL => sql`(${flags} & ${literal(ACTOR_FLAG)} <> 0)`;
/** Whether the row's user is the actor of its message. */
export const isActorFlag = (flags: unknown): boolean => (Number(flags) & ACTOR_FLAG) !== 0;
/** Throws RangeError if the flags hold a bit that a later version added. */
export const verificationFlag = (flags: unknown): Verification =>
  verification.name(Number(flags) & ~(ACTOR_FLAG | ALL_AUTHORS | ALL_PLACES));
/** The member of a row that names its author; none for the payer alone. Throws RangeError for a code of a later version. */
export function authorFlag(flags: unknown): Pick<UserRow, "author"> {
  const code = Number(flags) & ALL_AUTHORS;
  if (code === 0) return {};
  const [author] = Object.entries(AUTHOR_FLAGS).find(([, each]) => each === code) ?? [];
  if (author === undefined) throw new RangeError(`the database holds an unknown author: ${code}`);
  return { author: author as Author };
}

/** The place of a row's signal in its message. */
export const placeFlag = (flags: unknown): number => (Number(flags) & ALL_PLACES) / PLACE_UNIT;
/** The same in SQL. */
export const placeIn = (flags: SQLWrapper): SQL => sql`(${flags} & ${literal(ALL_PLACES)})`;
