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
import { sqlState, sqlStateWords } from "./errors";

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
      throw sqlState(error) === null ? failedRequest(error) : error;
    } finally {
      clearTimeout(timer);
    }
  };
  return new Proxy(client, { get: (target, key) => (key === "query" ? query : Reflect.get(target, key)) });
}

/**
 * Refusals of Neon's proxy. It checks passwords and plans itself, and gives its own refusals no SQLSTATE
 * (github.com/neondatabase/neon, read 2026-12-01).
 */
const WRONG_PASSWORD = /^password authentication failed/;
const PROXY_REFUSALS: readonly (readonly [pattern: RegExp, words: string])[] = [
  [/exceeded the [\w -]{1,40} quota/, "Neon refuses: a quota of the project is used up"],
  [/endpoint (?:is|has been) disabled/, "Neon refuses: the endpoint in DATABASE_URL is disabled"],
  [/endpoint (?:cannot|could not) be found/, "Neon has no endpoint of the name in DATABASE_URL"],
];

/** The SQLSTATE in an answer whose HTTP status is not 400: the driver keeps its body as text. */
const STATE_IN_BODY = /^Server error \(HTTP status \d+\): .*"code":"([0-9A-Z]{5})"/s;

function failedRequest(error: unknown): TierUnavailable {
  const said = error instanceof Error ? error.message : "";
  // As over TCP, where a start ends with this error.
  if (WRONG_PASSWORD.test(said)) Object.assign(error as Error, { severity: "FATAL", code: "28P01" });
  const state = sqlState(error) ?? STATE_IN_BODY.exec(said)?.[1];
  const refusal = PROXY_REFUSALS.find(([pattern]) => pattern.test(said))?.[1] ?? "the database does not answer";
  return new TierUnavailable("postgres", state === undefined ? refusal : sqlStateWords(state), { cause: error });
}

/** Serves every caller of the vendor's driver in this process. A caller that names no endpoint reaches the driver's usual one. */
function fetchFromEndpoint(url: string, { endpoint, ...init }: RequestInit & { readonly endpoint?: string }) {
  return fetch(endpoint ?? url, init);
}
