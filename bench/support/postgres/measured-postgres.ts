/** One connection to a PostgreSQL on this machine as the app opens it, and the resources that its process has used. */
import { readFileSync } from "node:fs";
import { drizzle } from "drizzle-orm/node-postgres";
import pg from "pg";
import { databaseOver } from "@/lib/adapters/postgres/drivers/database";
import { KEPT_PLANS, withLimits } from "@/lib/adapters/postgres/drivers/pool";

/** USER_HZ, the unit of /proc/PID/stat (man 5 proc). */
const TICKS_PER_SECOND = 100;

export class MeasuredPostgres {
  private constructor(
    private readonly pool: pg.Pool,
    /** The server process of this connection. It does all the work except that of background processes. */
    private readonly pid: number,
    private readonly keepsPlans: boolean,
  ) {}

  /** `keepsPlans`: as over TCP. Otherwise each statement is planned again every time, as over HTTP. */
  static async connect(url: string, { keepsPlans = true } = {}): Promise<MeasuredPostgres> {
    const config = { connectionString: url, max: 1, idleTimeoutMillis: 0 };
    const pool = new pg.Pool(keepsPlans ? withLimits(config, { options: KEPT_PLANS }) : config);
    const { rows } = await pool.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
    return new MeasuredPostgres(pool, Number(rows[0]?.pid), keepsPlans);
  }

  /** The form that the store accepts. */
  get database() {
    const { pool } = this;
    const nameless = {
      query: (config: pg.QueryConfig, values: unknown[]) => pool.query({ ...config, name: undefined }, values),
    };
    const queries = drizzle({ client: this.keepsPlans ? pool : (nameless as pg.Pool) });
    return databaseOver({ driver: "pg", open: () => queries, close: () => this.pool.end() });
  }

  async run(sql: string, params: readonly unknown[] = []): Promise<readonly Record<string, unknown>[]> {
    return (await this.pool.query<Record<string, unknown>>(sql, [...params])).rows;
  }

  /** µs of CPU since the connection began. */
  cpuUs(): number {
    const fields = readFileSync(`/proc/${this.pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
    return ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND) * 1e6;
  }

  /** Bytes of write-ahead log since the server was made. */
  async walBytes(): Promise<number> {
    const [row] = await this.run("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn AS bytes");
    return Number(row?.bytes);
  }

  /** Bytes of each table with its partitions, indexes and TOAST, the largest first. */
  async sizes(): Promise<ReadonlyMap<string, number>> {
    await this.run("VACUUM");
    await this.run("CHECKPOINT");
    const rows = await this.run(
      `SELECT regexp_replace(c.relname, '_[0-9]+$', '') AS name, sum(pg_total_relation_size(c.oid)) AS bytes
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = 'public' AND c.relkind = 'r' GROUP BY 1 ORDER BY 2 DESC`,
    );
    return new Map(rows.map(({ name, bytes }) => [String(name), Number(bytes)]));
  }

  close(): Promise<void> {
    return this.pool.end();
  }
}
