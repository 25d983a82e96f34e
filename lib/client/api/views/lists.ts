/** The keys under which lists are kept, page by page and whole. */
import { unstable_serialize } from "swr/infinite";
import { KEYS } from "../keys";
import { pageKeys } from "./pages";
import { recognitionPath, signalsPath } from "./reads";

export const recognitionKeys = pageKeys(recognitionPath);

/** The key of all pages of recognition together. */
export const RECOGNITION_LIST = unstable_serialize(recognitionKeys);

/** The keys of the pages of signals of these types; of all types if there are none. */
export const signalsKeys = (types: readonly string[]) => pageKeys((cursor) => signalsPath({ types, cursor }));

/** The key of all pages of signals of every type together. */
export const SIGNALS_LIST = unstable_serialize(signalsKeys([]));

/** The key of these people's profiles. */
export const profilesKey = (ids: readonly string[]): readonly [string, string] => [
  KEYS.profiles,
  [...new Set(ids)].sort().join(","),
];
