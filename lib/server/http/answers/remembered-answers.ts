import "server-only";
/** Caches answers that are the same for everybody. However many callers ask, a fresh answer is made once. */
import type { Awaitable } from "../../../core/awaitable";
import type { Clock } from "../../../ports/clock";
import { type Answer, forMany } from "./answer";

export class RememberedAnswers {
  private readonly known = new Map<string, { readonly answer: Answer; readonly untilMs: number }>();
  private readonly making = new Map<string, Promise<Answer>>();

  constructor(private readonly clock: Clock) {}

  /**
   * The fresh answer, or the answer of `make`, which concurrent callers share. Only a few names exist, so nothing is evicted.
   */
  get(name: string, ttlMs: number, make: () => Awaitable<Answer>): Awaitable<Answer> {
    const kept = this.known.get(name);
    if (kept !== undefined && this.clock.monotonicMs() < kept.untilMs) return kept.answer;
    const making = this.making.get(name) ?? this.make(name, ttlMs, make);
    this.making.set(name, making);
    return making;
  }

  private async make(name: string, ttlMs: number, make: () => Awaitable<Answer>): Promise<Answer> {
    try {
      const answer = forMany(await make());
      this.known.set(name, { answer, untilMs: this.clock.monotonicMs() + ttlMs });
      return answer;
    } finally {
      this.making.delete(name);
    }
  }
}
