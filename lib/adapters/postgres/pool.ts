import type { Pool, QueryConfig } from "pg";
import { classify, type Database, type Param } from "./database";

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
