/** PostgreSQL over TCP. */
import { drizzle } from "drizzle-orm/node-postgres";
import pg from "pg";
import { type Database, databaseOver } from "./database";
import { LimitedPool, type PgOptions, poolConfig, withLimits } from "./pool";

/** Connects lazily: a server that is down shows at the first statement, as `TierUnavailable`. */
export function openPg(url: string, options: PgOptions = {}): Database {
  const config = poolConfig(url, options);
  const pool = new LimitedPool(options, (limits) => new pg.Pool(withLimits(config, limits)));
  return databaseOver({
    driver: "pg",
    open: (timeoutMs) => drizzle({ client: pool.within(timeoutMs) }),
    close: () => pool.close(),
  });
}
