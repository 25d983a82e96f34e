import "server-only";
/**
 * In front of everything, in a server process of our own: who is known to be refused is refused before anybody looks at the
 * request. What Next makes of a request costs 1.5 ms of CPU (platform.md), so that a thousand a second from one address take
 * everybody's turn, however quickly the route says no; here it is a twentieth of that. Functions have no such place, their
 * platform's firewall has. Whatever passes is counted and limited by its route.
 */
import { subscribe } from "node:diagnostics_channel";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { apiHeaders } from "./api-headers";
import type { HeaderReader } from "./client-address";
import type { App } from "./container";
import type { LimitName } from "./limits";
import { problemAnswer } from "./problem";
import { inRequest, HEADER as REQUEST_ID, requestIdOf } from "./request-scope";
import { ROUTES, type RouteName } from "./routes/table";

/** Routes with a limit and without parameters: `METHOD path`. */
const LIMITED: ReadonlyMap<string, LimitName> = new Map(
  (Object.keys(ROUTES) as RouteName[]).flatMap((name) => {
    const route = ROUTES[name];
    return "limit" in route && route.limit !== undefined && !name.includes("{") ? [[name, route.limit] as const] : [];
  }),
);

/** For every HTTP server of this process, whoever made it, from its next request on. */
export function keepDoor(app: Pick<App, "limits" | "metrics">): void {
  const kept = new WeakSet<Server>();
  // Told of a request before the server is: its listeners cannot be got before, and one of them cannot stop the others.
  subscribe("http.server.request.start", (message) => {
    const { server } = message as { server: Server };
    if (kept.has(server)) return;
    kept.add(server);
    const emit = server.emit;
    server.emit = (name: string | symbol, ...args: unknown[]) =>
      (name === "request" && refuse(app, args[0] as IncomingMessage, args[1] as ServerResponse)) ||
      Reflect.apply(emit, server, [name, ...args]);
  });
}

/** Whether the request was answered here. */
function refuse(
  { limits, metrics }: Pick<App, "limits" | "metrics">,
  request: IncomingMessage,
  response: ServerResponse,
) {
  const [path] = (request.url ?? "").split("?", 1);
  const route = `${request.method} ${path}`;
  const limit = LIMITED.get(route);
  if (limit === undefined) return false;
  const header: HeaderReader = (name) => request.headers[name]?.toString();
  const refusal = limits.knownRefusal(limit, header);
  if (refusal === null) return false;
  const requestId = requestIdOf(header(REQUEST_ID) ?? null);
  const { status, headers, body } = inRequest({ requestId }, () => problemAnswer(refusal));
  for (const [name, value] of apiHeaders(header("x-forwarded-proto") ?? null)) response.setHeader(name, value);
  response.setHeader(REQUEST_ID, requestId);
  // With a length it is one write; without it, chunks cost three.
  response.writeHead(status, { ...headers, "content-length": Buffer.byteLength(body) }).end(body);
  metrics.observeRefusal(limit);
  return true;
}
