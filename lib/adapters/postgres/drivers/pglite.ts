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
import { classify, type Database, DatabaseUnusable, type Param } from "./database";

/** Opens the database in `directory` (made if need be), or one that lives in memory. Throws a sentence where another process has it. */
export async function openPglite(directory: string | { readonly memory: true }): Promise<Database> {
  if (typeof directory !== "string") return open("memory://", true, () => {});
  const unlock = take(directory);
  const data = join(directory, "pgdata");
  try {
    return await open(data, !existsSync(join(data, "PG_VERSION")), unlock);
  } catch (cause) {
    unlock();
    throw new DatabaseUnusable(
      `The embedded database in ${directory} cannot be opened: the disk is full, or its files are damaged. Free some space, restore a backup of this directory, or move it away and start again: what the ledger has is read from there again.`,
      { cause },
    );
  }
}

/** Makes the directory if need be, and takes it. */
function take(directory: string): () => void {
  try {
    mkdirSync(directory, { recursive: true });
    return lockDirectory(directory);
  } catch (cause) {
    if (cause instanceof DatabaseUnusable) throw cause;
    const { code = "unknown" } = cause as NodeJS.ErrnoException;
    throw new DatabaseUnusable(
      `The database directory ${directory} cannot be written (${code}): give this process the right to write there, or set DATA_DIR to a directory where it has it.`,
      { cause },
    );
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
