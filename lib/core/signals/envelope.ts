/**
 * Decodes the bytes of a message. Accepts every form found on TrustMesh topics (tests/fixtures/vectors/envelopes.json): numeric
 * envelopes, named envelopes with a payload, and flat objects whose type may show only in their shape. For all other bytes it
 * returns a reason, and the caller keeps the message. Nothing here throws.
 *
 * Order of decisions, so that every message has exactly one answer: bytes → text → JSON → object → type → ids → requirements of
 * the type.
 */
import { MAX_ID_CHARACTERS, parseUserId, type UserId } from "../ledger/ids";
import { err, ok, type Result } from "../result";
import {
  foldSynonym,
  hasTarget,
  type MessageType,
  NUMERIC_TYPES,
  needsOtherTarget,
  needsTarget,
} from "./message-types";
import type { DecodedBody, Party, UndecodableReason } from "./signal";
import { cleanText } from "./text";

type Fields = Readonly<Record<string, unknown>>;

/** Deeper than any known form, and far below the depth at which a recursive walk overflows. */
const MAX_DEPTH = 32;
/** Above the plan's largest amounts by far; keeps sums of weights exact. */
const MAX_WEIGHT = 1_000_000_000;
const DECIMAL = /^\s*\d{1,30}(\.\d{1,30})?\s*$/;
/** Definition ids are slugs or token ids; they become keys. */
const MAX_DEFINITION_ID_CHARACTERS = 100;

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

/**
 * Parses a message's bytes as JSON. All readers of bodies call this function, so that they agree on what can be read: UTF-8,
 * with or without a byte order mark. Never throws.
 */
export function parseBody(bytes: Uint8Array): Result<unknown, "not-utf8" | "not-json"> {
  let text: string;
  try {
    text = UTF8.decode(bytes);
  } catch {
    return err("not-utf8");
  }
  try {
    return ok(JSON.parse(text) as unknown);
  } catch {
    return err("not-json");
  }
}

/** Decodes a message's bytes, or gives the reason why they cannot be decoded. Never throws. */
export function decodeMessage(bytes: Uint8Array): Result<DecodedBody, UndecodableReason> {
  const body = parseBody(bytes);
  return body.ok ? decodeJson(body.value) : body;
}

/** The same for a parsed body. */
export function decodeJson(json: unknown): Result<DecodedBody, UndecodableReason> {
  if (!isFields(json)) return err("not-an-object");
  if (deeperThan(json, MAX_DEPTH)) return err("too-deep");
  const payload = isFields(json.payload) ? json.payload : {};
  const type = typeOf(json, payload);
  if (!type.ok) return type;

  const actor = idOf(type.value === "PROFILE_UPDATE" ? profileActors(json, payload) : actors(json, payload));
  if (actor === undefined) return err("bad-id");
  if (actor === null && type.value !== "RECOGNITION_DEFINITION") return err("no-actor");
  const target = hasTarget(type.value) ? idOf(targets(json, payload)) : null;
  if (target === undefined) return err("bad-id");
  if (target === null && needsTarget(type.value)) return err("no-target");
  if (target !== null && target === actor && needsOtherTarget(type.value)) return err("self-target");

  const details = detailsOf(type.value, json, payload);
  if (!details.ok) return details;
  return ok({
    type: type.value,
    actor,
    target,
    ...details.value,
    metadata: isFields(json.payload) ? json.payload : json,
    actorParty: partyOf(json.from, json, payload),
    targetParty: partyOf(json.to),
  });
}

function typeOf(json: Fields, payload: Fields): Result<string, UndecodableReason> {
  const number = isNumeric(json) ? numberOf(json.type) : null;
  if (number !== null) {
    if (!Number.isSafeInteger(number) || number < 0) return err("bad-type");
    return ok(NUMERIC_TYPES[number] ?? `HCS21_${number}`);
  }
  // The official standards (hcs-2, hcs-11, hcs-21, …) name themselves in `p`; none of their operations is ours.
  if (typeof json.p === "string" && /^hcs-\d/i.test(json.p)) return err("unknown-type");
  const explicit = [json.type, json.kind, payload.type, payload.kind].find(
    (value) => typeof value === "string" && value !== "",
  );
  if (typeof explicit === "string") {
    const type = explicit.trim().toUpperCase();
    const isWellMade = type !== "" && !/\p{C}/u.test(type) && [...type].length <= MAX_ID_CHARACTERS;
    return isWellMade ? ok(foldSynonym(type)) : err("bad-type");
  }
  const inferred = typeBySchema(json) ?? typeByShape(json) ?? typeByShape(payload);
  return inferred === null ? err("unknown-type") : ok(inferred);
}

/** The numeric form names itself `"hcs":"21"`; some senders write the number. */
const isNumeric = ({ hcs }: Fields): boolean => hcs === "21" || hcs === 21;

/** A type's number, also where a sender wrote it as text; null where it is a name. */
function numberOf(type: unknown): number | null {
  if (typeof type === "number") return type;
  return typeof type === "string" && /^\d+$/.test(type) ? Number(type) : null;
}

const SCHEMAS: Readonly<Record<string, MessageType>> = {
  "hcs-11-recognition-definition": "RECOGNITION_DEFINITION",
  "hcs-11-recognition-instance": "RECOGNITION_MINT",
  "hcs-11-contact-request": "CONTACT_REQUEST",
  "hcs-11-trust-allocation": "TRUST_ALLOCATE",
};

function typeBySchema(json: Fields): MessageType | null {
  return typeof json.schema === "string" && Object.hasOwn(SCHEMAS, json.schema)
    ? (SCHEMAS[json.schema] as MessageType)
    : null;
}

/** The types that TrustMesh's own reader gives to messages without one, most telling members first. */
function typeByShape(fields: Fields): MessageType | null {
  const has = (...names: string[]) =>
    names.every((name) => fields[name] !== undefined && fields[name] !== null && fields[name] !== "");
  if (has("recognitionId") || has("owner")) return "RECOGNITION_MINT";
  if (has("profile") || has("displayName")) return "PROFILE_UPDATE";
  if (has("amount", "to")) return "TRUST_ALLOCATE";
  if (has("slug", "title")) return "RECOGNITION_DEFINITION";
  if (has("from", "to")) return "CONTACT_REQUEST";
  return has("avatar") ? "PROFILE_UPDATE" : null;
}

function* actors(json: Fields, payload: Fields): Generator<unknown> {
  for (const fields of [json, payload, nested(json, "metadata")]) {
    yield fields.actor;
    yield fields.from;
    yield nested(fields, "actors").from;
    yield fields.issuer;
    yield fields.sender;
  }
}

/** People publish their own profile, often naming themselves only as its owner. */
function* profileActors(json: Fields, payload: Fields): Generator<unknown> {
  yield* actors(json, payload);
  for (const fields of [json, payload]) {
    yield fields.accountId;
    yield fields.sessionId;
    yield fields.owner;
  }
}

function* targets(json: Fields, payload: Fields): Generator<unknown> {
  for (const fields of isNumeric(json) ? [payload, json] : [json, payload, nested(json, "metadata")]) {
    yield fields.target;
    yield fields.to;
    yield nested(fields, "actors").to;
    yield fields.recipient;
    yield fields.owner;
    yield fields.contactId;
  }
}

/** The first candidate that is there: its id, undefined if it is no id; null if no candidate is there. */
function idOf(candidates: Iterable<unknown>): UserId | null | undefined {
  for (const candidate of candidates) {
    const value = isFields(candidate) ? (candidate.acct ?? candidate.accountId ?? candidate.id) : candidate;
    if (value === undefined || value === null || value === "") continue;
    return parseUserId(value) ?? undefined;
  }
  return null;
}

function detailsOf(
  type: string,
  json: Fields,
  payload: Fields,
): Result<Pick<DecodedBody, "weight" | "definitionId">, UndecodableReason> {
  if (type === "TRUST_ALLOCATE") {
    const given = json.weight ?? payload.weight ?? json.amount ?? payload.amount ?? 1;
    // Decimal only: Number() alone would take "0x10" for 16.
    const weight = typeof given === "string" && DECIMAL.test(given) ? Number(given) : given;
    const isWeight = typeof weight === "number" && weight > 0 && weight <= MAX_WEIGHT;
    return isWeight ? ok({ weight }) : err("bad-weight");
  }
  if (type === "RECOGNITION_DEFINITION") {
    const id = definitionIdOf(json, payload, ["id", "recognitionId", "definitionId", "slug"]);
    return id === null ? err("no-definition") : ok({ definitionId: id });
  }
  if (type === "RECOGNITION_MINT") {
    const id = definitionIdOf(json, payload, ["recognitionId", "definitionId", "slug", "id"]);
    return ok(id === null ? {} : { definitionId: id });
  }
  return ok({});
}

function definitionIdOf(json: Fields, payload: Fields, names: readonly string[]): string | null {
  for (const fields of [json, payload, nested(json, "definition"), nested(payload, "definition")]) {
    for (const name of names) {
      const value = fields[name];
      if (typeof value === "number" && Number.isSafeInteger(value)) return String(value);
      const id = cleanText(value, MAX_DEFINITION_ID_CHARACTERS);
      if (id !== null) return id;
    }
  }
  return null;
}

/** Handle and profile link of one side: of the object that names it, else of the first of `around` that has them. */
function partyOf(side: unknown, ...around: readonly Fields[]): Party {
  const sources = isFields(side) ? [side, ...around] : around;
  const first = (names: readonly string[], maxCharacters: number) => {
    for (const source of sources) {
      for (const name of names) {
        const text = cleanText(source[name], maxCharacters);
        if (text !== null) return text;
      }
    }
    return null;
  };
  return { handle: first(["handle", "displayName", "name"], 60), hrl: first(["hrl", "profileHrl"], 200) };
}

function nested(fields: Fields, name: string): Fields {
  const value = fields[name];
  return isFields(value) ? value : {};
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function deeperThan(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (depth === 0) return true;
  for (const member of Array.isArray(value) ? value : Object.values(value)) {
    if (typeof member === "object" && deeperThan(member, depth - 1)) return true;
  }
  return false;
}
