/**
 * Decodes the bytes of a message. Accepts every form found on TrustMesh topics (tests/fixtures/vectors): numeric envelopes, named
 * envelopes with a payload, flat objects whose type may show only in their shape, catalogues and identities. For all other bytes it
 * returns a reason, and the caller keeps the message. Nothing here throws.
 *
 * Order of decisions, so that every message has exactly one answer: bytes → text → JSON → object → type → ids → requirements of
 * the type. The tables of names are in ./forms.
 */
import { err, ok, type Result } from "../result";
import { type Body, bodyOf, deeperThan, isFields } from "./forms/fields";
import { identityIn, isIdentity } from "./forms/identity";
import { definedIn, mintedIn } from "./forms/recognitions";
import { actorOf, partiesOf, targetOf } from "./forms/sides";
import { typeOf } from "./forms/type-of";
import { needsActor, needsOtherTarget, needsTarget } from "./message-types";
import type { DecodedBody, UndecodableReason } from "./signal";
import { openBatch } from "./signal-batch";

/**
 * Rises with every change that lets a message decode to something else, or count where it did not. Stored messages are read again
 * then. A test compares the vectors' results with the digest that belongs to this number.
 */
export const DECODER_VERSION = 5;

/** Deeper than any known form, and far below the depth at which a recursive walk overflows. */
const MAX_DEPTH = 32;
/** Above the plan's largest amounts by far; keeps sums of weights exact. */
export const MAX_WEIGHT = 1_000_000_000;
const DECIMAL = /^\s*\d{1,30}(\.\d{1,30})?\s*$/;

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

/**
 * The signals of a ledger message: one, or those of a batch in their order. A batch is decoded as a whole or not at all: the reason is
 * that of its first signal that cannot be decoded. So no later version may refuse what this one lets people write. Never throws.
 */
export function decodeSignals(message: Uint8Array): Result<readonly DecodedBody[], UndecodableReason> {
  const batch = openBatch(message);
  if (batch !== null && !batch.ok) return batch;
  const decoded: DecodedBody[] = [];
  for (const signal of batch?.value.signals ?? [message]) {
    const one = decodeMessage(signal);
    if (!one.ok) return one;
    decoded.push(one.value);
  }
  return ok(decoded);
}

/** Decodes the bytes of one signal, or gives the reason why they cannot be decoded. Never throws. */
export function decodeMessage(bytes: Uint8Array): Result<DecodedBody, UndecodableReason> {
  const body = parseBody(bytes);
  return body.ok ? decodeJson(body.value) : body;
}

/** The same for a parsed body. */
export function decodeJson(json: unknown): Result<DecodedBody, UndecodableReason> {
  if (!isFields(json)) return err("not-an-object");
  if (deeperThan(json, MAX_DEPTH)) return err("too-deep");
  const body = bodyOf(json);
  const told = typeOf(body);
  if (!told.ok) return told;
  const type = told.value;

  const actor = actorOf(type, body);
  if (actor === undefined) return err("bad-id");
  if (actor === null && needsActor(type)) return err("no-actor");
  const target = targetOf(type, body);
  if (target === undefined) return err("bad-id");
  if (target === null && needsTarget(type)) return err("no-target");
  if (target !== null && target === actor && needsOtherTarget(type)) return err("self-target");

  const details = detailsOf(type, body);
  if (!details.ok) return details;
  return ok({
    type,
    actor,
    target,
    ...details.value,
    metadata: isFields(json.payload) ? json.payload : json,
    ...partiesOf(body),
  });
}

type Details = Pick<DecodedBody, "weight" | "definitionId" | "definitions" | "identity">;

function detailsOf(type: string, body: Body): Result<Details, UndecodableReason> {
  if (type === "TRUST_ALLOCATE") {
    const weight = weightOf(body);
    return weight === null ? err("bad-weight") : ok({ weight });
  }
  if (type === "RECOGNITION_DEFINITION") {
    const definitions = definedIn(body);
    const [first] = definitions;
    return first === undefined ? err("no-definition") : ok({ definitionId: first.id, definitions });
  }
  if (type === "RECOGNITION_MINT") {
    const definitionId = mintedIn(body);
    return ok(definitionId === null ? {} : { definitionId });
  }
  if (!isIdentity(type)) return ok({});
  const identity = identityIn(type, body);
  return identity.ok ? ok({ identity: identity.value }) : identity;
}

/** TrustMesh's `trustValue` and `level` are not numbers of slots, so such a message counts 1. Null for a value that is not a weight. */
function weightOf({ places }: Body): number | null {
  const [weight, amount] = ["weight", "amount"].map((name) => places.map((place) => place[name]).find(isGiven));
  const given = weight ?? amount ?? 1;
  // Decimal only: Number() alone would take "0x10" for 16.
  const value = typeof given === "string" && DECIMAL.test(given) ? Number(given) : given;
  return typeof value === "number" && value > 0 && value <= MAX_WEIGHT ? value : null;
}

const isGiven = (value: unknown) => value !== undefined && value !== null;
