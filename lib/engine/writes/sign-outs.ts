/**
 * Sessions that ended before their time: one session, or all sessions of a user. Sign-outs are few, and matter only as long as
 * a session lives, so every instance keeps all of them in memory: a request costs two look-ups in a map, and no command or
 * statement.
 *
 *   signOut      store, then own map, then the bus: a caller who got an answer has signed out on every instance that is reached
 *   endSession   own map, then store and bus, tried again until they take it: somebody who leaves a computer need not wait
 *   start, or events may have been missed → read them all again, until that works
 */

import type { SessionId, UserId } from "../../core/ledger/ids";
import { backoffMs } from "../../core/sync/backoff";
import type { Clock } from "../../ports/clock";
import type { Log } from "../../ports/log";
import type { EventBus } from "../../ports/shared/event-bus";
import type { AccountStore, SignOut } from "../../ports/store/account-store";
import { ifDown, isTierUnavailable } from "../../ports/tier-unavailable";

export interface SignOutsDeps {
  readonly store: AccountStore;
  readonly bus: EventBus;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
  /** No session outlives this, so an older sign-out has no effect. */
  readonly sessionMs: number;
  /** Called for each sign-out: ends the streams of the user or of the session. */
  readonly onSignOut: (subject: SignOut["subject"]) => void;
}

/** A session that was issued by a clock this far ahead of ours is over too. New sessions are dated after it (`issueMs`). */
const CLOCK_SKEW_MS = 5_000;
const RETRY = { baseMs: 500, maxMs: 15_000 };

export class SignOuts {
  private readonly untilMs = new Map<SignOut["subject"], number>();
  private loading: Promise<void> | null = null;
  private readonly closing = new AbortController();
  private readonly unfollow: () => void;

  constructor(private readonly deps: SignOutsDeps) {
    this.unfollow = deps.bus.subscribe({
      onEvent: (event) => {
        if (event.type === "sign-out") this.know(event);
      },
      onMissed: () => void this.load(),
    });
  }

  /** Whether a session of `userId` that was issued at `issuedMs` is over. */
  isOver(userId: UserId, session: SessionId, issuedMs: number): boolean {
    const untilMs = this.untilMs.get(userId);
    return (untilMs !== undefined && issuedMs <= untilMs) || this.untilMs.has(session);
  }

  /** Until when the user's sessions are over, epoch milliseconds; null if no sign-out is known. */
  endedUntilMs(userId: UserId): number | null {
    return this.untilMs.get(userId) ?? null;
  }

  /** Ends one session: here at once, elsewhere as soon as the store and the others can be reached. Resolves after the first try. */
  async endSession(session: SessionId): Promise<void> {
    const signOut = { subject: session, untilMs: this.deps.clock.now() };
    this.know(signOut);
    if (!(await this.publish(signOut))) void this.publishLater(signOut);
  }

  /** The issue time of a session that begins now: after every known sign-out of its user. */
  issueMs(userId: UserId): number {
    return Math.max(this.deps.clock.now(), (this.untilMs.get(userId) ?? 0) + 1);
  }

  /**
   * Ends every session of the user. Rejects with TierUnavailable (postgres) if it could not be stored, and with TierUnavailable
   * (redis) if it is stored but other instances could not be reached yet: they learn of it when they can be reached again.
   */
  async signOut(userId: UserId): Promise<void> {
    // The sign-out also covers sessions that were dated after an earlier sign-out.
    const untilMs = Math.max(this.deps.clock.now() + CLOCK_SKEW_MS, this.issueMs(userId));
    const signOut = { subject: userId, untilMs };
    await this.deps.store.signOut(signOut);
    // The bus tells its own listeners first, this one included.
    await this.deps.bus.publish({ type: "sign-out", ...signOut });
  }

  /** Reads the stored sign-outs, again with back-off after a failure. Resolves when they are known. */
  load(): Promise<void> {
    this.loading ??= this.read().finally(() => {
      this.loading = null;
    });
    return this.loading;
  }

  close(): void {
    this.closing.abort();
    this.unfollow();
  }

  private async read(): Promise<void> {
    const { store, clock, log, random, sessionMs } = this.deps;
    for (let attempt = 1; !this.closing.signal.aborted; attempt += 1) {
      try {
        const sinceMs = clock.now() - sessionMs;
        const stored = await store.signOuts(sinceMs);
        for (const [subject, untilMs] of this.untilMs) if (untilMs <= sinceMs) this.untilMs.delete(subject);
        for (const signOut of stored) this.know(signOut);
        return;
      } catch (cause) {
        if (!isTierUnavailable(cause) && attempt === 1)
          log.error("the sign-outs could not be read; trying again", { cause });
        await clock.sleep(backoffMs(RETRY, attempt, random()), this.closing.signal);
      }
    }
  }

  /** False if the store or the other instances do not answer. */
  private publish(signOut: SignOut): Promise<boolean> {
    const { store, bus } = this.deps;
    const published = store.signOut(signOut).then(() => bus.publish({ type: "sign-out", ...signOut }));
    return published.then(
      () => true,
      ifDown("any", () => false),
    );
  }

  private async publishLater(signOut: SignOut): Promise<void> {
    const { clock, log, random } = this.deps;
    log.info("not every instance could be told that a session has ended; trying again");
    for (let attempt = 1; !this.closing.signal.aborted; attempt += 1) {
      await clock.sleep(backoffMs(RETRY, attempt, random()), this.closing.signal);
      if (this.closing.signal.aborted || (await this.publish(signOut))) return;
    }
  }

  private know({ subject, untilMs }: SignOut): void {
    if (untilMs <= (this.untilMs.get(subject) ?? 0)) return;
    this.untilMs.set(subject, untilMs);
    this.deps.onSignOut(subject);
  }
}
