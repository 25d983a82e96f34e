import "server-only";
import { signalId } from "../../../core/ledger/ids";
import { PublishProfileAnswer, PublishProfileBody } from "../../../wire/ui/writes";
import { ProblemError } from "../../http/answers/problem";
import { defineRoute } from "../../http/route";
import { ledgerPlaceOf, WRITE_PROBLEMS, writeMade, writeOnce } from "../write-to-ledger";

const FIELD_NAMES = { signature: "signature", timestamp: "timestamp" };

/** The members that were signed stand at the top of the message, so that every reader can check the signature. */
export const publishProfile = defineRoute({
  summary: "Publishes the caller's profile with the signature of the caller's own key",
  access: "user",
  limit: "submit",
  body: PublishProfileBody,
  heeds: ["Idempotency-Key"],
  problems: WRITE_PROBLEMS,
  answer: PublishProfileAnswer,
  handle: async (context) => {
    const { app, userId, body, background } = context;
    if (body.accountId !== userId)
      throw new ProblemError("not-yours", "You can only publish your own profile.", { field: "accountId" });
    const { accountId, displayName, bio, avatar, timestamp, signature, publicKey } = body;
    const profile = { accountId, displayName, bio, avatar, timestamp };
    return writeOnce(context, "profile", async (guarded) => {
      const sent = await writeMade(
        app,
        guarded,
        userId,
        { type: "PROFILE_UPDATE", ...profile, signature, publicKey },
        FIELD_NAMES,
      );
      background(() => app.scheduler.syncNow([sent.topicId]));
      const { topicId, sequence } = sent;
      const hrl = `hcs://11/${signalId(topicId, sequence, sent.place)}`;
      return { ok: true, hrl, profile, ...ledgerPlaceOf(sent), sequenceNumber: String(sequence) };
    });
  },
});
