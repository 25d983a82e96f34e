/** The base of all HTTP stand-ins: a server on 127.0.0.1 that applies the faults to its answers. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { type StandIn, type StandInOptions, standInOf } from "./control";
import type { Counters } from "./counters";
import { type FaultSwitch, unlessClosed, type Verdict } from "./faults";

export interface Answer {
  readonly status: number;
  readonly body: string;
}

export interface Protocol {
  readonly maxBodyBytes: number;
  /** Answers a request. To send a stream, it uses `response` itself and returns null. */
  handle(request: IncomingMessage, body: Buffer, response: ServerResponse): Promise<Answer | null>;
  /** An error in the vendor's form. */
  error(status: number, message: string): Answer;
  upgrade?(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  stop(): Promise<void>;
}

export const json = (status: number, value: unknown): Answer => ({ status, body: JSON.stringify(value) });

/** Starts a server for the protocol. The protocol counts its own work, and may apply faults to more than requests. */
export async function startStandIn(
  options: StandInOptions,
  protocolOf: (counters: Counters, faults: FaultSwitch) => Protocol,
): Promise<StandIn> {
  const server = createServer((request, response) => void serve(request, response));
  // Clients keep idle connections for less time. If the server closed first, it could break a request.
  server.keepAliveTimeout = 120_000;
  const { counters, faults, start } = standInOf(server, options);
  const protocol = protocolOf(counters, faults);

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const verdict = faults.judge();
    if (verdict.isReset) return void request.socket.resetAndDestroy();
    try {
      if (verdict.delayMs > 0) await unlessClosed(request.socket, verdict.delayMs);
      const answer = await answerTo(request, response, verdict);
      if (answer === null || response.destroyed) return;
      if (verdict.isAnswerLost) return void request.socket.resetAndDestroy();
      send(response, answer);
    } catch (error) {
      if (!response.destroyed) send(response, protocol.error(500, error instanceof Error ? error.message : "failed"));
    }
  }

  async function answerTo(request: IncomingMessage, response: ServerResponse, verdict: Verdict) {
    const body = await readBody(request, protocol.maxBodyBytes);
    if (verdict.errorStatus !== null) return protocol.error(verdict.errorStatus, "the stand-in was told to fail");
    if (body === null)
      return protocol.error(400, `ERR max request size exceeded. Limit: ${protocol.maxBodyBytes} bytes`);
    return protocol.handle(request, body, response);
  }

  if (protocol.upgrade) {
    server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      if (faults.isDown()) request.socket.resetAndDestroy();
      else protocol.upgrade?.(request, socket, head);
    });
  }
  return start("http", protocol.stop);
}

/** Reads a body. Null if it is larger than allowed. */
async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= maxBytes) chunks.push(chunk);
  }
  return bytes > maxBytes ? null : Buffer.concat(chunks);
}

function send(response: ServerResponse, { status, body }: Answer): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(body);
}
