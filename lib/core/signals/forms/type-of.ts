/** The type of a body. Senders write it in many ways, and the first rule that applies decides. */
import { MAX_ID_CHARACTERS } from "../../ledger/ids";
import { err, ok, type Result } from "../../result";
import { foldSynonym, isListed, type MessageType, NUMERIC_TYPES, typeKindOf, withoutVersion } from "../message-types";
import type { UndecodableReason } from "../signal";
import type { Body, Fields } from "./fields";

/** The numeric form is marked by `"hcs":"21"`. Some senders write a number instead of the text. */
export const isNumeric = ({ hcs }: Fields): boolean => hcs === "21" || hcs === 21;

/** The type of a body, in capitals and with synonyms folded. `unknown-type` or `bad-type` if it has none of ours. */
export function typeOf(body: Body): Result<string, UndecodableReason> {
  const { json, payload } = body;
  const number = isNumeric(json) ? numberOf(json.type) : null;
  if (number !== null) {
    if (!Number.isSafeInteger(number) || number < 0) return err("bad-type");
    return ok(NUMERIC_TYPES[number] ?? `HCS21_${number}`);
  }
  // Messages of the official standards (hcs-2, hcs-11, hcs-21, …) have their name in `p`. None of their operations is ours.
  if (typeof json.p === "string" && /^hcs-\d/i.test(json.p)) return err("unknown-type");
  const told = tellingOf(json.type, json.kind, payload.type, payload.kind);
  const name = told === null ? null : named(told, json);
  if (name !== null && !isWellMade(name)) return err("bad-type");
  const type = name === null ? null : foldSynonym(name);
  const tag = tagOf(json, payload);
  // Recognition services write all their messages as mints. The real type is in `t`.
  if (tag !== null && (type === null || typeKindOf(type) === "recognition")) return ok(tag);
  const found = type ?? typeByFamily(json) ?? typeBySchema(body) ?? typeByShape(json) ?? typeByShape(payload);
  return found === null ? err("unknown-type") : ok(found);
}

/** The number of a type, written as a number or as text. Null if it is a name. */
function numberOf(type: unknown): number | null {
  if (typeof type === "number") return type;
  return typeof type === "string" && /^\d+$/.test(type) ? Number(type) : null;
}

const tellingOf = (...values: readonly unknown[]): string | null =>
  (values.find((value) => typeof value === "string" && value !== "") as string | undefined) ?? null;

/** The families of the canonical model. The rest of the type is in `subtype`. */
const FAMILIES: ReadonlySet<string> = new Set(["CONTACT", "TRUST", "RECOGNITION", "PROFILE", "SIGNAL"]);

function named(told: string, { subtype }: Fields): string {
  const name = told.trim().toUpperCase();
  return FAMILIES.has(name) && typeof subtype === "string" && subtype !== ""
    ? `${name}_${subtype.trim().toUpperCase()}`
    : name;
}

const isWellMade = (name: string) => name !== "" && !/\p{C}/u.test(name) && [...name].length <= MAX_ID_CHARACTERS;

/** The type in `t`, like `signal.boost@1` or `IDENTITY_BIND`. Null if the table does not list it. */
function tagOf(json: Fields, payload: Fields): string | null {
  const tag = tellingOf(payload.t, json.t);
  if (tag === null) return null;
  const type = foldSynonym(tag.trim().toUpperCase());
  return isListed(type) ? type : null;
}

/** Messages of the realm itself: `"family":"system"`. */
const typeByFamily = ({ family }: Fields): MessageType | null => (family === "system" ? "SYSTEM_UPDATE" : null);

/** Types by schema. Names are in lower case and without a version. */
const SCHEMAS: ReadonlyMap<string, MessageType> = new Map([
  ["hcs-11-recognition-definition", "RECOGNITION_DEFINITION"],
  ["hcs-11-recognition-instance", "RECOGNITION_MINT"],
  ["hcs-11-contact-request", "CONTACT_REQUEST"],
  ["hcs-11-trust-allocation", "TRUST_ALLOCATE"],
  ["hcs-recognition-def", "RECOGNITION_DEFINITION"],
  ["hcs-recognition-instance", "RECOGNITION_MINT"],
  ["tm.recognition", "RECOGNITION_MINT"],
  ["catalog_header", "RECOGNITION_DEFINITION"],
  ["catalog_batch", "RECOGNITION_DEFINITION"],
]);

function typeBySchema({ json, payload }: Body): MessageType | null {
  const schema = tellingOf(json.schema, payload.schema);
  return schema === null ? null : (SCHEMAS.get(withoutVersion(schema.toLowerCase())) ?? null);
}

/** Members that reveal the type of a body without one, as in TrustMesh's own reader. The strongest hint comes first. */
const SHAPES: readonly (readonly [type: MessageType, ...members: string[]])[] = [
  ["RECOGNITION_MINT", "recognitionId"],
  ["RECOGNITION_MINT", "owner"],
  ["PROFILE_UPDATE", "profile"],
  ["PROFILE_UPDATE", "displayName"],
  ["TRUST_ALLOCATE", "amount", "to"],
  ["RECOGNITION_DEFINITION", "slug", "title"],
  ["CONTACT_REQUEST", "from", "to"],
  ["PROFILE_UPDATE", "avatar"],
];

function typeByShape(fields: Fields): MessageType | null {
  const has = (name: string) => fields[name] !== undefined && fields[name] !== null && fields[name] !== "";
  return SHAPES.find(([, ...members]) => members.every(has))?.[0] ?? null;
}
