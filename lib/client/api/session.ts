/** The signed-in person. Signing in or out reloads the page, so that nothing of one person stays in memory for the next. */
import useSWR from "swr";
import { z } from "zod";
import { ChallengeAnswer, DemoAnswer, SessionAnswer } from "@/lib/wire/session";
import { getJson, postJson } from "./http";
import { PATHS } from "./keys";

export function useSession() {
  return useSWR<SessionAnswer, Error>(PATHS.session, (path: string) => getJson(SessionAnswer, path));
}

/** The demo people of a local devnet. Empty elsewhere. */
export function useDemoPeople(enabled: boolean) {
  return useSWR<DemoAnswer, Error>(enabled ? PATHS.people : null, (path: string) => getJson(DemoAnswer, path), {
    revalidateOnFocus: false,
  });
}

const Anything = z.unknown();

export async function signIn(userId: string, next: string): Promise<void> {
  await postJson(Anything, PATHS.people, { userId });
  window.location.assign(next);
}

/** The text for the account to sign. */
export const askChallenge = (accountId: string): Promise<ChallengeAnswer> =>
  postJson(ChallengeAnswer, "/api/auth/challenge", { accountId });

export async function enterWithSignature(
  accountId: string,
  challenge: string,
  signatureMap: string,
  next: string,
): Promise<void> {
  await postJson(SessionAnswer, "/api/auth/verify", { accountId, challenge, signatureMap });
  window.location.assign(next);
}

export async function signOut({ everywhere = false } = {}): Promise<void> {
  await postJson(Anything, "/api/auth/logout", { everywhere });
  window.location.assign("/sign-in");
}

/** Accepts paths of this site only, never `//elsewhere` or a scheme. */
export function safeNext(next: string | null | undefined): string {
  return next && /^\/[a-z0-9][^\\]*$/i.test(next) ? next : "/signals";
}
