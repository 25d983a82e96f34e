/** Finds and starts programs of ours that run in a thread. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { watchThread } from "./end-process";

/** Where a thread's program may be. */
export interface ThreadProgram {
  /** The file that scripts/build/node-bundle.ts writes beside each program that starts the thread. */
  readonly bundled: string;
  /** The path of its source, from the root. */
  readonly source: readonly string[];
}

/** A program that was found, and Node's arguments that it needs. */
export interface FoundProgram {
  readonly path: string;
  readonly execArgv: string[];
}

/** A built program has the thread's program beside it. From sources, as in development, tsx runs it. Null if there is neither. */
export function findProgram({ bundled, source }: ThreadProgram): FoundProgram | null {
  const built = join(/* turbopackIgnore: true */ __dirname, bundled);
  if (existsSync(/* turbopackIgnore: true */ built)) return { path: built, execArgv: [] };
  const written = join(/* turbopackIgnore: true */ process.cwd(), ...source);
  return existsSync(/* turbopackIgnore: true */ written) ? { path: written, execArgv: ["--require", "tsx/cjs"] } : null;
}

/** Starts the program in a thread with this `workerData`. */
export const startProgram = ({ path, execArgv }: FoundProgram, workerData: unknown): Worker =>
  watchThread(new Worker(/* turbopackIgnore: true */ path, { workerData, execArgv }));
