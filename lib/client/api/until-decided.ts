/** Requests that do something once, under an idempotency key, and whose answers may be lost. */
import { ApiError, BAD_ANSWER, isUnauthenticated, OUTCOME_UNKNOWN, UNKNOWN } from "./http";

/** The answer was lost or broken, or the first attempt is still running. So it may be done, and nobody here knows. */
const leavesOpen = ({ status, code }: ApiError) =>
  (status === 0 && navigator.onLine) || code === "in-progress" || code === BAD_ANSWER;

/** Refusals that say nothing about the request itself. */
const UNDECIDED: ReadonlySet<string> = new Set([
  "in-progress",
  "no-session",
  "wrong-token",
  "too-slow",
  "too-many",
  UNKNOWN,
]);
/** Whether the server has looked at the request. One that starts, is busy or only reads has not. */
const isDecided = ({ status, code }: ApiError) =>
  code === "ledger-refused" || (status >= 400 && status < 500 && !UNDECIDED.has(code));

/** A server that is away is asked so often; one that answers is waited for longer, because it may be starting. */
const ATTEMPTS = { unanswered: 4, answered: 10 };
const PAUSE_MS = 1_000;

/**
 * Sends a request until the server has decided about it. `send` uses the same idempotency key each time, so a retry does nothing twice:
 * the server answers it with the first answer. Once an attempt is open, only an answer about the request itself says whether it was
 * done. Without one it rejects with an `ApiError` of which `isOutcomeUnknown` is true, and whose sentence is `lookFirst`.
 */
export async function untilDecided<T>(send: () => Promise<T>, lookFirst: string): Promise<T> {
  let isOpen = false;
  for (let attempt = 1; ; attempt++) {
    try {
      return await send();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      isOpen ||= leavesOpen(error);
      if (!isOpen || isDecided(error)) throw error;
      const attempts = error.status === 0 ? ATTEMPTS.unanswered : ATTEMPTS.answered;
      if (attempt >= attempts || isUnauthenticated(error)) throw new ApiError(error.status, OUTCOME_UNKNOWN, lookFirst);
      await new Promise((done) => setTimeout(done, PAUSE_MS));
    }
  }
}
