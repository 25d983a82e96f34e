/** Pools of node-postgres whose connections carry the server's own time limits. */
import type { Pool, PoolConfig, QueryConfig, QueryResult } from "pg";
import { sqlState } from "./errors";

/**
 * Settings of a connection: time limits that the server itself enforces, in milliseconds. `options`: further settings, as
 * `-c name=value`.
 */
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
 * after all. With a kept plan a read of signals takes 160 µs of CPU, otherwise 730 µs (docs/measurements.md §4).
 */
export const KEPT_PLANS = "-c plan_cache_mode=force_generic_plan";

/** A pool's settings with those of its connections. The operator's own options come last and win: the URL's, else PGOPTIONS. */
export const withLimits = (config: PoolConfig, { options, ...limits }: Partial<ServerLimits>): PoolConfig => {
  if (options === undefined) return { ...config, ...limits };
  const ofUrl = optionsOf(config.connectionString);
  // node-postgres would read PGOPTIONS only if there were no other options.
  const all = `${options} ${ofUrl || process.env.PGOPTIONS || ""}`.trim();
  if (ofUrl === null) return { ...config, ...limits, options: all };
  const url = new URL(config.connectionString as string);
  url.searchParams.set("options", all);
  return { ...config, ...limits, connectionString: url.href };
};

/** The options in the URL, which node-postgres prefers to those of the configuration. */
const optionsOf = (url: string | undefined) =>
  url !== undefined && URL.canParse(url) ? new URL(url).searchParams.get("options") : null;

/**
 * The settings of node-postgres for a database URL: 10 connections, 5 s to connect and 30 s for a query, unless `options` says
 * otherwise.
 */
export const poolConfig = (url: string, options: PgOptions): PoolConfig => ({
  connectionString: url,
  max: options.maxConnections ?? 10,
  connectionTimeoutMillis: options.connectTimeoutMs ?? 5_000,
  query_timeout: options.queryTimeoutMs ?? 30_000,
  application_name: "trustmesh-edge",
});

/**
 * The server gives up waiting for a lock before the client gives up waiting for the server, so that the connection stays in the
 * pool. If the client gave up first, it would end its connection and open another one, while the first still waits at the server.
 */
const LOCK_TIMEOUT_MS = 4_000;
/** The longest limit that this app has for a statement; a migration lifts it for itself. */
const STATEMENT_TIMEOUT_MS = 15_000;

/**
 * A pool whose connections have these time limits, and keep the plans of named statements. Three things can prevent that:
 *
 * A pooler in between refuses parameters that it does not know. Then the pool is opened again without `options`, and if that is
 * refused too, without any: the limits of the role in the database hold.
 *
 * A pooler hands each statement to another connection of the server, which does not know the names of the one before. Then the
 * pool is opened again without names and without `options`: making the plan for all values again for each statement would cost too
 * much. The server then plans each statement for its values, and everything else stays the same.
 *
 * A migration changes the type of a column. Then a connection refuses to run a statement that it has planned for the type before.
 * The statement is sent once more, without a name. node-postgres ends a connection whose statement failed, and the next one plans
 * anew: so the pool stays as it is.
 */
export class LimitedPool {
  private readonly settings: readonly Partial<ServerLimits>[];
  private current: OpenPool;

  constructor(
    { lockTimeoutMs = LOCK_TIMEOUT_MS, statementTimeoutMs = STATEMENT_TIMEOUT_MS }: LimitOptions,
    private readonly open: (limits: Partial<ServerLimits>) => Pool,
  ) {
    const limits = {
      lock_timeout: lockTimeoutMs,
      statement_timeout: statementTimeoutMs,
      // No transaction outlives a statement. One that does belongs to a lost connection.
      idle_in_transaction_session_timeout: statementTimeoutMs,
    };
    this.settings = [{ options: KEPT_PLANS, ...limits }, limits, {}];
    this.current = this.opened(0);
  }

  /**
   * The pool that drizzle uses. Drizzle sends statements through `query` alone. node-postgres gives up a statement after its own
   * `query_timeout`, and its connection with it; its types know that option only for a whole pool.
   */
  within(timeoutMs: number | undefined, more: Partial<QueryConfig> = {}): Pool {
    const given = timeoutMs === undefined ? more : { ...more, query_timeout: timeoutMs };
    const query = (config: QueryConfig, values: unknown[]) => this.query({ ...config, ...given, values });
    return new Proxy(this.current.pool, { get: (pool, key) => (key === "query" ? query : Reflect.get(pool, key)) });
  }

  close(): Promise<void> {
    return this.current.pool.end();
  }

  /** Ends, because each further try has no name or fewer settings. */
  private async query(config: QueryConfig): Promise<QueryResult> {
    let mayBeNamed = config.name !== undefined;
    for (;;) {
      const asked = this.current;
      const isNamed = mayBeNamed && asked.step === 0;
      try {
        return await asked.query(isNamed ? config : { ...config, name: undefined });
      } catch (error) {
        if (isNamed && isChangedAnswer(error)) mayBeNamed = false;
        else if (isNamed && UNKNOWN_NAME.has(sqlState(error) ?? "")) this.replace(asked);
        else if (isRefusedParameter(error) && asked.step + 1 < this.settings.length) this.replace(asked);
        else throw error;
      }
    }
  }

  /** Opens the pool again with the next settings, unless another statement has done so. */
  private replace(asked: OpenPool): void {
    if (asked !== this.current) return;
    this.current = this.opened(asked.step + 1);
    asked.endWhenIdle();
  }

  private opened(step: number): OpenPool {
    const pool = this.open(this.settings[step] as Partial<ServerLimits>);
    // The pool replaces an idle connection that breaks. Without a listener its error would end the process.
    pool.on("error", () => {});
    return new OpenPool(pool, step);
  }
}

/** A pool with one of the settings. It ends after its last statement: node-postgres would let those that wait time out. */
class OpenPool {
  private running = 0;
  private isReplaced = false;

  constructor(
    readonly pool: Pool,
    /** The place of its settings. Only the first keep plans. */
    readonly step: number,
  ) {}

  async query(config: QueryConfig): Promise<QueryResult> {
    this.running += 1;
    try {
      return await this.pool.query(config);
    } finally {
      this.running -= 1;
      this.endIfIdle();
    }
  }

  endWhenIdle(): void {
    this.isReplaced = true;
    this.endIfIdle();
  }

  private endIfIdle(): void {
    if (this.isReplaced && this.running === 0) void this.pool.end().catch(() => {});
  }
}

/** SQLSTATEs of a name that is not known, or known already. The server has not begun to run the statement then. */
const UNKNOWN_NAME: ReadonlySet<string> = new Set(["26000", "42P05"]);

/**
 * "Cached plan must not change result type". The server finds this out before it runs the statement. It translates the sentence,
 * but not the name of its own function, the only one of its plan cache that answers so.
 */
const isChangedAnswer = (error: unknown): boolean =>
  sqlState(error) === "0A000" && Reflect.get(error as object, "routine") === "RevalidateCachedQuery";

/** PgBouncer's words for a parameter that it does not pass on, and those of the RDS Proxy. */
const REFUSED_PARAMETER =
  /unsupported startup parameter|RDS Proxy currently doesn.t support (command-line options|the option)/i;

const isRefusedParameter = (error: unknown): boolean => error instanceof Error && REFUSED_PARAMETER.test(error.message);
