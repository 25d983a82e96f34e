/**
 * Embedded PostgreSQL. In a directory it runs in a thread of its own (embedded/open-in-thread.ts). In memory, as tests have it, it runs
 * in the caller's thread and blocks its event loop while a statement runs.
 *
 * A fresh directory is unpacked from a prepared one (1.4 s) rather than made by initdb in WebAssembly (5 s, twice the memory);
 * an existing one opens in 0.5 s.
 */
import { join } from "node:path";
import type { PGlite, QueryOptions } from "@electric-sql/pglite";
import { drizzle } from "drizzle-orm/pglite";
import { type Database, databaseOver } from "./database";
import { takeDirectory } from "./embedded/directory";
import type { Engine } from "./embedded/engine";
import { openInThread, type ThreadOptions } from "./embedded/open-in-thread";
import { DatabaseUnusable } from "./errors";

/**
 * Opens the database in `directory`, which is made if necessary, or one in memory. Throws a sentence if another process has the
 * directory.
 */
export async function openPglite(
  directory: string | { readonly memory: true },
  options: ThreadOptions = {},
): Promise<Database> {
  if (typeof directory !== "string") {
    const { openEngine } = await import("./embedded/engine");
    return databaseOn(await openEngine("memory://", true), () => {});
  }
  const unlock = takeDirectory(directory);
  try {
    return databaseOn(await openInThread(join(directory, "pgdata"), options), unlock);
  } catch (cause) {
    unlock();
    if (cause instanceof DatabaseUnusable) throw cause;
    throw new DatabaseUnusable(
      `The embedded database in ${directory} cannot be opened: the disk is full, or its files are damaged. Free some space, restore a backup of this directory, or move it away and start again: what the ledger has is read from there again.`,
      { cause },
    );
  }
}

/** Drizzle asks a PGlite for `query` alone, and only for its rows. */
function clientOf(engine: Engine, limitMs: number | undefined): PGlite {
  const query = (text: string, params: unknown[], { rowMode }: QueryOptions) =>
    engine.query(text, params, rowMode, limitMs);
  return { query } as unknown as PGlite;
}

function databaseOn(engine: Engine, unlock: () => void): Database {
  return databaseOver({
    driver: "pglite",
    open: (limitMs) => drizzle({ client: clientOf(engine, limitMs) }),
    async close() {
      await engine.close();
      unlock();
    },
  });
}
