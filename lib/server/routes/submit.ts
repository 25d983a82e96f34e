import "server-only";
import type { UserId } from "../../core/ledger/ids";
import { decodeJson } from "../../core/signals/envelope";
import type { GuardedWrite } from "../../engine/writes/guarded-write";
import type { Envelope } from "../../engine/writes/submit";
import { SubmitBody } from "../../wire/requests";
import { SubmitAnswer } from "../../wire/submit";
import type { App } from "../boot/app";
import { ProblemError } from "../http/answers/problem";
import { privateJson } from "../http/answers/reply";
import { defineRoute } from "../http/route";
import { writeInvited } from "./ui/invitations";
import { claimRequest, ledgerPlaceOf, sentOrThrow, WRITE_PROBLEMS, writeOnce } from "./write-to-ledger";

export const submit = defineRoute({
  summary: "Writes a message of the caller to the ledger",
  access: "user",
  limit: "submit",
  body: SubmitBody,
  heeds: ["Idempotency-Key"],
  problems: WRITE_PROBLEMS,
  answer: SubmitAnswer,
  handle: async (context) => {
    const { app, userId, body, background } = context;
    if (body.from !== userId) return privateJson(await mirrored(app, userId, body));
    return writeOnce(context, "submit", async (guarded, isRepeatable) => {
      await beforeAccept(app, userId, body, guarded);
      const sent = sentOrThrow(await app.submit.submit({ ...body, from: userId } as Envelope, guarded, isRepeatable));
      background(() => app.scheduler.syncNow([sent.topicId]));
      return { ok: true, ...ledgerPlaceOf(sent) };
    });
  },
});

/** An accept may answer an invitation. Its form is checked first, so that an accept that cannot be written spends none. */
async function beforeAccept(app: App, userId: UserId, body: SubmitBody, guarded: GuardedWrite): Promise<void> {
  if (body.type !== "CONTACT_ACCEPT" || !("req" in body.payload)) return;
  const decoded = decodeJson(body);
  if (!decoded.ok || decoded.value.actor !== userId || decoded.value.target === null) return;
  // A second request with this key must not write the accept while the first still writes the inviter's request.
  await claimRequest(guarded);
  await writeInvited(app, userId, decoded.value.target, body.payload);
}

/**
 * The web UI writes each accept a second time, in the name of the other person. Nobody writes in another's name here, and the
 * accept says everything. So nothing is written, and the answer names the caller's own accept. Any other foreign name most likely comes
 * from a page that was opened before somebody else signed in in another tab: throws a ProblemError that says so.
 */
async function mirrored(app: App, userId: UserId, body: SubmitBody): Promise<object> {
  await app.limits.spendForAll("submit", userId);
  const decoded = body.type === "CONTACT_MIRROR" ? decodeJson(body) : null;
  const isMirror = decoded?.ok && decoded.value.target === userId && decoded.value.actor === body.from;
  const accept = isMirror && decoded.value.actor ? await app.submit.acceptOf(userId, decoded.value.actor) : null;
  if (accept === null)
    throw new ProblemError(
      "not-yours",
      `You are signed in as ${userId} now, and this message is from somebody else, so nothing was written. Reload the page, then try again. A program sends its own id as "from".`,
      { field: "from" },
    );
  return { ok: true, ...ledgerPlaceOf(accept) };
}
