/** Refusals of a write, each with the sentence that its sender reads. */
import { err, type Result } from "../../core/result";
import { MAX_WEIGHT } from "../../core/signals/envelope";
import { bodyOf, pathOf } from "../../core/signals/forms/fields";
import { targetPath } from "../../core/signals/forms/sides";
import type { UndecodableReason } from "../../core/signals/signal";
import { misfitPath } from "../../core/signals/text-members";
import { CIRCLE_SLOTS } from "../../core/signals/views";
import { MAX_NONCE_AHEAD_MS } from "./earlier-writes";
import type { SlotRefusal } from "./slots";

type Members = Readonly<Record<string, unknown>>;

/** Why a message is not written. Each code is a problem of the API. */
export interface SubmitRefusal {
  readonly code:
    | "bad-envelope"
    | "not-yours"
    | "clock"
    | "wrong-signature"
    | "too-large"
    | "not-bonded"
    | "slots-full"
    | "nonce"
    | "read-only"
    | "paused"
    | "ledger-refused"
    | "ledger-unavailable"
    | "uncertain"
    | "unsettled";
  readonly detail: string;
  readonly field?: string;
  /** With the code `nonce`: the sender's last nonce, if it is remembered. */
  readonly lastNonce?: number;
}

/** A refusal as a result. `detail` is a sentence for the writer; `field` names the member of the envelope that is at fault. */
export function refuse(code: SubmitRefusal["code"], detail: string, field?: string): Result<never, SubmitRefusal> {
  return err(field === undefined ? { code, detail } : { code, detail, field });
}

/** The refusal of a message that TrustMesh does not know. */
export function undecodable(reason: UndecodableReason, envelope: Members): Result<never, SubmitRefusal> {
  const detail = REASONS[reason] ?? `TrustMesh does not know this message (${reason}). Check its type and its members.`;
  return refuse("bad-envelope", detail, fieldOf(reason, envelope));
}

/** The refusal of a message to an id that nobody may have. */
export const toNobody = (envelope: Members): Result<never, SubmitRefusal> =>
  refuse(
    "bad-envelope",
    "Check the id of the person whom this message is for: an account id looks like 0.0.7226146.",
    fieldOf("bad-id", envelope),
  );

/** The refusal of a member that should be text: readers would leave it out, and what its sender meant would be lost. */
export const notText = (name: string, envelope: Members): Result<never, SubmitRefusal> =>
  refuse("bad-envelope", `Write the member "${name}" as text.`, misfitPath(envelope, name) ?? `payload.${name}`);

/** The refusal of a recognition that does not say what it gives. A definition that is not known yet may still come. */
export const GIVES_NOTHING = refuse(
  "bad-envelope",
  "Say what this recognition is: give the id of its definition as definitionId, or a name.",
  "payload.definitionId",
);

/**
 * The refusal of a profile that names none of its members: readers would take it as an empty profile, and lose what the earlier one
 * said.
 */
export const EMPTY_PROFILE = refuse(
  "bad-envelope",
  "Give the payload at least one member of a profile: handle, displayName, bio, avatar or profileHrl. Members that are left out are deleted.",
  "payload",
);

/** The refusal of trust for which there is no slot. */
export function noSlot(refusal: Exclude<SlotRefusal, "given">, envelope: Members): Result<never, SubmitRefusal> {
  if (refusal === "not-bonded")
    return refuse(
      "not-bonded",
      "You can give trust only to people you are bonded with.",
      fieldOf("no-target", envelope),
    );
  const { needed, isOwn } = refusal;
  const detail = isOwn
    ? `Your circle has ${CIRCLE_SLOTS} slots and this would need ${needed}. Take trust back from somebody first.`
    : `They gave you trust before, and their circle of ${CIRCLE_SLOTS} slots has no room for it now. They have to take trust back from somebody first.`;
  return refuse("slots-full", detail);
}

/** The refusal for each answer of the ledger that is no success. */
export const LEDGER_CODES = {
  refused: "ledger-refused",
  unavailable: "ledger-unavailable",
  uncertain: "uncertain",
  duplicate: "uncertain",
} as const;

const REASONS: Partial<Record<UndecodableReason, string>> = {
  "no-target": "Name the person whom this message is for.",
  "self-target": "Choose another person: this message cannot be for yourself.",
  "bad-id": "Check the ids in this message: an id has 1 to 50 characters and no spaces.",
  "bad-weight": `Give trust a weight that is a number above 0 and at most ${MAX_WEIGHT.toLocaleString("en")}.`,
  "no-definition": "Give this recognition definition an id.",
  "bad-type": "Choose a type of message that TrustMesh knows.",
  "too-deep": "Flatten the payload of this message: it is nested too deep.",
};

const FIELDS: Partial<Record<UndecodableReason, string>> = {
  "no-definition": "payload.id",
  "bad-type": "type",
  "unknown-type": "type",
  "too-deep": "payload",
};

const TARGET_REASONS: ReadonlySet<UndecodableReason> = new Set(["no-target", "self-target", "bad-id"]);

/** The member at fault, by the name under which the caller sent it. */
function fieldOf(reason: UndecodableReason, envelope: Members): string | undefined {
  if (TARGET_REASONS.has(reason)) return targetPath(envelope) ?? "payload.target";
  if (reason === "bad-weight") return pathOf(bodyOf(envelope), ["weight", "amount"]) ?? "payload.weight";
  return FIELDS[reason];
}

export const WRONG_CLOCK = refuse(
  "clock",
  "The time of this message is too far from now. Check this device's clock and try again.",
  "ts",
);
export const NONCE_USED = {
  code: "nonce",
  detail: "A newer message of yours was sent already. Try again, with a larger nonce if you chose it.",
  field: "nonce",
} as const;
/** Names the last nonce, which the device cannot know otherwise: the server may have made it, and the device's clock may be behind. */
export const nonceUsed = (last: number): SubmitRefusal => ({
  ...NONCE_USED,
  detail: `A newer message of yours was sent already. Send this one with a nonce larger than ${last}, or with an Idempotency-Key.`,
  lastNonce: last,
});
export const NONCE_TOO_FAR = refuse(
  "bad-envelope",
  `Choose a smaller nonce, such as the time in milliseconds: it may be at most ${MAX_NONCE_AHEAD_MS / 1_000} s ahead of the server's clock.`,
  "nonce",
);
export const UNSETTLED = refuse(
  "unsettled",
  "It is not known yet whether this message was written before. Send the same request again in a moment.",
);
