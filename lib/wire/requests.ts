/** Queries and bodies, as callers send them. Only the server checks them, so they are apart from the answers that browsers check. */
import * as z from "zod/mini";
import { parseAccountId, parseUserId } from "../core/ledger/ids";
import { NUMERIC_TYPES, SUBMIT_TYPES } from "../core/signals/message-types";
import { parsePosition } from "../core/signals/position";
import { AccountIdText, described, UserIdText, wholeNumber } from "./common";
import { MAX_PROFILE_IDS } from "./recognition";

const MAX_PAGE = 100;

/**
 * No message on the ledger has a type with a control character or a lone surrogate (core/signals/envelope), and a database
 * rejects some of them.
 */
const TypeName = z.string().check(
  z.minLength(1),
  z.maxLength(50),
  z.refine((text) => !/\p{C}/u.test(text), "must have no control characters"),
);

export const SignalsQuery = z.strictObject({
  type: described(
    z._default(
      z.union([
        z.pipe(
          TypeName,
          z.transform((one) => [one]),
        ),
        z.array(TypeName).check(z.maxLength(20)),
      ]),
      [],
    ),
    "A type by its name in capitals or not, such as TRUST_ALLOCATE; repeatable. Any name may come from the ledger, so one that no signal has gives an empty page",
  ),
  limit: z._default(wholeNumber(1, MAX_PAGE), 50),
  cursor: z.optional(z.string().check(z.maxLength(200))),
});

const Cursor = z.optional(
  z.string().check(z.refine((text) => text === "" || parsePosition(text) !== null, "must be the id of an event")),
);

/** `GET /api/stream?cursor=`; `lastEventId` is for EventSource clients that cannot set the header. Empty means absent. */
export const StreamQuery = z.object({
  cursor: described(Cursor, "The position at which this page's data was read"),
  lastEventId: described(Cursor, "The id of the last event, like the header Last-Event-ID"),
});

export const RecognitionQuery = z.strictObject({
  cursor: described(z.optional(z.string().check(z.maxLength(200))), "`nextCursor` of the last page"),
});

/** One of several ids in a parameter, which a refusal names as a whole. */
const ListedUserId = z
  .string()
  .check(
    z.refine(
      (text) => parseUserId(text) !== null,
      "must be ids of 1 to 50 characters without spaces, separated by commas",
    ),
  );

export const ProfilesQuery = z.strictObject({
  ids: z.pipe(
    z.pipe(
      z.string().check(z.minLength(1), z.maxLength(6_000)),
      z.transform((text) => text.split(",").map((id) => id.trim())),
    ),
    z.array(ListedUserId).check(z.minLength(1), z.maxLength(MAX_PROFILE_IDS)),
  ),
});

const envelope = {
  from: UserIdText,
  nonce: described(
    z.number().check(z.nonnegative(), z.maximum(Number.MAX_SAFE_INTEGER)),
    "Larger than the last one of this `from`, and at most 130 s ahead as a time in milliseconds; may be a fraction",
  ),
  ts: described(z.int().check(z.nonnegative()), "Epoch seconds, within -600 and +120 of now"),
  payload: z.record(z.string(), z.unknown()),
};

const LAST_NUMBER = NUMERIC_TYPES.length - 1;
const NUMBER_ALONE = `must be a name such as ${NUMERIC_TYPES[0]}, or a number from 0 to ${LAST_NUMBER} beside "hcs": "21"`;

/** The UI's envelope: a type by its name. Further members are written as they are, for readers that look for them at the top. */
const NamedEnvelope = z.looseObject({
  type: z.enum(SUBMIT_TYPES, { error: ({ input }) => (typeof input === "number" ? NUMBER_ALONE : undefined) }),
  ...envelope,
});
/** The numeric form of the envelope. */
const NumericEnvelope = z.looseObject({
  hcs: z.literal("21"),
  v: z._default(z.string().check(z.maxLength(10)), "1.0"),
  type: described(
    z.int().check(z.minimum(0), z.maximum(LAST_NUMBER)),
    NUMERIC_TYPES.map((name, i) => `${i}: ${name}`).join(", "),
  ),
  ...envelope,
});

/** `POST /api/hcs/submit` */
export const SubmitBody = z.union([NumericEnvelope, NamedEnvelope]);
export type SubmitBody = z.infer<typeof SubmitBody>;

/** `POST /api/auth/demo`, on the local devnet only */
export const DemoBody = z.object({
  userId: UserIdText.check(
    z.refine(
      (text) => parseAccountId(text) !== null || /^tm-./.test(text),
      "must be the id of a demo person (GET /api/auth/demo lists them), an account id such as 0.0.7226146, or tm- and a name for somebody new",
    ),
  ),
});

/** `POST /api/auth/challenge` */
export const ChallengeBody = z.object({ accountId: AccountIdText });

/** `POST /api/auth/verify` */
export const VerifyBody = z.object({
  accountId: AccountIdText,
  challenge: z.string().check(z.minLength(1), z.maxLength(700)),
  signatureMap: described(
    z.string().check(z.minLength(1), z.maxLength(2_000), z.regex(/^[A-Za-z0-9+/]+={0,2}$/, "must be base64")),
    "The wallet's answer: base64 of a protobuf SignatureMap",
  ),
});

/** `POST /api/auth/logout`. No body means the same as `{}`. */
export const LogoutBody = z._default(
  z.object({
    everywhere: described(z._default(z.boolean(), false), "End all sessions of the caller, on every device"),
  }),
  { everywhere: false },
);
