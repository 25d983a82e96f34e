import type { Clock } from "@/lib/ports/clock";
import { sleepTime } from "./sleep-time";

/**
 * The machine's clock, which a test can put forward. Real servers answer in real time, and the test need not wait for back-offs
 * or for a view to grow old. A leap wakes at once every sleeper whose time it passes.
 */
export class LeapingClock implements Clock {
  private leaptMs = 0;
  private readonly sleepers = new Set<{ readonly atMs: number; timer: NodeJS.Timeout; readonly wake: () => void }>();

  now(): number {
    return Date.now() + this.leaptMs;
  }

  monotonicMs(): number {
    return performance.now() + this.leaptMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
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
    const leftMs = Math.max(0, sleepTime(ms));
    const callOff = () => {
      clearTimeout(sleeper.timer);
      this.sleepers.delete(sleeper);
    };
    const wake = () => {
      callOff();
      act();
    };
    const sleeper = { atMs: this.monotonicMs() + leftMs, timer: setTimeout(wake, leftMs), wake };
    this.sleepers.add(sleeper);
    return callOff;
  }

  leap(ms: number): void {
    this.leaptMs += ms;
    for (const sleeper of [...this.sleepers]) {
      clearTimeout(sleeper.timer);
      const leftMs = sleeper.atMs - this.monotonicMs();
      if (leftMs <= 0) sleeper.wake();
      else sleeper.timer = setTimeout(sleeper.wake, leftMs);
    }
  }
}
