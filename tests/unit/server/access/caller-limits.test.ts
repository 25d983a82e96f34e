import { beforeEach, describe, expect, it } from "vitest";
import { MemoryBudgets } from "@/lib/adapters/memory/memory-budgets";
import type { Awaitable } from "@/lib/core/awaitable";
import type { UserId } from "@/lib/core/ledger/ids";
import type { BudgetPolicy } from "@/lib/ports/shared/hot-cache";
import { TierUnavailable } from "@/lib/ports/tier-unavailable";
import { CallerLimits } from "@/lib/server/access/caller-limits";
import { BLOCKS, type CallerLimit, LIMITS, type LimitName, type RateLimit, WAITING } from "@/lib/server/access/limits";
import { ProblemError } from "@/lib/server/http/answers/problem";
import { DrivenClock } from "../../../support/control/driven-clock";

const USER = "tm-a" as UserId;

/** Redis: counts its commands, and can be down. */
class Shared {
  commands = 0;
  isDown = false;
  private readonly budgets = new MemoryBudgets(clock, 100);

  async reserve(budget: string, policy: BudgetPolicy): Promise<number | null> {
    this.commands += 1;
    if (this.isDown) throw new TierUnavailable("redis", "Redis: down");
    return this.budgets.reserve(budget, policy);
  }
}

let clock: DrivenClock;
let shared: Shared;
const instance = (options: { shared?: Shared | null; factor?: number } = {}) =>
  new CallerLimits({
    shared: options.shared === undefined ? shared : options.shared,
    own: new MemoryBudgets(clock, 100),
    clock,
    factor: options.factor ?? 1,
    proxyHops: 0,
  });
beforeEach(() => {
  clock = new DrivenClock();
  shared = new Shared();
});

/** Calls `spend` this often: how many calls passed, and the Retry-After of the last refusal. */
async function through(count: number, spend: () => Awaitable<void>) {
  let passed = 0;
  let retryAfterS: number | undefined;
  for (let i = 0; i < count; i += 1) {
    try {
      await spend();
      passed += 1;
    } catch (cause) {
      if (!(cause instanceof ProblemError) || cause.code !== "too-many") throw cause;
      retryAfterS = cause.options.retryAfterS;
    }
  }
  return { passed, retryAfterS };
}

const names = Object.keys(LIMITS) as LimitName[];
const limitOf = (name: LimitName): RateLimit => LIMITS[name];

describe.each(names)("the limit %s", (name) => {
  const { burst, perSecond } = LIMITS[name].address;

  it("gives an address a burst and then its rate, and says when to try again", async () => {
    const limits = instance();
    const { passed, retryAfterS } = await through(burst + 10, () => limits.spendAddress(name, "203.0.113.9"));
    expect(passed).toBe(burst);
    expect(retryAfterS).toBe(Math.max(1, Math.ceil(1 / perSecond)));
    await clock.advance((retryAfterS as number) * 1_000);
    expect((await through(1, () => limits.spendAddress(name, "203.0.113.9"))).passed).toBe(1);
  });

  it("counts each address apart", async () => {
    const limits = instance();
    await through(burst + 1, () => limits.spendAddress(name, "203.0.113.9"));
    expect((await through(1, () => limits.spendAddress(name, "203.0.113.10"))).passed).toBe(1);
  });

  it.runIf(limitOf(name).user)("counts a user if its row says so, and each user apart", async () => {
    const user = limitOf(name).user as CallerLimit;
    const instances = [instance(), instance(), instance()];
    let turn = 0;
    const spend = () => (instances[turn++ % 3] as CallerLimits).spendUser(name, USER);
    const burst = user.countedBy === "all" ? user.burst : 3 * user.burst;
    expect((await through(burst + 9, spend)).passed).toBe(burst);
    expect((await through(1, () => instance().spendUser(name, "tm-b" as UserId))).passed).toBe(1);
    expect(shared.commands > 0).toBe(user.countedBy === "all");
  });
});

it("sign-in counts an address over all instances", async () => {
  const { burst } = LIMITS["sign-in"].address;
  const [a, b] = [instance(), instance()];
  await through(burst, () => a.spendAddress("sign-in", "203.0.113.9"));
  expect((await through(1, () => b.spendAddress("sign-in", "203.0.113.9"))).passed).toBe(0);
});

it("a refused user who keeps sending requests costs no command", async () => {
  const limits = instance();
  const { burst } = LIMITS.sync.user;
  await through(burst + 1, () => limits.spendUser("sync", USER));
  expect(shared.commands).toBe(burst + 1);
  await through(1_000, () => limits.spendUser("sync", USER));
  expect(shared.commands).toBe(burst + 1);
});

describe("a user's write", () => {
  const { burst, perSecond } = LIMITS.submit.user;

  it("is counted by its instance at no command, and for all instances by the command that begins it", async () => {
    const [a, b] = [instance(), instance()];
    const write = (limits: CallerLimits) => async () => {
      await limits.spendUser("submit", USER);
      const token = limits.tokenOf("submit", USER) as { bucket: string; policy: BudgetPolicy };
      expect(shared.commands).toBe(begun);
      begun += 1;
      if ((await shared.reserve(token.bucket, token.policy)) === null) limits.refuseUser("submit", USER);
    };
    let begun = 0;
    expect((await through(burst - 1, write(a))).passed).toBe(burst - 1);
    expect(await through(9, write(b))).toEqual({ passed: 1, retryAfterS: 1 / perSecond });
    // The first refusal is remembered, so the others cost nothing.
    expect(shared.commands).toBe(burst + 1);
    expect((await through(3, write(a))).passed).toBe(0);
  });

  it("that begins nothing is counted for all by a command of its own", async () => {
    const spend = () => instance().spendForAll("submit", USER);
    expect(await through(burst + 9, spend)).toEqual({ passed: burst, retryAfterS: 1 / perSecond });
    shared.isDown = true;
    expect((await through(9, spend)).passed).toBe(9);
  });

  it("has no token where this process is the only one, or where limits are off", async () => {
    for (const limits of [instance({ shared: null }), instance({ factor: 0 })]) {
      expect(limits.tokenOf("submit", USER)).toBeNull();
      expect((await through(burst + 9, () => limits.spendForAll("submit", USER))).passed).toBe(burst + 9);
    }
    expect(shared.commands).toBe(0);
  });
});

describe("a user who was refused", () => {
  const { burst, perSecond } = LIMITS.submit.user;
  const spend = (limits: CallerLimits) => () => limits.spendUser("submit", USER);

  it("is admitted at the time in Retry-After, every time", async () => {
    const limits = instance();
    await through(burst, spend(limits));
    for (let i = 0; i < 3 * BLOCKS.user.refusals.burst; i += 1) {
      expect((await through(1, spend(limits))).retryAfterS).toBe(1 / perSecond);
      await clock.advance(1_000 / perSecond);
      expect((await through(1, spend(limits))).passed).toBe(1);
    }
  });

  it("and keeps sending requests is blocked until they stop, on this limit only", async () => {
    const limits = instance();
    const { refusals, forMs } = BLOCKS.user;
    await through(burst + refusals.burst + 1, spend(limits));
    const askedMs = 500 / refusals.perSecond;
    for (let elapsedMs = 0; elapsedMs < 3 * forMs; elapsedMs += askedMs) {
      await clock.advance(askedMs);
      expect((await through(1, spend(limits))).passed).toBe(0);
    }
    expect((await through(1, spend(limits))).retryAfterS).toBe(forMs / 1_000);
    await clock.advance(1_000 / perSecond);
    expect((await through(1, spend(limits))).passed).toBe(0);
    expect((await through(1, () => limits.spendUser("submit", "tm-b" as UserId))).passed).toBe(1);
    expect((await through(1, () => limits.spendUser("sync", USER))).passed).toBe(1);
    await clock.advance(forMs);
    expect((await through(1, spend(limits))).passed).toBe(1);
  });
});

it("a limit that each instance counts for itself costs no command", async () => {
  const limits = instance();
  await through(700, () => limits.spendAddress("submit", "203.0.113.9"));
  expect(shared.commands).toBe(0);
});

it("each instance counts for itself while Redis is down", async () => {
  shared.isDown = true;
  const limits = instance();
  const { burst } = LIMITS.submit.user;
  expect((await through(burst + 9, () => limits.spendUser("submit", USER))).passed).toBe(burst);
});

it("RATE_LIMITS multiplies the limits, and 0 switches them off", async () => {
  const { burst } = LIMITS.proof.user;
  const wide = instance({ shared: null, factor: 2 });
  expect((await through(burst * 3, () => wide.spendUser("proof", USER))).passed).toBe(burst * 2);
  const off = instance({ shared: null, factor: 0 });
  expect((await through(burst * 3, () => off.spendUser("proof", USER))).passed).toBe(burst * 3);
});

describe("requests of one caller", () => {
  const held = () => new Promise<void>(() => {});

  it("work a few at a time, counted for each limit, address and user apart", () => {
    const limits = instance();
    const begun: string[] = [];
    const work = (name: string) => () => {
      begun.push(name);
      return held();
    };
    const { atOnce } = LIMITS.read.user;
    for (let i = 0; i <= atOnce; i += 1) void limits.limitUserConcurrency("read", USER, work(`read ${i}`));
    expect(begun).toHaveLength(atOnce);
    void limits.limitUserConcurrency("proof", USER, work("proof"));
    void limits.limitUserConcurrency("read", "tm-b" as UserId, work("other"));
    for (let i = 0; i <= LIMITS.page.address.atOnce; i += 1)
      void limits.limitAddressConcurrency("page", "at", work("page"));
    void limits.limitAddressConcurrency("file", "at", work("file"));
    const pages = Array.from({ length: LIMITS.page.address.atOnce }, () => "page");
    expect(begun.slice(atOnce)).toEqual(["proof", "other", ...pages, "file"]);
  });

  it.each([
    [
      "user",
      LIMITS.read.user.atOnce + WAITING.user,
      (limits: CallerLimits) => limits.limitUserConcurrency("read", USER, held),
    ],
    [
      "address",
      LIMITS.ledger.address.atOnce + WAITING.address,
      (limits: CallerLimits) => limits.limitAddressConcurrency("ledger", "at", held),
    ],
  ] as const)("are refused with a time if too many of one %s wait already", (_, most, ask) => {
    const limits = instance();
    for (let i = 0; i < most; i += 1) void ask(limits);
    expect(() => ask(limits)).toThrow(expect.objectContaining({ code: "too-many", options: { retryAfterS: 1 } }));
  });

  it("all work at once if the limit says nothing of it, or if RATE_LIMITS is 0", () => {
    let begun = 0;
    const work = () => {
      begun += 1;
      return held();
    };
    const [unlimited, limits] = [instance({ factor: 0 }), instance()];
    for (let i = 0; i < 50; i += 1) {
      void unlimited.limitUserConcurrency("read", USER, work);
      void limits.limitUserConcurrency("open", USER, work);
      void limits.limitAddressConcurrency("open", "at", work);
    }
    expect(begun).toBe(150);
  });
});
