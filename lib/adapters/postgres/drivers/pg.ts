/** PostgreSQL over TCP. */
import { drizzle } from "drizzle-orm/node-postgres";
import pg from "pg";
import { type Database, databaseOver } from "./database";
import { LimitedPool, type LimitOptions } from "./pool";

export interface PgOptions extends LimitOptions {
  /** Connections of one process. Ten processes share the 100 that a small database allows by default. */
  readonly maxConnections?: number;
  readonly connectTimeoutMs?: number;
  /** The slowest statement, a commit of 1,000 messages, takes well under a second. This limit is for a server that hangs. */
  readonly queryTimeoutMs?: number;
}

/** Connects lazily: a server that is down shows at the first statement, as `TierUnavailable`. */
export function openPg(url: string, options: PgOptions = {}): Database {
  const config = {
    connectionString: url,
    max: options.maxConnections ?? 10,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 5_000,
    query_timeout: options.queryTimeoutMs ?? 30_000,
    application_name: "trustmesh-edge",
  };
  const pool = new LimitedPool(options, (limits) => new pg.Pool({ ...config, ...limits }));
  return databaseOver({
    driver: "pg",
    open: (timeoutMs) => drizzle({ client: pool.within(timeoutMs) }),
    close: () => pool.close(),
  });
}
