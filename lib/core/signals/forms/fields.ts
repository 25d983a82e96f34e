/** JSON objects as the decoder reads them: members of unknown type, looked for in several places. */
import { parseUserId, type UserId } from "../../ledger/ids";

export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The object that a member holds; an empty one where it holds none. */
export function nested(fields: Fields, name: string): Fields {
  const value = fields[name];
  return isFields(value) ? value : NONE;
}
const NONE: Fields = {};

/** A body and the objects in it that may hold its members. */
export interface Body {
  readonly json: Fields;
  readonly payload: Fields;
  /** From the one that counts first: the top, the payload, what stands beside it. Empty ones are left out. */
  readonly places: readonly Fields[];
}

export function bodyOf(json: Fields): Body {
  const payload = nested(json, "payload");
  const places = payload === NONE ? [json] : [json, payload];
  for (const { metadata } of [json, payload]) if (isFields(metadata)) places.push(metadata);
  return { json, payload, places };
}

/** A member's name, or the name of an object and of the member in it. */
export type Path = string | readonly [object: string, member: string];

/** The member of the first place that has one of these, place by place; null for none. Empty text counts as absent. */
export function firstOf(places: readonly Fields[], paths: readonly Path[]): unknown {
  for (const place of places) {
    for (const path of paths) {
      const value = typeof path === "string" ? place[path] : nested(place, path[0])[path[1]];
      if (isThere(value)) return value;
    }
  }
  return null;
}

const isThere = (value: unknown) => value !== undefined && value !== null && value !== "";

/** A QR code that anybody may scan is addressed so. */
const ANYBODY = "peer:any";

/** The first member that names somebody: their id; undefined if it is no id; null if no member is there. */
export function idIn(places: readonly Fields[], paths: readonly Path[]): UserId | null | undefined {
  for (const place of places) {
    for (const path of paths) {
      const value = typeof path === "string" ? place[path] : nested(place, path[0])[path[1]];
      if (value === undefined) continue;
      const id = isFields(value) ? (value.acct ?? value.accountId ?? value.id) : value;
      if (isThere(id) && id !== ANYBODY) return parseUserId(id) ?? undefined;
    }
  }
  return null;
}

/** Whether a value has objects or lists in each other, more than `depth` of them. */
export function deeperThan(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (depth === 0) return true;
  for (const member of Array.isArray(value) ? value : Object.values(value)) {
    if (typeof member === "object" && deeperThan(member, depth - 1)) return true;
  }
  return false;
}
