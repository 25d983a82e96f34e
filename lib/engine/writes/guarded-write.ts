/**
 * One request to write, under the write guard: it begins with one command and ends with one, whether it is written or refused.
 * A request may be counted and named (limit, Idempotency-Key) for another user than the message is from, as a boost is. Then the two
 * begin and end apart, since their keys may lie on different nodes.
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
  /** For how long its answer is kept. */
  readonly answerTtlMs: number;
}

/** How far the message came. `sent`: it may still arrive. */
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

  /** Claims the request before its message is known. Null if it may go on. */
  async claim(): Promise<RequestRefusal | null> {
    const { request } = this;
    if (request === null || this.isClaimed) return null;
    const began = await this.guard.begin(request.userId, this.unclaimed(), null);
    this.isCounted = true;
    if (isRequestRefusal(began)) return began;
    this.isClaimed = true;
    return null;
  }

  /** Claims the message, and the request if that is still to do. */
  async begin(from: UserId, message: Omit<MessageClaim, "claimId">): Promise<Began> {
    // The log has refused the nonce of an earlier attempt. Remembered as the last one, it would hide the larger one that is there.
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

  /** The message took this sequence; null if this request has not put it on the ledger, and never will. */
  over(sequence: number | null): void {
    if (this.held) this.held.progress = { kind: "over", sequence };
  }

  /**
   * Keeps the answer for a request that comes again; null lets it be tried again. Without Redis the claims lapse by themselves, and
   * the nonce alone keeps a retry from becoming a second message.
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
