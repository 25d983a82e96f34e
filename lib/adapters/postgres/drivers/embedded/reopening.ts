/**
 * PGlite in a thread of its own, so that no statement stops the server's event loop: a commit alone would stop it for about 10 ms,
 * and with it every read from memory. A thread that ends by itself is replaced when the next statement comes.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { TierUnavailable } from "../../../../ports/tier-unavailable";
import type { Engine } from "./engine";
import { type StartThread, startThread } from "./start-thread";
import { DatabaseThread } from "./thread";

export interface ThreadOptions {
  /** Called once for each thread that ended by itself, with the reason if there is one. */
  readonly onDeath?: (cause: unknown) => void;
  /** Starts a thread. A test keeps the worker, so that it can end it. */
  readonly start?: StartThread;
  readonly hangsAfterMs?: number;
}

/**
 * A statement that runs longer hangs: a step of starting a topic over, the slowest but for migrations, takes under half a second
 * (docs/measurements.md §4).
 */
const HANGS_AFTER_MS = 30_000;

/** Resolves when the database in `dataDir` is open; rejects with the reason if it cannot be opened. */
export async function openInThread(
  dataDir: string,
  { onDeath = () => {}, start = startThread, hangsAfterMs = HANGS_AFTER_MS }: ThreadOptions,
): Promise<Engine> {
  const isThere = () => existsSync(join(dataDir, "PG_VERSION"));
  let current: Promise<DatabaseThread> | null = null;
  const forget = () => {
    current = null;
  };
  const begin = (isFresh: boolean): Promise<DatabaseThread> =>
    DatabaseThread.open(start({ dataDir, isFresh }), hangsAfterMs, (cause) => {
      forget();
      onDeath(cause);
    });
  const again = async (): Promise<DatabaseThread> => {
    // PGlite would make an empty database, which nobody would tell from the one that was there.
    if (!isThere()) throw new Error(`there is no database in ${dataDir} any more`);
    return begin(false);
  };
  const opened = (): Promise<DatabaseThread> => {
    current ??= again().catch((cause) => {
      forget();
      throw new TierUnavailable("postgres", "the embedded database cannot be opened again", { cause });
    });
    return current;
  };
  const first = await begin(!isThere());
  current = Promise.resolve(first);
  return {
    async query(...statement) {
      const thread = await opened();
      if (!thread.isOver) return thread.query(...statement);
      await thread.exited;
      return (await opened()).query(...statement);
    },
    close: async () => (await current?.catch(() => null))?.close(),
  };
}
