import { beforeEach, describe, expect, it } from "vitest";
import { MemoryEventBus } from "@/lib/adapters/memory/memory-event-bus";
import { sessionId, type UserId } from "@/lib/core/ledger/ids";
import { SignOuts, type SignOutsDeps } from "@/lib/engine/writes/sign-outs";
import type { SignOut } from "@/lib/ports/store/account-store";
import { TierUnavailable } from "@/lib/ports/tier-unavailable";
import { DrivenClock } from "../../../support/control/driven-clock";
import { quietLog } from "../../../support/quiet-log";

const ALICE = "tm-alice" as UserId;
const BOB = "tm-bob" as UserId;
const SESSION = sessionId("one");
const OTHER = sessionId("two");
const DAY_MS = 86_400_000;

let clock: DrivenClock;
let stored: SignOut[];
let isDown: boolean;
let reads: number;
let ended: SignOut["subject"][];
let bus: MemoryEventBus;

const answer = <T>(value: T): Promise<T> =>
  isDown ? Promise.reject(new TierUnavailable("postgres", "down")) : Promise.resolve(value);
const store = {
  signOut: (signOut: SignOut) => answer(null).then(() => void stored.push(signOut)),
  signOuts: (sinceMs: number) => {
    reads += 1;
    return answer(stored.filter(({ untilMs }) => untilMs > sinceMs));
  },
} as unknown as SignOutsDeps["store"];

const instance = (over = bus) =>
  new SignOuts({
    ...{ store, bus: over, clock, log: quietLog, random: () => 0.5, sessionMs: DAY_MS },
    onSignOut: (subject) => void ended.push(subject),
  });

beforeEach(() => {
  [clock, bus, stored, isDown, reads, ended] = [new DrivenClock(), new MemoryEventBus(), [], false, 0, []];
});

describe("signing out everywhere", () => {
  it("ends the sessions of that user that were issued before, and no others", async () => {
    const signOuts = instance();
    await signOuts.signOut(ALICE);
    expect(signOuts.isOver(ALICE, SESSION, clock.now())).toBe(true);
    expect(signOuts.isOver(BOB, OTHER, clock.now())).toBe(false);
    expect(ended).toEqual([ALICE]);
  });

  it("leaves a session that begins right after it alive", async () => {
    const signOuts = instance();
    await signOuts.signOut(ALICE);
    expect(signOuts.isOver(ALICE, OTHER, signOuts.issueMs(ALICE))).toBe(false);
  });

  it("ends a session that began after an earlier sign-out, however quickly the second follows", async () => {
    const signOuts = instance();
    await signOuts.signOut(ALICE);
    const issuedMs = signOuts.issueMs(ALICE);
    await signOuts.signOut(ALICE);
    expect(signOuts.isOver(ALICE, OTHER, issuedMs)).toBe(true);
  });

  it("reaches another instance by the bus, without a read", async () => {
    const [here, there] = [instance(), instance()];
    await here.signOut(ALICE);
    expect(there.isOver(ALICE, SESSION, clock.now())).toBe(true);
    expect(reads).toBe(0);
  });

  it("is refused while the database cannot store it", async () => {
    isDown = true;
    const signOuts = instance();
    await expect(signOuts.signOut(ALICE)).rejects.toBeInstanceOf(TierUnavailable);
    expect(signOuts.isOver(ALICE, SESSION, clock.now())).toBe(false);
  });
});

describe("ending one session", () => {
  it("takes effect here at once, and is stored when the database answers again", async () => {
    isDown = true;
    const signOuts = instance();
    await signOuts.endSession(SESSION);
    expect(signOuts.isOver(ALICE, SESSION, clock.now())).toBe(true);
    expect(signOuts.isOver(ALICE, OTHER, clock.now())).toBe(false);
    expect(stored).toEqual([]);
    isDown = false;
    await clock.advance(60_000);
    expect(stored.map(({ subject }) => subject)).toEqual([SESSION]);
  });

  it("ends the streams of that session, here and on every instance that hears of it", async () => {
    const [here] = [instance(), instance()];
    await here.endSession(SESSION);
    expect(ended).toEqual([SESSION, SESSION]);
  });
});

describe("after missed events", () => {
  it("all sign-outs of living sessions are read again, as often as it takes", async () => {
    const signOuts = instance();
    stored.push({ subject: ALICE, untilMs: clock.now() }, { subject: BOB, untilMs: clock.now() - DAY_MS });
    isDown = true;
    await bus.publishMissed();
    await clock.advance(5_000);
    expect(signOuts.isOver(ALICE, SESSION, clock.now() - 10_000)).toBe(false);
    isDown = false;
    await clock.advance(60_000);
    expect(signOuts.isOver(ALICE, SESSION, clock.now() - 120_000)).toBe(true);
    expect(signOuts.isOver(BOB, OTHER, clock.now() - 2 * DAY_MS)).toBe(false);
    expect(reads).toBeGreaterThan(1);
  });

  it("stops when the instance closes", async () => {
    const signOuts = instance();
    isDown = true;
    await bus.publishMissed();
    await clock.advance(1_000);
    signOuts.close();
    const before = reads;
    await clock.advance(120_000);
    expect(reads).toBeLessThanOrEqual(before + 1);
    expect(clock.waiting).toBe(0);
  });
});
