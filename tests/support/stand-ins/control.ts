/**
 * Lets another process switch a stand-in's faults and read its counters. It has its own port, so it answers while the stand-in is
 * down:
 *
 *   GET    /counters   DELETE /counters
 *   GET    /faults     PUT    /faults  [{"kind":"slow","ms":2000}]
 */
import { createServer, type Server as HttpServer, type IncomingMessage } from "node:http";
import type { Server, Socket } from "node:net";
import { freePort } from "../servers/free-port";
import { Counters } from "./counters";
import { FaultSwitch, parseFaults } from "./faults";

export interface StandIn {
  /** `http://127.0.0.1:port`, or the address in the protocol's own scheme. */
  readonly url: string;
  readonly port: number;
  readonly controlUrl: string;
  readonly counters: Counters;
  readonly faults: FaultSwitch;
  stop(): Promise<void>;
}

export interface StandInOptions {
  /** If absent, a free port. */
  readonly port?: number;
  readonly controlPort?: number;
  /** The clock of the fault `flapping`. By default the machine's. */
  readonly nowMs?: () => number;
}

/** Makes `server` a stand-in with faults, counters and a control server. */
export function standInOf(server: Server, options: StandInOptions) {
  const counters = new Counters();
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  // While the stand-in refuses connections, no other process must get its port.
  let port = 0;
  const cut = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  const faults = new FaultSwitch(
    {
      cut,
      listen: async (isOpen) => {
        if (isOpen && !server.listening) port = await listen(server, port);
        if (isOpen || !server.listening) return;
        const closed = new Promise((resolve) => server.close(resolve));
        // A connection that came in after the first cut would keep the server open.
        cut();
        await closed;
      },
    },
    options.nowMs ?? Date.now,
  );

  /** Starts the stand-in and its control server. */
  async function start(scheme: string, stopMore: () => Promise<void>): Promise<StandIn> {
    const control = createServer((request, response) => {
      void controlRoute(request, counters, faults).then(([status, body]) => {
        response.writeHead(status, { "content-type": "application/json" });
        response.end(JSON.stringify(body));
      });
    });
    port = await listen(server, options.port ?? (await freePort()));
    const controlPort = await listen(control, options.controlPort ?? 0);
    return {
      url: `${scheme}://127.0.0.1:${port}`,
      port,
      controlUrl: `http://127.0.0.1:${controlPort}`,
      counters,
      faults,
      async stop() {
        await faults.clear();
        for (const socket of sockets) socket.destroy();
        control.closeAllConnections();
        await Promise.all([server, control].map((one) => new Promise((resolve) => one.close(resolve))));
        await stopMore();
      },
    };
  }

  return { counters, faults, start };
}

async function controlRoute(
  request: IncomingMessage,
  counters: Counters,
  faults: FaultSwitch,
): Promise<[status: number, body: unknown]> {
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const route = `${request.method} ${request.url}`;
    if (route === "PUT /faults") await faults.set(...parseFaults(JSON.parse(Buffer.concat(chunks).toString("utf8"))));
    if (route === "DELETE /counters") counters.reset();
    if (request.url === "/faults") return [200, faults.list()];
    if (request.url === "/counters") return [200, counters.read()];
    return [404, { error: "the control server has /counters and /faults only" }];
  } catch (error) {
    return [400, { error: error instanceof Error ? error.message : "invalid" }];
  }
}

function listen(server: Server | HttpServer, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
}
