/**
 * The environment of operators' commands: the shell's variables, then those that the server would read from `.env` and the other
 * `.env.*` files.
 */
import { loadEnvConfig } from "@next/env";

/** The shell's environment, completed from the files that Next reads in production, in Next's order. */
export function environment(folder = process.cwd()): NodeJS.ProcessEnv {
  loadEnvConfig(folder, false, { info: () => undefined, error: console.error });
  return process.env;
}
