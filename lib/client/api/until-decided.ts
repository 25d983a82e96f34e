/** Requests that do something once, under an idempotency key, and whose answers may be lost. */
import { ApiError, BAD_ANSWER, FOREIGN_ANSWER, isUnauthenticated, OUTCOME_UNKNOWN } from "./http";

/** Whether the request may have been done: its answer was lost or broken, or the first attempt is still running. */
const leavesOpen = ({ status, code }: ApiError) =>
  (status === 0 && navigator.onLine) || code === "in-progress" || code === BAD_ANSWER;

/** Refusals that say nothing about the request itself. */
const UNDECIDED: ReadonlySet<string> = new Set([
  "in-progress",
  "no-session",
  "wrong-token",
  "too-slow",
  "too-many",
  FOREIGN_ANSWER,
]);
/** Whether the server has decided about the request. A server that is starting, busy or read-only has not. */
const isDecided = ({ status, code }: ApiError) =>
  code === "ledger-refused" || (status >= 400 && status < 500 && !UNDECIDED.has(code));

/** The most attempts while the server does not answer, and while it answers: then it may be starting, and is waited for longer. */
const ATTEMPTS = { unanswered: 4, answered: 10 };
const PAUSE_MS = 1_000;

/**
 * Sends a request until the server has decided about it. `send` uses the same idempotency key each time, so a retry does nothing twice:
 * the server answers it with the first answer. Once the answer to an attempt was lost, only an answer about the request itself says
 * whether it was done. Without such an answer it rejects with an `ApiError` for which `isOutcomeUnknown` is true, and whose sentence is
 * `lookFirst`.
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
