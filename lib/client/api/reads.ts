/** The caller's views. Each answer also tells how fresh it is. */
import { useMemo } from "react";
import useSWR from "swr";
import type { z } from "zod";
import type { Freshness } from "@/lib/wire/common";
import { CircleAnswer, ContactsAnswer } from "@/lib/wire/contacts";
import { PersonAnswer } from "@/lib/wire/person";
import { MAX_PROFILE_IDS, type Profile, ProfilesAnswer, RecognitionAnswer } from "@/lib/wire/recognition";
import { reportFreshness } from "../live/freshness";
import { getJson } from "./http";
import { PATHS } from "./keys";

export async function readView<T extends Freshness>(schema: z.ZodType<T>, path: string): Promise<T> {
  const answer = await getJson(schema, path);
  reportFreshness(answer, "read");
  return answer;
}

/** Whether anybody uses an id that the caller may write to. */
export const findPerson = (id: string) => getJson(PersonAnswer, `/api/people/${encodeURIComponent(id)}`);

export function useContacts() {
  return useSWR<ContactsAnswer, Error>(PATHS.contacts, (path: string) => readView(ContactsAnswer, path));
}

export function useCircle() {
  return useSWR<CircleAnswer, Error>(PATHS.circle, (path: string) => readView(CircleAnswer, path));
}

/** While a definition is missing, the page polls. Its arrival concerns no user in particular, so no event reports it. */
const PENDING_POLL_MS = 15_000;

export function useRecognition() {
  return useSWR<RecognitionAnswer, Error>(PATHS.recognition, (path: string) => readView(RecognitionAnswer, path), {
    refreshInterval: (latest) => (latest?.instances.some((instance) => instance.pending) ? PENDING_POLL_MS : 0),
  });
}

async function readProfiles([path, ids]: readonly [string, string]): Promise<Profile[]> {
  const all = ids.split(",");
  const pages: string[][] = [];
  for (let at = 0; at < all.length; at += MAX_PROFILE_IDS) pages.push(all.slice(at, at + MAX_PROFILE_IDS));
  const answers = await Promise.all(
    pages.map((page) => readView(ProfilesAnswer, `${path}?ids=${encodeURIComponent(page.join(","))}`)),
  );
  return answers.flatMap((answer) => answer.profiles);
}

/** Profiles of the caller and of contacts, by id. Undefined until they have been read. The server leaves other ids out. */
export function useProfiles(ids: readonly string[]): ReadonlyMap<string, Profile> | undefined {
  const list = [...new Set(ids)].sort().join(",");
  // The cache holds a list and not a map, because SWR compares by content and does not look into maps.
  const { data } = useSWR<Profile[], Error>(list ? [PATHS.profiles, list] : null, readProfiles, {
    keepPreviousData: true,
  });
  return useMemo(() => data && new Map(data.map((profile) => [profile.userId, profile])), [data]);
}
