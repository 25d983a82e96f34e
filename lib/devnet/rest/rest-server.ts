/** The mirror's REST API over node:http, with the faults of whole requests in front of it. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { SelectedFault } from "../faults/faults";
import type { RestAnswer } from "./answer";
import type { MirrorView } from "./mirror-view";
import type { RequestCounter } from "./request-counter";
import { type RoutedRequest, route } from "./routes";

export interface RestServer {
  readonly url: string;
  stop(): Promise<void>;
}

export interface RestServerOptions {
  readonly view: MirrorView;
  readonly counter: RequestCounter;
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** Answers `/devnet/…`; false when the path is not one of its. */
  readonly control: (request: IncomingMessage, response: ServerResponse) => boolean;
}

const KEEP_ALIVE_MS = 60_000;
const JSON_TYPE = "application/json; charset=utf-8";

/** Starts the server; resolves once it listens. */
export async function startRestServer(options: RestServerOptions): Promise<RestServer> {
  const delayed = new Set<NodeJS.Timeout>();
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    if (request.url?.startsWith("/devnet") && options.control(request, response)) return;
    // Its own time, which a test may drive.
    response.setHeader("date", new Date(options.view.nowMs()).toUTCString());
    serve(options, request, response, delayed);
  });
  server.headersTimeout = KEEP_ALIVE_MS + 1_000;
  await listen(server, options.host, options.port);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${options.host}:${port}`,
    stop: () =>
      new Promise((resolve) => {
        for (const timer of delayed) clearTimeout(timer);
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

const REQUEST_KINDS = ["latency", "rateLimited", "badGateway", "reset"] as const;
type RequestFault = SelectedFault<(typeof REQUEST_KINDS)[number]>;

function serve(
  options: RestServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
  delayed: Set<NodeJS.Timeout>,
): void {
  const { view, counter } = options;
  const routed = route(view, request.url ?? "/");
  counter.asked(routed.route, routed.topicId);
  const where = { route: routed.route, ...(routed.topicId ? { topicId: routed.topicId } : {}) };
  const faults = view.faults.select(REQUEST_KINDS, where);
  const fault = faults.find(({ spec }) => spec.kind !== "latency");
  const finish = () => {
    fault?.hit();
    if (fault?.spec.kind === "reset") reset(request, response, counter, fault.spec.afterBytes, routed);
    else write(response, counter, answerOf(request, routed, fault));
  };
  let waitMs = 0;
  for (const { spec, hit } of faults) {
    if (spec.kind !== "latency") continue;
    waitMs += spec.ms;
    hit();
  }
  if (waitMs === 0) {
    finish();
    return;
  }
  const timer = setTimeout(() => {
    delayed.delete(timer);
    finish();
  }, waitMs);
  delayed.add(timer);
}

function answerOf(request: IncomingMessage, routed: RoutedRequest, fault: RequestFault | undefined): RestAnswer {
  if (fault?.spec.kind === "rateLimited") {
    const { retryAfterS } = fault.spec;
    const headers: Record<string, string> = retryAfterS === undefined ? {} : { "retry-after": String(retryAfterS) };
    return { ...gatewayError(429, "Too Many Requests"), headers };
  }
  if (fault?.spec.kind === "badGateway") return gatewayError(fault.spec.status ?? 502, "Bad Gateway");
  if (request.method !== "GET" && request.method !== "HEAD") return gatewayError(405, "Not Allowed");
  return routed.answer();
}

function reset(
  request: IncomingMessage,
  response: ServerResponse,
  counter: RequestCounter,
  afterBytes: number | undefined,
  routed: RoutedRequest,
): void {
  counter.answered("reset");
  if (afterBytes === undefined) {
    request.socket.resetAndDestroy();
    return;
  }
  const body = Buffer.from(routed.answer().body);
  response.writeHead(200, { "content-type": JSON_TYPE, "content-length": body.length });
  response.write(body.subarray(0, afterBytes), () => request.socket.resetAndDestroy());
}

function gatewayError(status: number, reason: string): RestAnswer {
  const title = `${status} ${reason}`;
  return {
    status,
    body: `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n</body>\r\n</html>\r\n`,
    contentType: "text/html",
  };
}

function write(response: ServerResponse, counter: RequestCounter, answer: RestAnswer): void {
  counter.answered(answer.status);
  const body = Buffer.from(answer.body);
  response.writeHead(answer.status, {
    "content-type": answer.contentType ?? JSON_TYPE,
    "content-length": body.length,
    "access-control-allow-origin": "*",
    ...answer.headers,
  });
  response.end(body);
}
