/** Pools of node-postgres whose connections carry the server's own time limits. */
import type { Pool, PoolConfig, QueryConfig, QueryResult } from "pg";

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

export interface PgOptions extends LimitOptions {
  /** Connections of one process. Ten processes share the 100 that a small database allows by default. */
  readonly maxConnections?: number;
  readonly connectTimeoutMs?: number;
  /** The slowest statement, a commit of 1,000 messages, takes well under a second. This limit is for a server that hangs. */
  readonly queryTimeoutMs?: number;
}

export const poolConfig = (url: string, options: PgOptions): PoolConfig => ({
  connectionString: url,
  max: options.maxConnections ?? 10,
  connectionTimeoutMillis: options.connectTimeoutMs ?? 5_000,
  query_timeout: options.queryTimeoutMs ?? 30_000,
  application_name: "trustmesh-edge",
});

/**
 * The server gives up waiting for a lock before the client gives up waiting for the server, so that the connection stays in the
 * pool. A client that ends its connection instead opens another one, and the first still waits at the server.
 */
const LOCK_TIMEOUT_MS = 4_000;
/** The longest limit that this app has for a statement; a migration lifts it for itself. */
const STATEMENT_TIMEOUT_MS = 15_000;

/**
 * A pool whose connections carry these limits. A pooler in between may refuse them, as it refuses every parameter that it does
 * not know. Then the pool is opened again without them, and the limits of the role in the database hold.
 */
export class LimitedPool {
  private pool: Pool;
  private isLimited = true;

  constructor(
    { lockTimeoutMs = LOCK_TIMEOUT_MS, statementTimeoutMs = STATEMENT_TIMEOUT_MS }: LimitOptions,
    private readonly open: (limits: Partial<ServerLimits>) => Pool,
  ) {
    this.pool = this.opened({
      lock_timeout: lockTimeoutMs,
      statement_timeout: statementTimeoutMs,
      // No transaction outlives a statement. One that does belongs to a lost connection.
      idle_in_transaction_session_timeout: statementTimeoutMs,
    });
  }

  /**
   * The pool that drizzle uses. Drizzle sends statements through `query` alone. node-postgres gives up a statement after its own
   * `query_timeout`, and its connection with it; its types know that option only for a whole pool.
   */
  within(timeoutMs: number | undefined, more: Partial<QueryConfig> = {}): Pool {
    const given = timeoutMs === undefined ? more : { ...more, query_timeout: timeoutMs };
    const query = (config: QueryConfig, values: unknown[]) => this.query({ ...config, ...given, values });
    return new Proxy(this.pool, { get: (pool, key) => (key === "query" ? query : Reflect.get(pool, key)) });
  }

  close(): Promise<void> {
    return this.pool.end();
  }

  private async query(config: QueryConfig): Promise<QueryResult> {
    const asked = this.pool;
    try {
      return await asked.query(config);
    } catch (error) {
      if (!isRefusedParameter(error)) throw error;
    }
    if (this.isLimited) {
      this.isLimited = false;
      this.pool = this.opened({});
      void asked.end().catch(() => {});
    }
    return this.pool.query(config);
  }

  private opened(limits: Partial<ServerLimits>): Pool {
    const pool = this.open(limits);
    // The pool replaces an idle connection that breaks. Without a listener its error would end the process.
    pool.on("error", () => {});
    return pool;
  }
}

/** PgBouncer's message for a parameter that it does not pass on. */
function isRefusedParameter(error: unknown): boolean {
  return error instanceof Error && /unsupported startup parameter/i.test(error.message);
}
