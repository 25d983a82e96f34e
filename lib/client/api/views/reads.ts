/**
 * The reads of the API, without React. Each resolves with an answer that fits its schema, and rejects with an `ApiError`. Each
 * answer is at least as new as what this page has written.
 */
import type * as z from "zod/mini";
import type { Freshness } from "@/lib/wire/common";
import { CircleAnswer, ContactsAnswer } from "@/lib/wire/contacts";
import { MAX_PROFILE_IDS, type Profile, ProfilesAnswer, RecognitionAnswer } from "@/lib/wire/recognition";
import { SessionAnswer } from "@/lib/wire/sign-in/session";
import { SignalsAnswer } from "@/lib/wire/signals";
import { reportFreshness } from "../../live/freshness";
import { getJson } from "../http";
import { PATHS } from "../keys";

/** Reads a view, and notes how fresh it is. */
export async function readView<T extends Freshness>(schema: z.ZodMiniType<T>, path: string): Promise<T> {
  const answer = await getJson(schema, path);
  reportFreshness(answer, "read");
  return answer;
}

/** The session. `userId` is null if nobody is signed in. */
export const readSession = (): Promise<SessionAnswer> => getJson(SessionAnswer, PATHS.session);

/** Bonded contacts, requests in both directions, and trust. */
export const readContacts = (): Promise<ContactsAnswer> => readView(ContactsAnswer, PATHS.contacts);

/** The circle: bonded contacts and how many of the nine slots are used. */
export const readCircle = (): Promise<CircleAnswer> => readView(CircleAnswer, PATHS.circle);

/** Which page of signals to read. */
export interface SignalsOptions {
  /** Types to list, such as `TRUST_ALLOCATE`. All types if empty or left out. */
  readonly types?: readonly string[];
  /** `nextCursor` of the page before. Null or left out: the newest page. */
  readonly cursor?: string | null;
  /** Signals of a page, 1 to 100. The server keeps the default of 50 ready, so that other lengths take longer. */
  readonly limit?: number;
}

/** The path of a page of signals. */
export function signalsPath({ types = [], cursor = null, limit }: SignalsOptions): string {
  const query = new URLSearchParams(types.map((type) => ["type", type]));
  if (cursor !== null) query.set("cursor", cursor);
  if (limit !== undefined) query.set("limit", String(limit));
  const text = query.toString();
  return text === "" ? PATHS.signals : `${PATHS.signals}?${text}`;
}

/** One page of signals, newest first. `nextCursor` leads to older ones, and is null at the end. */
export const readSignals = (options: SignalsOptions = {}): Promise<SignalsAnswer> =>
  readView(SignalsAnswer, signalsPath(options));

/** The path of a page of recognition. */
export const recognitionPath = (cursor: string | null): string =>
  cursor === null ? PATHS.recognition : `${PATHS.recognition}?cursor=${encodeURIComponent(cursor)}`;

/** One page of recognition, newest first, with definitions. `nextCursor` leads to older ones, and is null at the end. */
export const readRecognition = (cursor: string | null = null): Promise<RecognitionAnswer> =>
  readView(RecognitionAnswer, recognitionPath(cursor));

/** Profiles of the caller and of contacts. The server leaves other ids out. Many ids become several requests. */
export async function readProfiles(ids: readonly string[]): Promise<Profile[]> {
  const pages: string[][] = [];
  for (let at = 0; at < ids.length; at += MAX_PROFILE_IDS) pages.push(ids.slice(at, at + MAX_PROFILE_IDS));
  const answers = await Promise.all(
    pages.map((page) => readView(ProfilesAnswer, `${PATHS.profiles}?ids=${encodeURIComponent(page.join(","))}`)),
  );
  return answers.flatMap((answer) => answer.profiles);
}
