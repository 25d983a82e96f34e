/** Faults of a stand-in. Several may be on at once. */
import type { Duplex } from "node:stream";
import { z } from "zod";
import { createRng } from "@/lib/devnet/rng";
import { arrived } from "../control/loopback";

const probability = z.number().min(0).max(1).optional();

const fault = z.discriminatedUnion("kind", [
  /** Open connections are cut. New ones are refused, or reset once they have asked something. */
  z.strictObject({ kind: z.literal("down"), how: z.enum(["refused", "reset"]).optional() }),
  /** Answers `ms` late. */
  z.strictObject({ kind: z.literal("slow"), ms: z.number().min(0), probability }),
  /** The vendor's own kind of error, and nothing is done. */
  z.strictObject({ kind: z.literal("error"), probability, status: z.int().min(400).max(599).optional() }),
  /** It is done, and the connection is reset before the answer. */
  z.strictObject({ kind: z.literal("lostAnswer"), probability }),
  /** Down (reset) for the first half of each period, up for the second. */
  z.strictObject({ kind: z.literal("flapping"), periodMs: z.number().positive() }),
]);

export type Fault = z.infer<typeof fault>;

/** The faults that one request meets. */
export interface Verdict {
  readonly isReset: boolean;
  readonly delayMs: number;
  readonly errorStatus: number | null;
  readonly isAnswerLost: boolean;
}

/** Throws a sentence where `value` is not a list of faults. */
export function parseFaults(value: unknown): Fault[] {
  const parsed = z.array(fault).safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new Error(`faults: ${issue?.path.join(".") ?? ""} ${issue?.message ?? "invalid"}`);
}

const RANDOM_SEED = 20_260_401;

/** The faults that are on. The same faults spoil the same requests in each run: the random source has a seed. */
export class FaultSwitch {
  #faults: readonly Fault[] = [];
  #random = createRng(RANDOM_SEED);
  #sinceMs = 0;
  #flap: NodeJS.Timeout | undefined;

  /** `cut` ends what is open; `listen` lets new connections in or not. */
  constructor(
    private readonly server: { cut(): void; listen(isOpen: boolean): Promise<void> },
    private readonly nowMs: () => number,
  ) {}

  /** Switches these on and all others off. Resolves when they are in force. */
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
    // Until a client in this process has received the reset, it would use a broken connection.
    if (isCut) await arrived();
  }

  clear(): Promise<void> {
    return this.set();
  }

  list(): readonly Fault[] {
    return this.#faults;
  }

  /** Whether a connection that asks nothing yet meets a server at all. */
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

/** Waits, but no longer than the client stays. */
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
