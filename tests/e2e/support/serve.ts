/**
 * The production server of the browser tests, on the set-up that TEST_SETUP names, with the servers that this needs. Ends them
 * when it is told to end. TEST_SERVER=traced: out of a copy of `.next/standalone` (`npm run build:standalone`), with none of the
 * repository's packages in reach.
 */
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { startPostgres } from "../../support/servers/postgres/postgres-server";
import { startRedis } from "../../support/servers/redis/redis-server";
import { SET_UP } from "../../support/servers/set-up";
import { startNeon } from "../../support/stand-ins/neon";
import { startUpstash } from "../../support/stand-ins/upstash";

interface Services {
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

async function startServices(): Promise<Services> {
  if (SET_UP === "embedded") return { env: {}, stop: async () => {} };
  const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  const upstash = await startUpstash({ redisPort: redis.port });
  const neon = await startNeon({ postgresPort: postgres.port });
  const onVercel = {
    ...{ DATABASE_DRIVER: "neon-http", NEON_ENDPOINT: `${neon.url}/sql` },
    ...{ UPSTASH_REDIS_REST_URL: upstash.url, UPSTASH_REDIS_REST_TOKEN: upstash.token },
  };
  return {
    env: {
      DATABASE_URL: postgres.url,
      ...(SET_UP === "vercel" ? onVercel : { REDIS_URL: redis.url }),
    },
    stop: async () => {
      await Promise.all([upstash.stop(), neon.stop()]);
      await Promise.all([postgres.stop(), redis.stop()]);
    },
  };
}

interface ServerFiles {
  readonly cwd: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  remove(): void;
}

const builtServer = (): ServerFiles => ({
  cwd: process.cwd(),
  args: [join(".next", "start.js")],
  env: {},
  remove: () => {},
});

/** The devnet is not of the app: it is run by tsx, beside the copy, out of the repository. */
function tracedServer(): ServerFiles {
  const folder = mkdtempSync(join(tmpdir(), "tm-traced-"));
  const cwd = join(folder, "app");
  cpSync(join(".next", "standalone"), cwd, { recursive: true, verbatimSymlinks: true });
  const devnet = join("lib", "devnet");
  rmSync(join(cwd, devnet), { recursive: true, force: true });
  mkdirSync(join(cwd, "lib"), { recursive: true });
  symlinkSync(resolve(devnet), join(cwd, devnet));
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(resolve("node_modules", "tsx"), join(folder, "node_modules", "tsx"));
  return {
    cwd,
    args: ["server.js"],
    env: { TSX_TSCONFIG_PATH: resolve("tsconfig.json") },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

async function main(): Promise<void> {
  const services = await startServices();
  const server = process.env.TEST_SERVER === "traced" ? tracedServer() : builtServer();
  const child = spawn(process.execPath, server.args, {
    cwd: server.cwd,
    env: { ...process.env, ...services.env, ...server.env },
    stdio: "inherit",
  });
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => child.kill(signal));
  const code = await new Promise<number>((resolve) => child.once("exit", (status) => resolve(status ?? 1)));
  await services.stop();
  server.remove();
  process.exit(code);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
