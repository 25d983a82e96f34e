import "server-only";
/**
 * How often one address, and one person, may do what costs something. Buckets that leak (HotCache.reserve): a burst at once,
 * then a steady rate.
 *
 * Addresses are counted by each instance for itself: it costs no command, and a flood has to be stopped where it arrives. They
 * are wide, since one address may be a whole office. Signing in is also counted by all instances together. People are counted
 * by all instances together, one command each time; who has been refused is refused from memory until there is a token again,
 * so that a flood costs no commands. While the shared tier does not answer, each instance counts for itself.
 */
import { LRUCache } from "lru-cache";
import { keyOf } from "../../core/key";
import type { UserId } from "../../core/ledger/ids";
import type { Clock } from "../../ports/clock";
import type { BudgetPolicy, HotCache } from "../../ports/shared/hot-cache";
import { ifDown } from "../../ports/tier-unavailable";
import { isProblem, ProblemError } from "../http/problem";
import { clientAddress, type HeaderReader } from "./client-address";

interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

interface Limit {
  /** Counted where it is let in: by its route, or in front of pages and files (front/door.ts). */
  readonly address: Rate;
  /** All instances count an address together. */
  readonly isAddressShared?: boolean;
  readonly user?: Rate;
  /** Each instance counts a user for itself: what costs less than the command that would count it. */
  readonly isUserOwn?: boolean;
  /** Lets the requests of one address in one by one (front/door.ts): each costs some milliseconds of everybody's CPU. */
  readonly isPaced?: boolean;
}

/**
 * The widest are for people who all come back at once: after a deployment a thousand pages of one office open their streams
 * again. `sign-in`: challenges and answers; its user is counted when the signature was right, so nobody can lock another out.
 */
export const LIMITS = {
  "sign-in": {
    address: { perSecond: 2, burst: 120 },
    isAddressShared: true,
    user: { perSecond: 0.2, burst: 20 },
    isPaced: true,
  },
  demo: { address: { perSecond: 200, burst: 6_000 } },
  "sign-out": { address: { perSecond: 20, burst: 200 }, user: { perSecond: 0.1, burst: 10 } },
  submit: { address: { perSecond: 20, burst: 100 }, user: { perSecond: 0.5, burst: 60 }, isPaced: true },
  sync: { address: { perSecond: 50, burst: 500 }, user: { perSecond: 2, burst: 120 } },
  stream: { address: { perSecond: 200, burst: 6_000 }, user: { perSecond: 1, burst: 60 } },
  proof: { address: { perSecond: 100, burst: 1_000 }, user: { perSecond: 10, burst: 120 } },
  // A page reads five views and again after each change. One address reads at most what is two fifths of a core, at 2 ms each.
  read: { address: { perSecond: 200, burst: 2_000 }, user: { perSecond: 20, burst: 200 }, isUserOwn: true },
  // The same for everybody: no signed-in person is behind it.
  open: { address: { perSecond: 100, burst: 1_000 } },
  // A schedule, a scraper, and operators' pages that ask every three seconds. Guessing a token is hopeless at this rate.
  operator: { address: { perSecond: 20, burst: 300 } },
  // Remembered, so that it costs what a refusal costs. A refusal would take the instance out of its balancer.
  health: { address: { perSecond: 1_000, burst: 10_000 } },
  // Rendered, at some 5 ms each: a quarter of a core. An office that comes back at once is a burst.
  page: { address: { perSecond: 50, burst: 1_000 } },
  // A page loads 15 of them the first time, and none after that.
  file: { address: { perSecond: 500, burst: 15_000 } },
} as const satisfies Record<string, Limit>;
export type LimitName = keyof typeof LIMITS;

/** 20 a second, as many as an address may write for long: of a core an eighth, at 6 ms each (Next, a signature, the SDK). */
const GAP_MS = 50;

export interface LimitOptions {
  /** Null: this process is the only one. */
  readonly shared: Pick<HotCache, "reserve"> | null;
  /** Of this process alone, and of nothing else. */
  readonly own: Pick<HotCache, "reserve">;
  readonly clock: Clock;
  /** All rates times this; 0 limits nothing. */
  readonly factor: number;
  readonly proxyHops: number;
}

/**
 * Somebody who asks this often though refused is no person, and nothing that heeds Retry-After: refused until nothing was heard
 * for so long. Of people only: an address may be many, and the others behind it have done nothing.
 */
export const INSISTENCE = { refusals: 20, quietMs: 10_000 };

/**
 * An address that is refused this often of what is paced is no office, and nothing that heeds Retry-After: ten times what it may
 * for long. Nothing more of it is let in while that goes on; what others behind it could do, the flood had taken already.
 */
export const FLOOD = { rate: { perSecond: 200, burst: 200 }, refusedForMs: 2_000 } as const;

/** Addresses and people that one process counts at a time; a flood from more than these is not one that counting stops. */
export const MAX_COUNTED = 20_000;

export class RateLimits {
  /** Until when a bucket is known to be empty. */
  private readonly refusedUntilMs = new LRUCache<string, number>({ max: MAX_COUNTED });

  /** Who goes on asking: how often in vain since they were let through, and when last. */
  private readonly insistent = new LRUCache<string, { refusals: number; lastMs: number }>({ max: MAX_COUNTED });

  constructor(private readonly options: LimitOptions) {}

  /** One token of the caller's address. Throws ProblemError "too-many". */
  async spendAddress(name: LimitName, header: HeaderReader): Promise<void> {
    const limit: Limit = LIMITS[name];
    const bucket = bucketAt(name, this.addressOf(header));
    await this.spend(this.options.own, bucket, limit.address);
    if (limit.isAddressShared && this.options.shared) await this.spend(this.options.shared, bucket, limit.address);
  }

  /** One token of an address that this process alone counts; where there is none left, it is known from then on. */
  async countAddress(name: LimitName, address: string): Promise<void> {
    try {
      await this.spend(this.options.own, bucketAt(name, address), LIMITS[name].address);
    } catch (cause) {
      if (!isProblem(cause)) throw cause;
    }
  }

  /** Whose request it is, for the questions below, which the door asks. */
  addressOf(header: HeaderReader): string {
    return clientAddress(header, this.options.proxyHops);
  }

  /** For how many ms an address is refused, where that is known without counting; null where it is not. */
  knownRefusalMs(name: LimitName, address: string): number | null {
    const buckets = isPaced(name) ? [bucketAt(name, address), floodOf(address)] : [bucketAt(name, address)];
    const untilMs = Math.max(...buckets.map((bucket) => this.refusedUntilMs.get(bucket) ?? 0));
    const knownMs = untilMs - this.options.clock.monotonicMs();
    return knownMs > 0 ? knownMs : null;
  }

  /** Told of each refusal that no route saw: enough of them are a flood. */
  async noteRefusal(name: LimitName, address: string): Promise<void> {
    if (!isPaced(name)) return;
    const { own, clock } = this.options;
    const bucket = floodOf(address);
    if ((await own.reserve(bucket, this.policyOf(FLOOD.rate))) === null)
      this.refusedUntilMs.set(bucket, clock.monotonicMs() + FLOOD.refusedForMs);
  }

  /** By how many ms the requests of an address come in one after the other; null where they may come as they like. */
  gapMs(name: LimitName): number | null {
    const { factor } = this.options;
    return isPaced(name) && factor > 0 ? GAP_MS / factor : null;
  }

  /** One token of the user. Throws ProblemError "too-many". */
  async spendUser(name: LimitName, userId: UserId): Promise<void> {
    const { user, isUserOwn = false }: Limit = LIMITS[name];
    if (!user) return;
    const bucket = keyOf("limit", name, "of", userId);
    this.refuseInsistent(bucket);
    try {
      await this.spend(isUserOwn ? this.options.own : (this.options.shared ?? this.options.own), bucket, user);
      this.insistent.delete(bucket);
    } catch (cause) {
      const { refusals = 0 } = this.insistent.get(bucket) ?? {};
      this.insistent.set(bucket, { refusals: refusals + 1, lastMs: this.options.clock.monotonicMs() });
      throw cause;
    }
  }

  private refuseInsistent(bucket: string): void {
    const { clock, factor } = this.options;
    const known = this.insistent.get(bucket);
    if (known === undefined || factor === 0) return;
    const nowMs = clock.monotonicMs();
    if (nowMs - known.lastMs >= INSISTENCE.quietMs) this.insistent.delete(bucket);
    else if (known.refusals >= INSISTENCE.refusals) {
      known.lastMs = nowMs;
      throw tooMany(INSISTENCE.quietMs);
    }
  }

  private policyOf({ perSecond, burst }: Rate): BudgetPolicy {
    const { factor } = this.options;
    return { perSecond: perSecond * factor, burst: Math.max(1, burst * factor), maxWaitMs: 0 };
  }

  private async spend(hot: Pick<HotCache, "reserve">, bucket: string, rate: Rate): Promise<void> {
    const { own, clock, factor } = this.options;
    if (factor === 0) return;
    const policy = this.policyOf(rate);
    // A token comes back after this at the latest.
    const waitMs = 1_000 / policy.perSecond;
    const knownMs = (this.refusedUntilMs.get(bucket) ?? 0) - clock.monotonicMs();
    if (hot !== own && knownMs > 0) throw tooMany(knownMs);
    const given = await hot.reserve(bucket, policy).catch(ifDown("redis", () => own.reserve(bucket, policy)));
    if (given !== null) return;
    this.refusedUntilMs.set(bucket, clock.monotonicMs() + waitMs);
    throw tooMany(waitMs);
  }
}

const bucketAt = (name: LimitName, address: string) => keyOf("limit", name, "at", address);
const floodOf = (address: string) => keyOf("flood", "at", address);

function isPaced(name: LimitName): boolean {
  const limit: Limit = LIMITS[name];
  return limit.isPaced ?? false;
}

/** What the answer is made of. An error would cost a stack, a fifth of a refusal at the door. */
export function tooManyProblem(waitMs: number) {
  const retryAfterS = Math.max(1, Math.ceil(waitMs / 1_000));
  return {
    code: "too-many",
    detail: `That was too often. Try again in ${retryAfterS} s.`,
    options: { retryAfterS },
  } as const;
}

function tooMany(waitMs: number): ProblemError {
  const { code, detail, options } = tooManyProblem(waitMs);
  return new ProblemError(code, detail, options);
}
