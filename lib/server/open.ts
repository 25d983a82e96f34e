import "server-only";
/** Opens the tiers that the environment names. */
import { join } from "node:path";
import { systemClock } from "../adapters/memory/system-clock";
import { openDatabase } from "../adapters/postgres/open";
import { openPglite } from "../adapters/postgres/pglite";
import { openStore } from "../adapters/postgres/store";
import { openUpstash } from "../adapters/upstash/open-upstash";
import type { Log } from "../ports/log";
import type { SharedTier, Stores } from "./container";
import type { Env } from "./env";
import type { Metrics } from "./metrics";

/** The durable tier: what DATABASE_URL names, or the embedded one. Migrates it. */
export async function openStores(env: Env, log: Log, metrics?: Metrics): Promise<Stores> {
  const { DATABASE_URL: url, DATABASE_DRIVER: driver, NEON_ENDPOINT: endpoint } = env;
  log.info(url === undefined ? "Opening the embedded Postgres (PGlite) …" : "Opening Postgres …");
  const database =
    url === undefined
      ? await openPglite(join(env.DATA_DIR, "postgres"))
      : await openDatabase({ url, driver, endpoint });
  return openStore(database, env.HEDERA_NETWORK, { isStrict: env.isStrict, onStatement: metrics?.observeStatement });
}

/** The tier that instances share, where one is configured. */
export function openShared(env: Env, log: Log, metrics?: Metrics): SharedTier | null {
  const { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token } = env;
  if (url === undefined || token === undefined) return null;
  const viewTtlMs = env.CACHE_TTL_S * 1_000;
  const network = env.HEDERA_NETWORK;
  // Views of before the switch say something else: they are left to their time to live.
  const viewVariant = env.isStrict ? "strict" : undefined;
  return openUpstash({
    url,
    token,
    network,
    viewVariant,
    viewTtlMs,
    strategies: env.strategies,
    clock: systemClock,
    log,
    onCommand: metrics?.observeCommand,
  });
}
