/** How the decoder reads JSON objects: members have any type, and may stand in one of several places. */
import { parseUserId, type UserId } from "../../ledger/ids";

export type Fields = Readonly<Record<string, unknown>>;

/** Whether a JSON value is an object: neither null nor a list. */
export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The object in this member, or an empty one. */
export function nestedFields(fields: Fields, name: string): Fields {
  const value = fields[name];
  return isFields(value) ? value : NONE;
}
const NONE: Fields = {};

/** A body, and the objects inside it that may hold its members. */
export interface Body {
  readonly json: Fields;
  readonly payload: Fields;
  /** In the order in which they count: the top, the payload, the others. Without empty ones. */
  readonly places: readonly Fields[];
}

/** Collects the objects of a body in which members may stand. */
export function bodyOf(json: Fields): Body {
  const payload = nestedFields(json, "payload");
  const places = payload === NONE ? [json] : [json, payload];
  for (const { metadata } of [json, payload]) if (isFields(metadata)) places.push(metadata);
  return { json, payload, places };
}

/** A member's name, or an object's name and the name of the member in it. */
export type Path = string | readonly [object: string, member: string];

/** The first of these members that is there, place by place. Null if there is none. Empty text counts as absent. */
export function firstOf(places: readonly Fields[], paths: readonly Path[]): unknown {
  for (const place of places) {
    for (const path of paths) {
      const value = typeof path === "string" ? place[path] : nestedFields(place, path[0])[path[1]];
      if (isThere(value)) return value;
    }
  }
  return null;
}

/** Where the first of these members stands, such as `payload.to`. Null if there is none. */
export function pathOf({ json, payload, places }: Body, paths: readonly Path[]): string | null {
  for (const place of places) {
    const within =
      place === json ? [] : place === payload ? ["payload"] : place === json.metadata ? ["metadata"] : null;
    for (const path of paths)
      if (isThere(firstOf([place], [path])))
        return [...(within ?? ["payload", "metadata"]), ...[path].flat()].join(".");
  }
  return null;
}

const isThere = (value: unknown) => value !== undefined && value !== null && value !== "";

/** The target of a QR code that anybody may scan. */
const ANYBODY = "peer:any";

/** The id in the first of these members that is there. Undefined if it is not an id, null if there is no such member. */
export function idIn(places: readonly Fields[], paths: readonly Path[]): UserId | null | undefined {
  for (const place of places) {
    for (const path of paths) {
      const value = typeof path === "string" ? place[path] : nestedFields(place, path[0])[path[1]];
      if (value === undefined) continue;
      const id = isFields(value) ? (value.acct ?? value.accountId ?? value.id) : value;
      if (isThere(id) && id !== ANYBODY) return parseUserId(id) ?? undefined;
    }
  }
  return null;
}

/** Whether objects and lists are nested deeper than `depth`. */
export function deeperThan(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (depth === 0) return true;
  for (const member of Array.isArray(value) ? value : Object.values(value)) {
    if (typeof member === "object" && deeperThan(member, depth - 1)) return true;
  }
  return false;
}
