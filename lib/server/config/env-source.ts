import "server-only";
/** Names and values of the environment as they were written, before they mean anything. */
import { cleanValue, nearestName } from "../../core/health/spelling";

export type EnvSource = Readonly<Record<string, string | undefined>>;

/** Names under which Vercel's own integration sets them. */
const ALIASES: Readonly<Record<string, string>> = {
  UPSTASH_REDIS_REST_URL: "KV_REST_API_URL",
  UPSTASH_REDIS_REST_TOKEN: "KV_REST_API_TOKEN",
};
/** TrustMesh's own UI spells its variables so; the names behind it are the same. */
const OF_THE_UI = "NEXT_PUBLIC_";

/** Every name under which a variable is accepted, the first that is set wins. */
const spellingsOf = (name: string): readonly string[] =>
  [name, `${OF_THE_UI}${name}`, ALIASES[name]].filter((each) => each !== undefined);

/** The value of a variable without white space and quotes around it; undefined where it is empty or not set. */
export function givenValue(source: EnvSource, name: string): string | undefined {
  const values = spellingsOf(name).map((spelling) => cleanValue(source[spelling] ?? ""));
  return values.find((value) => value !== "");
}

/** Variables whose value was written with white space, line breaks or quotes around it. Other programs may not strip them. */
export function untidyNames(source: EnvSource, names: readonly string[]): readonly string[] {
  const untidy = (spelling: string) => {
    const text = source[spelling];
    return text !== undefined && text !== "" && text !== cleanValue(text);
  };
  return names.flatMap(spellingsOf).filter(untidy);
}

/** Standard names of these families belong to other programs: only a slip or two away from ours is a mistake. */
const SHARED_FAMILY = /^(OTEL_|NEXT_PUBLIC_|VERCEL_|UPSTASH_VECTOR_|QSTASH_)/;

/** Names that are set and mean nothing here, but are so near to one of ours that it was most likely meant. */
export function misspeltNames(source: EnvSource, names: readonly string[]): readonly (readonly [string, string])[] {
  const known = new Set(names.flatMap(spellingsOf));
  return Object.keys(source).flatMap((given): (readonly [string, string])[] => {
    if (known.has(given) || source[given] === undefined) return [];
    const bare = given.startsWith(OF_THE_UI) ? given.slice(OF_THE_UI.length) : given;
    const meant = nearestName(bare.toUpperCase(), names, SHARED_FAMILY.test(given) ? 2 : undefined);
    return meant === null ? [] : [[given, meant]];
  });
}
