/** All ways to sign in. Apart from the session, because only the sign-in page needs them. */
import { ChallengeAnswer, SessionAnswer } from "@/lib/wire/sign-in/session";
import { ApiError, getJson, postJson } from "./http";
import { PATHS } from "./keys";
import { readSession } from "./views/reads";

/**
 * Rejects if the browser has not kept the session's cookie: cookies are blocked, or the page came without TLS. Nothing else would say
 * so. The next page would ask to sign in again, or show the person of an older cookie.
 */
async function keptSession(answer: SessionAnswer): Promise<SessionAnswer> {
  const kept = await readSession().catch(() => answer);
  if (kept.userId === answer.userId) return answer;
  throw new ApiError(
    0,
    "no-cookie",
    "This browser has not kept the session. Allow cookies for this page, and open it at an address that begins with https.",
  );
}

/** Signs in as one of the demo people of a local devnet. Rejects with an `ApiError`, as all ways to sign in. */
export async function signInAsDemo(userId: string): Promise<void> {
  await keptSession(await postJson(SessionAnswer, PATHS.people, { userId }));
}

/** Signs in by a DID token of Magic's (RFC 6750 bearer), if the server accepts tokens of that application. */
export const signInWithToken = async (token: string): Promise<SessionAnswer> =>
  keptSession(await getJson(SessionAnswer, PATHS.session, { authorization: `Bearer ${token}` }));

/** The text that the account's wallet signs, for `signInWithSignature`. It is good for one answer, for five minutes. */
export const askChallenge = (accountId: string): Promise<ChallengeAnswer> =>
  postJson(ChallengeAnswer, "/api/auth/challenge", { accountId });

/** Signs in with the wallet's answer to a challenge. `signatureMap` is base64 of a protobuf SignatureMap (HIP-820). */
export const signInWithSignature = async (
  accountId: string,
  challenge: string,
  signatureMap: string,
): Promise<SessionAnswer> =>
  keptSession(await postJson(SessionAnswer, "/api/auth/verify", { accountId, challenge, signatureMap }));
