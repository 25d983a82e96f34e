import "server-only";
/** Caches answers that are the same for everybody. However many callers ask, a fresh answer is made once. */
import type { Clock } from "../../ports/clock";

export interface KeptAnswer {
  readonly status: number;
  /** Names and values. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
}

export class RememberedAnswers {
  private readonly known = new Map<string, { readonly answer: KeptAnswer; readonly untilMs: number }>();
  private readonly making = new Map<string, Promise<KeptAnswer>>();

  constructor(private readonly clock: Clock) {}

  /** The cached answer while it is fresh. Null if it has to be made. */
  fresh(name: string): KeptAnswer | null {
    const kept = this.known.get(name);
    return kept !== undefined && this.clock.monotonicMs() < kept.untilMs ? kept.answer : null;
  }

  /**
   * The fresh answer, or the answer of `make`, which concurrent callers share. Only a few names exist, so nothing is evicted.
   */
  async get(name: string, ttlMs: number, make: () => Promise<Response>): Promise<KeptAnswer> {
    const fresh = this.fresh(name);
    if (fresh !== null) return fresh;
    const making = this.making.get(name) ?? this.make(name, ttlMs, make);
    this.making.set(name, making);
    return making;
  }

  private async make(name: string, ttlMs: number, make: () => Promise<Response>): Promise<KeptAnswer> {
    try {
      const response = await make();
      const answer = { status: response.status, headers: [...response.headers], body: await response.text() };
      this.known.set(name, { answer, untilMs: this.clock.monotonicMs() + ttlMs });
      return answer;
    } finally {
      this.making.delete(name);
    }
  }
}

export const responseOf = ({ status, headers, body }: KeptAnswer): Response =>
  new Response(body, { status, headers: headers.map(([name, value]): [string, string] => [name, value]) });
