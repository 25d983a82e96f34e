/** The paths of a person's views, and the SWR keys under which this client keeps them. */

export const PATHS = {
  session: "/api/auth/session",
  people: "/api/auth/demo",
  contacts: "/api/contacts",
  circle: "/api/circle",
  signals: "/api/signals",
  recognition: "/api/recognition",
  profiles: "/api/profiles",
  proof: "/api/proof",
} as const;

/** Keeps this client's entries apart from those of the app around it, in one SWR cache. */
const PREFIX = "trustmesh:";
/** SWR puts this before the key of the first page, for the list of all pages. */
const LIST_PREFIX = `$inf$${PREFIX}`;

/** A string key: the path, behind the prefix. */
export const cacheKey = (path: string): string => `${PREFIX}${path}`;
/** The path of a string key. */
export const pathOfKey = (key: string): string => key.slice(PREFIX.length);

export const KEYS = {
  session: cacheKey(PATHS.session),
  people: cacheKey(PATHS.people),
  contacts: cacheKey(PATHS.contacts),
  circle: cacheKey(PATHS.circle),
  recognition: cacheKey(PATHS.recognition),
  /** The first member of an array; the ids are the second. */
  profiles: cacheKey(PATHS.profiles),
  /** The first member of an array; the message's place is the rest. */
  proof: cacheKey(PATHS.proof),
} as const;

/** Whether a key is of something that a person reads. The session itself is not. */
export function isView(key: unknown): boolean {
  const name: unknown = Array.isArray(key) ? key[0] : key;
  return typeof name === "string" && name.startsWith(PREFIX) && name !== KEYS.session;
}

/** Whether a key of SWR's cache stands for all pages of a list of ours. */
export const isList = (key: string): boolean => key.startsWith(LIST_PREFIX);

/** Whether a key of SWR's cache stands for profiles of any people. */
export const isProfiles = (key: unknown): boolean => Array.isArray(key) && key[0] === KEYS.profiles;
