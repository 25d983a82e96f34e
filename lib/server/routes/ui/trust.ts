import "server-only";
import { signalId } from "../../../core/ledger/ids";
import { TrustAllocateBody, TrustAnswer, TrustRevokeBody } from "../../../wire/ui/writes";
import { defineRoute, type UserContext } from "../../http/route";
import { ledgerPlaceOf, WRITE_PROBLEMS, writeMade, writeOnce } from "../write-to-ledger";

const FIELD_NAMES = { to: "targetId", weight: "weight", "payload.weight": "weight" };

type Body = { readonly targetId: string; readonly weight?: number };

/** The UI's reader looks for the target at the top, other readers in the payload. */
function write(context: UserContext<unknown, Body>, type: "TRUST_ALLOCATE" | "TRUST_REVOKE", message: string) {
  const { app, userId, body, background } = context;
  const { targetId: target, weight } = body;
  return writeOnce(context, type, async (guarded) => {
    const payload = { target, ...(weight === undefined ? {} : { weight }) };
    const sent = await writeMade(app, guarded, userId, { type, to: target, payload }, FIELD_NAMES);
    background(() => app.scheduler.syncNow([sent.topicId]));
    const { topicId, sequence } = sent;
    return {
      success: true,
      hcsRef: `hcs://${signalId(topicId, sequence, sent.place)}`,
      message,
      ...ledgerPlaceOf(sent),
    };
  });
}

export const trustAllocate = defineRoute({
  summary: "Gives trust to a contact, in the web UI's message form",
  access: "user",
  limit: "submit",
  body: TrustAllocateBody,
  heeds: ["Idempotency-Key"],
  problems: WRITE_PROBLEMS,
  answer: TrustAnswer,
  handle: (context) => write(context, "TRUST_ALLOCATE", "Trust allocated"),
});

export const trustRevoke = defineRoute({
  summary: "Takes trust back from a contact",
  access: "user",
  limit: "submit",
  body: TrustRevokeBody,
  heeds: ["Idempotency-Key"],
  problems: WRITE_PROBLEMS,
  answer: TrustAnswer,
  handle: (context) => write(context, "TRUST_REVOKE", "Trust revoked"),
});
