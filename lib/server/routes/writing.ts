import "server-only";
/** The one way from a route to the ledger: idempotency, submission, the problem answer, and the members that say where it went. */
import { keyOf } from "../../core/key";
import { formatConsensusTime } from "../../core/ledger/consensus-time";
import type { UserId } from "../../core/ledger/ids";
import type { Result } from "../../core/result";
import { MAX_NONCE_AHEAD_MS } from "../../engine/writes/earlier-writes";
import { type Envelope, minSequence, type SubmitRefusal } from "../../engine/writes/submit";
import type { Submitted } from "../../ports/ledger/submitter";
import { ifDown } from "../../ports/tier-unavailable";
import type { App } from "../boot/app";
import type { Answer } from "../http/answers/answer";
import { isProblem, type ProblemCode, ProblemError } from "../http/answers/problem";
import { privateJson } from "../http/answers/reply";
import { fingerprint, idempotencyKey } from "../http/idempotency";
import type { UserContext } from "../http/route";

/** A retry within this time gets the first answer. */
const IDEMPOTENCY_TTL_MS = 24 * 3_600_000;
/** A write that has not ended by then has failed with its process. */
const RUNNING_TTL_MS = 60_000;

const PROBLEMS: Readonly<Record<SubmitRefusal["code"], ProblemCode>> = {
  "bad-envelope": "bad-input",
  "not-yours": "not-yours",
  clock: "bad-input",
  "wrong-signature": "bad-input",
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

/** The problems of every route that writes. */
export const WRITE_PROBLEMS: readonly ProblemCode[] = ["in-progress", "key-reused", ...Object.values(PROBLEMS)];

/** Remembers something for a retry. Without Redis the nonce alone keeps a retry from becoming a second message. */
const whileThere = (remembered: Promise<void>): Promise<void> => remembered.catch(ifDown("redis", () => {}));

/**
 * Runs a write under the request's Idempotency-Key, if it has one: a retry gets the first answer. `scope` names the kind of
 * request. `work` writes, and returns the members of the answer; `isRepeatable` says that the request may come again.
 */
export async function writeOnce(
  { app, userId, request, body }: Pick<UserContext<unknown, unknown>, "app" | "userId" | "request" | "body">,
  scope: string,
  work: (isRepeatable: boolean) => Promise<object>,
  status = 200,
): Promise<Answer> {
  const answerOf = (members: object) => privateJson(members, {}, status);
  const given = idempotencyKey(request);
  if (given === null) return answerOf(await work(false));
  const key = keyOf(scope, userId, given);
  const digest = fingerprint(body);
  const attempt = await app.hot.attempt(key, digest, RUNNING_TTL_MS);
  if (attempt.kind === "done") return answerOf(JSON.parse(attempt.answer));
  if (attempt.kind === "other")
    throw new ProblemError(
      "key-reused",
      "This Idempotency-Key was used for another message. Send each message with a key of its own.",
      { field: "Idempotency-Key" },
    );
  if (attempt.kind === "running")
    throw new ProblemError("in-progress", "This write is already under way.", { retryAfterS: 1 });
  try {
    const members = await work(true);
    // The message is written, so later failures are not reported: the client would write it again.
    await whileThere(app.hot.finish(key, digest, JSON.stringify(members), IDEMPOTENCY_TTL_MS));
    return answerOf(members);
  } catch (cause) {
    // Where the outcome is unknown the key stays taken: a retry must not become a second message.
    const isUncertain = isProblem(cause) && cause.code === "uncertain";
    if (!isUncertain) await whileThere(app.hot.abandon(key));
    throw cause;
  }
}

/** The names that a caller gave to members of a message which this server made. */
type FieldNames = Readonly<Record<string, string>>;

/** Throws the problem of a refused write. `names`: it was made here; a member of another name is not the caller's. */
export function sentOrThrow(sent: Result<Submitted, SubmitRefusal>, names: FieldNames | null = null): Submitted {
  if (sent.ok) return sent.value;
  const { code, detail, field: own } = sent.error;
  const field = names === null || own === undefined ? own : names[own];
  throw new ProblemError(PROBLEMS[code], detail, field === undefined ? {} : { field });
}

/** A nonce of ours may meet a larger one that the person's own device made: its clock may be ahead. */
const AHEAD_MS = [0, 2_000, 16_000, MAX_NONCE_AHEAD_MS] as const;

/** Writes a message whose nonce and time this server makes. Throws a ProblemError where it is refused. */
export async function writeMade(
  app: App,
  from: UserId,
  members: Omit<Envelope, "from" | "nonce" | "ts">,
  names: FieldNames = {},
) {
  for (const aheadMs of AHEAD_MS) {
    const nowMs = app.clock.now();
    const envelope = { ...members, from, nonce: nowMs + aheadMs, ts: Math.floor(nowMs / 1_000) } as Envelope;
    const sent = await app.submit.submit(envelope);
    if (sent.ok || sent.error.code !== "nonce" || aheadMs === AHEAD_MS.at(-1)) return sentOrThrow(sent, names);
  }
  throw new Error("the last attempt has returned or thrown");
}

/** The members that say where a message went. */
export function placeOf(sent: Submitted) {
  const { topicId, sequence, transactionId, consensusNs } = sent;
  return {
    topicId,
    sequenceNumber: sequence,
    transactionId,
    consensusTimestamp: consensusNs === null ? null : formatConsensusTime(consensusNs),
    minSequence: minSequence(sent),
  };
}
