/** The caller's views as hooks. Each is read once for all components that use it, and again when an event says that it changed. */
import { useMemo } from "react";
import useSWR, { type SWRResponse, unstable_serialize } from "swr";
import type { CircleAnswer, ContactsAnswer } from "@/lib/wire/contacts";
import { type Definition, type Profile, RecognitionAnswer, type RecognitionInstance } from "@/lib/wire/recognition";
import { KEYS, pathOfKey } from "../keys";
import { profilesKey, RECOGNITION_LIST, recognitionKeys } from "./lists";
import { type Paged, usePages } from "./pages";
import { readCircle, readContacts, readProfiles, readView } from "./reads";
import { useFirstRead, useTakenOver } from "./rendered";
import { useViewOptions } from "./view-options";

/** Bonded contacts, requests in both directions and trust, as an SWR response: `{ data, error, mutate, … }`. */
export function useContacts(): SWRResponse<ContactsAnswer, Error> {
  return useSWR<ContactsAnswer, Error>(KEYS.contacts, readContacts, {
    ...useViewOptions(),
    ...useFirstRead(KEYS.contacts),
  });
}

/** The circle and its nine slots, as an SWR response. */
export function useCircle(): SWRResponse<CircleAnswer, Error> {
  return useSWR<CircleAnswer, Error>(KEYS.circle, readCircle, useViewOptions());
}

/** While a definition is missing, the page polls. Its arrival concerns no user in particular, so no event reports it. */
const PENDING_POLL_MS = 15_000;

/** Every definition once. Those of newer pages win. */
function eachOnce(definitions: readonly Definition[]): readonly Definition[] {
  const byId = new Map<string, Definition>();
  for (const each of definitions) if (!byId.has(each.id)) byId.set(each.id, each);
  return [...byId.values()];
}

/** Recognition and definitions, as far as they are loaded. */
export interface Recognition extends Paged {
  /** Recognition given to the caller, newest first. Undefined until the first page has been read. */
  readonly instances: readonly RecognitionInstance[] | undefined;
  /** Definitions of these instances, the caller's own, and those offered to everybody. */
  readonly definitions: readonly Definition[];
}

/** Recognition given to the caller, page by page without an end. An event reads all loaded pages again. */
export function useRecognition(): Recognition {
  const { pages, ...paged } = usePages<RecognitionAnswer>(
    recognitionKeys,
    (key) => readView(RecognitionAnswer, pathOfKey(key)),
    {
      revalidateOnMount: !useTakenOver(RECOGNITION_LIST),
      // A new instance moves the boundaries of all pages.
      revalidateAll: true,
      refreshInterval: (latest) =>
        latest?.some(({ instances }) => instances.some(({ pending }) => pending)) ? PENDING_POLL_MS : 0,
    },
  );
  const lists = useMemo(
    () => ({
      instances: pages?.flatMap(({ instances }) => instances),
      definitions: eachOnce(pages?.flatMap(({ definitions }) => definitions) ?? []),
    }),
    [pages],
  );
  return { ...paged, ...lists };
}

/** Profiles of the caller and of contacts, by id. Undefined until they have been read. The server leaves other ids out. */
export function useProfiles(ids: readonly string[]): ReadonlyMap<string, Profile> | undefined {
  const key = profilesKey(ids);
  const list = key[1];
  // The cache holds a list and not a map, because SWR compares by content and does not look into maps.
  const { data } = useSWR<Profile[], Error>(
    list ? key : null,
    ([, wanted]: readonly [string, string]) => readProfiles(wanted.split(",")),
    { ...useViewOptions(), ...useFirstRead(unstable_serialize(key)), keepPreviousData: true },
  );
  return useMemo(() => data && new Map(data.map((profile) => [profile.userId, profile])), [data]);
}
