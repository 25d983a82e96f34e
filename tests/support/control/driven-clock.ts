import type { Awaitable } from "@/lib/core/awaitable";
import type { Clock } from "@/lib/ports/clock";
import { settle } from "./event-loop";
import { sleepTime } from "./sleep-time";

/** A clock that moves only when a test moves it. Sleepers wake in the order of their time. */
export class DrivenClock implements Clock {
  private sleepers: { readonly atMs: number; readonly wake: () => void }[] = [];
  /** Called with each step, before any sleeper wakes. It moves the time of servers that have their own clock. */
  onAdvance: ((ms: number) => Promise<void>) | null = null;

  /** True time less monotonic time. The two differ widely, so a mix-up fails a test. */
  private readonly aheadMs: number;
  /** Sum of all `stepWall` calls. */
  private steppedMs = 0;

  constructor(
    wallMs = Date.UTC(2026, 10, 23),
    private elapsedMs = 1_000,
  ) {
    this.aheadMs = wallMs - elapsedMs;
  }

  now(): number {
    return this.trueMs() + this.steppedMs;
  }

  /** The right time, which the clocks of other machines show. `stepWall` does not change it. */
  trueMs(): number {
    return this.elapsedMs + this.aheadMs;
  }

  monotonicMs(): number {
    return this.elapsedMs;
  }

  /** Sets the wall clock forward, or back if `ms` is negative. Sleepers do not notice. */
  stepWall(ms: number): void {
    this.steppedMs += ms;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted || sleepTime(ms) <= 0) return resolve();
      const wake = () => {
        callOff();
        signal?.removeEventListener("abort", wake);
        resolve();
      };
      const callOff = this.after(ms, wake);
      signal?.addEventListener("abort", wake);
    });
  }

  after(ms: number, act: () => void): () => void {
    const callOff = () => {
      this.sleepers = this.sleepers.filter((each) => each !== sleeper);
    };
    const wake = () => {
      callOff();
      act();
    };
    const sleeper = { atMs: this.elapsedMs + sleepTime(ms), wake };
    this.sleepers.push(sleeper);
    return callOff;
  }

  get waiting(): number {
    return this.sleepers.length;
  }

  /** Moves time on. It wakes each sleeper on the way, and lets it run until it waits for the clock again. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.elapsedMs + ms;
    for (;;) {
      await settle();
      const next = this.sleepers.filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (!next) break;
      await this.moveTo(next.atMs);
      next.wake();
    }
    await this.moveTo(untilMs);
    await settle();
  }

  private async moveTo(atMs: number): Promise<void> {
    const ms = Math.max(0, atMs - this.elapsedMs);
    this.elapsedMs += ms;
    if (ms > 0) await this.onAdvance?.(ms);
  }

  /** Runs `work` to its end. It moves time on whenever all work waits for the clock. */
  async drive<T>(work: Awaitable<T>): Promise<T> {
    let isDone = false;
    const done = Promise.resolve(work).finally(() => {
      isDone = true;
    });
    done.catch(() => {});
    while (!isDone) {
      await settle();
      const next = Math.min(...this.sleepers.map(({ atMs }) => atMs));
      if (!isDone && Number.isFinite(next)) await this.advance(Math.max(0, next - this.elapsedMs));
    }
    return done;
  }
}
