import "server-only";
import { keyOf } from "../../core/key";
import { formatConsensusTime } from "../../core/ledger/consensus-time";
import { minSequence, type SubmitRefusal } from "../../engine/writes/submit";
import { ifDown } from "../../ports/tier-unavailable";
import { SubmitAnswer, SubmitBody } from "../../wire/submit";
import { fingerprint, idempotencyKey } from "../http/idempotency";
import { isProblem, type ProblemCode, ProblemError } from "../http/problem";
import { privateJson } from "../http/reply";
import { defineRoute } from "../http/route";

/** A retry within this time gets the first answer. */
const IDEMPOTENCY_TTL_MS = 24 * 3_600_000;
/** A write that has not ended by then has failed with its process. */
const RUNNING_TTL_MS = 60_000;

const PROBLEMS: Readonly<Record<SubmitRefusal["code"], ProblemCode>> = {
  "bad-envelope": "bad-input",
  clock: "bad-input",
  "too-large": "too-large",
  "not-bonded": "not-bonded",
  "slots-full": "slots-full",
  nonce: "nonce",
  "read-only": "read-only",
  paused: "paused",
  "ledger-refused": "ledger-refused",
  "ledger-unavailable": "ledger-unavailable",
  uncertain: "uncertain",
  unsettled: "unavailable",
};

/** Saves something for a retry. Without Redis, the nonce alone keeps a retry from becoming a second message. */
const whileThere = (remembered: Promise<void>): Promise<void> => remembered.catch(ifDown("redis", () => {}));

export const submit = defineRoute({
  summary: "Writes a message of the caller to the ledger",
  access: "user",
  limit: "submit",
  body: SubmitBody,
  heeds: ["Idempotency-Key"],
  problems: ["in-progress", "key-reused", ...Object.values(PROBLEMS)],
  answer: SubmitAnswer,
  handle: async ({ app, userId, body, request, background }) => {
    if (body.from !== userId)
      throw new ProblemError("not-yours", "from: you can only write in your own name.", { field: "from" });
    const given = idempotencyKey(request);
    const key = given === null ? null : keyOf("submit", userId, given);
    const digest = fingerprint(body);
    if (key !== null) {
      const attempt = await app.hot.attempt(key, digest, RUNNING_TTL_MS);
      if (attempt.kind === "done") return privateJson(JSON.parse(attempt.answer));
      if (attempt.kind === "other")
        throw new ProblemError(
          "key-reused",
          "This Idempotency-Key was used for another message. Send each message with a key of its own.",
          { field: "Idempotency-Key" },
        );
      if (attempt.kind === "running")
        throw new ProblemError("in-progress", "This write is already under way.", { retryAfterS: 1 });
    }
    try {
      const sent = await app.submit.submit({ ...body, from: userId }, key !== null);
      if (!sent.ok)
        throw new ProblemError(
          PROBLEMS[sent.error.code],
          sent.error.detail,
          sent.error.field === undefined ? {} : { field: sent.error.field },
        );
      const { topicId, sequence, transactionId, consensusNs } = sent.value;
      const answer = {
        ok: true,
        topicId,
        sequenceNumber: sequence,
        transactionId,
        consensusTimestamp: consensusNs === null ? null : formatConsensusTime(consensusNs),
        minSequence: minSequence(sent.value),
      };
      // The message is written, so later failures are not reported. The client would otherwise write it again.
      if (key !== null) await whileThere(app.hot.finish(key, digest, JSON.stringify(answer), IDEMPOTENCY_TTL_MS));
      background(() => app.scheduler.syncNow([topicId]));
      return privateJson(answer);
    } catch (cause) {
      // If the outcome is unknown, the key stays taken, because a retry must not become a second message.
      const isUncertain = isProblem(cause) && cause.code === "uncertain";
      if (key !== null && !isUncertain) await whileThere(app.hot.abandon(key));
      throw cause;
    }
  },
});
