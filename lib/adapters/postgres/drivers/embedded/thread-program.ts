/** The program of the database's thread (thread.ts starts it). scripts/build makes one file of it, beside each program that needs it. */
import { parentPort, workerData } from "node:worker_threads";
import { type Engine, openEngine } from "./engine";
import { type Ask, type FromThread, type Opening, refusalOf, type ToThread } from "./messages";

const tell = (message: FromThread) => parentPort?.postMessage(message);

/**
 * Ends the thread. Errors of the server itself leave a database that works. Any other failure is one of the engine below it, whose
 * memory nobody knows any more.
 */
function endBroken(cause: unknown): void {
  try {
    tell({ kind: "broken", cause });
  } catch {
    // It cannot be cloned.
    tell({ kind: "broken", cause: new Error(String(cause)) });
  }
  process.exit(1);
}

async function answer(engine: Engine, { text, params, rowMode }: Ask): Promise<void> {
  try {
    tell({ kind: "rows", results: await engine.query(text, params, rowMode) });
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === null) return endBroken(error);
    tell({ kind: "refused", refusal });
    // After this PostgreSQL ends itself, for example because it could not write its log. PGlite cannot, and would hang.
    const { severity, code } = refusal.members;
    if (severity === "PANIC" || severity === "FATAL") endBroken(new Error(`PostgreSQL gave up with ${code}`));
  }
}

async function main({ dataDir, isFresh }: Opening): Promise<void> {
  const engine = await openEngine(dataDir, isFresh);
  parentPort?.on("message", (message: ToThread) => {
    if (message === "close") void engine.close().then(() => process.exit(0), endBroken);
    else void answer(engine, message);
  });
  tell({ kind: "opened" });
}

main(workerData).catch(endBroken);
