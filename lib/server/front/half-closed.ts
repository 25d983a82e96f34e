import "server-only";
/**
 * Clients that close their sending side once they have sent a request, as `nc -N` and some proxies do (RFC 9112 §9.6). A client
 * that has left looks the same until something is sent to it. So an answer that is being made is sent, and ends the connection. A
 * request that would only wait for its turn, go on without end, or keep another server busy ends with its client, and so do all
 * others on its connection.
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

const LAST_RESPONSE = Symbol("the last response of the connection");
const ENDING_WITH_CLIENT = Symbol("how many requests end with their client");
const QUEUED = Symbol("responses that were not the connection's next one when their request came");

/** A connection, and the response to the last request that came on it. */
export type Connection = Socket & {
  [LAST_RESPONSE]?: ServerResponse;
  [ENDING_WITH_CLIENT]?: number;
  [QUEUED]?: Set<ServerResponse>;
};

export const lastResponse = (socket: Connection): ServerResponse | undefined => socket[LAST_RESPONSE];

export function noteResponse(
  { socket }: IncomingMessage & { readonly socket: Connection },
  response: ServerResponse,
): void {
  socket[LAST_RESPONSE] = response;
  if (response.socket === null) closeWithConnection(socket, response);
}

/** Node tells only the connection's next response that the connection has closed. Tells those that wait behind it, too. */
function closeWithConnection(socket: Connection, response: ServerResponse): void {
  if (socket[QUEUED] === undefined) {
    const queued = new Set<ServerResponse>();
    socket[QUEUED] = queued;
    socket.once("close", () => {
      for (const each of queued) {
        if (each.socket !== null) continue;
        each.destroy();
        each.emit("close");
      }
    });
  }
  const queued = socket[QUEUED];
  queued.add(response);
  response.once("close", () => queued.delete(response));
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
  if ((this[ENDING_WITH_CLIENT] ?? 0) > 0) this.destroySoon();
  else if (last !== undefined && !last.headersSent) last.shouldKeepAlive = false;
}

/**
 * From now on a client that closes its side counts as gone, and its connection ends once what was written is sent. Returns what
 * takes that back, and does nothing a second time.
 */
export function endWithClient(socket: Connection): () => void {
  socket[ENDING_WITH_CLIENT] = (socket[ENDING_WITH_CLIENT] ?? 0) + 1;
  if (socket.readableEnded) socket.destroySoon();
  let isReleased = false;
  return () => {
    if (isReleased) return;
    isReleased = true;
    socket[ENDING_WITH_CLIENT] = (socket[ENDING_WITH_CLIENT] ?? 0) - 1;
  };
}
