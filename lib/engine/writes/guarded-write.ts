/**
 * One request to write, under the write guard: it begins with one command and ends with one, whether it is written or refused. The
 * request's rate limit and Idempotency-Key may belong to another user than the message's sender, as with a boost. Then request and message
 * begin and end with separate commands, because their keys may lie on different nodes.
 */
import type { UserId } from "../../core/ledger/ids";
import type {
  Began,
  MessageClaim,
  MessageEnd,
  RequestClaim,
  RequestEnd,
  RequestRefusal,
  WriteGuard,
} from "../../ports/shared/write-guard";
import { ifDown } from "../../ports/tier-unavailable";

/** A request that writes, and the user who sent it. */
export interface WriteRequest extends RequestClaim {
  readonly userId: UserId;
  /** How long its answer is kept, in milliseconds. */
  readonly answerTtlMs: number;
}

/** How far the message has come. `sent`: it may still reach the ledger. `over`: its outcome is known. */
type Progress =
  | { readonly kind: "unsent" }
  | { readonly kind: "sent" }
  | { readonly kind: "over"; sequence: number | null };

interface Held {
  readonly from: UserId;
  readonly claim: MessageClaim;
  progress: Progress;
}

export class GuardedWrite {
  private isCounted = false;
  private isClaimed = false;
  private held: Held | null = null;

  /** `request` null: no request asked for the write, so it counts against nobody's limit and has no key. */
  constructor(
    private readonly guard: WriteGuard,
    private readonly request: WriteRequest | null,
    /** An id that no other claim has. */
    private readonly newId: () => string,
  ) {}

  /** Claims the request before its message is known. Returns the refusal; null if the request may go on. */
  async claim(): Promise<RequestRefusal | null> {
    const { request } = this;
    if (request === null || this.isClaimed) return null;
    const began = await this.guard.begin(request.userId, this.unclaimed(), null);
    this.isCounted = true;
    if (isRequestRefusal(began)) return began;
    this.isClaimed = true;
    return null;
  }

  /** Claims the message, and the request if it is not claimed yet. */
  async begin(from: UserId, message: Omit<MessageClaim, "claimId">): Promise<Began> {
    // If the log has refused the nonce of an earlier attempt, that nonce is given back. As the last nonce, it would hide the larger one in
    // the log.
    await this.endMessage();
    const isOfSender = this.request?.userId === from;
    if (!isOfSender) {
      const refusal = await this.claim();
      if (refusal !== null) return refusal;
    }
    const claim = { ...message, claimId: this.newId() };
    const began = await this.guard.begin(from, isOfSender ? this.unclaimed() : null, claim);
    if (isOfSender) this.isCounted = true;
    if (began.kind === "begun") {
      this.isClaimed = true;
      this.held = { from, claim, progress: { kind: "unsent" } };
    }
    return began;
  }

  /** From now on the message may reach the ledger. */
  sending(): void {
    if (this.held) this.held.progress = { kind: "sent" };
  }

  /** The outcome is known. `sequence`: the message's sequence number; null if this request did not write the message and never will. */
  over(sequence: number | null): void {
    if (this.held) this.held.progress = { kind: "over", sequence };
  }

  /**
   * Ends the write. `answer` is kept for repeats of the request; null lets the request be tried again. While Redis is down, the claims
   * expire by themselves, and only the nonce keeps a retry from becoming a second message.
   */
  async end(answer: string | null): Promise<void> {
    const { request, held } = this;
    const ended = request && this.endOf(request, answer);
    if (request && ended && held?.from === request.userId) {
      this.held = null;
      await this.settle(held.from, ended, messageEnd(held));
      return;
    }
    await this.endMessage();
    if (request && ended) await this.settle(request.userId, ended, null);
  }

  private async endMessage(): Promise<void> {
    const { held } = this;
    this.held = null;
    const message = held && messageEnd(held);
    if (held && message) await this.settle(held.from, null, message);
  }

  private settle(userId: UserId, request: RequestEnd | null, message: MessageEnd | null): Promise<void> {
    return this.guard.end(userId, request, message).catch(ifDown("redis", () => {}));
  }

  /** The part of the request that is still to be claimed. */
  private unclaimed(): RequestClaim | null {
    const { request, isCounted, isClaimed } = this;
    if (request === null || isClaimed) return null;
    return { limit: isCounted ? null : request.limit, attempt: request.attempt };
  }

  private endOf({ attempt, answerTtlMs }: WriteRequest, answer: string | null): RequestEnd | null {
    if (attempt === null || !this.isClaimed) return null;
    return { key: attempt.key, digest: attempt.digest, answer, ttlMs: answerTtlMs };
  }
}

/** Null for a message that may still arrive: it counts as on its way, so that the user does not leave the topic before it. */
function messageEnd({ claim: { kind, route, nonce, claimId }, progress }: Held): MessageEnd | null {
  if (progress.kind === "sent") return null;
  const sequence = progress.kind === "over" ? progress.sequence : null;
  return { kind, topicId: route.topicId, nonce, claimId, isUnsent: progress.kind === "unsent", sequence };
}

const isRequestRefusal = (began: Began): began is RequestRefusal =>
  began.kind === "limited" || began.kind === "running" || began.kind === "other" || began.kind === "done";
