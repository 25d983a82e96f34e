import "server-only";
/** Writes a route's message to the ledger: idempotency, submission, the problem of a refusal, and the members that name its place. */
import { keyOf } from "../../core/key";
import { formatConsensusTime } from "../../core/ledger/consensus-time";
import type { UserId } from "../../core/ledger/ids";
import type { Result } from "../../core/result";
import { placeMember } from "../../core/signals/batch";
import { MAX_NONCE_AHEAD_MS } from "../../engine/writes/earlier-writes";
import type { GuardedWrite } from "../../engine/writes/guarded-write";
import type { SubmitRefusal } from "../../engine/writes/refusals";
import { type Envelope, minSequence, type RequestStopped } from "../../engine/writes/submit";
import type { Submitted } from "../../ports/ledger/submitter";
import type { RequestRefusal } from "../../ports/shared/write-guard";
import type { App } from "../boot/app";
import type { Answer } from "../http/answers/answer";
import { isProblem, type ProblemCode, ProblemError } from "../http/answers/problem";
import { privateJson } from "../http/answers/reply";
import { fingerprint, idempotencyKey } from "../http/idempotency";
import type { UserContext } from "../http/route";

/** A retry within this time gets the first answer. */
const IDEMPOTENCY_TTL_MS = 24 * 3_600_000;
/** A write that has not ended after this time has died with its process. */
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

/** Tells `writeOnce` why the guard refused a request. */
class Stopped extends Error {
  override readonly name = "Stopped";
  constructor(readonly by: RequestRefusal) {
    super(`the request is ${by.kind}`);
  }
}

/**
 * Runs a request that writes. The command that claims its message also counts it and claims its Idempotency-Key, if it has one. A
 * retry gets the first answer. `scope` names the kind of request. `work` submits under the guard, and returns the members of the
 * answer; `isRepeatable` says that the request may come again.
 */
export async function writeOnce(
  { app, userId, request, body }: Pick<UserContext<unknown, unknown>, "app" | "userId" | "request" | "body">,
  scope: string,
  work: (guarded: GuardedWrite, isRepeatable: boolean) => Promise<object>,
  status = 200,
): Promise<Answer> {
  const answerOf = (members: object) => privateJson(members, {}, status);
  const given = idempotencyKey(request);
  const attempt =
    given === null ? null : { key: keyOf(scope, userId, given), digest: fingerprint(body), ttlMs: RUNNING_TTL_MS };
  const limit = app.limits.tokenOf("submit", userId);
  const guarded = app.submit.guardedWrite({ userId, limit, attempt, answerTtlMs: IDEMPOTENCY_TTL_MS });
  try {
    const members = await work(guarded, attempt !== null);
    // The message is written, so later failures are not reported: the client would write it again.
    await guarded.end(JSON.stringify(members));
    return answerOf(members);
  } catch (cause) {
    if (cause instanceof Stopped) return stopped(app, userId, cause.by, answerOf);
    await endFailed(guarded, cause);
    throw cause;
  }
}

/** If the outcome is unknown, the key stays taken, because a retry must not become a second message. */
async function endFailed(guarded: GuardedWrite, cause: unknown): Promise<void> {
  if (!isProblem(cause) || cause.code !== "uncertain") await guarded.end(null);
}

function stopped(app: App, userId: UserId, by: RequestRefusal, answerOf: (members: object) => Answer): Answer {
  switch (by.kind) {
    case "done":
      return answerOf(JSON.parse(by.answer));
    case "limited":
      return app.limits.refuseUser("submit", userId);
    case "other":
      throw new ProblemError(
        "key-reused",
        "This Idempotency-Key was used for another message. Send each message with a key of its own.",
        { field: "Idempotency-Key" },
      );
    case "running":
      throw new ProblemError(
        "in-progress",
        `This write is already under way. If it does not show within ${RUNNING_TTL_MS / 1_000} s, try again.`,
        { retryAfterS: 1 },
      );
  }
}

/** Counts the request and claims its Idempotency-Key before anything else is done for it. Throws if it may not go on. */
export async function claimRequest(guarded: GuardedWrite): Promise<void> {
  const refusal = await guarded.claim();
  if (refusal !== null) throw new Stopped(refusal);
}

/** The names that a caller gave to members of a message which this server made. */
type FieldNames = Readonly<Record<string, string>>;

/**
 * Throws the problem of a refused write. `names`: this server made the message, and a member that `names` lacks is not the
 * caller's.
 */
export function sentOrThrow(
  sent: Result<Submitted, SubmitRefusal | RequestStopped>,
  names: FieldNames | null = null,
): Submitted {
  if (sent.ok) return sent.value;
  if (sent.error.code === "stopped") throw new Stopped(sent.error.by);
  const { code, detail, field: own } = sent.error;
  const field = names === null || own === undefined ? own : names[own];
  throw new ProblemError(PROBLEMS[code], detail, field === undefined ? {} : { field });
}

/**
 * How far ahead of the clock the server's own nonces are tried, in milliseconds. The person's device may have used a larger nonce, because
 * its clock may be ahead. If that nonce is remembered, the server's exceeds it by no more than 1, so that the device's next nonce is larger
 * again. Otherwise these are tried in turn.
 */
const AHEAD_MS = [0, 2_000, 16_000, MAX_NONCE_AHEAD_MS] as const;

type MadeMembers = Omit<Envelope, "from" | "nonce" | "ts">;

/** Writes a message whose nonce and time this server makes. Throws a ProblemError where it is refused. */
export async function writeMade(
  app: App,
  guarded: GuardedWrite,
  from: UserId,
  members: MadeMembers,
  names: FieldNames = {},
): Promise<Submitted> {
  let last: number | undefined;
  for (const aheadMs of AHEAD_MS) {
    const nowMs = app.clock.now();
    const wanted = last === undefined ? nowMs + aheadMs : Math.max(nowMs, Math.floor(last) + 1);
    const nonce = Math.min(wanted, nowMs + MAX_NONCE_AHEAD_MS);
    const envelope = { ...members, from, nonce, ts: Math.floor(nowMs / 1_000) } as Envelope;
    const sent = await app.submit.submit(envelope, guarded);
    if (sent.ok || sent.error.code !== "nonce" || aheadMs === AHEAD_MS.at(-1)) return sentOrThrow(sent, names);
    last = sent.error.lastNonce;
  }
  throw new Error("the last attempt has returned or thrown");
}

/** Writes a message that counts against nobody's limit and has no key. */
export async function writeUncounted(app: App, from: UserId, members: MadeMembers): Promise<void> {
  const guarded = app.submit.guardedWrite(null);
  try {
    await writeMade(app, guarded, from, members);
    await guarded.end(null);
  } catch (cause) {
    await endFailed(guarded, cause);
    throw cause;
  }
}

/** The members of an answer that name a written message's place on the ledger. */
export function ledgerPlaceOf(sent: Submitted) {
  const { topicId, sequence, place, transactionId, consensusNs } = sent;
  return {
    topicId,
    sequenceNumber: sequence,
    ...placeMember(place),
    transactionId,
    consensusTimestamp: consensusNs === null ? null : formatConsensusTime(consensusNs),
    minSequence: minSequence(sent),
  };
}
