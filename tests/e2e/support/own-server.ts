/** A server of a test's own, on the embedded set-up, for tests that would disturb the others. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { expect } from "@playwright/test";
import { freePort } from "../../support/servers/free-port";

/** Arguments of Node: the production build, and the development server of `npm run dev`. */
const PRODUCTION = [join(".next", "start.js")];
export const DEVELOPMENT = ["--conditions=react-server", "--import", "tsx", join("scripts", "develop", "dev.ts")];

export interface Server {
  readonly process: ChildProcess;
  readonly url: string;
  readonly output: () => string;
  readonly exit: Promise<number | string | null>;
}

export async function startServer(
  dataDir: string,
  env: Record<string, string> = {},
  program: readonly string[] = PRODUCTION,
): Promise<Server> {
  const port = await freePort();
  const child = spawn(process.execPath, [...program], {
    env: {
      ...process.env,
      DATA_DIR: dataDir,
      HOST: "127.0.0.1",
      PORT: String(port),
      NEXT_TELEMETRY_DISABLED: "1",
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const pipe of [child.stdout, child.stderr]) pipe?.on("data", (data: Buffer) => (output += data.toString()));
  const exit = new Promise<number | string | null>((resolve) =>
    child.once("exit", (code, signal) => resolve(code ?? signal)),
  );
  return { process: child, url: `http://127.0.0.1:${port}`, output: () => output, exit };
}

/** Waits until the server is ready. The development server compiles first: 30 s on two busy cores. */
export const ready = (server: Server, timeout = 60_000) =>
  expect
    .poll(
      () =>
        fetch(`${server.url}/api/health/ready`).then(
          ({ status }) => status,
          () => 0,
        ),
      { timeout },
    )
    .toBe(200);
