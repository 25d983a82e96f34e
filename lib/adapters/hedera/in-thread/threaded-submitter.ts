/**
 * Writes to the ledger from a thread of its own. Loading the SDK would stop the server's event loop for 0.3 s at the first write, and
 * signing and encoding for some milliseconds at each one, and with it every read from memory (docs/measurements.md §5). A thread that
 * ends by itself is replaced at the next call.
 */
import type { Worker } from "node:worker_threads";
import { err } from "../../../core/result";
import type { Submitter } from "../../../ports/ledger/submitter";
import type { TopicCreator } from "../../../ports/ledger/topic-creator";
import { findProgram, startProgram } from "../../../system/program-thread";
import { NO_TOPIC_YET, SdkSubmitter, type SdkSubmitterOptions, UNCERTAIN } from "../sdk-submitter";
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

/** The thread ended, so nobody knows what became of its calls. */
class ThreadLost extends Error {
  override readonly name = "ThreadLost";
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
    return this.call("submit", args).catch((cause) => whenLost(cause, err(UNCERTAIN)));
  }

  newAttempt(): Promise<string> {
    return this.call("newAttempt", []);
  }

  createTopic(...args: Parameters<SdkSubmitter["createTopic"]>): Promise<ResultOf<"createTopic">> {
    return this.call("createTopic", args).catch((cause) => whenLost(cause, err(NO_TOPIC_YET)));
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.running?.worker.postMessage("close" satisfies ToThread);
    await this.running?.ended;
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
    worker.on("message", (answer: FromThread) => {
      const asked = pending.get(answer.id);
      pending.delete(answer.id);
      if ("thrown" in answer) asked?.reject(new Error(answer.thrown));
      else asked?.resolve(answer.value);
    });
    let cause: unknown;
    // The thread ends by itself after an error that nothing caught, such as the limit of its memory.
    worker.on("error", (error) => {
      cause = error;
    });
    const ended = new Promise<void>((resolve) => {
      worker.once("exit", () => {
        this.running = null;
        const lost = new ThreadLost("The thread that writes to the ledger ended. Try again in a moment.", { cause });
        for (const { reject } of pending.values()) reject(lost);
        if (!this.isClosed) this.onLost(cause);
        resolve();
      });
    });
    return { worker, pending, ended };
  }
}

/** The answer of a call whose thread was lost. Throws any other error. */
function whenLost<T>(cause: unknown, answer: T): T {
  if (cause instanceof ThreadLost) return answer;
  throw cause;
}
