import "server-only";
/**
 * Clients that close their sending side once they have sent a request, as `nc -N` and some proxies do (RFC 9112 §9.6). A client that
 * has left looks the same until something is sent to it. So an answer that is being made is sent, and ends the connection. A request
 * that would only wait for a client, go on without end, or keep another server busy ends with its client.
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

const LAST_RESPONSE = Symbol("the last response of the connection");
const LEAVING = Symbol("how many answers are not awaited any more once the client has closed its side");

/** A connection, and the response to the last request that came on it. */
export type Connection = Socket & { [LAST_RESPONSE]?: ServerResponse; [LEAVING]?: number };

export const lastResponse = (socket: Connection): ServerResponse | undefined => socket[LAST_RESPONSE];

export function noteResponse(
  { socket }: IncomingMessage & { readonly socket: Connection },
  response: ServerResponse,
): void {
  socket[LAST_RESPONSE] = response;
}

/** Lets a server answer clients that have closed their side. */
export function answerHalfClosed(server: Server): void {
  // Node documents this setting nowhere, and its types lack it. In a Node without it, such clients get no answer.
  Object.assign(server, { httpAllowHalfOpen: true });
  server.on("connection", (socket) => socket.on("end", endedByClient));
}

/** Runs after Node's own listener, which ends a connection on which nothing is under way. */
function endedByClient(this: Connection): void {
  const last = lastResponse(this);
  if ((this[LEAVING] ?? 0) > 0) this.destroy();
  else if (last !== undefined && !last.headersSent) last.shouldKeepAlive = false;
}

/** From now on the client counts as gone once it has closed its side, and its connection ends. `stays` takes that back. */
export function mayLeave(socket: Connection): void {
  socket[LEAVING] = (socket[LEAVING] ?? 0) + 1;
  if (socket.readableEnded) socket.destroy();
}

/** Takes one call of `mayLeave` back. */
export function stays(socket: Connection): void {
  socket[LEAVING] = (socket[LEAVING] ?? 0) - 1;
}
