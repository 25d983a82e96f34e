/** The latest errors by kind, as instances report them. */
import * as z from "zod/mini";

/** These bounds keep a report small: at most about 4 KB of errors. */
export const ERROR_KINDS_MAX = 12;
export const ERRORS_PER_KIND_MAX = 3;

const count = z.int().check(z.nonnegative());

export const ErrorKind = z.object({
  kind: z
    .string()
    .check(z.maxLength(200))
    .register(z.globalRegistry, { description: "A problem code such as internal, or the message of the log line" }),
  count: count.clone().register(z.globalRegistry, { description: "Occurrences since the instance started" }),
  latest: z
    .array(
      z.object({
        atMs: count,
        requestId: z.nullable(z.string().check(z.maxLength(100))).register(z.globalRegistry, {
          description: "The request id to search the log for; null for background work",
        }),
        route: z.nullable(z.string().check(z.maxLength(200))),
      }),
    )
    .check(z.maxLength(ERRORS_PER_KIND_MAX))
    .register(z.globalRegistry, { description: "Newest first" }),
});
export type ErrorKind = z.infer<typeof ErrorKind>;
