import type { Awaitable } from "../../core/awaitable";
import type { LedgerError } from "../../ports/ledger/ledger";
import type { RawAnswer, RawMirror } from "../../ports/ledger/raw-mirror";
import { MicroCache, type Served } from "./micro-cache";

/** Thrown if no mirror answered. */
export class NotPassed extends Error {
  override readonly name = "NotPassed";

  constructor(readonly reason: LedgerError) {
    super(reason.message);
  }
}

export interface PassThroughOptions {
  readonly mirror: RawMirror;
  /** Takes a token from the part of the mirror budget that readers may use. Null if it is used up. */
  readonly reserve: () => Promise<number | null>;
  readonly maxBytes: number;
  readonly now: () => number;
  readonly staleMaxMs: number;
}

/** About the time of one block. The cache makes no answer of a mirror older than this. */
export const PASSED_S = 2;

/** Answers of a mirror, cached for a moment: one request to the mirror for all equal requests. */
export class PassThrough {
  private readonly copies: MicroCache<RawAnswer>;

  constructor(private readonly options: PassThroughOptions) {
    const { maxBytes, now, staleMaxMs } = options;
    this.copies = new MicroCache({ maxBytes, now, staleMaxMs, isOutage: (cause) => cause instanceof NotPassed });
  }

  get bytes(): number {
    return this.copies.bytes;
  }

  /** The answer for a path below `/api/v1`. Rejects with NotPassed if no mirror answers and there is no recent copy. */
  get(path: string): Awaitable<Served<RawAnswer>> {
    return this.copies.get(path, async () => {
      if ((await this.options.reserve()) === null)
        throw new NotPassed({ code: "no-budget", message: "the share of the mirror budget for readers is used up" });
      const answer = await this.options.mirror.raw(path);
      if (!answer.ok) throw new NotPassed(answer.error);
      return { value: answer.value, bytes: answer.value.body.length, lifeMs: PASSED_S * 1_000 };
    });
  }
}
