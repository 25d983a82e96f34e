/** Finds out what a failure means, from the error of the server or of the driver. */
import { DrizzleQueryError } from "drizzle-orm/errors";
import { BatchRefused } from "../../../ports/store/sync/batch-store";
import { isTierUnavailable, TierUnavailable } from "../../../ports/tier-unavailable";

/**
 * SQLSTATEs that say "not now" rather than "never" (PostgreSQL, appendix A): by class, then single ones.
 * 08 connection, 40 rolled back for concurrency, 53 out of resources, 55 not in a state for it (lock not available),
 * 57 stopped by an operator or a timeout, 58 the system under the server. 28 and 3D refuse the login: a password that was changed
 * must not look like a fault of a request.
 */
const RETRYABLE_CLASSES = new Set(["08", "28", "3D", "40", "53", "55", "57", "58"]);
/** Read-only after a failover; idle transaction ended; out of range of a recovering standby. */
const RETRYABLE_STATES = new Set(["25006", "25P03", "XX000"]);

const UNIQUE_VIOLATION = "23505";

/** A database that cannot be used until an operator acts. The message is one sentence that says what to do. */
export class DatabaseUnusable extends Error {
  override readonly name = "DatabaseUnusable";
}

/** The SQLSTATE of an error that the server itself reported; null for any other error. */
export function sqlState(error: unknown): string | null {
  if (typeof error !== "object" || error === null || !("severity" in error) || !("code" in error)) return null;
  return typeof error.code === "string" && /^[0-9A-Z]{5}$/.test(error.code) ? error.code : null;
}

/** States that an operator can do something about (PostgreSQL, appendix A). */
const STATE_WORDS: Readonly<Record<string, string>> = {
  "25006": "it is read-only",
  "28000": "it does not let the user of DATABASE_URL in",
  "28P01": "it does not accept the user and password of DATABASE_URL",
  "3D000": "it has no database of the name in DATABASE_URL",
  "53100": "its disk is full",
  "53200": "it is out of memory",
  "53300": "it has no connection left",
  "57P03": "it is starting or ending",
};

/** "the database answered 53100: its disk is full" */
export const sqlStateWords = (state: string): string =>
  `the database answered ${state}${state in STATE_WORDS ? `: ${STATE_WORDS[state]}` : ""}`;

const LOGIN_CLASSES = new Set(["28", "3D"]);

/** For a start: the sentence for a login that the server refused. All other errors stay as they are. */
export function loginRefusal(error: unknown): unknown {
  const state = isTierUnavailable(error) ? sqlState(error.cause) : null;
  if (state === null || !LOGIN_CLASSES.has(state.slice(0, 2))) return error;
  return new DatabaseUnusable(
    `Nobody can log in to the database: ${sqlStateWords(state)}. Correct DATABASE_URL, then start again.`,
    {
      cause: error,
    },
  );
}

/** Whether the database refused a row because its key exists already. */
export const isUniqueViolation = (error: unknown): boolean => sqlState(error) === UNIQUE_VIOLATION;

/** 22 data exception, 23 constraint, 54 program limit: the statement was understood, and its values cannot be stored. */
const REFUSING_CLASSES = new Set(["22", "23", "54"]);

/** A write's failure: `BatchRefused` if its values are the reason, otherwise the error as it is. The message holds no value. */
export function asBatchRefused(error: unknown): unknown {
  const state = sqlState(error);
  const isRefusal = state !== null && REFUSING_CLASSES.has(state.slice(0, 2));
  return isRefusal ? new BatchRefused(`the database answered ${state}`) : error;
}

/**
 * The meaning of a failed statement. The server's own errors carry an SQLSTATE. Any other error comes from the driver: the
 * language's own kinds of errors are mistakes of ours, and all others are a connection that failed.
 */
export function translateError(failure: unknown): unknown {
  // Drizzle wraps the driver's error in one that quotes the statement and its values, which no log may hold.
  const error = failure instanceof DrizzleQueryError ? failure.cause : failure;
  if (isTierUnavailable(error)) return error;
  const state = sqlState(error);
  if (state !== null) {
    const isRetryable = RETRYABLE_CLASSES.has(state.slice(0, 2)) || RETRYABLE_STATES.has(state);
    return isRetryable ? new TierUnavailable("postgres", sqlStateWords(state), { cause: error }) : error;
  }
  const isOurs = [TypeError, RangeError, ReferenceError, SyntaxError].some((kind) => error instanceof kind);
  return isOurs ? error : new TierUnavailable("postgres", "the database does not answer", { cause: error });
}
