import "server-only";
/**
 * The one table of limits: how often a caller may do what. caller-limits.ts counts by it, front/admission-queue.ts queues by it.
 * `RATE_LIMITS` multiplies all rates.
 */

/** A leaky bucket: `burst` requests at once, then `perSecond`. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** `all`: all instances count together, at one Redis command a request. `each`: each instance counts for itself. */
type CountedBy = "all" | "each";

export interface CallerLimit extends Rate {
  readonly countedBy: CountedBy;
}

export interface Limit {
  /** For one client address. It may be a whole office, so it is wide. */
  readonly address: CallerLimit;
  /** For one signed-in user. */
  readonly user?: CallerLimit;
  /** Expensive work, some milliseconds of CPU each: the requests of one address pass the admission queue. */
  readonly isQueued?: true;
}

const each = (perSecond: number, burst: number): CallerLimit => ({ perSecond, burst, countedBy: "each" });
const all = (perSecond: number, burst: number): CallerLimit => ({ perSecond, burst, countedBy: "all" });

/**
 * The widest bursts are for people who come back at the same time: after a deployment a thousand pages of one office open their
 * streams again.
 */
export const LIMITS = {
  // The user is counted after the signature was checked, so nobody can lock another user out.
  "sign-in": { address: all(2, 120), user: all(0.2, 20), isQueued: true },
  "sign-out": { address: each(20, 200), user: all(0.1, 10) },
  demo: { address: each(200, 6_000) },
  submit: { address: each(20, 100), user: all(0.5, 60), isQueued: true },
  sync: { address: each(50, 500), user: all(2, 120) },
  stream: { address: each(200, 6_000), user: all(1, 60) },
  // May cost a mirror request, so its rate is that of sign-ins.
  person: { address: each(20, 120), user: all(0.2, 20) },
  proof: { address: each(100, 1_000), user: all(10, 120) },
  // A page reads five views, and again after each change. At 2 ms each, one address takes two fifths of a core at most. A read
  // costs less than the command that would count it over all instances.
  read: { address: each(200, 2_000), user: each(20, 200) },
  // Public answers, the same for everybody.
  open: { address: each(100, 1_000) },
  // Schedules, scrapers, and operators' pages that ask every three seconds. Nobody guesses a token at this rate.
  operator: { address: each(20, 300) },
  // The answer is remembered, so it costs no more than a refusal. A refusal would take the instance out of its balancer.
  health: { address: each(1_000, 10_000) },
  // Rendering costs some 5 ms: a quarter of a core.
  page: { address: each(50, 1_000) },
  // A page loads 15 files the first time, and none after that.
  file: { address: each(500, 15_000) },
} as const satisfies Record<string, Limit>;
export type LimitName = keyof typeof LIMITS;

/**
 * A caller that goes on asking while it is refused is blocked: after `refusals` of them it is refused for `forMs`, and again for as
 * long with each further one at that rate. A client that heeds Retry-After is refused once a second at most.
 */
export const BLOCKS = {
  user: { refusals: { perSecond: 2, burst: 20 }, forMs: 10_000 },
  // This counts queued work only, and all of it. Ten times what an office of honest clients may ask for long.
  address: { refusals: { perSecond: 200, burst: 200 }, forMs: 2_000 },
} as const;

/**
 * The queue of one address. 50 ms apart: 20 a second, as many as an address may write for long, take an eighth of a core at 6 ms
 * each. 60 requests wait for three seconds; more than that come back later.
 */
export const QUEUE = { gapMs: 50, maxWaiting: 60 } as const;

/** Addresses and users that one process counts at a time, at 150 bytes each. Counting does not stop a flood from more of them. */
export const MAX_COUNTED = 20_000;
