/** A TCP proxy in front of PostgreSQL, with the same faults and counters as the stand-ins. */
import { createServer } from "node:net";
import { type StandIn, type StandInOptions, standInOf } from "../../stand-ins/control";
import { tunnel } from "./pg-tunnel";

export interface PostgresProxyOptions extends StandInOptions {
  /** Address of the real database. */
  readonly postgresUrl: string;
}

export interface PostgresProxy extends StandIn {
  /** The same database, through the proxy. */
  readonly databaseUrl: string;
}

export async function startPostgresProxy(options: PostgresProxyOptions): Promise<PostgresProxy> {
  const target = new URL(options.postgresUrl);
  const server = createServer((socket) => {
    if (faults.isDown()) return void socket.resetAndDestroy();
    counters.request();
    socket.setNoDelay(true);
    tunnel(socket, Number(target.port || 5432), counters, faults);
  });
  const { counters, faults, start } = standInOf(server, options);
  const proxy = await start("tcp", async () => {});
  const through = new URL(options.postgresUrl);
  through.host = `127.0.0.1:${proxy.port}`;
  return { ...proxy, databaseUrl: through.href };
}
