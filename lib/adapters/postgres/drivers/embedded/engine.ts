/** PGlite as the stores need it: how it is made, how its values look, and what it is asked. */
import { PGlite, type QueryOptions, type Results, types } from "@electric-sql/pglite";
import { dataDir as preparedDataDir } from "@electric-sql/pglite-prepopulatedfs";

export type RowMode = QueryOptions["rowMode"];

/** A PGlite, wherever it runs. */
export interface Engine {
  /** Statements run one at a time, in the order in which they were sent. `limitMs`: how long this one may run, if a limit holds. */
  query(text: string, params: unknown[], rowMode: RowMode, limitMs?: number): Promise<Results>;
  /** Resolves when all files are closed. Rejects with `TierUnavailable` if they may stay open: then nobody else may open them. */
  close(): Promise<void>;
}

/**
 * PGlite sends a view of bytes in binary form, though its types know text alone. As hexadecimal text, commits of 500 messages took
 * a twelfth longer. Answers are always text.
 */
const BYTEA = {
  serialize: (bytes: Uint8Array) => bytes as unknown as string,
  parse: (text: string) => Buffer.from(text.slice(2), "hex"),
};

/** Opens PGlite in this thread. `isFresh`: there is no database in `dataDir` yet, and a prepared one is unpacked there. */
export async function openEngine(dataDir: string, isFresh: boolean): Promise<Engine> {
  const client = await PGlite.create({
    dataDir,
    ...(isFresh ? { loadDataDir: await preparedDataDir() } : {}),
    serializers: { [types.BYTEA]: BYTEA.serialize },
    // Numbers of 64 bits stay text, as with the other drivers. The columns say what they become.
    parsers: { [types.BYTEA]: BYTEA.parse, [types.INT8]: (text: string) => text },
  });
  return {
    // Drizzle passes its parsers of dates with every statement, and PGlite merges them with its own hundreds, which takes 0.2 ms
    // each time. No column here is a date, so no parser is handed on.
    query: (text, params, rowMode) => client.query(text, params, { rowMode }),
    close: () => client.close(),
  };
}
