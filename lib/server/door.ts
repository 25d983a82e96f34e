import "server-only";
/**
 * In front of everything, in a server process of our own: who is known to be refused is refused before anybody looks at the
 * request. What Next makes of a request costs 1.5 ms of CPU (platform.md), so that a thousand a second from one address take
 * everybody's turn, however quickly the route says no; here it is a twentieth of that. Functions have no such place, their
 * platform's firewall has. Of what is dear an address's burst comes in one after the other. Whatever passes is counted and
 * limited by its route.
 */
import { subscribe } from "node:diagnostics_channel";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { apiHeaders } from "./api-headers";
import type { HeaderReader } from "./client-address";
import type { App } from "./container";
import { type LimitName, tooManyProblem } from "./limits";
import { problemAnswer } from "./problem";
import { inRequest, HEADER as REQUEST_ID, requestIdOf } from "./request-scope";
import { ROUTES, type RouteName } from "./routes/table";
import { MAX_WAITING, Turns } from "./turns";

/** Routes with a limit and without parameters: `METHOD path`. */
const LIMITED: ReadonlyMap<string, LimitName> = new Map(
  (Object.keys(ROUTES) as RouteName[]).flatMap((name) => {
    const route = ROUTES[name];
    return "limit" in route && route.limit !== undefined && !name.includes("{") ? [[name, route.limit] as const] : [];
  }),
);

type Refusing = Pick<App, "limits" | "metrics">;

/** For every HTTP server of this process, whoever made it, from its next request on. */
export function keepDoor(app: Refusing): void {
  const kept = new WeakSet<Server>();
  const turns = new Turns();
  // Told of a request before the server is: its listeners cannot be got before, and one of them cannot stop the others.
  subscribe("http.server.request.start", (message) => {
    const { server } = message as { server: Server };
    if (kept.has(server)) return;
    kept.add(server);
    const emit = server.emit;
    server.emit = (name: string | symbol, ...args: unknown[]) => {
      const enter = () => Reflect.apply(emit, server, [name, ...args]);
      return name === "request"
        ? meet(app, turns, args[0] as IncomingMessage, args[1] as ServerResponse, enter)
        : enter();
    };
  });
}

/** Lets the request in, now or in its address's turn, or answers it. Returns as `emit` does. */
function meet(app: Refusing, turns: Turns, request: IncomingMessage, response: ServerResponse, enter: () => boolean) {
  const [path] = (request.url ?? "").split("?", 1);
  const limit = LIMITED.get(`${request.method} ${path}`);
  if (limit === undefined) return enter();
  const header: HeaderReader = (name) => request.headers[name]?.toString();
  const address = app.limits.addressOf(header);
  const refuse = (waitMs: number) => {
    answerRefusal(header, response, waitMs);
    void app.limits.noteRefusal(limit, address);
    app.metrics.observeRefusal(limit);
  };
  /** Whether it was refused, with what is known of its address now. */
  const isRefused = () => {
    const waitMs = app.limits.knownRefusalMs(limit, address);
    if (waitMs !== null) refuse(waitMs);
    return waitMs !== null;
  };
  // What is refused anyway waits for no turn.
  if (isRefused()) return true;
  const gapMs = app.limits.gapMs(limit);
  if (gapMs === null) return enter();
  const enterInTurn = () => {
    // Who has gone, or is refused by now, leaves the turn to the next.
    if (response.destroyed || isRefused()) return false;
    enter();
    return true;
  };
  if (!turns.take(address, gapMs, enterInTurn)) refuse(MAX_WAITING * gapMs);
  return true;
}

function answerRefusal(header: HeaderReader, response: ServerResponse, waitMs: number): void {
  const requestId = requestIdOf(header(REQUEST_ID) ?? null);
  const { status, headers, body } = inRequest({ requestId }, () => problemAnswer(tooManyProblem(waitMs)));
  // Said at once, and with a length: header by header costs more CPU, and chunks are three writes.
  const all = { ...headers, [REQUEST_ID]: requestId, "content-length": Buffer.byteLength(body) };
  response
    .writeHead(status, [...apiHeaders(header("x-forwarded-proto") ?? null), ...Object.entries(all)].flat())
    .end(body);
}
