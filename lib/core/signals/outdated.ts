/**
 * Finds the stored facts that are outdated once another decoder has read a range of messages again: those that name one of these
 * messages as their source, and that no message of the range gives any more. Pure.
 */
import { ownerOfIssuer, parseUserId } from "../ledger/ids";
import { addressOfDid } from "../ledger/magic-token";
import type { UserRow } from "./batch";
import { isFields } from "./forms/fields";
import { type DefinitionClaim, type Edge, isLaterProfile, mergeClaim, mergeEdge, type Profile } from "./projection";
import { cleanText } from "./text";

/** The registers of an edge that are times. */
export type EdgeTime = { [K in keyof Edge]: Edge[K] extends bigint ? K : never }[keyof Edge];

/** The value that belongs to a time; null where the time stands alone. */
export const VALUE_OF: Readonly<Record<EdgeTime, keyof Edge | null>> = {
  acceptNs: null,
  acceptOutNs: null,
  acceptInNs: null,
  revokeNs: null,
  requestOutNs: null,
  requestInNs: null,
  trustOutEndNs: null,
  trustInEndNs: null,
  trustOutNs: "trustOutWeight",
  trustInNs: "trustInWeight",
  peerHandleNs: "peerHandle",
  peerHrlNs: "peerHrl",
};
const EDGE_TIMES = Object.keys(VALUE_OF) as readonly EdgeTime[];

/** `isOutdated`: the stored fact must go. `isGone`: the range gives no other value in its place, so an earlier message may count again. */
export interface FactVerdict {
  readonly isOutdated: boolean;
  readonly isGone: boolean;
}
const HOLDS: FactVerdict = { isOutdated: false, isGone: false };
const verdict = (isGone: boolean): FactVerdict => ({ isOutdated: true, isGone });

type Times = ReadonlySet<bigint>;

/**
 * The registers of a stored edge that were set by messages at `times`, and that these messages no longer set in that way. `fresh`: the
 * edge that these messages give now; undefined if they give none.
 */
export function outdatedIn(stored: Edge, fresh: Edge | undefined, times: Times) {
  return EDGE_TIMES.flatMap((name) => {
    const ns = stored[name];
    const said = fresh?.[name] ?? 0n;
    // Merging replaces it by a later time anyway.
    if (ns === 0n || !times.has(ns) || said > ns) return [];
    const value = VALUE_OF[name];
    if (said === ns && (value === null || fresh?.[value] === stored[value])) return [];
    return [{ name, isGone: said !== ns }];
  });
}

/** Judges a stored profile, as `outdatedIn` does an edge. */
export function judgeProfile(stored: Profile, fresh: Profile | undefined, times: Times): FactVerdict {
  if (!times.has(stored.consensusNs) || (fresh && isLaterProfile(fresh, stored))) return HOLDS;
  if (fresh?.consensusNs !== stored.consensusNs) return verdict(true);
  return isSame(stored, fresh, ["saidNs", "handle", "displayName", "bio", "avatar", "hrl"]) ? HOLDS : verdict(false);
}

/** Judges a stored claim. It also keeps the time of its first message. So if any part is outdated, the whole claim is removed. */
export function judgeClaim(stored: DefinitionClaim, fresh: DefinitionClaim | undefined, times: Times): FactVerdict {
  const isFirstSaid = !times.has(stored.firstNs) || (fresh !== undefined && fresh.firstNs <= stored.firstNs);
  if (!isFirstSaid) return verdict(true);
  if (!times.has(stored.consensusNs) || (fresh && fresh.consensusNs > stored.consensusNs)) return HOLDS;
  const isSaid = fresh?.consensusNs === stored.consensusNs;
  return isSaid && isSame(stored, fresh, ["slug", "title", "icon", "description", "category"]) ? HOLDS : verdict(true);
}

const isSame = <T>(a: T, b: T, names: readonly (keyof T)[]) => names.every((name) => a[name] === b[name]);

const ROW = ["type", "peerId", "isActor", "verification", "author"] as const;
/** Whether two rows of one message show the same. Their positions and places on the ledger are not compared. */
export const isSameRow = (a: UserRow, b: UserRow): boolean => isSame(a, b, ROW);

/** Whether a fact changes what is stored. */
export const addsEdge = (stored: Edge | undefined, fresh: Edge): boolean =>
  stored === undefined || !isSame(mergeEdge(stored, fresh), stored, Object.keys(fresh) as (keyof Edge)[]);
/** The same for a profile. */
export const addsProfile = (stored: Profile | undefined, fresh: Profile): boolean =>
  stored === undefined || isLaterProfile(fresh, stored);
/** The same for a claim to a definition. */
export const addsClaim = (stored: DefinitionClaim | undefined, fresh: DefinitionClaim): boolean =>
  stored === undefined || !isSame(mergeClaim(stored, fresh), stored, ["consensusNs", "firstNs"]);

/** Above the length of a definition's id. */
const MAX_WORD_CHARACTERS = 100;

/**
 * All texts of a body that an earlier decoder may have taken for the id of a person, for an identity or for the id of a definition.
 * A decoder takes ids from a body as they stand there.
 */
export function wordsIn(body: unknown): { readonly people: ReadonlySet<string>; readonly ids: ReadonlySet<string> } {
  const people = new Set<string>();
  const ids = new Set<string>();
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) for (const item of value) visit(item);
    else if (isFields(value)) for (const member of Object.values(value)) visit(member);
    else if (typeof value === "number") ids.add(String(value));
    else if (typeof value === "string") {
      if (parseUserId(value) !== null) people.add(value);
      const issuer = addressOfDid(value.toLowerCase());
      if (issuer !== null) people.add(ownerOfIssuer(issuer));
      const id = cleanText(value, MAX_WORD_CHARACTERS);
      if (id !== null) ids.add(id);
    }
  };
  visit(body);
  return { people, ids };
}
