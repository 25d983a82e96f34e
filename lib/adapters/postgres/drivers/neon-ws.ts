/** Neon over WebSocket: PostgreSQL's own protocol through a tunnel, in a pool. It is the driver for processes that stay. */
import { Client, Pool } from "@neondatabase/serverless";
import pg from "pg";
import ws from "ws";
import type { Database } from "./database";
import type { PgOptions } from "./pg";
import { limitedDatabase } from "./pool";

export interface NeonWsOptions extends PgOptions {
  /** The tunnel instead of `wss://<host>/v2`: a stand-in's `ws://127.0.0.1:port/v2`. */
  readonly endpoint?: string;
}

/** Connects lazily: a server that is down shows at the first query, as `TierUnavailable`. */
export function openNeonWs(url: string, options: NeonWsOptions = {}): Database {
  const config = {
    connectionString: url,
    max: options.maxConnections ?? 10,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 5_000,
    query_timeout: options.queryTimeoutMs ?? 30_000,
    application_name: "trustmesh-edge",
    // The same parsers as over TCP, so that rows look the same.
    types: pg.types,
  };
  return limitedDatabase("neon-ws", options, (limits) => {
    const pool = new Pool({ ...config, ...limits });
    pool.Client = clientThrough(options.endpoint);
    // The vendor's pool is node-postgres's own, bundled; only its types are a copy.
    return pool as unknown as pg.Pool;
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
      // Sending the password unasked is an agreement with Neon; others may ask for something else.
      this.neonConfig.pipelineConnect = false;
    }
  };
}
