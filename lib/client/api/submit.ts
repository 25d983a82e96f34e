/** One user action becomes one message on the ledger. */
import { SubmitAnswer } from "@/lib/wire/submit";
import { raiseFloor } from "./floors";
import { ApiError, postJson } from "./http";
import { inOrder, nextNonce } from "./nonce";
import { untilDecided } from "./until-decided";

/** A message before it is written: its type, and the payload that its type asks for. */
export interface Draft {
  readonly type: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

const LOOK_FIRST = "No answer came for it. Look again in a minute whether it is there, before you repeat it.";

const isUsedNonce = (error: unknown) =>
  error instanceof ApiError && error.status === 409 && error.code.includes("nonce");

async function post(from: string, draft: Draft, key: string): Promise<SubmitAnswer> {
  const body = {
    type: draft.type,
    from,
    nonce: nextNonce(from),
    ts: Math.floor(Date.now() / 1_000),
    payload: draft.payload,
  };
  return untilDecided(() => postJson(SubmitAnswer, "/api/hcs/submit", body, { "idempotency-key": key }), LOOK_FIRST);
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
