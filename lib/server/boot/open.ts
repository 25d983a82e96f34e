import "server-only";
/** Opens the tiers that the environment names. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../../adapters/memory/system-clock";
import type { Database } from "../../adapters/postgres/drivers/database";
import { openDatabase } from "../../adapters/postgres/drivers/open";
import { openStore } from "../../adapters/postgres/store";
import type { Transport } from "../../adapters/redis/client/transport";
import { openRedis } from "../../adapters/redis/open-redis";
import { UpstashTransport } from "../../adapters/redis/upstash/upstash-transport";
import { backoffMs } from "../../core/sync/backoff";
import type { Clock } from "../../ports/clock";
import type { Doorbell } from "../../ports/doorbell";
import type { Log } from "../../ports/log";
import { isTierUnavailable } from "../../ports/tier-unavailable";
import type { Env } from "../config/env";
import type { Metrics } from "../observe/metrics";
import type { NetworkParts, SharedTier, Stores } from "./app";

/** Where the embedded database is kept. */
export const databaseFolder = ({ DATA_DIR }: Pick<Env, "DATA_DIR">): string =>
  join(/* turbopackIgnore: true */ DATA_DIR, "postgres");

/** Opens the database that DATABASE_URL names, or the embedded one. Only the chosen driver is loaded. */
export async function openDatabaseOf(env: Env, log: Pick<Log, "warn"> = { warn: () => {} }): Promise<Database> {
  const { DATABASE_URL: url, DATABASE_DRIVER: driver, NEON_ENDPOINT: endpoint } = env;
  if (url !== undefined) return openDatabase({ url, driver, endpoint });
  const { openPglite } = await import("../../adapters/postgres/drivers/pglite");
  return openPglite(databaseFolder(env), {
    onDeath: (cause) =>
      log.warn(
        "The thread of the embedded database was lost; the first statement after its end opens the database again.",
        {
          reason: cause instanceof Error ? cause.message : undefined,
        },
      ),
  });
}

/** Opens the durable tier. Migrates it, unless MIGRATE is off. */
export async function openStores(env: Env, log: Log, metrics?: Metrics): Promise<Stores> {
  const isEmbedded = env.DATABASE_URL === undefined;
  log.info(isEmbedded ? "Opening the embedded Postgres (PGlite) …" : "Opening Postgres …");
  const db = await openDatabaseOf(env, log);
  try {
    return await openStore(db, env.HEDERA_NETWORK, {
      isStrict: env.isStrict,
      migrates: env.MIGRATE === "on",
      onStatement: metrics?.observeStatement,
    });
  } catch (cause) {
    // The next try must not find the database in use.
    await db.close();
    throw cause;
  }
}

/** A database that starts together with the app is there within seconds. One that stays away is asked four times a minute. */
const START_BACKOFF = { baseMs: 500, maxMs: 15_000 };

/**
 * Opens the durable tier for the app. Waits for a database that does not answer yet, so that the order of starts does not
 * matter. Functions do not wait: their next request tries again.
 */
export async function awaitStores(
  env: Env,
  log: Log,
  metrics?: Metrics,
  clock: Pick<Clock, "sleep" | "monotonicMs"> = systemClock,
): Promise<Stores> {
  const startMs = clock.monotonicMs();
  for (let attempt = 0; ; attempt += 1) {
    try {
      const stores = await openStores(env, log, metrics);
      const waitedS = Math.round((clock.monotonicMs() - startMs) / 1_000);
      if (attempt > 0) log.info(`The database answers now, after ${waitedS} s.`);
      return stores;
    } catch (cause) {
      if (!isTierUnavailable(cause, "postgres") || env.isVercel) throw cause;
      if (attempt === 0)
        log.warn(
          "The database does not answer yet. The app keeps trying. If this lasts, check that the database runs and that DATABASE_URL is right.",
        );
      await clock.sleep(backoffMs(START_BACKOFF, attempt + 1, Math.random()));
    }
  }
}

/** Thrown by a command that only reads, if there is no database yet. */
class NoDatabase extends Error {
  override readonly name = "NoDatabase";
}

/** Opens the durable tier for an operator's command, without migrating it. Throws one sentence if the tables are missing. */
export async function openStoresOfCommand(env: Env): Promise<Stores> {
  const folder = databaseFolder(env);
  if (env.DATABASE_URL === undefined && !existsSync(folder))
    throw new NoDatabase(`There is no database in ${folder} yet. Start the app, or run \`npm run migrate\`, first.`);
  return openStores({ ...env, MIGRATE: "off" }, { info: () => {}, warn: () => {}, error: () => {} });
}

/** The way to the Redis that the environment names; null if it names none. Only the chosen client is loaded. */
export async function transportOf(env: Env): Promise<Transport | null> {
  const { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token, REDIS_URL: addresses } = env;
  if (url !== undefined && token !== undefined) return new UpstashTransport({ url, token });
  if (addresses === null) return null;
  const { TcpTransport } = await import("../../adapters/redis/tcp/tcp-transport");
  return new TcpTransport(addresses);
}

/** Opens the tier that instances share, if one is configured. */
export async function openShared(env: Env, log: Log, metrics?: Metrics): Promise<SharedTier | null> {
  const transport = await transportOf(env);
  if (transport === null) return null;
  const viewTtlMs = env.CACHE_TTL_S * 1_000;
  const network = env.HEDERA_NETWORK;
  // Views from before STRICT_BONDING was switched hold other content. They have other keys, and expire.
  const viewVariant = env.isStrict ? "strict" : undefined;
  return openRedis({
    transport,
    network,
    viewVariant,
    viewTtlMs,
    strategies: env.strategies,
    clock: systemClock,
    log,
    onCommand: metrics?.observeCommand,
  });
}

/**
 * Opens the doorbell of the network's mirror, if it has one. Functions have none: they sleep between requests. Its packages are loaded
 * now and not while the first page waits (70 ms and 18 MB, measured).
 */
export async function openDoorbell({ isVercel }: Env, { mirrorGrpc }: NetworkParts): Promise<Doorbell | null> {
  if (mirrorGrpc == null || isVercel) return null;
  const { GrpcDoorbell } = await import("../../adapters/mirror-grpc/grpc-doorbell");
  return new GrpcDoorbell(mirrorGrpc, systemClock);
}
