/** Starts the servers of the chosen set-up once for a run, and stops them afterwards. */
import type { TestProject } from "vitest/node";
import { startNeon } from "../stand-ins/neon";
import { startUpstash } from "../stand-ins/upstash";
import { startPostgres } from "./postgres/postgres-server";
import { startRedis } from "./redis/redis-server";
import { type SetUpServers, setUpOf } from "./set-up";

declare module "vitest" {
  interface ProvidedContext {
    readonly setUpServers: SetUpServers;
  }
}

export async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  if (setUpOf(process.env) === "embedded") return undefined;
  const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  const upstash = await startUpstash({ redisPort: redis.port });
  const neon = await startNeon({ postgresPort: postgres.port });
  project.provide("setUpServers", {
    postgresUrl: postgres.url,
    neonUrl: neon.url,
    redisPort: redis.port,
    upstash: { url: upstash.url, token: upstash.token },
  });
  return async () => {
    await Promise.all([upstash.stop(), neon.stop()]);
    await Promise.all([postgres.stop(), redis.stop()]);
  };
}
