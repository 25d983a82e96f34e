/**
 * `npm run dev`: starts Next's development server at the app's HOST and PORT, from the shell or from `.env`. Next itself reads
 * them from the shell only.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { loadEnvConfig } from "@next/env";
import { readEnv } from "@/lib/server/config/env";
import { command } from "../command";

function main(): void {
  // Next reads the `.env` files itself, and again when they change, so their values must not be in its shell.
  const shell = { ...process.env };
  loadEnvConfig(process.cwd(), true, { info: () => undefined, error: console.error });
  const { HOST, PORT } = readEnv(process.env);
  const next = join("node_modules", "next", "dist", "bin", "next");
  const child = spawn(process.execPath, [next, "dev", "-H", HOST, "-p", String(PORT)], {
    // Otherwise Next sends a usage report about each run.
    env: { NEXT_TELEMETRY_DISABLED: "1", ...shell },
    stdio: "inherit",
  });
  // A terminal sends its signals to both processes. A signal to this process alone is passed on.
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => child.kill(signal));
  child.once("exit", (code) => process.exit(code ?? 1));
}

const USAGE = `npm run dev
  Starts Next's development server at the HOST and PORT of the shell or of .env.`;

void command({ usage: USAGE }, main);
