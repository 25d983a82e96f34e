/**
 * Neon over HTTP: one request a statement, nothing to open, hold or close. It is the driver for instances that come and go.
 *
 * The vendor's driver has no timeout, and takes another endpoint only for the whole process (`neonConfig`). It does hand each
 * call's `fetchOptions` on to `fetch`, so both travel there.
 */
import { neon, neonConfig } from "@neondatabase/serverless";
import pg from "pg";
import { TierUnavailable } from "../../../ports/tier-unavailable";
import { classify, type Database, type Param, type Row, sqlState } from "./database";

export interface NeonHttpOptions {
  /** Where to post statements instead of `https://api.<region>.…/sql`: a stand-in's `http://127.0.0.1:port/sql`. */
  readonly endpoint?: string;
  /** For the whole request. Neon may have to wake the database first, which takes a second or so. */
  readonly queryTimeoutMs?: number;
}

/** Asks nobody yet: a server that is down shows at the first query, as `TierUnavailable`. */
export function openNeonHttp(url: string, options: NeonHttpOptions = {}): Database {
  // The vendor's driver would look at it with the first query, and quote it, password and all.
  if (!URL.canParse(url))
    throw new Error("Neon's connection string must be a URL: postgres://user:password@host/database");
  const sql = neon(url);
  const { endpoint, queryTimeoutMs = 30_000 } = options;
  if (endpoint !== undefined) neonConfig.fetchFunction = fetchFromEndpoint;
  const asked = new Set<Promise<readonly Row[]>>();
  let isClosed = false;

  async function ask(text: string, params: readonly Param[], timeoutMs: number): Promise<readonly Row[]> {
    if (isClosed) throw new TierUnavailable("postgres", "the database was closed");
    // Not `AbortSignal.timeout`: its timer would outlive every answer by half a minute.
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(), timeoutMs);
    try {
      return await sql.query(text, params as Param[], {
        // The same parsers as over TCP, so that rows look the same.
        types: pg.types,
        // A redirect would carry the password to another host; Next wraps `fetch` in a cache.
        fetchOptions: { signal: timeout.signal, endpoint, redirect: "error", cache: "no-store" },
      });
    } catch (error) {
      // What has no SQLSTATE is a failed request. An answer that breaks off is a TypeError or a SyntaxError here, so that
      // mistakes of our own cannot be told apart.
      throw sqlState(error) === null
        ? new TierUnavailable("postgres", "the database does not answer", { cause: error })
        : classify(error);
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    driver: "neon-http",
    query(text: string, params: readonly Param[] = [], timeoutMs = queryTimeoutMs) {
      const answer = ask(text, params, timeoutMs);
      asked.add(answer);
      const forget = () => asked.delete(answer);
      answer.then(forget, forget);
      return answer;
    },
    /** Waits for what was asked, as a pool does. */
    async close() {
      isClosed = true;
      await Promise.allSettled(asked);
    },
  };
}

/** Serves every caller of the vendor's driver in this process: who names no endpoint goes where the driver would. */
function fetchFromEndpoint(url: string, { endpoint, ...init }: RequestInit & { readonly endpoint?: string }) {
  return fetch(endpoint ?? url, init);
}
