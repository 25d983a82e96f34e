/** The server's side of the database's thread: sends statements, and matches answers to them. */
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

/** One thread, from its start to its end. It does not come back: `reopening.ts` starts another one. */
export class DatabaseThread implements Engine {
  /** In the order in which they were sent, which is the order of the answers. */
  private readonly pending: Pending[] = [];
  /** No statement is accepted any more: the thread has ended, or is about to. */
  isOver = false;
  private isClosing = false;
  private timer: NodeJS.Timeout | undefined;
  private cause: unknown;
  private readonly opened: Promise<void>;
  readonly exited: Promise<void>;

  private constructor(
    private readonly worker: Worker,
    private readonly hangsAfterMs: number,
    onDeath: (cause: unknown) => void,
  ) {
    let isOpen = false;
    this.exited = new Promise((resolve) => {
      worker.once("exit", () => {
        this.end();
        resolve();
        if (isOpen && !this.isClosing) onDeath(this.cause);
      });
    });
    this.opened = new Promise((resolve, reject) => {
      void this.exited.then(() => reject(this.cause));
      worker.on("message", (message: FromThread) => {
        if (message.kind === "opened") {
          isOpen = true;
          resolve();
        } else this.receive(message);
      });
    });
    // The thread ends by itself after an error that nothing caught, such as the limit of its memory.
    worker.on("error", (cause) => {
      this.cause ??= cause;
    });
  }

  /**
   * Resolves when the database is open; rejects with the reason if it cannot be opened. `hangsAfterMs`: a statement that runs longer,
   * and longer than its own limit, ends the thread. `onDeath`: it ended by itself later.
   */
  static async open(worker: Worker, hangsAfterMs: number, onDeath: (cause: unknown) => void): Promise<DatabaseThread> {
    const thread = new DatabaseThread(worker, hangsAfterMs, onDeath);
    await thread.opened;
    return thread;
  }

  query(text: string, params: unknown[], rowMode: RowMode, limitMs = 0): Promise<Results> {
    if (this.isOver) return Promise.reject(this.gone());
    this.send({ text, params, rowMode });
    return new Promise((resolve, reject) => {
      this.pending.push({ limitMs: Math.max(limitMs, this.hangsAfterMs), resolve, reject });
      if (this.pending.length === 1) this.watchOldest();
    });
  }

  async close(): Promise<void> {
    this.isClosing = true;
    if (!this.isOver) this.send("close");
    this.isOver = true;
    await this.exited;
  }

  private send(message: ToThread): void {
    this.worker.postMessage(message);
  }

  private receive(message: Exclude<FromThread, { kind: "opened" }>): void {
    if (message.kind === "broken") {
      // The thread ends right after this message.
      this.cause = message.cause;
      this.isOver = true;
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
    if (oldest === undefined) return;
    this.timer = setTimeout(() => {
      this.cause = new Error(`a statement ran for more than ${oldest.limitMs} ms`);
      this.isOver = true;
      void this.worker.terminate();
    }, oldest.limitMs);
  }

  private end(): void {
    this.isOver = true;
    clearTimeout(this.timer);
    for (const { reject } of this.pending.splice(0)) reject(this.gone());
  }

  private gone(): TierUnavailable {
    return new TierUnavailable("postgres", "the thread of the embedded database has ended", { cause: this.cause });
  }
}
