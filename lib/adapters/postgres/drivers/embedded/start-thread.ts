/** Finds and starts the program of the database's thread. */
import type { Worker } from "node:worker_threads";
import { findProgram, startProgram } from "../../../../system/program-thread";
import { DatabaseUnusable } from "../errors";
import type { Opening } from "./messages";

export type StartThread = (opening: Opening) => Worker;

const PROGRAM = {
  bundled: "pglite-thread.mjs",
  source: ["lib", "adapters", "postgres", "drivers", "embedded", "thread-program.ts"],
};

/** Throws a sentence if the thread's program is missing. */
export const startThread: StartThread = (opening) => {
  const program = findProgram(PROGRAM);
  if (program !== null) return startProgram(program, opening);
  throw new DatabaseUnusable(
    `The embedded database cannot start, because ${PROGRAM.bundled} is missing beside this program: build the app again, or set DATABASE_URL to another database.`,
  );
};
