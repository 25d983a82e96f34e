/** PostgreSQL over TCP. */
import pg from "pg";
import type { Database } from "./database";
import { type LimitOptions, limitedDatabase } from "./pool";

export interface PgOptions extends LimitOptions {
  /** Connections of one process: a small instance's default of 100, shared by ten. */
  readonly maxConnections?: number;
  readonly connectTimeoutMs?: number;
  /** The slowest statement is a commit of 1,000 messages, well under a second; this is for a server that hangs. */
  readonly queryTimeoutMs?: number;
}

/** Connects lazily: a server that is down shows at the first query, as `TierUnavailable`. */
export function openPg(url: string, options: PgOptions = {}): Database {
  const config = {
    connectionString: url,
    max: options.maxConnections ?? 10,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 5_000,
    query_timeout: options.queryTimeoutMs ?? 30_000,
    application_name: "trustmesh-edge",
  };
  return limitedDatabase("pg", options, (limits) => new pg.Pool({ ...config, ...limits }));
}
