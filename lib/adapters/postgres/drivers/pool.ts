/** Pools of node-postgres whose connections carry the server's own time limits. */
import type { Pool, PoolConfig, QueryConfig, QueryResult } from "pg";
import { sqlState } from "./errors";

/** Settings of a connection: time limits that the server itself enforces, in milliseconds, and others as its command line has them. */
export interface ServerLimits {
  readonly options: string;
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

/**
 * A statement that has a name is planned once for each connection, and then runs with any values. Left to itself PostgreSQL
 * compares costs, which count all sixteen partitions of such a plan although it reads one: then it plans for each read's values
 * after all. A read of signals takes 160 µs of CPU so, and 730 µs otherwise (docs/measurements.md §4).
 */
export const KEPT_PLANS = "-c plan_cache_mode=force_generic_plan";

/** A pool's settings with those of its connections. Options that the operator's URL gives come last, so that they count. */
export const withLimits = (config: PoolConfig, { options, ...limits }: Partial<ServerLimits>): PoolConfig => {
  const own = optionsOf(config.connectionString);
  if (options === undefined || own === null) return { ...config, ...limits, options };
  const url = new URL(config.connectionString as string);
  url.searchParams.set("options", `${options} ${own}`);
  return { ...config, ...limits, connectionString: url.href };
};

/** The options in the URL, which node-postgres prefers to those of the configuration. */
const optionsOf = (url: string | undefined) =>
  url !== undefined && URL.canParse(url) ? new URL(url).searchParams.get("options") : null;

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
 *
 * A pooler may also hand each statement to another connection of the server, which does not know the names of the one before.
 * Then statements go without names: the server plans each of them, and all else is the same.
 */
export class LimitedPool {
  private pool: Pool;
  private isLimited = true;
  private isNaming = true;

  constructor(
    { lockTimeoutMs = LOCK_TIMEOUT_MS, statementTimeoutMs = STATEMENT_TIMEOUT_MS }: LimitOptions,
    private readonly open: (limits: Partial<ServerLimits>) => Pool,
  ) {
    this.pool = this.opened({
      options: KEPT_PLANS,
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
      return await asked.query(this.named(config));
    } catch (error) {
      const isUnknownName = config.name !== undefined && UNKNOWN_NAME.has(sqlState(error) ?? "");
      if (isUnknownName) this.isNaming = false;
      else if (!isRefusedParameter(error)) throw error;
      else this.unlimit(asked);
    }
    return this.pool.query(this.named(config));
  }

  private named(config: QueryConfig): QueryConfig {
    return this.isNaming ? config : { ...config, name: undefined };
  }

  private unlimit(asked: Pool): void {
    if (!this.isLimited) return;
    this.isLimited = false;
    // A plan that is kept without the parameter is not worth the memory.
    this.isNaming = false;
    this.pool = this.opened({});
    void asked.end().catch(() => {});
  }

  private opened(limits: Partial<ServerLimits>): Pool {
    const pool = this.open(limits);
    // The pool replaces an idle connection that breaks. Without a listener its error would end the process.
    pool.on("error", () => {});
    return pool;
  }
}

/** SQLSTATEs of a name that is not known, or known already. The server has not begun to run the statement then. */
const UNKNOWN_NAME: ReadonlySet<string> = new Set(["26000", "42P05"]);

/** PgBouncer's message for a parameter that it does not pass on. */
function isRefusedParameter(error: unknown): boolean {
  return error instanceof Error && /unsupported startup parameter/i.test(error.message);
}
