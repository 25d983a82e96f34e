import "server-only";
/** Names and values of the environment as they were written, before they are checked. */
import { cleanValue, nearestName } from "../../core/health/spelling";

export type EnvSource = Readonly<Record<string, string | undefined>>;

/** Names that Vercel's own integration sets. */
const ALIASES: Readonly<Record<string, string>> = {
  UPSTASH_REDIS_REST_URL: "KV_REST_API_URL",
  UPSTASH_REDIS_REST_TOKEN: "KV_REST_API_TOKEN",
};
/** TrustMesh's UI puts this before the same names. */
const OF_THE_UI = "NEXT_PUBLIC_";

/** Every accepted name of a variable. The first that is set counts. */
const spellingsOf = (name: string): readonly string[] =>
  [name, `${OF_THE_UI}${name}`, ALIASES[name]].filter((each) => each !== undefined);

/** The value of a variable without surrounding white space and quotes. Undefined if it is empty or not set. */
export function givenValue(source: EnvSource, name: string): string | undefined {
  const values = spellingsOf(name).map((spelling) => cleanValue(source[spelling] ?? ""));
  return values.find((value) => value !== "");
}

/** Variables whose value has white space, line breaks or quotes around it. Other programs may not strip them. */
export function untidyNames(source: EnvSource, names: readonly string[]): readonly string[] {
  const untidy = (spelling: string) => {
    const text = source[spelling];
    return text !== undefined && text !== "" && text !== cleanValue(text);
  };
  return names.flatMap(spellingsOf).filter(untidy);
}

/** Families of names that other programs own. Only a name within one or two letters of ours counts as a mistake. */
const SHARED_FAMILY = /^(OTEL_|NEXT_PUBLIC_|VERCEL_|UPSTASH_VECTOR_|QSTASH_)/;

/** Names that are set and mean nothing here, but are so close to one of ours that they are most likely misspelt. */
export function misspeltNames(source: EnvSource, names: readonly string[]): readonly (readonly [string, string])[] {
  const known = new Set(names.flatMap(spellingsOf));
  return Object.keys(source).flatMap((given): (readonly [string, string])[] => {
    if (known.has(given) || source[given] === undefined) return [];
    const bare = given.startsWith(OF_THE_UI) ? given.slice(OF_THE_UI.length) : given;
    const meant = nearestName(bare.toUpperCase(), names, SHARED_FAMILY.test(given) ? 2 : undefined);
    return meant === null ? [] : [[given, meant]];
  });
}
