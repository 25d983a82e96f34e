/** The latest errors by kind, as instances report them. */
import * as z from "zod/mini";
import { described } from "../common";

/** These bounds keep a report small: at most about 4 KB of errors. */
export const ERROR_KINDS_MAX = 12;
export const ERRORS_PER_KIND_MAX = 3;

const count = z.int().check(z.nonnegative());

export const ErrorKind = z.object({
  kind: described(
    z.string().check(z.maxLength(200)),
    "A problem code such as internal, or the message of the log line",
  ),
  count: described(count, "Occurrences since the instance started"),
  latest: described(
    z
      .array(
        z.object({
          atMs: count,
          requestId: described(
            z.nullable(z.string().check(z.maxLength(100))),
            "The request id to search the log for; null for background work",
          ),
          route: z.nullable(z.string().check(z.maxLength(200))),
        }),
      )
      .check(z.maxLength(ERRORS_PER_KIND_MAX)),
    "Newest first",
  ),
});
export type ErrorKind = z.infer<typeof ErrorKind>;
