import type { Clock } from "@/lib/ports/clock";
import { settle } from "./event-loop";

/** A clock that moves only when a test moves it. Sleepers wake in the order of their time, whatever the wall clock does. */
export class DrivenClock implements Clock {
  private sleepers: { readonly atMs: number; readonly wake: () => void }[] = [];
  /** Told by how much time has moved on, before anybody wakes: for servers that have a clock of their own. */
  onAdvance: ((ms: number) => Promise<void>) | null = null;

  /** By how much true time is ahead of the monotonic clock. The two never look alike: a mix-up fails. */
  private readonly aheadMs: number;
  /** By how much the wall clock was set. */
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

  /** The time on everybody else's clock: the wall clock, had nobody set it. */
  trueMs(): number {
    return this.elapsedMs + this.aheadMs;
  }

  monotonicMs(): number {
    return this.elapsedMs;
  }

  /** Sets the wall clock forward, or back; nobody who sleeps notices. */
  stepWall(ms: number): void {
    this.steppedMs += ms;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted || ms <= 0) return resolve();
      const wake = () => {
        this.sleepers = this.sleepers.filter((each) => each !== sleeper);
        signal?.removeEventListener("abort", wake);
        resolve();
      };
      const sleeper = { atMs: this.elapsedMs + ms, wake };
      this.sleepers.push(sleeper);
      signal?.addEventListener("abort", wake);
    });
  }

  get waiting(): number {
    return this.sleepers.length;
  }

  /** Moves time on, waking sleepers on the way and letting each run as far as it gets without the clock. */
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

  /** Runs `work` to its end, moving time on whenever everybody waits for it. */
  async drive<T>(work: Promise<T>): Promise<T> {
    let isDone = false;
    const done = work.finally(() => {
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
