/**
 * The members of a signal that readers take as text. They leave out every other value there, so what its sender meant would be lost:
 * a name, a note, or what a profile said before.
 */
import { type Body, bodyOf, type Fields, isFields } from "./forms/fields";
import { typeKindOf } from "./message-types";
import type { DecodedBody } from "./signal";
import { cleanText } from "./text";

/** The names under which writers put each text of a profile. The first that has a value counts. */
export const PROFILE_TEXTS = {
  handle: ["handle", "username"],
  displayName: ["displayName", "name", "display_name"],
  bio: ["bio", "about"],
  avatar: ["avatar", "avatarUrl"],
  hrl: ["profileHrl", "hrl"],
} as const;

/** The same of a recognition definition. */
export const DEFINITION_TEXTS = {
  slug: ["slug"],
  title: ["title", "name", "label"],
  icon: ["icon", "emoji"],
  description: ["description", "desc"],
  category: ["category"],
} as const;

/** The words of a sender. Each of these names has a meaning of its own. */
const NOTES = ["note", "message", "reason"] as const;
const NAMES_OF_PEOPLE = ["handle", "displayName", "name", "hrl", "profileHrl"] as const;
const WORDS_OF_MINTS = [
  ...["recognitionId", "definitionId", "definitionSlug", "def_id", "tokenId"],
  ...["name", "recognition", "label", "title", "emoji", "icon", "description", "subtitle", "category", "rarity"],
  ...["senderName", "recipientName"],
] as const;
/** The members in which a message may name its sides by objects. */
const SIDES = ["from", "to", "actor", "target"] as const;

type Names = readonly string[];

const isThere = (value: unknown) => value !== undefined && value !== null;

/** The name whose value counts. Undefined if none has a value. */
const nameIn = (fields: Fields, names: Names): string | undefined => names.find((name) => isThere(fields[name]));

/** The value that counts. Undefined if there is none. */
export function valueIn(fields: Fields, names: Names): unknown {
  const name = nameIn(fields, names);
  return name === undefined ? undefined : fields[name];
}

/** A profile's members, whether they are flat or nested in `profile`. */
export function profileIn(metadata: DecodedBody["metadata"]): Fields {
  return isFields(metadata.profile) ? { ...metadata, ...metadata.profile } : metadata;
}

/** Whether a profile names any of its texts, perhaps to delete it. Readers take one that names none as an empty profile. */
export function namesProfileText(metadata: DecodedBody["metadata"]): boolean {
  const fields = profileIn(metadata);
  return Object.values(PROFILE_TEXTS).some((names) => names.some((name) => Object.hasOwn(fields, name)));
}

const isMisfit = (value: unknown) => isThere(value) && typeof value !== "string";

/** The first of these members that has a value and no text; null if there is none. */
const misfit = (fields: Fields, names: Names): string | null => names.find((name) => isMisfit(fields[name])) ?? null;

/** The same where of several names for one text only the first that has a value counts. */
const misfitThatCounts = (fields: Fields, texts: Readonly<Record<string, Names>>): string | null =>
  misfit(
    fields,
    Object.values(texts).flatMap((names) => nameIn(fields, names) ?? []),
  );

/** The name of a signal's member that should be text and is not; null if there is none. `json` is the signal's whole body. */
export function unreadableMember({ type, metadata, definitions = [] }: DecodedBody, json: Fields): string | null {
  if (type === "PROFILE_UPDATE") return misfitThatCounts(profileIn(metadata), PROFILE_TEXTS);
  if (type === "RECOGNITION_DEFINITION")
    return firstIn(definitions, ({ fields }) => misfitThatCounts(fields, DEFINITION_TEXTS));
  const { places } = bodyOf(json);
  switch (typeKindOf(type)) {
    case "contact": {
      const sides = places.flatMap((place) => SIDES.map((side) => place[side])).filter(isFields);
      return firstIn([...places, ...sides], (fields) => misfit(fields, [...NAMES_OF_PEOPLE, ...NOTES]));
    }
    case "trust":
      return firstIn(places, (fields) => misfit(fields, NOTES));
    case "recognition":
      return firstIn(places, (fields) => misfit(fields, [...WORDS_OF_MINTS, ...NOTES]));
    default:
      return null;
  }
}

function firstIn<T>(items: readonly T[], find: (item: T) => string | null): string | null {
  for (const item of items) {
    const found = find(item);
    if (found !== null) return found;
  }
  return null;
}

/** The members by which a mint without a definition says what it gives. */
const NAMES_OF_GIFTS = ["name", "recognition", "label", "title"] as const;
/** As readers show it (lib/client/format/sentences.ts). */
const MAX_NAME_CHARACTERS = 80;

/** Whether a mint says what it gives: it names a definition, which may come later, or gives a name. */
export function saysWhatItGives({ definitionId }: DecodedBody, json: Fields): boolean {
  const hasName = ({ places }: Body) =>
    places.some((place) => NAMES_OF_GIFTS.some((name) => cleanText(place[name], MAX_NAME_CHARACTERS) !== null));
  return definitionId !== undefined || hasName(bodyOf(json));
}

/** Where a member that `unreadableMember` has named stands in the body, such as `payload.profile.name`: the place nearest to the top. */
export function misfitPath(json: Fields, name: string): string | null {
  let level: readonly (readonly [path: readonly string[], value: unknown])[] = [[[], json]];
  while (level.length > 0) {
    const found = level.find(([, value]) => isFields(value) && isMisfit(value[name]));
    if (found !== undefined) return [...found[0], name].join(".");
    level = level.flatMap(([path, value]) =>
      typeof value === "object" && value !== null
        ? Object.entries(value).map(([member, inner]) => [[...path, member], inner] as const)
        : [],
    );
  }
  return null;
}
