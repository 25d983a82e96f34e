/** One user action becomes one message on the ledger. */
import { SubmitAnswer } from "@/lib/wire/submit";
import { raiseFloor } from "./floors";
import { ApiError, BAD_ANSWER, isUnauthenticated, OUTCOME_UNKNOWN, postJson, UNKNOWN } from "./http";
import { inOrder, nextNonce } from "./nonce";

/** A message before it is written: its type, and the payload that its type asks for. */
export interface Draft {
  readonly type: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

const LOOK_FIRST = "No answer came for it. Look again in a minute whether it is there, before you repeat it.";

const isUsedNonce = (error: unknown) =>
  error instanceof ApiError && error.status === 409 && error.code.includes("nonce");

/** The answer was lost or broken, or the first attempt is still running. So the message may be written, and nobody here knows. */
const leavesOpen = ({ status, code }: ApiError) =>
  (status === 0 && navigator.onLine) || code === "in-progress" || code === BAD_ANSWER;

/** Refusals that say nothing about the message itself. */
const UNDECIDED: ReadonlySet<string> = new Set([
  "in-progress",
  "no-session",
  "wrong-token",
  "too-slow",
  "too-many",
  UNKNOWN,
]);
/** Whether the server has looked at the message. One that starts, is busy or only reads has not. */
const isDecided = ({ status, code }: ApiError) =>
  code === "ledger-refused" || (status >= 400 && status < 500 && !UNDECIDED.has(code));

/** A server that is away is asked so often; one that answers is waited for longer, because it may be starting. */
const ATTEMPTS = { unanswered: 4, answered: 10 };
const PAUSE_MS = 1_000;

/**
 * Sends a message until the server has decided about it. A retry under the same key writes nothing twice, because the server answers it
 * with the first answer. Once an attempt is open, only an answer about the message itself says whether it was written.
 */
async function post(from: string, draft: Draft, key: string): Promise<SubmitAnswer> {
  const body = {
    type: draft.type,
    from,
    nonce: nextNonce(from),
    ts: Math.floor(Date.now() / 1_000),
    payload: draft.payload,
  };
  let isOpen = false;
  for (let attempt = 1; ; attempt++) {
    try {
      return await postJson(SubmitAnswer, "/api/hcs/submit", body, { "idempotency-key": key });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      isOpen ||= leavesOpen(error);
      if (!isOpen || isDecided(error)) throw error;
      const attempts = error.status === 0 ? ATTEMPTS.unanswered : ATTEMPTS.answered;
      if (attempt >= attempts || isUnauthenticated(error))
        throw new ApiError(error.status, OUTCOME_UNKNOWN, LOOK_FIRST);
      await new Promise((done) => setTimeout(done, PAUSE_MS));
    }
  }
}

/**
 * Writes one message in the name of `from`, who must be signed in. Resolves when the ledger has accepted it. Later reads of this
 * page contain it. Rejects with an `ApiError`: if `isOutcomeUnknown` says so, the message may have been written.
 */
export function submit(from: string, draft: Draft): Promise<SubmitAnswer> {
  return inOrder(async () => {
    const key = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random().toString(36).slice(2)}`;
    // Another device of the same person may have used a later nonce. Nothing was written, so try once more with a new one.
    const answer = await post(from, draft, key).catch((error) => {
      if (isUsedNonce(error)) return post(from, draft, `${key}-2`);
      throw error;
    });
    raiseFloor(answer.minSequence);
    return answer;
  });
}
