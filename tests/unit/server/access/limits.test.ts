import { beforeEach, describe, expect, it } from "vitest";
import { MemoryBudgets } from "@/lib/adapters/memory/memory-budgets";
import type { UserId } from "@/lib/core/ledger/ids";
import type { BudgetPolicy } from "@/lib/ports/shared/hot-cache";
import { TierUnavailable } from "@/lib/ports/tier-unavailable";
import { SOCKET_HEADER } from "@/lib/server/access/client-address";
import { INSISTENCE, LIMITS, type LimitName, RateLimits } from "@/lib/server/access/limits";
import { ProblemError } from "@/lib/server/http/problem";
import { DrivenClock } from "../../../support/control/driven-clock";

const USER = "tm-a" as UserId;
const from = (address: string) => (name: string) => (name === SOCKET_HEADER ? address : null);

/** The tier that instances share, which counts its commands and can be away. */
class Shared extends MemoryBudgets {
  commands = 0;
  isDown = false;
  override async reserve(budget: string, policy: BudgetPolicy): Promise<number | null> {
    this.commands += 1;
    if (this.isDown) throw new TierUnavailable("redis", "Redis: away");
    return super.reserve(budget, policy);
  }
}

let clock: DrivenClock;
let shared: Shared;
const instance = (options: { shared?: Shared | null; factor?: number } = {}) =>
  new RateLimits({
    shared: options.shared === undefined ? shared : options.shared,
    own: new MemoryBudgets(clock, 100),
    clock,
    factor: options.factor ?? 1,
    proxyHops: 0,
  });
beforeEach(() => {
  clock = new DrivenClock();
  shared = new Shared(clock, 100);
});

/** How many of `count` calls in a row were let through, and what the last refusal said. */
async function through(count: number, spend: () => Promise<void>) {
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
const userOf = (name: LimitName) => (LIMITS[name] as { user?: { perSecond: number; burst: number } }).user;

describe.each(names)("the limit of %s", (name) => {
  const { burst, perSecond } = LIMITS[name].address;

  it("lets an address do a burst, then its rate, and says when again", async () => {
    const limits = instance();
    const { passed, retryAfterS } = await through(burst + 10, () => limits.spendAddress(name, from("203.0.113.9")));
    expect(passed).toBe(burst);
    expect(retryAfterS).toBe(Math.max(1, Math.ceil(1 / perSecond)));
    await clock.advance((retryAfterS as number) * 1_000);
    expect((await through(1, () => limits.spendAddress(name, from("203.0.113.9")))).passed).toBe(1);
  });

  it("counts another address apart", async () => {
    const limits = instance();
    await through(burst + 1, () => limits.spendAddress(name, from("203.0.113.9")));
    expect((await through(1, () => limits.spendAddress(name, from("203.0.113.10")))).passed).toBe(1);
  });

  it.runIf(userOf(name))("counts a user over all instances, or at no command, and others apart", async () => {
    const user = userOf(name) as { burst: number };
    const isOwn = (LIMITS[name] as { isUserOwn?: boolean }).isUserOwn ?? false;
    const instances = isOwn ? Array(3).fill(instance()) : [instance(), instance(), instance()];
    let turn = 0;
    const spend = () => (instances[turn++ % 3] as RateLimits).spendUser(name, USER);
    expect((await through(user.burst + 9, spend)).passed).toBe(user.burst);
    expect((await through(1, () => instance().spendUser(name, "tm-b" as UserId))).passed).toBe(1);
    expect(shared.commands === 0).toBe(isOwn);
  });
});

it("counts an address over all instances where people sign in", async () => {
  const { burst } = LIMITS["sign-in"].address;
  const [a, b] = [instance(), instance()];
  await through(burst, () => a.spendAddress("sign-in", from("203.0.113.9")));
  expect((await through(1, () => b.spendAddress("sign-in", from("203.0.113.9")))).passed).toBe(0);
});

it("costs no command while a refused user goes on asking", async () => {
  const limits = instance();
  const { burst } = LIMITS.submit.user;
  await through(burst + 1, () => limits.spendUser("submit", USER));
  expect(shared.commands).toBe(burst + 1);
  await through(1_000, () => limits.spendUser("submit", USER));
  expect(shared.commands).toBe(burst + 1);
});

describe("somebody who is refused", () => {
  const { burst, perSecond } = LIMITS.submit.user;
  const spend = (limits: RateLimits) => () => limits.spendUser("submit", USER);

  it("is let through as soon as they were told, however often that is", async () => {
    const limits = instance();
    await through(burst, spend(limits));
    for (let i = 0; i < 3 * INSISTENCE.refusals; i += 1) {
      expect((await through(1, spend(limits))).retryAfterS).toBe(1 / perSecond);
      await clock.advance(1_000 / perSecond);
      expect((await through(1, spend(limits))).passed).toBe(1);
    }
  });

  it("and goes on asking is let through again when they have been quiet, and not before", async () => {
    const limits = instance();
    await through(burst + INSISTENCE.refusals, spend(limits));
    for (let i = 0; i < 20; i += 1) {
      await clock.advance(1_000 / perSecond);
      expect(await through(1, spend(limits))).toEqual({ passed: 0, retryAfterS: INSISTENCE.quietMs / 1_000 });
    }
    expect((await through(1, () => limits.spendUser("submit", "tm-b" as UserId))).passed).toBe(1);
    expect((await through(1, () => limits.spendUser("sync", USER))).passed).toBe(1);
    await clock.advance(INSISTENCE.quietMs);
    expect((await through(1, spend(limits))).passed).toBe(1);
  });
});

it("costs no command for an address that is counted by each instance", async () => {
  const limits = instance();
  await through(700, () => limits.spendAddress("submit", from("203.0.113.9")));
  expect(shared.commands).toBe(0);
});

it("counts for itself while the shared tier is away", async () => {
  shared.isDown = true;
  const limits = instance();
  const { burst } = LIMITS.submit.user;
  expect((await through(burst + 9, () => limits.spendUser("submit", USER))).passed).toBe(burst);
});

it("is wider by its factor, and off at none", async () => {
  const { burst } = LIMITS.proof.user;
  const wide = instance({ shared: null, factor: 2 });
  expect((await through(burst * 3, () => wide.spendUser("proof", USER))).passed).toBe(burst * 2);
  const off = instance({ shared: null, factor: 0 });
  expect((await through(burst * 3, () => off.spendUser("proof", USER))).passed).toBe(burst * 3);
});
