import type { Pool } from "pg";
import { classify, type Database, type Param } from "./database";

/** A `Database` over a pool of node-postgres. */
export function poolDatabase(driver: Database["driver"], pool: Pool): Database {
  // An idle connection that breaks is replaced by the pool; without a listener it would end the process.
  pool.on("error", () => {});
  return {
    driver,
    async query(text: string, params: readonly Param[] = []) {
      try {
        return (await pool.query<Record<string, unknown>>(text, params as unknown[])).rows;
      } catch (error) {
        throw classify(error);
      }
    },
    close: () => pool.end(),
  };
}
