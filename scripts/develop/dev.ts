/**
 * `npm run dev`: Next's development server at the HOST and PORT that the app reads, from the shell or from `.env`. Next itself
 * takes them from the shell alone.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { loadEnvConfig } from "@next/env";
import { readEnv } from "@/lib/server/config/env";
import { command } from "../command";

function main(): void {
  // Next reads the files by itself, again whenever they change: it must not find their values in its shell.
  const shell = { ...process.env };
  loadEnvConfig(process.cwd(), true, { info: () => undefined, error: console.error });
  const { HOST, PORT } = readEnv(process.env);
  const next = join("node_modules", "next", "dist", "bin", "next");
  const child = spawn(process.execPath, [next, "dev", "-H", HOST, "-p", String(PORT)], {
    env: shell,
    stdio: "inherit",
  });
  // A terminal sends its signals to both; whoever sends one to this process alone means both, too.
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => child.kill(signal));
  child.once("exit", (code) => process.exit(code ?? 1));
}

const USAGE = `npm run dev
  Starts Next's development server at the HOST and PORT of the shell or of .env.`;

void command({ usage: USAGE }, main);
