/** The latest errors by kind, as instances report them. */
import * as z from "zod";

/** These bounds keep a report small: at most about 4 KB of errors. */
export const ERROR_KINDS_MAX = 12;
export const ERRORS_PER_KIND_MAX = 3;

const count = z.number().int().nonnegative();

export const ErrorKind = z.object({
  kind: z.string().max(200).meta({ description: "A problem code such as internal, or the message of the log line" }),
  count: count.meta({ description: "Occurrences since the instance started" }),
  latest: z
    .array(
      z.object({
        atMs: count,
        requestId: z
          .string()
          .max(100)
          .nullable()
          .meta({ description: "The request id to search the log for; null for background work" }),
        route: z.string().max(200).nullable(),
      }),
    )
    .max(ERRORS_PER_KIND_MAX)
    .meta({ description: "Newest first" }),
});
export type ErrorKind = z.infer<typeof ErrorKind>;
