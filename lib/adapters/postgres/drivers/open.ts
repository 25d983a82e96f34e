/** The database of a connection string, through the driver that fits its host. */
import type { Database } from "./database";
import type { PgOptions } from "./pool";

export type ServerDriver = Exclude<Database["driver"], "pglite">;

export interface OpenOptions extends PgOptions {
  readonly url: string;
  /** Chosen by the host if absent. */
  readonly driver?: ServerDriver;
  /** Only for Neon's drivers: a server that speaks its protocol, instead of the host of `url`. */
  readonly endpoint?: string;
}

/** Neon's own hosts are asked over HTTP: that driver keeps nothing between requests. */
export function driverFor(url: string): ServerDriver {
  return hostOf(url).endsWith(".neon.tech") ? "neon-http" : "pg";
}

/** Connects lazily. Only the driver that is chosen is loaded. */
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
    // The message never quotes the url: it holds a password.
    throw new Error("DATABASE_URL is not a connection string: postgres://user:password@host/database is expected.");
  }
}
