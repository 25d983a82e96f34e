/**
 * What both stand-ins share: an HTTP server on 127.0.0.1 whose answers pass through the faults, and a second one, always up, to
 * switch faults and read counters from another process:
 *
 *   GET    /counters   DELETE /counters
 *   GET    /faults     PUT    /faults  [{"kind":"slow","ms":2000}]
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { Counters } from "./stand-in-counters";
import { FaultSwitch, parseFaults } from "./stand-in-faults";

export interface StandIn {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  readonly port: number;
  readonly controlUrl: string;
  readonly counters: Counters;
  readonly faults: FaultSwitch;
  stop(): Promise<void>;
}

export interface StandInOptions {
  /** A free one if absent. */
  readonly port?: number;
  readonly controlPort?: number;
  /** For flapping. */
  readonly nowMs?: () => number;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly contentType?: string;
}

export interface Protocol {
  readonly maxBodyBytes: number;
  /** Answers, or takes `response` over (a stream) and returns null. */
  handle(request: IncomingMessage, body: Buffer, response: ServerResponse): Promise<Answer | null>;
  /** How the vendor puts an error. */
  error(status: number, message: string): Answer;
  upgrade?(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  stop(): Promise<void>;
}

export const json = (status: number, value: unknown): Answer => ({ status, body: JSON.stringify(value) });

/** Starts the server for `protocol`, which may count on the counters given to it. */
export async function startStandIn(
  options: StandInOptions,
  protocolOf: (counters: Counters) => Protocol,
): Promise<StandIn> {
  const counters = new Counters();
  const protocol = protocolOf(counters);
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => void serve(request, response));
  // Longer than any client keeps an idle connection: closing first would break a request on its way.
  server.keepAliveTimeout = 120_000;
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  let port = options.port ?? 0;
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
        // What came in between the first cut and now would keep it open.
        cut();
        await closed;
      },
    },
    options.nowMs ?? Date.now,
  );

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const verdict = faults.judge();
    if (verdict.isReset) return reset(request.socket);
    try {
      if (verdict.delayMs > 0) await pause(verdict.delayMs, request.socket);
      const answer = await answerTo(request, response, verdict.errorStatus);
      if (answer === null || response.destroyed) return;
      if (verdict.isAnswerLost) return reset(request.socket);
      send(response, answer);
    } catch (error) {
      if (!response.destroyed) send(response, protocol.error(500, error instanceof Error ? error.message : "failed"));
    }
  }

  async function answerTo(request: IncomingMessage, response: ServerResponse, errorStatus: number | null) {
    const body = await readBody(request, protocol.maxBodyBytes);
    if (errorStatus !== null) return protocol.error(errorStatus, "the stand-in was told to fail");
    if (body === null)
      return protocol.error(400, `ERR max request size exceeded. Limit: ${protocol.maxBodyBytes} bytes`);
    return protocol.handle(request, body, response);
  }

  server.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) => {
    const { isReset, errorStatus, delayMs } = faults.judge();
    if (isReset || protocol.upgrade === undefined) return reset(socket);
    if (errorStatus !== null) return void socket.end(`HTTP/1.1 ${errorStatus} Error\r\nConnection: close\r\n\r\n`);
    void pause(delayMs, socket).then(() => socket.destroyed || protocol.upgrade?.(request, socket, head));
  });

  const control = createServer((request, response) => void controlRoute(request, response, counters, faults));
  port = await listen(server, port);
  const controlPort = await listen(control, options.controlPort ?? 0);
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    controlUrl: `http://127.0.0.1:${controlPort}`,
    counters,
    faults,
    async stop() {
      await faults.clear();
      for (const socket of sockets) socket.destroy();
      control.closeAllConnections();
      await Promise.all([server, control].map((one) => new Promise((resolve) => one.close(resolve))));
      await protocol.stop();
    },
  };
}

async function controlRoute(
  request: IncomingMessage,
  response: ServerResponse,
  counters: Counters,
  faults: FaultSwitch,
): Promise<void> {
  try {
    const body = await readBody(request, 10_000);
    const route = `${request.method} ${request.url}`;
    if (route === "PUT /faults") await faults.set(...parseFaults(JSON.parse(body?.toString("utf8") ?? "")));
    if (route === "DELETE /counters") counters.reset();
    if (request.url === "/faults") send(response, json(200, faults.list()));
    else if (request.url === "/counters") send(response, json(200, counters.read()));
    else send(response, json(404, { error: "there are /counters and /faults" }));
  } catch (error) {
    send(response, json(400, { error: error instanceof Error ? error.message : "invalid" }));
  }
}

/** Null where it is larger than allowed. */
async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= maxBytes) chunks.push(chunk);
  }
  return bytes > maxBytes ? null : Buffer.concat(chunks);
}

function send(response: ServerResponse, { status, body, contentType }: Answer): void {
  response.writeHead(status, { "content-type": contentType ?? "application/json" });
  response.end(body);
}

function reset(socket: Duplex & { resetAndDestroy?(): unknown }): void {
  if (socket.resetAndDestroy) socket.resetAndDestroy();
  else socket.destroy();
}

/** Ends early when the client leaves. */
function pause(ms: number, socket: Duplex): Promise<void> {
  if (ms <= 0) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      socket.off("close", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    socket.once("close", done);
  });
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
}
