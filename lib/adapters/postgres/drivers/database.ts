/**
 * The seam between the stores and a driver: drizzle over a connection, one statement at a time. No transaction and no session
 * outlives a statement, so PGlite, `pg` over TCP and Neon over HTTP all fit behind it.
 */
import type { PgDatabase, PgQueryResultHKT } from "drizzle-orm/pg-core";
import { TierUnavailable } from "../../../ports/tier-unavailable";
import { translateError } from "./errors";

/** Builds queries and sends them, with any driver. */
export type Queries = PgDatabase<PgQueryResultHKT>;

/** One statement: it is built on the connection that it is given, and sent when it is awaited. */
export type Statement<T> = (db: Queries) => PromiseLike<T>;

/** A database, whatever driver reaches it. */
export interface Database {
  readonly driver: "pglite" | "pg" | "neon-http" | "neon-ws";
  /**
   * Sends one statement. Rejects with `TierUnavailable` if the database did not answer, and with the server's error if the
   * statement is wrong. `timeoutMs`: a limit in place of the driver's own, if the driver has one.
   */
  ask<T>(statement: Statement<T>, timeoutMs?: number): Promise<T>;
  /**
   * Waits for the statements that were sent. From now on all others reject with `TierUnavailable`. So does this, if the embedded
   * database's thread does not end: its directory then stays locked.
   */
  close(): Promise<void>;
}

/** A driver's connection. */
export interface DriverConnection {
  readonly driver: Database["driver"];
  /** Drizzle over the connection. Each statement may take this long (undefined: the driver's own limit). */
  open(timeoutMs: number | undefined): Queries;
  close(): Promise<void>;
}

/** A `Database` over a driver's connection: translates errors, and waits at the end for the statements that were sent. */
export function databaseOver({ driver, open, close }: DriverConnection): Database {
  const byTimeout = new Map<number | undefined, Queries>();
  const unfinished = new Set<Promise<unknown>>();
  let isClosed = false;

  function queries(timeoutMs: number | undefined): Queries {
    const known = byTimeout.get(timeoutMs);
    if (known !== undefined) return known;
    const opened = open(timeoutMs);
    byTimeout.set(timeoutMs, opened);
    return opened;
  }

  async function send<T>(statement: Statement<T>, timeoutMs: number | undefined): Promise<T> {
    if (isClosed) throw new TierUnavailable("postgres", "the database was closed");
    try {
      return await statement(queries(timeoutMs));
    } catch (failure) {
      throw translateError(failure);
    }
  }

  return {
    driver,
    ask<T>(statement: Statement<T>, timeoutMs?: number) {
      const answer = send(statement, timeoutMs);
      unfinished.add(answer);
      const forget = () => unfinished.delete(answer);
      answer.then(forget, forget);
      return answer;
    },
    async close() {
      isClosed = true;
      await Promise.allSettled(unfinished);
      await close();
    },
  };
}
