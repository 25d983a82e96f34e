import * as z from "zod/mini";
import { parseAccountId, parseUserId } from "../core/ledger/ids";

// In a browser Zod would try `new Function`, which a strict content security policy forbids and reports.
if (typeof window !== "undefined") z.config({ jitless: true });

/** The schema with its sentence in the API document. It is a copy: a schema that several members share keeps its own sentence. */
export function described<S extends z.ZodMiniType>(schema: S, description: string): S {
  const copy = schema.clone();
  z.globalRegistry.add(copy, { description });
  return copy;
}

/** A whole number in a query, in decimal digits. Refuses `1e2`, `0x10`, ` 5` and numbers out of range. */
export const wholeNumber = (minimum: number, maximum: number) =>
  z
    .pipe(
      z
        .string()
        .check(
          z.refine(
            (text) => /^\d{1,16}$/.test(text) && Number(text) >= minimum && Number(text) <= maximum,
            `must be a whole number from ${minimum} to ${maximum}`,
          ),
        ),
      z.transform(Number),
    )
    .register(z.globalRegistry, { type: "integer", minimum, maximum });

/** Consensus time as the ledger writes it. */
export const ConsensusTimestamp = described(z.string().check(z.regex(/^\d+\.\d{9}$/)), "seconds.nanoseconds");

export const UserIdText = described(
  z.string().check(
    z.minLength(1),
    z.refine((text) => parseUserId(text) !== null, "must have 1 to 50 characters without spaces"),
  ),
  "A Hedera account id or a tm- id",
);
export const AccountIdText = described(
  z.string().check(z.refine((text) => parseAccountId(text) !== null, "must be an account id like 0.0.7226146")),
  "A Hedera account id",
);
export const TopicIdText = z.string().check(z.regex(/^\d+\.\d+\.\d+$/, "must be a topic id like 0.0.7148063"));

/** The lists of the answer that are cut to keep it small, with their lengths. */
export const CappedAt = described(
  z.optional(z.record(z.string(), z.int())),
  "The lists that are cut, by name, with the number of items in each; absent if all are complete",
);

/** The freshness that every read states. */
export const Freshness = z.object({
  asOf: described(
    z.nullable(ConsensusTimestamp),
    "Consensus time through which all topics are synced; null before the first sync",
  ),
  lagMs: described(z.nullable(z.int().check(z.nonnegative())), "How far the slowest topic is behind, in milliseconds"),
  stale: described(
    z.boolean(),
    "The lag is over the target, or the answer comes from a copy that could not be refreshed",
  ),
  quiet: described(
    z.optional(z.literal(true)),
    "The ledger has no new blocks, and everything on its mirror is stored; never on a public network",
  ),
  watched: described(
    z.optional(z.literal(true)),
    "A mirror tells when a topic moves, and everything of which it has told is stored. It proves nothing: the data is complete through `asOf` only, and `lagMs` is its age",
  ),
  incomplete: described(
    z.optional(z.literal(true)),
    "A topic has not been read to its end: the server has just started, or the topic starts over. Until then anything may be missing",
  ),
});
export type Freshness = z.infer<typeof Freshness>;

/** Members that every view has beside its content. */
export const ViewMembers = z.object({
  timestamp: described(z.string(), "When this answer was sent, ISO 8601"),
  ...Freshness.shape,
});

export const DroppedThrough = described(
  z.optional(ConsensusTimestamp),
  "Signals through this time that belong here are no longer kept (KEEP_MONTHS); the ledger has them. Absent if there are none",
);

export const PositionNumber = described(
  z.int().check(z.nonnegative()),
  "The user's position, which grows by one with each row",
);

/** A problem (RFC 9457), with the UI's own members. */
export const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  instance: described(z.optional(z.string()), "The request's id in the server's log"),
  code: z.string(),
  ok: z.literal(false),
  success: z.literal(false),
  error: described(z.string(), "Same as `detail`, where the web UI looks for it"),
  message: described(
    z.optional(z.string()),
    "Same as `detail`, where the web UI looks for it on its page of recognition",
  ),
  field: described(z.optional(z.string()), "The member or parameter that is wrong"),
});
export type Problem = z.infer<typeof Problem>;

/** The evidence that a message is its actor's: the account that paid for it, the actor's signature, or both. */
export const Author = z.enum(["payer", "signature", "both"]);

export const Place = described(
  z.optional(z.int().check(z.positive())),
  "The signal's place in its message, if that is a batch; absent for the first signal",
);
