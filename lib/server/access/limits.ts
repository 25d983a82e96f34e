import "server-only";
/**
 * The one table of limits: how often a caller may send each kind of request, and how many of them at a time. caller-limits.ts counts by
 * it, and concurrency-limit.ts and front/admission/admission-queue.ts let requests wait by it. `RATE_LIMITS` multiplies all rates.
 */

/** A leaky bucket: `burst` requests at once, then `perSecond` requests a second. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/**
 * `all`: one count over all instances, at one Redis command a request. `each`: each instance counts for itself. `write`: each counts for
 * itself first, and the command that begins a write counts it for all. A request that is refused before that costs no command.
 */
type CountedBy = "all" | "each" | "write";

/** How often one caller may do something, and who counts. */
export interface CallerLimit extends Rate {
  readonly countedBy: CountedBy;
  /** How many requests of one caller work at a time. The others wait. Absent: all. */
  readonly atOnce?: number;
}

/** The limits of one kind of request. */
export interface RateLimit {
  /** Limit for one client address. It is wide, because an address may be a whole office. */
  readonly address: CallerLimit;
  /** Limit for one signed-in user. */
  readonly user?: CallerLimit;
  /** Set for expensive work, some milliseconds of CPU each. Such requests of one address pass the admission queue. */
  readonly isQueued?: true;
}

const each = (perSecond: number, burst: number): CallerLimit => ({ perSecond, burst, countedBy: "each" });
const write = (perSecond: number, burst: number): CallerLimit => ({ perSecond, burst, countedBy: "write" });
const all = (perSecond: number, burst: number): CallerLimit => ({ perSecond, burst, countedBy: "all" });

/**
 * The widest bursts let people come back at the same time: after a deployment, a thousand pages of one office open their
 * streams again.
 */
export const LIMITS = {
  // The user is counted after the signature check, so nobody can lock another user out.
  "sign-in": { address: all(2, 120), user: all(0.2, 20), isQueued: true },
  // A new token of somebody with a live session. The web UI gets several for each page, and an office loads many pages.
  token: { address: each(50, 500), user: each(2, 60) },
  "sign-out": { address: each(20, 200), user: all(0.1, 10) },
  demo: { address: each(200, 6_000) },
  submit: { address: each(20, 100), user: write(0.5, 60), isQueued: true },
  sync: { address: each(50, 500), user: all(2, 120) },
  stream: { address: each(200, 6_000), user: all(1, 60) },
  // A look-up may cost a mirror request, so its rate is that of sign-ins.
  person: { address: each(20, 120), user: all(0.2, 20) },
  proof: { address: each(100, 1_000), user: { ...all(10, 120), atOnce: 4 } },
  // A page reads five views, and reads them again after each change. At 0.2 ms a read, one address takes at most a twenty-fifth of
  // a core; through the framework it takes ten times as much. Each instance counts for itself, because a read costs less than the
  // Redis command that would count it for all. A read that no cache has takes some milliseconds of the database and as much of this
  // process. With four at a time, others' p99 was 0.1 s instead of 0.6 to 1.2 s (docs/measurements.md §1).
  read: { address: each(200, 2_000), user: { ...each(20, 200), atOnce: 4 } },
  // Pages of the ledger. One user may read a topic from its start as fast as a mirror's own limit allows, and an address may be a house of
  // such users. With a mirror that answers in 0.1 s, 16 at a time still reach an address's rate, and 4 make 40 a second for one user.
  ledger: { address: { ...each(100, 1_000), atOnce: 16 }, user: { ...each(50, 500), atOnce: 4 } },
  // Public answers, the same for everybody.
  open: { address: each(100, 1_000) },
  // Schedules, scrapers, and operators' pages that poll every three seconds. The rate is too low for guessing tokens.
  operator: { address: each(20, 300) },
  // The answer is cached, so it costs no more than a refusal. A refusal would make the balancer drop the instance.
  health: { address: each(1_000, 10_000) },
  // Rendering costs about 5 ms, so this is a quarter of a core. Four at a time delay others by 20 ms at most.
  page: { address: { ...each(50, 1_000), atOnce: 4 } },
  // Requests for the web UI at UI_ORIGIN: a page of it with some 50 files and calls costs us less than rendering one of ours.
  passed: { address: each(200, 6_000) },
  // A page loads 15 files the first time, and none after that.
  file: { address: { ...each(500, 15_000), atOnce: 16 } },
} as const satisfies Record<string, RateLimit>;
export type LimitName = keyof typeof LIMITS;

/**
 * Blocks a caller that keeps asking while it is refused. After `refusals` refusals it is blocked for `forMs`, and again for as
 * long with each further refusal at that rate. A client that respects Retry-After is refused at most once a second.
 */
export const BLOCKS = {
  user: { refusals: { perSecond: 2, burst: 20 }, forMs: 10_000 },
  // Blocks queued work only, but all of it. The rate is ten times what an office of honest clients needs for long. A flood of 1,000
  // requests a second is blocked after 0.12 s, when three have been let in. With a burst of 200, seven were. The price: about 110
  // requests of one address within 0.2 s block it too.
  address: { refusals: { perSecond: 200, burst: 50 }, forMs: 2_000 },
} as const;

/**
 * The admission queue of one address. A gap of 50 ms lets 20 requests a second in, as many as one address may write over time.
 * At 6 ms each they take an eighth of a core. 60 waiting requests wait three seconds; later ones are refused.
 */
export const QUEUE = { gapMs: 50, maxWaiting: 60 } as const;

/**
 * How many requests of one caller wait for their turn (`atOnce`); later ones are refused, to be tried again after `retryMs`. Each
 * holds a connection while a mirror or the database is slow. An address may be a whole office, which loads pages and files at once.
 */
export const WAITING = { user: 200, address: 1_000, retryMs: 1_000 } as const;

/**
 * Addresses and users that one process counts at a time, at 150 bytes each. Counting does not stop a flood from more of them.
 */
export const MAX_COUNTED = 20_000;
