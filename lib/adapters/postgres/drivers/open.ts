/** The database of a connection string, through the driver that fits its host. */
import type { Database } from "./database";
import type { PgOptions } from "./pg";

export type ServerDriver = Exclude<Database["driver"], "pglite">;

export interface OpenOptions extends PgOptions {
  readonly url: string;
  /** Guessed from the host if absent. */
  readonly driver?: ServerDriver;
  /** Neon's drivers only: where its protocol is spoken instead of at the host of `url`. */
  readonly endpoint?: string;
}

/** Neon's own hosts are asked over HTTP: of the drivers, it is the one that has nothing to keep between requests. */
export function driverFor(url: string): ServerDriver {
  return hostOf(url).endsWith(".neon.tech") ? "neon-http" : "pg";
}

/** Connects lazily. A driver is loaded when it is chosen: an instance starts with one of them. */
export async function openDatabase({ url, driver = driverFor(url), ...options }: OpenOptions): Promise<Database> {
  switch (driver) {
    case "neon-http":
      return (await import("./neon-http")).openNeonHttp(url, options);
    case "neon-ws":
      return (await import("./neon-ws")).openNeonWs(url, options);
    case "pg":
      return (await import("./pg")).openPg(url, options);
  }
}

function hostOf(url: string): string {
  try {
    return new URL(url).hostname.toLowerCase();
  } catch {
    // Never the url itself: it holds a password.
    throw new Error("DATABASE_URL is not a connection string: postgres://user:password@host/database is expected.");
  }
}
