/** The definition that a mint names, and the definitions that a message makes. */
import { withoutVersion } from "../message-types";
import type { DefinitionStatement } from "../signal";
import { cleanText } from "../text";
import { type Body, type Fields, isFields, nestedFields } from "./fields";

/** Definition ids are slugs or token ids, and become keys. */
const MAX_DEFINITION_ID_CHARACTERS = 100;

/** Members that can only name a definition come first, then members that have other uses too. */
const NAMES_IN_MINTS = ["recognitionId", "definitionId", "definitionSlug", "def_id", "tokenId", "slug", "id"] as const;
const NAMES_IN_DEFINITIONS = [
  "base_id",
  "id",
  "recognitionId",
  "definitionId",
  "def_id",
  "tokenId",
  "slug",
  "type_id",
] as const;

/** The definition id that a mint names. Null if it names none. */
export function mintedIn({ json, payload, places }: Body): string | null {
  const all = [...places, nestedFields(json, "definition"), nestedFields(payload, "definition")];
  for (const name of NAMES_IN_MINTS) {
    for (const place of all) {
      const id = idOf(place[name]);
      if (id !== null) return id;
    }
  }
  return null;
}

/** The definitions of a message: all of a catalogue's batch, or the one that it makes. Empty if it has no id. */
export function definedIn({ json, payload, places }: Body): readonly DefinitionStatement[] {
  const inner = [payload, json].flatMap((place) => [place.def, place.definition, place.data]).filter(isFields);
  const batch = [...places, ...inner].map(({ items }) => items).find(Array.isArray);
  if (batch) return batch.filter(isFields).flatMap((item: Fields) => statement(item, [item]));
  const around = isFields(json.payload) ? payload : json;
  return statement(Object.assign({}, around, ...inner.toReversed()), [...inner, ...places.slice(1), json]);
}

/** Reads the id from the first place that has one. */
function statement(fields: Fields, places: readonly Fields[]): readonly DefinitionStatement[] {
  for (const place of places) {
    for (const name of NAMES_IN_DEFINITIONS) {
      const id = idOf(place[name]);
      if (id !== null) return [{ id, fields }];
    }
  }
  return [];
}

function idOf(value: unknown): string | null {
  if (typeof value === "number" && Number.isSafeInteger(value)) return String(value);
  return cleanText(value, MAX_DEFINITION_ID_CHARACTERS);
}

/** Finds a mint's definition by id, by slug, and by either of them without a version. The first match counts. */
export function definitionResolver<T extends { readonly definitionId: string; readonly slug: string | null }>(
  definitions: readonly T[],
): (id: string | null) => T | null {
  const names = new Map<string, T>();
  const add = (name: string | null, definition: T) => {
    if (name && !names.has(name)) names.set(name, definition);
  };
  for (const each of definitions) add(each.definitionId, each);
  for (const each of definitions) add(each.slug, each);
  for (const each of definitions) {
    add(withoutVersion(each.definitionId), each);
    add(each.slug && withoutVersion(each.slug), each);
  }
  return (id) => (id === null ? null : (names.get(id) ?? names.get(withoutVersion(id)) ?? null));
}

/** The order in which the newest definition of a slug comes first, for `definitionResolver`. */
export const newestFirst = <T extends { readonly consensusNs: bigint }>(definitions: readonly T[]): T[] =>
  definitions.toSorted((a, b) => (a.consensusNs < b.consensusNs ? 1 : a.consensusNs > b.consensusNs ? -1 : 0));

/** The names by which the definitions of these mints may be stored. */
export const namesToLookUp = (ids: Iterable<string>): string[] => [
  ...new Set([...ids].flatMap((id) => [id, withoutVersion(id)])),
];
