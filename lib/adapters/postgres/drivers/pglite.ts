/**
 * Embedded PostgreSQL. It runs in this process and blocks its event loop while a statement runs.
 *
 * A fresh directory is unpacked from a prepared one (1.4 s) rather than made by initdb in WebAssembly (5 s, twice the memory);
 * an existing one opens in 0.5 s.
 */
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { PGlite, type QueryOptions, types } from "@electric-sql/pglite";
import { dataDir as preparedDataDir } from "@electric-sql/pglite-prepopulatedfs";
import { drizzle } from "drizzle-orm/pglite";
import { DirectoryTaken, lockDirectory } from "../../../system/directory-lock";
import { type Database, databaseOver } from "./database";
import { DatabaseUnusable } from "./errors";

/**
 * Opens the database in `directory`, which is made if necessary, or one in memory. Throws a sentence if another process has the
 * directory.
 */
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

const LOCK_FILE = "owner.pid";

const takenSentence = (directory: string, pid: number | null): string =>
  pid === null
    ? `The database directory ${directory} is being taken by another process that starts at this moment: start one of them only, or set DATA_DIR to another directory.`
    : `The database directory ${directory} is in use by process ${pid}: stop that process, or set DATA_DIR to another directory.`;

/** Makes the directory if necessary, and locks it. */
function take(directory: string): () => void {
  try {
    mkdirSync(directory, { recursive: true });
    return lockDirectory(directory, LOCK_FILE);
  } catch (cause) {
    if (cause instanceof DirectoryTaken) throw new DatabaseUnusable(takenSentence(directory, cause.pid));
    const { code = "unknown" } = cause as NodeJS.ErrnoException;
    throw new DatabaseUnusable(
      `The database directory ${directory} cannot be written (${code}): give this process the right to write there, or set DATA_DIR to a directory where it has it.`,
      { cause },
    );
  }
}

/**
 * PGlite sends a view of bytes in binary form, though its types know text alone. As hexadecimal text, commits of 500 messages took
 * a twelfth longer. Answers are always text.
 */
const BYTEA = {
  serialize: (bytes: Uint8Array) => bytes as unknown as string,
  parse: (text: string) => Buffer.from(text.slice(2), "hex"),
};

/**
 * The client that drizzle uses. Drizzle passes its parsers of dates with every statement, and PGlite merges them with its own
 * hundreds, which takes 0.2 ms each time. No column here is a date.
 */
function withoutParsers(client: PGlite): PGlite {
  const query = (text: string, params: unknown[], { rowMode }: QueryOptions) => client.query(text, params, { rowMode });
  return new Proxy(client, { get: (target, key) => (key === "query" ? query : Reflect.get(target, key)) });
}

async function open(dataDir: string, isFresh: boolean, unlock: () => void): Promise<Database> {
  const client = await PGlite.create({
    dataDir,
    ...(isFresh ? { loadDataDir: await preparedDataDir() } : {}),
    serializers: { [types.BYTEA]: BYTEA.serialize },
    // Numbers of 64 bits stay text, as with the other drivers. The columns say what they become.
    parsers: { [types.BYTEA]: BYTEA.parse, [types.INT8]: (text: string) => text },
  });
  const queries = drizzle({ client: withoutParsers(client) });
  return databaseOver({
    driver: "pglite",
    open: () => queries,
    async close() {
      await client.close();
      unlock();
    },
  });
}
