import { LRUCache } from "lru-cache";
import { atMostEntries } from "../../core/bounded-map";
import { keyOf } from "../../core/key";
import type { UserId } from "../../core/ledger/ids";
import type { Clock } from "../../ports/clock";
import {
  type Began,
  type FenceRefusal,
  IN_FLIGHT_MS,
  type MessageClaim,
  type MessageEnd,
  type NonceClaim,
  type RequestClaim,
  type RequestEnd,
  type WriteGuard,
  type WriteRoute,
} from "../../ports/shared/write-guard";
import { MemoryAttempts } from "./memory-attempts";
import { MemoryBudgets } from "./memory-budgets";

/** More people than write in one process a day. */
const MAX_KEYS = 100_000;

interface Place extends WriteRoute {
  sequence: number;
  inFlight: number;
  untilMs: number;
}

interface Nonce {
  readonly nonce: number;
  readonly digest: string;
  readonly batchedUntilS: number | null;
  /** The claim that may give the nonce back. Null once the same message or a smaller nonce was claimed. */
  claimId: string | null;
  readonly before: Nonce | undefined;
}

/** The write guard of a single process. */
export class MemoryWriteGuard implements WriteGuard {
  private readonly places = new LRUCache<string, Place>(atMostEntries(MAX_KEYS));
  private readonly nonces = new LRUCache<UserId, Nonce>(atMostEntries(MAX_KEYS));
  private readonly attempts: MemoryAttempts;
  private readonly budgets: MemoryBudgets;
  private readonly sinceMs: number;

  constructor(private readonly clock: Clock) {
    this.attempts = new MemoryAttempts(clock, MAX_KEYS);
    this.budgets = new MemoryBudgets(clock, MAX_KEYS);
    this.sinceMs = clock.monotonicMs();
  }

  async begin(userId: UserId, request: RequestClaim | null, message: MessageClaim | null): Promise<Began> {
    const { limit = null, attempt = null } = request ?? {};
    if (limit !== null && this.budgets.reserve(limit.bucket, { ...limit.policy, maxWaitMs: 0 }) === null)
      return { kind: "limited" };
    const known = attempt === null ? null : this.attempts.known(attempt.key, attempt.digest);
    if (known !== null) return known;
    const nonce = message === null ? null : this.compared(userId, message);
    if (nonce?.kind === "used") return nonce;
    const place = message === null ? null : this.placeFor(userId, message);
    if (place !== null && "kind" in place) return place;
    if (message !== null && nonce !== null && place !== null) {
      this.places.set(keyOf(message.kind, userId), place);
      this.claim(userId, message, nonce);
    }
    if (attempt !== null) this.attempts.begin(attempt.key, attempt.digest, attempt.ttlMs);
    return { kind: "begun", nonce };
  }

  async end(userId: UserId, request: RequestEnd | null, message: MessageEnd | null): Promise<void> {
    if (request !== null) this.settle(request);
    if (message === null) return;
    const last = this.nonces.get(userId);
    if (last?.claimId === message.claimId) {
      last.claimId = null;
      if (message.isUnsent && last.before) this.nonces.set(userId, last.before);
      else if (message.isUnsent) this.nonces.delete(userId);
    }
    const place = this.places.get(keyOf(message.kind, userId));
    if (place?.topicId !== message.topicId) return;
    place.inFlight = Math.max(0, place.inFlight - 1);
    place.sequence = Math.max(place.sequence, message.sequence ?? 0);
  }

  private settle({ key, digest, answer, ttlMs }: RequestEnd): void {
    if (answer !== null) this.attempts.finish(key, digest, answer, ttlMs);
    else if (this.attempts.known(key, digest)?.kind === "running") this.attempts.abandon(key);
  }

  private compared(
    userId: UserId,
    { nonce, digest, isRepeatable }: MessageClaim,
  ): NonceClaim | Extract<Began, { kind: "used" }> {
    const memoryMs = this.clock.monotonicMs() - this.sinceMs;
    const last = this.nonces.get(userId);
    if (last === undefined) return { kind: "unknown", memoryMs, batchedUntilS: null };
    const { batchedUntilS } = last;
    if (nonce > last.nonce) return { kind: "next", memoryMs, batchedUntilS };
    if (!isRepeatable || (nonce === last.nonce && digest !== last.digest)) return { kind: "used", last: last.nonce };
    return { kind: nonce === last.nonce ? "same" : "older", memoryMs, batchedUntilS };
  }

  private claim(userId: UserId, message: MessageClaim, { kind }: NonceClaim): void {
    const { nonce, digest, claimId } = message;
    const last = this.nonces.get(userId);
    // One claim back is enough: what came before it is no longer needed.
    const before = last && { ...last, claimId: null, before: undefined };
    const batchedUntilS = later(message.batchedUntilS, last?.batchedUntilS ?? null);
    if (kind === "next" || kind === "unknown")
      this.nonces.set(userId, { nonce, digest, batchedUntilS, claimId, before });
    else if (last) last.claimId = null;
  }

  /** The place with one more write in flight. */
  private placeFor(userId: UserId, { kind, route, after }: MessageClaim): Place | FenceRefusal {
    const nowMs = this.clock.monotonicMs();
    const known = this.places.get(keyOf(kind, userId));
    let inFlight = known && known.untilMs > nowMs ? known.inFlight : 0;
    let sequence = known?.sequence ?? 0;
    if (known && known.topicId !== route.topicId) {
      if (route.registryVersion < known.registryVersion || route.userVersion < known.userVersion)
        return { kind: "outdated" };
      const isKnown = after?.topicId === known.topicId && after.sequence === known.sequence;
      if (inFlight > 0 || !isKnown)
        return { kind: "elsewhere", last: { topicId: known.topicId, sequence }, isBusy: inFlight > 0 };
      inFlight = 0;
      sequence = 0;
    }
    return {
      topicId: route.topicId,
      registryVersion: Math.max(route.registryVersion, known?.registryVersion ?? 0),
      userVersion: Math.max(route.userVersion, known?.userVersion ?? 0),
      sequence,
      inFlight: inFlight + 1,
      untilMs: nowMs + IN_FLIGHT_MS,
    };
  }
}

const later = (a: number | null, b: number | null) => (a === null || b === null ? (a ?? b) : Math.max(a, b));
