/** The faults of a stand-in. Several may be on at once. */
import type { Duplex } from "node:stream";
import { z } from "zod";
import { createRng } from "@/lib/devnet/rng";
import { arrived } from "../control/loopback";

const probability = z.number().min(0).max(1).optional();

const fault = z.discriminatedUnion("kind", [
  /** Resets open connections. New ones are refused, or reset at their first request. */
  z.strictObject({ kind: z.literal("down"), how: z.enum(["refused", "reset"]).optional() }),
  /** Delays each answer by `ms`. */
  z.strictObject({ kind: z.literal("slow"), ms: z.number().min(0), probability }),
  /** Answers with an error in the vendor's form, and does nothing. */
  z.strictObject({ kind: z.literal("error"), probability, status: z.int().min(400).max(599).optional() }),
  /** Does the work, and resets the connection before the answer. */
  z.strictObject({ kind: z.literal("lostAnswer"), probability }),
  /** Is down (reset) for the first half of each period, and up for the second. */
  z.strictObject({ kind: z.literal("flapping"), periodMs: z.number().positive() }),
]);

export type Fault = z.infer<typeof fault>;

/** Effects of the faults on one request. */
export interface Verdict {
  readonly isReset: boolean;
  readonly delayMs: number;
  readonly errorStatus: number | null;
  readonly isAnswerLost: boolean;
}

/** Parses a list of faults, or throws a sentence that names the wrong member. */
export function parseFaults(value: unknown): Fault[] {
  const parsed = z.array(fault).safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new Error(`faults: ${issue?.path.join(".") ?? ""} ${issue?.message ?? "invalid"}`);
}

const RANDOM_SEED = 20_260_401;

/** Holds the faults that are on. Its random source has a seed, so each run spoils the same requests. */
export class FaultSwitch {
  #faults: readonly Fault[] = [];
  #random = createRng(RANDOM_SEED);
  #sinceMs = 0;
  #flap: NodeJS.Timeout | undefined;

  /** `cut` resets open connections. `listen` starts or stops to accept new ones. */
  constructor(
    private readonly server: { cut(): void; listen(isOpen: boolean): Promise<void> },
    private readonly nowMs: () => number,
  ) {}

  /** Switches these faults on and all others off. Resolves when they are in force. */
  async set(...faults: readonly Fault[]): Promise<void> {
    this.#faults = faults;
    this.#random = createRng(RANDOM_SEED);
    this.#sinceMs = this.nowMs();
    clearInterval(this.#flap);
    const flapping = faults.find((one) => one.kind === "flapping");
    if (flapping) {
      this.#flap = setInterval(() => this.server.cut(), flapping.periodMs);
      this.#flap.unref();
    }
    const isCut = faults.some(({ kind }) => kind === "down" || kind === "flapping");
    if (isCut) this.server.cut();
    await this.server.listen(!faults.some((one) => one.kind === "down" && one.how === "refused"));
    // A client in this process would use the broken connection until it receives the reset.
    if (isCut) await arrived();
  }

  clear(): Promise<void> {
    return this.set();
  }

  list(): readonly Fault[] {
    return this.#faults;
  }

  /** Whether new connections are reset. */
  isDown(): boolean {
    return this.#faults.some((one) => one.kind === "down" || (one.kind === "flapping" && this.#isInDownHalf(one)));
  }

  judge(): Verdict {
    let delayMs = 0;
    let errorStatus: number | null = null;
    let isAnswerLost = false;
    for (const one of this.#faults) {
      if ("probability" in one && one.probability !== undefined && !this.#random.chance(one.probability)) continue;
      if (one.kind === "slow") delayMs += one.ms;
      else if (one.kind === "error") errorStatus = one.status ?? 500;
      else if (one.kind === "lostAnswer") isAnswerLost = true;
    }
    return { isReset: this.isDown(), delayMs, errorStatus, isAnswerLost };
  }

  #isInDownHalf({ periodMs }: { readonly periodMs: number }): boolean {
    return (this.nowMs() - this.#sinceMs) % periodMs < periodMs / 2;
  }
}

/** Waits for `ms`, or until the client closes. */
export function unlessClosed(client: Duplex, ms: number): Promise<void> {
  if (client.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      client.off("close", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    client.once("close", done);
  });
}
