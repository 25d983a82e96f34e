/**
 * A write, from the checked envelope to the ledger's receipt. One command counts and claims it (guarded-write.ts), before any rule asks the
 * database or a mirror. A write that a rule refuses gives its nonce back, so a refusal costs nothing. Whatever fails on the way, the
 * message is on the ledger at most once, and a retry learns whether it is there (earlier-writes.ts). A retry gets the first answer,
 * whatever the rules say by then.
 */

import { mayBeSomebody, type Sequence, type TopicId, type UserId } from "../../core/ledger/ids";
import type { WriteWindow } from "../../core/ledger/write-window";
import { err, ok, type Result } from "../../core/result";
import { decodeJson } from "../../core/signals/envelope";
import { topicKindOf } from "../../core/signals/message-types";
import type { Author, DecodedBody } from "../../core/signals/signal";
import { MAX_SIGNED_AHEAD_MS, signedIn } from "../../core/signals/signed";
import { namesProfileText, saysWhatItGives, unreadableMember } from "../../core/signals/text-members";
import type { Clock } from "../../ports/clock";
import type { Submitted } from "../../ports/ledger/submitter";
import type { NonceClaim, RequestRefusal, WriteGuard } from "../../ports/shared/write-guard";
import { ifDown } from "../../ports/tier-unavailable";
import type { PendingSignal, PendingSignals } from "../reads/pending";
import type { TopicRouter } from "../shards/topic-router";
import type { Signatures } from "../sync/topic/signatures";
import { type EarlierWrites, MAX_NONCE_AHEAD_MS, TS_FUTURE_S, type Write } from "./earlier-writes";
import { GuardedWrite, type WriteRequest } from "./guarded-write";
import {
  EMPTY_PROFILE,
  GIVES_NOTHING,
  LEDGER_CODES,
  NONCE_TOO_FAR,
  NONCE_USED,
  nonceUsed,
  noSlot,
  notText,
  refuse,
  type SubmitRefusal,
  toNobody,
  UNSETTLED,
  undecodable,
  WRONG_CLOCK,
} from "./refusals";
import type { SignalBatches } from "./signal-batches";
import type { Slots } from "./slots";

/** A signal as its writer sends it, with its members checked. It goes to the ledger as JSON. */
export interface Envelope {
  readonly type: string | number;
  readonly from: UserId;
  readonly nonce: number;
  /** Epoch seconds. */
  readonly ts: number;
  readonly payload?: Readonly<Record<string, unknown>>;
  /** Members beside the payload, for readers that look for them there. */
  readonly [member: string]: unknown;
}

/** The request itself may not write, or has written before. */
export interface RequestStopped {
  readonly code: "stopped";
  readonly by: RequestRefusal;
}

export interface SubmitDeps {
  /** The way to the ledger. Null if no operator key is configured. */
  readonly batches: Pick<SignalBatches, "batchedUntilS" | "submit"> | null;
  readonly guard: WriteGuard;
  readonly earlier: EarlierWrites;
  /** A digest of the bytes, in hexadecimal (SHA-256). */
  readonly digest: (bytes: Uint8Array) => string;
  /** An id that no other has, without white space. */
  readonly newId: () => string;
  readonly slots: Slots;
  readonly pending: PendingSignals;
  readonly clock: Clock;
  readonly router: TopicRouter;
  readonly signatures: Pick<Signatures, "judgeNow">;
  /** A sentence if the topic is paused and takes no writes; otherwise null. */
  readonly pausedSentence: (topicId: TopicId) => Promise<string | null>;
}

/** A message as readers will find it. */
type Said = Pick<PendingSignal, "decoded" | "author">;

/** A write whose nonce is claimed, on its way to a topic. */
interface Claimed {
  readonly write: Write;
  readonly window: WriteWindow;
  /** Until when a batch with it may be sent, in epoch seconds. Null: it goes out alone. */
  readonly batchedUntilS: number | null;
  readonly nonce: NonceClaim;
  readonly topicId: TopicId;
  readonly guarded: GuardedWrite;
}

/** A message says when it was made. Its `ts` must be within -600 s and +120 s of now. */
const TS_PAST_S = 600;
/** Types that end an earlier statement. That statement may have been made to an id that nobody has, so these may be sent to such an id. */
const ENDS = /^(CONTACT_REVOKE|TRUST_REVOKE|TRUST_DECLINE)$/;
/** The SDK sends at most 20 chunks of 1,024 bytes. Half of that is more than any note. */
const MAX_MESSAGE_BYTES = 10 * 1024;
const TOO_LONG = refuse(
  "too-large",
  `This message is longer than ${MAX_MESSAGE_BYTES.toLocaleString("en")} bytes. Shorten its text.`,
  "payload",
);

/**
 * The pause between the end of one write of a user and the start of the next. Nobody taps faster for long. Sixty writes in a
 * row, which the rate limit allows, would hold up everybody's reads for as long as they take (bench row `flood.p99_ratio`).
 */
const PACE_MS = 250;

export class SubmitService {
  private readonly queues = new Map<UserId, Promise<unknown>>();

  constructor(private readonly deps: SubmitDeps) {}

  /**
   * Submits a user's writes in the order of arrival, so that two of them cannot both take the last slot. The caller ends the
   * guarded write, unless the outcome is uncertain. `isRepeatable`: the same envelope may come again, and then gets the result of
   * the first.
   */
  submit(
    envelope: Envelope,
    guarded: GuardedWrite,
    isRepeatable = false,
  ): Promise<Result<Submitted, SubmitRefusal | RequestStopped>> {
    const { from } = envelope;
    const mine = (this.queues.get(from) ?? Promise.resolve()).then(() =>
      this.submitNext(envelope, guarded, isRepeatable),
    );
    const next: Promise<void> = mine
      .then(undefined, () => undefined)
      .then(() => this.deps.clock.sleep(PACE_MS))
      .then(() => {
        if (this.queues.get(from) === next) this.queues.delete(from);
      });
    this.queues.set(from, next);
    return mine;
  }

  /** Opens one request to write. Null: no request asked for the write, so it counts against nobody's limit and has no key. */
  guardedWrite(request: WriteRequest | null): GuardedWrite {
    return new GuardedWrite(this.deps.guard, request, this.deps.newId);
  }

  /** The newest accept of `peer` that `from` wrote through this server in the last minutes; null if there is none. */
  async acceptOf(from: UserId, peer: UserId): Promise<Submitted | null> {
    return this.newest(from, "CONTACT_ACCEPT", ({ target }) => target === peer);
  }

  private async newest(
    from: UserId,
    type: string,
    isWanted: (decoded: DecodedBody) => boolean,
  ): Promise<Submitted | null> {
    const isIt = (decoded: DecodedBody) => decoded.type === type && isWanted(decoded);
    const waiting = this.deps.pending.of(from).find(({ decoded }) => isIt(decoded));
    return waiting ?? this.deps.earlier.newest(from, type, isIt);
  }

  private async submitNext(
    envelope: Envelope,
    guarded: GuardedWrite,
    isRepeatable: boolean,
  ): Promise<Result<Submitted, SubmitRefusal | RequestStopped>> {
    const { batches, digest, earlier, router, clock } = this.deps;
    if (!batches)
      return refuse("read-only", "This server has no operator key, so it can show the ledger but not write to it.");
    // A clock that is ahead also makes nonces that are too far ahead. Its owner did not choose the nonce, so the answer names the clock.
    if (envelope.ts > clock.now() / 1_000 + TS_FUTURE_S) return WRONG_CLOCK;
    if (envelope.nonce > clock.now() + MAX_NONCE_AHEAD_MS) return NONCE_TOO_FAR;
    const decoded = decodeJson(envelope);
    if (!decoded.ok) return undecodable(decoded.error, envelope);
    // Readers look for the actor in many members. Whichever they find must be the sender: this server's payer is trusted.
    if (decoded.value.actor !== envelope.from)
      return refuse(
        "not-yours",
        "You can only write in your own name, and a member of this message names another actor.",
      );
    const { type, target, metadata } = decoded.value;
    // Refused here only: the ledger may hold a recognition for oneself, and readers show it.
    if (type === "RECOGNITION_MINT" && target === envelope.from) return undecodable("self-target", envelope);
    if (target !== null && !mayBeSomebody(target) && !ENDS.test(type)) return toNobody(envelope);
    const unreadable = unreadableMember(decoded.value, envelope);
    if (unreadable !== null) return notText(unreadable, envelope);
    if (type === "RECOGNITION_MINT" && !saysWhatItGives(decoded.value, envelope)) return GIVES_NOTHING;
    if (type === "PROFILE_UPDATE" && !namesProfileText(metadata)) return EMPTY_PROFILE;
    const message = new TextEncoder().encode(JSON.stringify(envelope));
    if (message.length > MAX_MESSAGE_BYTES) return TOO_LONG;
    const { from, nonce, ts: madeS } = envelope;
    const write: Write = {
      ...{ from, nonce, madeS, message, isRepeatable },
      type: decoded.value.type,
      digest: digest(message),
    };
    const { topicId, answer } = await router.enter(from, write.type, async (route, after) => {
      const window = earlier.windowOf(write);
      // The state of a signature is kept for each ledger message, so a signed signal is not batched.
      const batchedUntilS = signedIn(decoded.value) === null ? batches.batchedUntilS(message, window) : null;
      const began = await guarded.begin(from, {
        ...{ kind: topicKindOf(write.type), route, after },
        ...{ nonce, digest: write.digest, batchedUntilS, isRepeatable },
      });
      return began.kind === "begun" ? { ...began, window, batchedUntilS } : began;
    });
    if (answer.kind === "used") return err(nonceUsed(answer.last));
    if (answer.kind !== "begun") return err({ code: "stopped", by: answer });
    if (answer.nonce === null) throw new Error("the guard claimed no nonce");
    const { window, batchedUntilS, nonce: claim } = answer;
    const claimed = { write, window, batchedUntilS, nonce: claim, topicId, guarded };
    return this.byRules(batches, envelope, decoded.value, claimed);
  }

  private async byRules(
    batches: Pick<SignalBatches, "submit">,
    envelope: Envelope,
    decoded: DecodedBody,
    claimed: Claimed,
  ): Promise<Result<Submitted, SubmitRefusal>> {
    // A message that has a stored answer may be older than this.
    if (envelope.ts < this.deps.clock.now() / 1_000 - TS_PAST_S) return WRONG_CLOCK;
    // By now the mirror may be down, or the account may have another key. So the mirror is not asked about a message that is already
    // written.
    const first = signedIn(decoded) === null ? null : await this.deps.earlier.found(claimed.write);
    if (first !== null) return written(first, claimed);
    const author = await this.authorOf(decoded);
    if (!author.ok) return author;
    const reserved = await this.deps.slots.reserve(decoded);
    if (!reserved.ok) {
      const { error } = reserved;
      if (error === "given") return this.asGiven(decoded, claimed);
      return this.unlessWritten(claimed, noSlot(error, envelope));
    }
    try {
      const sent = await this.send(batches, claimed, { decoded, author: author.value });
      if (sent.ok) reserved.value.settle(sent.value);
      else if (sent.error.code !== "uncertain") reserved.value.settle(null);
      return sent;
    } catch (cause) {
      reserved.value.settle(null);
      throw cause;
    }
  }

  /** The same trust was given a moment ago, mostly by another tab of the same person. This request gets the answer of that message. */
  private async asGiven(decoded: DecodedBody, claimed: Claimed): Promise<Result<Submitted, SubmitRefusal>> {
    const { type, target, weight } = decoded;
    const isSame = (other: DecodedBody) => other.target === target && other.weight === weight;
    const first = await this.newest(claimed.write.from, type, isSame);
    return first === null ? UNSETTLED : written(first, claimed);
  }

  /** The rules may decide differently since the first request, but a repeat still gets the first answer. */
  private async unlessWritten(
    claimed: Claimed,
    refusal: Result<never, SubmitRefusal>,
  ): Promise<Result<Submitted, SubmitRefusal>> {
    const first = await this.deps.earlier.found(claimed.write);
    return first === null ? refusal : written(first, claimed);
  }

  /**
   * The evidence that a message is its actor's, once this server has paid for it. A message with a wrong signature would count for
   * nobody, so it is refused.
   */
  private async authorOf(decoded: DecodedBody): Promise<Result<Author, SubmitRefusal>> {
    const signed = signedIn(decoded);
    if (signed === null) return ok("payer");
    if (signed.signedMs !== null && signed.signedMs > this.deps.clock.now() + MAX_SIGNED_AHEAD_MS)
      return refuse(
        "clock",
        "This message was signed at a time that is still to come. Check this device's clock, then sign again.",
        "timestamp",
      );
    const verdict = await this.deps.signatures.judgeNow(decoded);
    if (verdict === "wrong")
      return refuse(
        "wrong-signature",
        "The signature is not of your account's key over this message. Sign it again with the account that you are signed in with.",
        "signature",
      );
    if (verdict === "open")
      return refuse(
        "ledger-unavailable",
        "Your account's key cannot be looked up at the moment, so the signature cannot be checked. Try again shortly.",
      );
    return ok(verdict === "right" ? "both" : "payer");
  }

  private async send(
    batches: Pick<SignalBatches, "submit">,
    claimed: Claimed,
    said: Said,
  ): Promise<Result<Submitted, SubmitRefusal>> {
    const { earlier, pending, clock } = this.deps;
    const { write, window, batchedUntilS, nonce, topicId, guarded } = claimed;
    const paused = await this.deps.pausedSentence(topicId);
    if (paused !== null) return this.unlessWritten(claimed, refuse("paused", paused));
    const before = await earlier.judge(write, nonce, window);
    if (before.kind === "written") return written(before.as, claimed);
    if (before.kind !== "send") return before.kind === "used" ? err(NONCE_USED) : UNSETTLED;
    guarded.sending();
    const signal = { message: write.message, validStartNs: window.validStartNs };
    const sent = await batches.submit(topicId, signal, before.isFirst ? batchedUntilS : null);
    if (!sent.ok && sent.error.code === "duplicate") {
      const arrived = await earlier.arrival(write, topicId).catch(ifDown("postgres", () => null));
      if (arrived === null) return refuse("uncertain", sent.error.message);
      guarded.over(arrived.sequence);
      return ok(arrived);
    }
    if (!sent.ok && sent.error.code !== "uncertain") guarded.over(null);
    if (!sent.ok) return refuse(LEDGER_CODES[sent.error.code], sent.error.message);
    guarded.over(sent.value.sequence);
    pending.add(write.from, { ...sent.value, topicId, submittedMs: clock.now(), ...said });
    return sent;
  }
}

/** The ledger has the message already, so its nonce stays spent. */
function written(first: Submitted, { guarded }: Claimed): Result<Submitted, never> {
  guarded.over(null);
  return ok(first);
}

/** The value for `If-Min-Sequence` that makes a read wait for this message. */
export function minSequence({ topicId, sequence }: { topicId: TopicId; sequence: Sequence }): string {
  return `${topicId}=${sequence}`;
}
