/** The two sides of a message: the actor, the target, and their names. */
import type { UserId } from "../../ledger/ids";
import { hasActor, hasTarget, typeKindOf } from "../message-types";
import type { Party } from "../signal";
import { cleanText } from "../text";
import { type Body, bodyOf, type Fields, idIn, isFields, type Path, pathOf } from "./fields";
import { isNumeric } from "./type-of";

const ACTORS: readonly Path[] = ["actor", "from", ["actors", "from"], "issuer", "sender", "senderId", "mintedBy"];
/** Members that name the actor if no other member does. */
const AUTHORS: readonly Path[] = ["accountId", "sessionId"];
/** People publish their own profile. Often only the profile's owner is named. */
const AUTHORS_OF_PROFILES: readonly Path[] = [...AUTHORS, "owner"];

const TARGETS: readonly Path[] = ["target", "to", ["actors", "to"], "recipient", "owner", "contactId"];
/** These members name the target in messages of these types only. In others they may mean anything. */
const TARGETS_OF_KINDS: readonly Path[] = [...TARGETS, "recipientId", "subject", "holder"];

/** The member in which a message names its target. Null if it names none. */
export const targetPath = (json: Fields): string | null => pathOf(bodyOf(json), TARGETS_OF_KINDS);

/** Undefined if the member that names the actor holds no id. Null if no member names an actor. */
export function actorOf(type: string, { places }: Body): UserId | null | undefined {
  if (!hasActor(type)) return null;
  const actor = idIn(places, ACTORS);
  return actor === null ? idIn(places, type === "PROFILE_UPDATE" ? AUTHORS_OF_PROFILES : AUTHORS) : actor;
}

/** Undefined if the member that names the target holds no id. Null if no member names a target. */
export function targetOf(type: string, { json, payload, places }: Body): UserId | null | undefined {
  if (!hasTarget(type)) return null;
  const paths = typeKindOf(type) === null ? TARGETS : TARGETS_OF_KINDS;
  return idIn(isNumeric(json) ? [payload, json] : places, paths);
}

/** The names of both sides. An object that names a side comes first. Names outside such an object are the actor's. */
export function partiesOf({ json, payload, places }: Body): Record<"actorParty" | "targetParty", Party> {
  return {
    actorParty: partyIn([json.from, payload.from, json.actor, ...places]),
    targetParty: partyIn([json.to, payload.to, json.target]),
  };
}

const HANDLES = ["handle", "displayName", "name"] as const;
const LINKS = ["hrl", "profileHrl"] as const;

function partyIn(values: readonly unknown[]): Party {
  const sources = values.filter(isFields);
  return { handle: textIn(sources, HANDLES, 60), hrl: textIn(sources, LINKS, 200) };
}

function textIn(sources: readonly Fields[], names: readonly string[], maxCharacters: number): string | null {
  for (const source of sources) {
    for (const name of names) {
      const text = cleanText(source[name], maxCharacters);
      if (text !== null) return text;
    }
  }
  return null;
}
