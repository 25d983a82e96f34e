/**
 * Embedded PostgreSQL. It runs in this process and blocks its event loop while a statement runs.
 *
 * A fresh directory is unpacked from a prepared one (1.4 s) rather than made by initdb in WebAssembly (5 s, twice the memory);
 * an existing one opens in 0.5 s.
 */
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import { createPgConfig } from "@electric-sql/pglite/node-postgres";
import { dataDir as preparedDataDir } from "@electric-sql/pglite-prepopulatedfs";
import pg from "pg";
import { lockDirectory } from "./data-dir-lock";
import { classify, type Database, type Param } from "./database";

/** Opens the database in `directory` (made if need be), or one that lives in memory. Throws a sentence where another process has it. */
export async function openPglite(directory: string | { readonly memory: true }): Promise<Database> {
  if (typeof directory !== "string") return open("memory://", true, () => {});
  mkdirSync(directory, { recursive: true });
  const unlock = lockDirectory(directory);
  try {
    const data = join(directory, "pgdata");
    return await open(data, !existsSync(join(data, "PG_VERSION")), unlock);
  } catch (error) {
    unlock();
    throw error;
  }
}

async function open(dataDir: string, isFresh: boolean, unlock: () => void): Promise<Database> {
  const pglite = await PGlite.create({ dataDir, ...(isFresh ? { loadDataDir: await preparedDataDir() } : {}) });
  // One client rather than a pool: a pool gives up a client after an error, and the next one would get the answers that the
  // last one was still owed, since PGlite has one connection for all of them.
  const client = new pg.Client(createPgConfig(pglite) as unknown as pg.ClientConfig);
  await client.connect();
  let last: Promise<unknown> = Promise.resolve();
  const run = async (text: string, params: readonly Param[]) => {
    try {
      return (await client.query<Record<string, unknown>>(text, params as unknown[])).rows;
    } catch (error) {
      throw classify(error);
    }
  };
  return {
    driver: "pglite",
    query(text: string, params: readonly Param[] = []) {
      const next = last.then(() => run(text, params));
      last = next.catch(() => {});
      return next;
    },
    async close() {
      await last;
      await client.end();
      await pglite.close();
      unlock();
    },
  };
}
