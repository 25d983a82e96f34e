/** The environment of operators' commands: what the shell has, then what the server would read from `.env` and its relatives. */
import { loadEnvConfig } from "@next/env";

/** The shell's environment, completed by the files that Next reads in production, in its order. */
export function environment(folder = process.cwd()): NodeJS.ProcessEnv {
  loadEnvConfig(folder, false, { info: () => undefined, error: console.error });
  return process.env;
}
