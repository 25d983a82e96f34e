import type { Pool, QueryConfig } from "pg";
import { classify, type Database, type Param } from "./database";

/** Time limits that the server itself enforces, in milliseconds. */
export interface ServerLimits {
  readonly lock_timeout: number;
  readonly statement_timeout: number;
  readonly idle_in_transaction_session_timeout: number;
}

export interface LimitOptions {
  readonly lockTimeoutMs?: number;
  readonly statementTimeoutMs?: number;
}

/**
 * The server gives up waiting for a lock before the client gives up waiting for the server: then the connection stays in the pool.
 * A client that ends its connection instead leaves one behind at the server, which waits on, and opens another.
 */
const LOCK_TIMEOUT_MS = 4_000;
/** The longest limit that this app has for a statement; a migration lifts it for itself. */
const STATEMENT_TIMEOUT_MS = 15_000;

/**
 * A `Database` over a pool whose connections carry these limits. A pooler in between may refuse them as it does every parameter
 * that it does not know: then the pool is opened again without, and the limits of the role in the database hold.
 */
export function limitedDatabase(
  driver: Database["driver"],
  { lockTimeoutMs = LOCK_TIMEOUT_MS, statementTimeoutMs = STATEMENT_TIMEOUT_MS }: LimitOptions,
  open: (limits: Partial<ServerLimits>) => Pool,
): Database {
  const limits: ServerLimits = {
    lock_timeout: lockTimeoutMs,
    statement_timeout: statementTimeoutMs,
    // No transaction outlives a statement: one that does is a connection that was lost.
    idle_in_transaction_session_timeout: statementTimeoutMs,
  };
  let db = poolDatabase(driver, open(limits));
  let isLimited = true;
  return {
    driver,
    async query(...query: Parameters<Database["query"]>) {
      const asked = db;
      try {
        return await asked.query(...query);
      } catch (error) {
        if (!isRefusedParameter(error)) throw error;
      }
      if (isLimited) {
        isLimited = false;
        db = poolDatabase(driver, open({}));
        void asked.close().catch(() => {});
      }
      return db.query(...query);
    },
    close: () => db.close(),
  };
}

/** PgBouncer's words for a parameter that it does not pass on. */
function isRefusedParameter(error: unknown): boolean {
  const { cause } = error as { cause?: { message?: unknown } };
  return typeof cause?.message === "string" && /unsupported startup parameter/i.test(cause.message);
}

/** A `Database` over a pool of node-postgres. */
export function poolDatabase(driver: Database["driver"], pool: Pool): Database {
  // An idle connection that breaks is replaced by the pool; without a listener it would end the process.
  pool.on("error", () => {});
  return {
    driver,
    async query(text: string, params: readonly Param[] = [], timeoutMs?: number) {
      try {
        return (await pool.query<Record<string, unknown>>(queryOf(text, params, timeoutMs))).rows;
      } catch (error) {
        throw classify(error);
      }
    },
    close: () => pool.end(),
  };
}

/** node-postgres gives up a query after its own `query_timeout`, and its connection with it; the types know it only of a pool. */
function queryOf(text: string, params: readonly Param[], timeoutMs: number | undefined): QueryConfig {
  const query = { text, values: params as unknown[] };
  return timeoutMs === undefined ? query : Object.assign(query, { query_timeout: timeoutMs });
}
