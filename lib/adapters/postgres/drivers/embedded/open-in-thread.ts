/**
 * PGlite in a thread of its own, so that no statement stops the server's event loop: a commit alone would stop it for about 10 ms,
 * and with it every read from memory. A thread that ends by itself, or is ended because it hangs, is replaced when the next statement
 * comes.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { TierUnavailable } from "../../../../ports/tier-unavailable";
import type { Engine } from "./engine";
import { type StartThread, startThread } from "./start-thread";
import { DatabaseThread } from "./thread";

export interface ThreadOptions {
  /** Called once for each thread that opened the database and was lost, with the reason if there is one. */
  readonly onDeath?: (cause: unknown) => void;
  /** Starts a thread. A test keeps the worker, so that it can end it. */
  readonly start?: StartThread;
  readonly hangsAfterMs?: number;
  readonly reopensWithinMs?: number;
}

/**
 * A statement that runs longer hangs: a step of starting a topic over, the slowest but for migrations, takes under half a second
 * (docs/measurements.md §4).
 */
const HANGS_AFTER_MS = 30_000;

/**
 * PostgreSQL replays at most its `max_wal_size` of 1 GB after a crash. 300 MB took 2.4 s on two busy cores, so this leaves time for a
 * machine that is ten times slower.
 */
const REOPENS_WITHIN_MS = 120_000;

/**
 * Resolves when the database in `dataDir` is open; rejects with the reason if it cannot be opened. This may take any time, as
 * nothing is served before. Opening it again has a limit: statements wait for it.
 */
export async function openInThread(
  dataDir: string,
  {
    onDeath = () => {},
    start = startThread,
    hangsAfterMs = HANGS_AFTER_MS,
    reopensWithinMs = REOPENS_WITHIN_MS,
  }: ThreadOptions,
): Promise<Engine> {
  const isThere = () => existsSync(join(dataDir, "PG_VERSION"));
  if (!isThere()) await makeDatabase(new DatabaseThread(start({ dataDir, isFresh: true }), { hangsAfterMs }, () => {}));
  let thread = new DatabaseThread(start({ dataDir, isFresh: false }), { hangsAfterMs }, onDeath);
  let isClosed = false;
  const again = (): DatabaseThread => {
    // PGlite would make an empty database, which nobody would tell from the one that was there.
    if (!isThere()) throw new Error(`there is no database in ${dataDir} any more`);
    return new DatabaseThread(
      start({ dataDir, isFresh: false }),
      { hangsAfterMs, opensWithinMs: reopensWithinMs },
      onDeath,
    );
  };
  const opened = async (): Promise<DatabaseThread> => {
    const lost = thread;
    // Two threads on one directory would lose what was acknowledged.
    if (lost.isOver) await lost.whenEnded();
    if (isClosed) throw new TierUnavailable("postgres", "the embedded database was closed");
    try {
      // Another statement may have started the next thread meanwhile.
      if (lost.isOver && thread === lost) thread = again();
      const next = thread;
      await next.opened;
      return next;
    } catch (cause) {
      throw new TierUnavailable("postgres", "the embedded database cannot be opened again", { cause });
    }
  };
  await openedFirst(thread);
  return {
    query: async (...statement) => (await opened()).query(...statement),
    close() {
      isClosed = true;
      return thread.close();
    },
  };
}

/**
 * Makes the database in a thread that then ends: unpacking takes 120 MB, which a thread's memory never gives back
 * (bench row `sync.peak_rss_mb`).
 */
async function makeDatabase(thread: DatabaseThread): Promise<void> {
  await openedFirst(thread);
  // A thread that does not end in time still has the directory, which the caller would give up.
  await thread.close().catch(() => thread.ended);
}

async function openedFirst(thread: DatabaseThread): Promise<void> {
  try {
    await thread.opened;
  } catch (cause) {
    // The caller gives the directory up.
    await thread.ended;
    throw cause;
  }
}
