/**
 * The production server of the browser tests, on the set-up that TEST_SETUP names, with the servers that this needs. Ends them
 * when it is told to end.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { startNeon } from "../../support/neon-stand-in";
import { startPostgres } from "../../support/postgres-server";
import { startRedis } from "../../support/redis-server";
import { SET_UP } from "../../support/set-up";
import { startUpstash } from "../../support/upstash-stand-in";

interface Services {
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

async function startServices(): Promise<Services> {
  if (SET_UP === "embedded") return { env: {}, stop: async () => {} };
  const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  const upstash = await startUpstash({ redisPort: redis.port });
  const neon = await startNeon({ postgresPort: postgres.port });
  const throughNeon = { DATABASE_DRIVER: "neon-http", NEON_ENDPOINT: `${neon.url}/sql` };
  return {
    env: {
      UPSTASH_REDIS_REST_URL: upstash.url,
      UPSTASH_REDIS_REST_TOKEN: upstash.token,
      DATABASE_URL: postgres.url,
      ...(SET_UP === "vercel" ? throughNeon : {}),
    },
    stop: async () => {
      await Promise.all([upstash.stop(), neon.stop()]);
      await Promise.all([postgres.stop(), redis.stop()]);
    },
  };
}

async function main(): Promise<void> {
  const services = await startServices();
  const next = join("node_modules", "next", "dist", "bin", "next");
  const server = spawn(process.execPath, [next, "start"], {
    env: { ...process.env, ...services.env },
    stdio: "inherit",
  });
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => server.kill(signal));
  const code = await new Promise<number>((resolve) => server.once("exit", (status) => resolve(status ?? 1)));
  await services.stop();
  process.exit(code);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
