/**
 * Writes to the ledger from a thread of its own. Loading the SDK would stop the server's event loop for 0.3 s at the first write, and
 * signing and encoding for some milliseconds at each one, and with it every read from memory (docs/measurements.md §5). A thread that
 * ends by itself is replaced at the next call.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import { err } from "../../../core/result";
import type { Submitter } from "../../../ports/ledger/submitter";
import type { TopicCreator } from "../../../ports/ledger/topic-creator";
import { findProgram, startProgram } from "../../../system/program-thread";
import { NO_TOPIC_YET, SdkSubmitter, type SdkSubmitterOptions, UNCERTAIN, UNSENT } from "../sdk-submitter";
import type { FromThread, Method, ResultOf, ToThread } from "./messages";

const PROGRAM = {
  bundled: "submit-thread.mjs",
  source: ["lib", "adapters", "hedera", "in-thread", "thread-program.ts"],
};

export type StartThread = (options: SdkSubmitterOptions) => Worker;
/** Called when a thread ended that nobody had closed, with the reason if there is one. */
export type OnLost = (cause: unknown) => void;

/** A submitter in a thread of its own. Where the thread's program is missing, as in a function on Vercel, one in this thread. */
export function openInThread(options: SdkSubmitterOptions, onLost: OnLost): ThreadedSubmitter | SdkSubmitter {
  const program = findProgram(PROGRAM);
  if (program === null) return new SdkSubmitter(options);
  return new ThreadedSubmitter(options, onLost, (workerData) => startProgram(program, workerData));
}

/** A thread closes its connections and ends within milliseconds. A longer wait would hold up the end of the server. */
const ENDS_WITHIN_MS = 1_000;

/** The thread ended. If it had ever been ready, nobody knows what became of its calls. */
class ThreadLost extends Error {
  override readonly name = "ThreadLost";

  constructor(
    readonly wasReady: boolean,
    cause: unknown,
  ) {
    super("The thread that writes to the ledger ended. Try again in a moment.", { cause });
  }
}

interface Pending {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

interface Running {
  readonly worker: Worker;
  /** The calls without an answer, by number. */
  readonly pending: Map<number, Pending>;
  readonly ended: Promise<void>;
}

export class ThreadedSubmitter implements Submitter, TopicCreator {
  /** Null before the first call, and after a thread was lost. */
  private running: Running | null = null;
  private calls = 0;
  private isClosed = false;

  /** A test gives its own `start`, and keeps the worker so that it can end it. */
  constructor(
    private readonly options: SdkSubmitterOptions,
    private readonly onLost: OnLost,
    private readonly start: StartThread,
  ) {}

  submit(...args: Parameters<SdkSubmitter["submit"]>): Promise<ResultOf<"submit">> {
    return this.call("submit", args).catch((cause) => {
      if (cause instanceof ThreadLost) return err(cause.wasReady ? UNCERTAIN : UNSENT);
      throw cause;
    });
  }

  newAttempt(): Promise<string> {
    return this.call("newAttempt", []);
  }

  createTopic(...args: Parameters<SdkSubmitter["createTopic"]>): Promise<ResultOf<"createTopic">> {
    return this.call("createTopic", args).catch((cause) => {
      if (cause instanceof ThreadLost) return err(NO_TOPIC_YET);
      throw cause;
    });
  }

  async close(): Promise<void> {
    this.isClosed = true;
    const { running } = this;
    if (running === null) return;
    running.worker.postMessage("close" satisfies ToThread);
    await Promise.race([running.ended, sleep(ENDS_WITHIN_MS, null, { ref: false })]);
    await running.worker.terminate();
  }

  private async call<M extends Method>(method: M, args: Parameters<SdkSubmitter[M]>): Promise<ResultOf<M>> {
    if (this.isClosed) throw new Error("The submitter is closed.");
    this.running ??= this.run();
    const { worker, pending } = this.running;
    this.calls += 1;
    const id = this.calls;
    worker.postMessage({ id, method, args } satisfies ToThread);
    return new Promise((resolve, reject) => {
      pending.set(id, { resolve: (value) => resolve(value as ResultOf<M>), reject });
    });
  }

  private run(): Running {
    const worker = this.start(this.options);
    const pending = new Map<number, Pending>();
    let wasReady = false;
    worker.on("message", (answer: FromThread) => {
      if (answer === "ready") {
        wasReady = true;
        return;
      }
      const asked = pending.get(answer.id);
      pending.delete(answer.id);
      if ("thrown" in answer)
        asked?.reject(Object.assign(new Error(answer.thrown.message), { name: answer.thrown.name }));
      else asked?.resolve(answer.value);
    });
    let cause: unknown;
    worker.on("messageerror", (error) => {
      cause = error;
      void worker.terminate();
    });
    // The thread ends by itself after an error that nothing caught, such as the limit of its memory.
    worker.on("error", (error) => {
      cause = error;
    });
    const ended = new Promise<void>((resolve) => {
      worker.once("exit", () => {
        this.running = null;
        for (const { reject } of pending.values()) reject(new ThreadLost(wasReady, cause));
        resolve();
        if (!this.isClosed) this.onLost(cause);
      });
    });
    return { worker, pending, ended };
  }
}
