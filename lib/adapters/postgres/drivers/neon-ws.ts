/** Neon over WebSocket: PostgreSQL's own protocol through a tunnel, in a pool. It is the driver for processes that stay. */
import { Client, Pool } from "@neondatabase/serverless";
import { drizzle } from "drizzle-orm/neon-serverless";
import pg from "pg";
import ws from "ws";
import { type Database, databaseOver } from "./database";
import { LimitedPool, type PgOptions, poolConfig, withLimits } from "./pool";

export interface NeonWsOptions extends PgOptions {
  /** The tunnel instead of `wss://<host>/v2`: a stand-in's `ws://127.0.0.1:port/v2`. */
  readonly endpoint?: string;
}

/** Connects lazily: a server that is down shows at the first statement, as `TierUnavailable`. */
export function openNeonWs(url: string, options: NeonWsOptions = {}): Database {
  const config = poolConfig(url, options);
  const pool = new LimitedPool(options, (limits) => {
    const opened = new Pool(withLimits(config, limits));
    opened.Client = clientThrough(options.endpoint);
    // The vendor's pool is node-postgres's own, bundled; only its types are a copy.
    return opened as unknown as pg.Pool;
  });
  return databaseOver({
    driver: "neon-ws",
    // The same parsers as over TCP, so that rows look the same.
    open: (timeoutMs) => drizzle({ client: pool.within(timeoutMs, { types: pg.types }) as unknown as Pool }),
    close: () => pool.close(),
  });
}

/** Settings belong to each client: those of the vendor's `neonConfig` would hold for the whole process. */
function clientThrough(endpoint: string | undefined): typeof Client {
  const tunnel = endpoint === undefined ? null : new URL(endpoint);
  return class extends Client {
    constructor(...config: ConstructorParameters<typeof Client>) {
      super(...config);
      // Node 20 has no WebSocket.
      this.neonConfig.webSocketConstructor = ws;
      if (tunnel === null) return;
      this.neonConfig.wsProxy = (host, port) => `${tunnel.host}${tunnel.pathname}?address=${host}:${port}`;
      this.neonConfig.useSecureWebSocket = tunnel.protocol === "wss:";
      // Only Neon has agreed to take the password unasked; another server may ask for something else.
      this.neonConfig.pipelineConnect = false;
    }
  };
}
