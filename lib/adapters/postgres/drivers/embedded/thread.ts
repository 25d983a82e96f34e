/** The server's side of the database's thread: sends statements, and matches answers to them. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import type { Results } from "@electric-sql/pglite";
import { TierUnavailable } from "../../../../ports/tier-unavailable";
import type { Engine, RowMode } from "./engine";
import { errorOf, type FromThread, type ToThread, withBuffers } from "./messages";

interface Pending {
  readonly limitMs: number;
  resolve(results: Results): void;
  reject(error: unknown): void;
}

export interface Limits {
  /** A statement that runs longer, and longer than its own limit, hangs. */
  readonly hangsAfterMs: number;
  /** Opening may take this long; undefined: any time. */
  readonly opensWithinMs?: number;
}

/** A thread that runs a statement ends a few milliseconds after it is told to. One that takes longer is in a call of the system. */
const ENDS_WITHIN_MS = 1_000;

/** One thread, from its start to its end. It does not come back: `open-in-thread.ts` starts another one. */
export class DatabaseThread implements Engine {
  /** In the order in which they were sent, which is the order of the answers. */
  private readonly pending: Pending[] = [];
  /** No statement is accepted any more: the thread was lost, or is about to be closed. It may still be alive. */
  isOver = false;
  private isOpen = false;
  private hasEnded = false;
  private timer: NodeJS.Timeout | undefined;
  private cause: unknown;
  private ending: Promise<unknown> | undefined;
  private failOpening: (cause: unknown) => void = () => {};
  /** Rejects with the reason if the database cannot be opened. */
  readonly opened: Promise<void>;
  readonly ended: Promise<void>;

  /** `onDeath`: the thread was lost after it had opened the database. */
  constructor(
    private readonly worker: Worker,
    private readonly limits: Limits,
    private readonly onDeath: (cause: unknown) => void,
  ) {
    this.opened = new Promise((resolve, reject) => {
      this.failOpening = reject;
      worker.on("message", (message: FromThread) => {
        if (message.kind === "opened") {
          this.isOpen = true;
          this.watchOldest();
          resolve();
        } else this.receive(message);
      });
    });
    this.ended = new Promise((resolve) => {
      worker.once("exit", () => {
        this.hasEnded = true;
        this.lose(undefined);
        resolve();
      });
    });
    // The thread ends by itself after an error that nothing caught, such as the limit of its memory.
    worker.on("error", (cause) => {
      this.cause ??= cause;
    });
    const { opensWithinMs } = limits;
    if (opensWithinMs !== undefined)
      this.loseAfter(opensWithinMs, `the database did not open within ${opensWithinMs} ms`);
  }

  query(text: string, params: unknown[], rowMode: RowMode, limitMs = 0): Promise<Results> {
    if (this.isOver) return Promise.reject(this.gone());
    return this.ask({ text, params, rowMode }, Math.max(limitMs, this.limits.hangsAfterMs));
  }

  /** Rejects with `TierUnavailable` if the thread does not end: then its files may still be open. */
  async close(): Promise<void> {
    if (!this.isOver) {
      this.isOver = true;
      // Closing takes its turn and has a limit, as a statement. The end of the thread is its answer.
      await this.ask("close", this.limits.hangsAfterMs).catch(() => {});
    }
    await this.whenEnded();
  }

  /**
   * Resolves when the thread, which is over, has ended. Rejects with `TierUnavailable` while it does not end. Until then no other
   * thread may open its directory.
   */
  async whenEnded(): Promise<void> {
    this.ending ??= Promise.race([this.ended, sleep(ENDS_WITHIN_MS, null, { ref: false })]);
    await this.ending;
    if (!this.hasEnded)
      throw new TierUnavailable(
        "postgres",
        "the thread of the embedded database does not end, probably because its disk does not answer; the database is opened again after it",
        { cause: this.cause },
      );
  }

  private ask(message: ToThread, limitMs: number): Promise<Results> {
    this.send(message);
    return new Promise((resolve, reject) => {
      this.pending.push({ limitMs, resolve, reject });
      if (this.pending.length === 1) this.watchOldest();
    });
  }

  private send(message: ToThread): void {
    this.worker.postMessage(message);
  }

  private receive(message: Exclude<FromThread, { kind: "opened" }>): void {
    if (message.kind === "broken") {
      this.lose(message.cause);
      return;
    }
    const oldest = this.pending.shift();
    this.watchOldest();
    if (message.kind === "rows") oldest?.resolve(withBuffers(message.results));
    else oldest?.reject(errorOf(message.refusal));
  }

  /** Only the oldest statement runs. The others wait for it, so their time has not begun. */
  private watchOldest(): void {
    clearTimeout(this.timer);
    const [oldest] = this.pending;
    if (oldest !== undefined) this.loseAfter(oldest.limitMs, `a statement ran for more than ${oldest.limitMs} ms`);
  }

  private loseAfter(ms: number, reason: string): void {
    this.timer = setTimeout(() => this.lose(new Error(reason)), ms);
  }

  /** Gives the thread up and tells it to end. It ends later, or never while a call of the system holds it. */
  private lose(cause: unknown): void {
    clearTimeout(this.timer);
    this.cause ??= cause;
    const isDeath = this.isOpen && !this.isOver;
    this.isOver = true;
    void this.worker.terminate();
    this.failOpening(this.cause);
    for (const { reject } of this.pending.splice(0)) reject(this.gone());
    if (isDeath) this.onDeath(this.cause);
  }

  private gone(): TierUnavailable {
    return new TierUnavailable("postgres", "the thread of the embedded database was lost", { cause: this.cause });
  }
}
