/**
 * Neon over HTTP: one request a statement, nothing to open, hold or close. It is the driver for instances that come and go.
 *
 * The vendor's driver has no timeout, and takes another endpoint only for the whole process (`neonConfig`). It does hand each
 * call's `fetchOptions` on to `fetch`, so both travel there.
 */
import { type HTTPQueryOptions, type NeonQueryFunction, neon, neonConfig } from "@neondatabase/serverless";
import { drizzle } from "drizzle-orm/neon-http";
import pg from "pg";
import { TierUnavailable } from "../../../ports/tier-unavailable";
import { type Database, databaseOver } from "./database";
import { sqlState } from "./errors";

export interface NeonHttpOptions {
  /** Where to post statements instead of `https://api.<region>.…/sql`: a stand-in's `http://127.0.0.1:port/sql`. */
  readonly endpoint?: string;
  /** For the whole request. Neon may have to wake the database first, which takes about a second. */
  readonly queryTimeoutMs?: number;
}

/** Sends nothing yet: a server that is down shows at the first statement, as `TierUnavailable`. */
export function openNeonHttp(url: string, { endpoint, queryTimeoutMs = 30_000 }: NeonHttpOptions = {}): Database {
  // The vendor's driver would check it at the first statement, and quote it in its error, password and all.
  if (!URL.canParse(url))
    throw new Error("Neon's connection string must be a URL: postgres://user:password@host/database");
  const client = neon(url);
  if (endpoint !== undefined) neonConfig.fetchFunction = fetchFromEndpoint;
  return databaseOver({
    driver: "neon-http",
    open: (timeoutMs = queryTimeoutMs) => drizzle({ client: limited(client, timeoutMs, endpoint) }),
    close: async () => {},
  });
}

type Client = NeonQueryFunction<false, false>;

/** The client that drizzle uses. Drizzle sends statements through `query` alone. */
function limited(client: Client, timeoutMs: number, endpoint: string | undefined): Client {
  const query = async (text: string, params: unknown[], options: HTTPQueryOptions<boolean, boolean>) => {
    // Not `AbortSignal.timeout`: its timer would outlive every answer by half a minute.
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(), timeoutMs);
    try {
      return await client.query(text, params, {
        ...options,
        // The same parsers as over TCP, so that rows look the same.
        types: pg.types,
        // A redirect would carry the password to another host, and Next would wrap `fetch` in a cache.
        fetchOptions: { signal: timeout.signal, endpoint, redirect: "error", cache: "no-store" },
      });
    } catch (error) {
      // A failure without an SQLSTATE is a failed request. An answer that breaks off is a TypeError or a SyntaxError here.
      throw sqlState(error) === null
        ? new TierUnavailable("postgres", "the database does not answer", { cause: error })
        : error;
    } finally {
      clearTimeout(timer);
    }
  };
  return new Proxy(client, { get: (target, key) => (key === "query" ? query : Reflect.get(target, key)) });
}

/** Serves every caller of the vendor's driver in this process. A caller that names no endpoint reaches the driver's usual one. */
function fetchFromEndpoint(url: string, { endpoint, ...init }: RequestInit & { readonly endpoint?: string }) {
  return fetch(endpoint ?? url, init);
}
