/**
 * Ends this process although its disk does not answer. `process.exit` waits for every thread, and a thread in a call of the system,
 * such as a read, cannot be ended: only SIGKILL ends the process then.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import { watchWholeFiles, wholeFileCalls } from "./whole-files";

/** A thread that runs code ends within milliseconds after it is told to. */
const ENDS_WITHIN_MS = 1_000;
const LOOK_MS = 20;

/** Calls that run in Node's thread pool and may never return. */
const CALLS: ReadonlySet<string> = new Set(["FSReqCallback", "FSReqPromise"]);
/** A name look-up is in that pool too. `process.exit` waits for it, but the system's resolver gives up by itself. */
const LOOK_UP = "GetAddrInfoReqWrap";

/** The bundles of one process have their own copies of this module, and end each other's threads. */
const shared = globalThis as typeof globalThis & { __trustmeshThreads?: Set<Worker> };
shared.__trustmeshThreads ??= new Set();
const threads = shared.__trustmeshThreads;

/** The last Node that lists calls for whole files. Replacing functions of node:fs makes an answer from memory a tenth dearer. */
const LISTS_WHOLE_FILES = 24;

/** Watches the calls that Node does not list. Call it before the process reads whole files. */
export function watchWork(): void {
  if (Number.parseInt(process.versions.node, 10) > LISTS_WHOLE_FILES) watchWholeFiles();
}

/**
 * Says that the thread may wait for a disk, and returns it. Threads of others do not count: the loader of TypeScript starts one for
 * sources that it has not compiled yet, and that one ends with the process only.
 */
export function watchThread(thread: Worker): Worker {
  threads.add(thread);
  thread.once("exit", () => threads.delete(thread));
  return thread;
}

/** Names what keeps the process from ending. */
function heldUpBy(): "disk" | "look-up" | null {
  const active = process.getActiveResourcesInfo();
  if (threads.size > 0 || wholeFileCalls() > 0 || active.some((name) => CALLS.has(name))) return "disk";
  return active.includes(LOOK_UP) ? "look-up" : null;
}

/**
 * Call this before the exit of a process whose work is over. It ends the watched threads. If a thread or a disk call does not end within
 * a second, it prints a sentence and kills the process. For a name look-up it only prints the sentence, so that the process keeps
 * its exit status.
 */
export async function killIfHeldUp(): Promise<void> {
  for (const thread of threads) void thread.terminate();
  let by = heldUpBy();
  for (let waitedMs = 0; by !== null; waitedMs += LOOK_MS) {
    if (waitedMs >= ENDS_WITHIN_MS && by === "look-up")
      return console.error("A name look-up does not end: the process ends when the system's resolver gives up.");
    if (waitedMs >= ENDS_WITHIN_MS) {
      console.error("A thread does not end, probably because a disk does not answer: the process is killed.");
      process.kill(process.pid, "SIGKILL");
    }
    await sleep(LOOK_MS);
    by = heldUpBy();
  }
}

/** Ends the process with this status, or kills it. */
export async function endProcess(status: number): Promise<never> {
  await killIfHeldUp();
  process.exit(status);
}
