import "server-only";
/**
 * Counts the requests of each address and each user, and refuses those over their limit (limits.ts). A refused caller is
 * remembered in this process until it has a token again, so a refusal costs no Redis command. While Redis is down, each
 * instance counts for itself.
 */
import { LRUCache } from "lru-cache";
import type { MemoryBudgets } from "../../adapters/memory/memory-budgets";
import { type Awaitable, andThen } from "../../core/awaitable";
import { atMostEntries } from "../../core/bounded-map";
import { keyOf, keysUnder } from "../../core/key";
import type { UserId } from "../../core/ledger/ids";
import type { Clock } from "../../ports/clock";
import type { BudgetPolicy, HotCache } from "../../ports/shared/hot-cache";
import { ifDown } from "../../ports/tier-unavailable";
import { ProblemError } from "../http/answers/problem";
import { clientAddress, type HeaderReader } from "./client-address";
import { ConcurrencyLimit } from "./concurrency-limit";
import {
  BLOCKS,
  type CallerLimit,
  LIMITS,
  type LimitName,
  MAX_COUNTED,
  QUEUE,
  type Rate,
  type RateLimit,
  WAITING,
} from "./limits";

type Buckets = Pick<HotCache, "reserve">;
type OwnBuckets = Pick<MemoryBudgets, "reserve">;

export interface CallerLimitOptions {
  /** Buckets that all instances share. Null if this process is the only one. */
  readonly shared: Buckets | null;
  /** The buckets of this process. They answer at once and never fail. */
  readonly own: OwnBuckets;
  readonly clock: Clock;
  /** Multiplies all rates. 0 switches all limits off. */
  readonly factor: number;
  /** The number of trusted proxies in front of this server. */
  readonly proxyHops: number;
}

export class CallerLimits {
  /** For each bucket, the time until which it is empty or its caller is blocked. Monotonic ms. */
  private readonly refusedUntilMs = new LRUCache<string, number>(atMostEntries(MAX_COUNTED));
  private readonly concurrency: ConcurrencyLimit;

  constructor(private readonly options: CallerLimitOptions) {
    this.concurrency = new ConcurrencyLimit(options.clock);
  }

  /** Takes one token from an address's bucket. Throws ProblemError "too-many". */
  spendAddress(name: LimitName, address: string): Awaitable<void> {
    return andThen(this.countAddress(name, address), (waitMs) => {
      if (waitMs !== null) throw tooMany(waitMs);
    });
  }

  /** Takes one token from the user's bucket. Throws ProblemError "too-many". */
  spendUser(name: LimitName, userId: UserId): Awaitable<void> {
    const { user }: RateLimit = LIMITS[name];
    if (user === undefined) return;
    const bucket = userBucket(name, userId);
    return andThen(this.take(bucket, user, userId), (waitMs) => {
      if (waitMs !== null) throw this.refusedUser(bucket, waitMs);
    });
  }

  /** The token that a write takes as it begins, shared by all instances. Null if this instance alone counts. */
  tokenOf(name: LimitName, userId: UserId): { readonly bucket: string; readonly policy: BudgetPolicy } | null {
    const { user }: RateLimit = LIMITS[name];
    const { shared, factor } = this.options;
    if (user?.countedBy !== "write" || shared === null || factor === 0) return null;
    return { bucket: userBucket(name, userId), policy: this.policyOf(user) };
  }

  /** Remembers that the user's token was refused. Always throws ProblemError "too-many". */
  refuseUser(name: LimitName, userId: UserId): never {
    const { user }: RateLimit = LIMITS[name];
    const bucket = userBucket(name, userId);
    throw this.refusedUser(bucket, user === undefined ? 0 : this.emptied(bucket, this.policyOf(user)));
  }

  /** Takes the token that all instances share, for a request that begins no write. Throws ProblemError "too-many". */
  async spendForAll(name: LimitName, userId: UserId): Promise<void> {
    const token = this.tokenOf(name, userId);
    const { shared } = this.options;
    if (token === null || shared === null) return;
    // This instance has counted the request already.
    const given = await shared.reserve(token.bucket, token.policy, userId).catch(ifDown("redis", () => 0));
    if (given === null) this.refuseUser(name, userId);
  }

  /** Takes one token from an address's bucket. Returns null, or the ms until the next token. */
  countAddress(name: LimitName, address: string): Awaitable<number | null> {
    return this.take(addressBucket(name, address), LIMITS[name].address);
  }

  /** The address of a request, in the form that the other methods take. */
  addressOf(header: HeaderReader): string {
    return clientAddress(header, this.options.proxyHops);
  }

  /** The ms for which an address is still refused, from memory alone. Null if it may have a token. */
  knownRefusalMs(name: LimitName, address: string): number | null {
    const waitMs = this.knownWaitMs(addressBucket(name, address));
    const blockedMs = isQueued(name) ? this.knownWaitMs(queueBucket(address)) : null;
    return waitMs === null || blockedMs === null ? (waitMs ?? blockedMs) : Math.max(waitMs, blockedMs);
  }

  /** Counts a refusal that no route saw. Enough of them block the address from all queued work. */
  noteRefusal(name: LimitName, address: string): void {
    if (isQueued(name)) this.blockAfter(queueBucket(address), BLOCKS.address);
  }

  /** The ms between two queued requests of one address. Null if this limit does not queue. */
  queueGapMs(name: LimitName): number | null {
    const { factor } = this.options;
    return isQueued(name) && factor > 0 ? QUEUE.gapMs / factor : null;
  }

  /**
   * Calls `work` when it is the address's turn: a few of its requests work at a time. Calls `refuse` if too many of them wait
   * already; without it, throws ProblemError "too-many".
   */
  limitAddressConcurrency<T>(
    name: LimitName,
    address: string,
    work: () => Awaitable<T>,
    refuse: () => Awaitable<T> = refuseWaiting,
  ): Awaitable<T> {
    const { atOnce: most }: CallerLimit = LIMITS[name].address;
    if (most === undefined || this.options.factor === 0) return work();
    return this.concurrency.run(addressBucket(name, address), { most, mostWaiting: WAITING.address, work, refuse });
  }

  /** Calls `work` when it is the user's turn. Throws ProblemError "too-many" if too many of the user's requests wait already. */
  limitUserConcurrency<T>(name: LimitName, userId: UserId, work: () => Awaitable<T>): Awaitable<T> {
    const { user }: RateLimit = LIMITS[name];
    const most = user?.atOnce;
    if (most === undefined || this.options.factor === 0) return work();
    const turn = { most, mostWaiting: WAITING.user, work, refuse: refuseWaiting };
    return this.concurrency.run(userBucket(name, userId), turn);
  }

  private take(bucket: string, limit: CallerLimit, userId?: UserId): Awaitable<number | null> {
    const { own, shared, factor } = this.options;
    if (factor === 0) return null;
    const knownMs = this.knownWaitMs(bucket);
    if (knownMs !== null) return knownMs;
    const policy = this.policyOf(limit);
    const reserved =
      limit.countedBy === "all" && shared !== null
        ? shared.reserve(bucket, policy, userId).catch(ifDown("redis", () => own.reserve(bucket, policy)))
        : own.reserve(bucket, policy);
    return andThen(reserved, (given) => (given === null ? this.emptied(bucket, policy) : null));
  }

  /** Remembers that a bucket is empty. Returns the ms until its next token comes, at the latest. */
  private emptied(bucket: string, { perSecond }: BudgetPolicy): number {
    const waitMs = 1_000 / perSecond;
    this.refusedUntilMs.set(bucket, this.options.clock.monotonicMs() + waitMs);
    return waitMs;
  }

  private refusedUser(bucket: string, waitMs: number): ProblemError {
    this.blockAfter(bucket, BLOCKS.user);
    return tooMany(this.knownWaitMs(bucket) ?? waitMs);
  }

  /** Counts a refusal, and blocks the caller after too many of them. */
  private blockAfter(bucket: string, { refusals, forMs }: { refusals: Rate; forMs: number }): void {
    const { own, clock } = this.options;
    if (own.reserve(keyOf("refusals", bucket), this.policyOf(refusals)) !== null) return;
    this.refusedUntilMs.set(bucket, clock.monotonicMs() + forMs);
  }

  private knownWaitMs(bucket: string): number | null {
    const waitMs = (this.refusedUntilMs.get(bucket) ?? 0) - this.options.clock.monotonicMs();
    return waitMs > 0 ? waitMs : null;
  }

  private policyOf({ perSecond, burst }: Rate): BudgetPolicy {
    const { factor } = this.options;
    return { perSecond: perSecond * factor, burst: Math.max(1, burst * factor), maxWaitMs: 0 };
  }
}

/** Every request makes three of these keys, and checking all of their parts takes CPU. */
const bucketsOf = (word: string) =>
  Object.fromEntries(Object.keys(LIMITS).map((name) => [name, keysUnder("limit", name, word)])) as Record<
    LimitName,
    (caller: string) => string
  >;
const [OF, AT] = [bucketsOf("of"), bucketsOf("at")];
const userBucket = (name: LimitName, userId: UserId) => OF[name](userId);
const addressBucket = (name: LimitName, address: string) => AT[name](address);
const queueBucket = (address: string) => keyOf("queue", "at", address);

function isQueued(name: LimitName): boolean {
  const limit: RateLimit = LIMITS[name];
  return limit.isQueued ?? false;
}

/** The content of a 429 answer. The rate guard throws no error, because building a stack would cost a fifth of a refusal. */
export function tooManyProblem(waitMs: number) {
  const retryAfterS = Math.max(1, Math.ceil(waitMs / 1_000));
  return {
    code: "too-many",
    detail: `Too many requests. Try again in ${retryAfterS} s.`,
    options: { retryAfterS },
  } as const;
}

function tooMany(waitMs: number): ProblemError {
  const { code, detail, options } = tooManyProblem(waitMs);
  return new ProblemError(code, detail, options);
}

function refuseWaiting(): never {
  throw tooMany(WAITING.retryMs);
}
