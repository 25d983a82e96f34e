/** The program of the submitter's thread (threaded-submitter.ts starts it). scripts/build makes one file of it. */
import { parentPort, workerData } from "node:worker_threads";
import { raiseAttemptTimeout } from "../../../system/attempt-timeout";
import { SdkSubmitter } from "../sdk-submitter";
import type { Call, FromThread, ToThread } from "./messages";

// Node keeps this limit for each thread.
raiseAttemptTimeout();
const submitter = new SdkSubmitter(workerData);
const tell = (message: FromThread) => parentPort?.postMessage(message);

async function answer({ id, method, args }: Call): Promise<void> {
  try {
    const call = submitter[method] as (...args: readonly unknown[]) => Promise<unknown>;
    tell({ id, value: await call.apply(submitter, args as unknown[]) });
  } catch (cause) {
    const { name, message } = cause instanceof Error ? cause : new Error(String(cause));
    tell({ id, thrown: { name, message } });
  }
}

parentPort?.on("message", (message: ToThread) => {
  if (message === "close") void submitter.close().finally(() => process.exit(0));
  else void answer(message);
});
tell("ready");
