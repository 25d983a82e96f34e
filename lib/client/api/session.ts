/** The signed-in person. When the person changes, everything that was kept of the earlier one is forgotten. */
import useSWR, { type Cache, type ScopedMutator, type SWRResponse, useSWRConfig } from "swr";
import * as z from "zod/mini";
import { ChallengeAnswer, DemoAnswer, SessionAnswer } from "@/lib/wire/sign-in/session";
import { publishToFeed } from "../live/feed";
import { forgetFreshness } from "../live/freshness";
import { dropFloors } from "./floors";
import { ApiError, getJson, postJson } from "./http";
import { isList, isView, KEYS, PATHS } from "./keys";
import { readSession } from "./views/reads";
import { helpsToRetry } from "./views/view-options";

/** The person of the last session that was read. Undefined before the first. */
let known: string | null | undefined;

/**
 * The session as an SWR response. `data.userId` is null if nobody is signed in. After a sign-in or sign-out call `mutate()`, or
 * reload the page.
 */
export function useSession(): SWRResponse<SessionAnswer, Error> {
  const { mutate, cache } = useSWRConfig();
  const read = async () => {
    const session = await readSession();
    // Done before any component sees the new session, so that nobody sees the earlier person's views under it.
    if (known !== undefined && known !== session.userId) forgetPerson(mutate, cache);
    known = session.userId;
    return session;
  };
  return useSWR<SessionAnswer, Error>(KEYS.session, read, { shouldRetryOnError: helpsToRetry });
}

function forgetPerson(mutate: ScopedMutator, cache: Cache): void {
  dropFloors();
  forgetFreshness();
  // SWR gives a filter only the keys that a component has used. Rendered data may have other keys, so string keys are taken from the
  // cache itself.
  void mutate((key) => Array.isArray(key) && isView(key), undefined);
  const names = [...cache.keys()];
  // The pages of a list are entries of their own, and go before the list reads them again.
  for (const key of [...names.filter(isView), ...names.filter(isList)]) void mutate(key, undefined);
  publishToFeed({ kind: "resync" });
}

/** The demo people of a local devnet, as an SWR response. Asks nothing unless `enabled`, which is the session's `demo`. */
export function useDemoPeople(enabled: boolean): SWRResponse<DemoAnswer, Error> {
  return useSWR<DemoAnswer, Error>(enabled ? KEYS.people : null, () => getJson(DemoAnswer, PATHS.people), {
    // Somebody else's new name shows when the page is loaded again.
    revalidateIfStale: false,
    revalidateOnFocus: false,
    revalidateOnReconnect: false,
    shouldRetryOnError: helpsToRetry,
  });
}

const Anything = z.unknown();

/**
 * Rejects if the browser has not kept the session's cookie: cookies are blocked, or the page came without TLS. Nothing else would say so,
 * and the next page would only ask to sign in again.
 */
async function keptSession(answer: SessionAnswer): Promise<SessionAnswer> {
  const kept = await readSession().catch(() => answer);
  if (kept.userId !== null) return answer;
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

/** Signs out on this device, or with `everywhere` on all devices of the person. */
export async function signOut({ everywhere = false } = {}): Promise<void> {
  await postJson(Anything, "/api/auth/logout", { everywhere });
}
