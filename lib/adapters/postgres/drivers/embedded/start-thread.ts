/** Finds and starts the program of the database's thread. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { watchThread } from "../../../../system/end-process";
import { DatabaseUnusable } from "../errors";
import type { Opening } from "./messages";

export type StartThread = (opening: Opening) => Worker;

/** Bundled by scripts/build/node-bundle.ts. */
const BUNDLED = "pglite-thread.mjs";
const SOURCE = ["lib", "adapters", "postgres", "drivers", "embedded", "thread-program.ts"];

/**
 * A built program has the thread's program beside it. From sources, as in development, tsx runs it. Throws a sentence if there is
 * neither.
 */
export const startThread: StartThread = (workerData) => {
  const bundled = join(/* turbopackIgnore: true */ __dirname, BUNDLED);
  if (existsSync(/* turbopackIgnore: true */ bundled))
    return watchThread(new Worker(/* turbopackIgnore: true */ bundled, { workerData, execArgv: [] }));
  const source = join(/* turbopackIgnore: true */ process.cwd(), ...SOURCE);
  if (existsSync(/* turbopackIgnore: true */ source))
    return watchThread(
      new Worker(/* turbopackIgnore: true */ source, { workerData, execArgv: ["--require", "tsx/cjs"] }),
    );
  throw new DatabaseUnusable(
    `The embedded database cannot start, because ${BUNDLED} is missing beside this program: build the app again, or set DATABASE_URL to another database.`,
  );
};
