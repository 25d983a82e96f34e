/** One user action becomes one message on the ledger. */
import { SubmitAnswer } from "@/lib/wire/submit";
import { raiseFloor } from "./floors";
import { ApiError, postJson } from "./http";
import { inOrder, nextNonce } from "./nonce";

/** A message before it is written: its type, and the payload that its type asks for. */
export interface Draft {
  readonly type: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

const isUsedNonce = (error: unknown) =>
  error instanceof ApiError && error.status === 409 && error.code.includes("nonce");

/**
 * Whether the outcome is open: the answer was lost, or the first attempt is still running. A retry under the same key writes
 * nothing twice, because the server answers it with the first answer.
 */
const isOpen = (error: unknown) =>
  error instanceof ApiError && ((error.status === 0 && navigator.onLine) || error.code === "in-progress");

const ATTEMPTS = 4;
const PAUSE_MS = 1_000;

async function post(from: string, draft: Draft, key: string): Promise<SubmitAnswer> {
  const body = {
    type: draft.type,
    from,
    nonce: nextNonce(from),
    ts: Math.floor(Date.now() / 1_000),
    payload: draft.payload,
  };
  for (let attempt = 1; ; attempt++) {
    try {
      return await postJson(SubmitAnswer, "/api/hcs/submit", body, { "idempotency-key": key });
    } catch (error) {
      if (attempt === ATTEMPTS || !isOpen(error)) throw error;
      await new Promise((done) => setTimeout(done, PAUSE_MS));
    }
  }
}

/**
 * Writes one message in the name of `from`, who must be signed in. Resolves when the ledger has accepted it. Later reads of this
 * page contain it. Rejects with an `ApiError`: if its `status` is 0, no answer came, and the message may have been written.
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
