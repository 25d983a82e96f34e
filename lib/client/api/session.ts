/** The signed-in person. When the person changes, everything that was kept of the earlier one is forgotten. */
import useSWR, { type Cache, type ScopedMutator, type SWRResponse, useSWRConfig } from "swr";
import * as z from "zod/mini";
import { DemoAnswer, type SessionAnswer } from "@/lib/wire/sign-in/session";
import { publishToFeed } from "../live/feed";
import { forgetFreshness } from "../live/freshness";
import { dropFloors } from "./floors";
import { getJson, postJson } from "./http";
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

/** Signs out on this device, or with `everywhere` on all devices of the person. */
export async function signOut({ everywhere = false } = {}): Promise<void> {
  await postJson(Anything, "/api/auth/logout", { everywhere });
}
