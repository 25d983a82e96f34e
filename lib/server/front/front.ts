import "server-only";
/**
 * Our own node:http server, in front of everything. It listens before anything else is loaded. It notes the address of each
 * request, and counts open requests, so that it can end without losing one.
 */
import { createServer, IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from "node:http";
import { type AddressInfo, Server as NetServer, type Socket } from "node:net";
import { type Awaitable, orElse } from "../../core/awaitable";
import { absoluteForm, TARGET_FAULTS } from "../../core/request-target";
import type { Clock } from "../../ports/clock";
import { LIMITS_OF_CLIENTS } from "../access/client-address";
import { apiHeaders } from "../http/answers/api-headers";
import { REQUEST_ID_HEADER, requestIdOf } from "../http/request-scope";
import { headOf } from "./admission/request-head";
import { KEEP_ALIVE_MS } from "./answers/answer-head";
import { type Report, sendFailure, sendProblem } from "./answers/plain-answer";
import { flushBatch, isLastOfBatch } from "./answers/write-batch";
import { answerHalfClosed, type Connection, lastResponse, noteResponse } from "./half-closed";

export type Serve = (request: IncomingMessage, response: ServerResponse) => Awaitable<void>;

/**
 * Time for a client that still sends to read its refusal. If the connection were cut at once, the client would see an error
 * instead of the answer.
 */
const LINGER_MS = 250;

declare module "node:http" {
  interface IncomingMessage {
    /** Node calls this once a request has its answer and nobody has read its body. It is not documented. */
    _dump(): void;
  }
}

/** A request whose unread body is dropped after its answer only where that is of use. */
class Incoming extends IncomingMessage {
  private isLeftUnread = false;

  /**
   * Node would read the rest of a long body: 11 ms of CPU for the 5 MB that a connection sends meanwhile. Unread, the connection stops
   * at 16 KB.
   */
  leaveUnread(): void {
    this.isLeftUnread = true;
  }

  override _dump(): void {
    // Reading a body that does not exist to its end takes a tenth of the CPU of an answer from memory (docs/measurements.md §1).
    if (!this.isLeftUnread && headOf(this).hasBody) super._dump();
  }
}

export class Front {
  readonly server: Server<typeof Incoming>;
  private readonly underWay = new Set<ServerResponse>();
  private readonly endingUnread = new WeakSet<Socket>();
  private lastMs = 0;
  private isLast = false;
  /** Hears of errors that no route has caught. It may be replaced at any time; there is no log before the app is open. */
  report: Report = console.error;

  /** `serve` may be replaced at any time. Later requests use the new one. */
  constructor(
    public serve: Serve,
    private readonly clock: Clock,
  ) {
    this.server = createServer(
      {
        ...LIMITS_OF_CLIENTS,
        IncomingMessage: Incoming,
        keepAliveTimeout: KEEP_ALIVE_MS,
        connectionsCheckingInterval: 5_000,
        // Node's own answer would lack our headers and our sentence, so `receive` checks the Host header instead.
        requireHostHeader: false,
      },
      (request, response) => this.receive(request, response),
    );
    answerHalfClosed(this.server);
    // Without this listener, Node asks for the body before our checks have seen the headers.
    this.server.on("checkContinue", (request, response) => this.receive(request, response));
    this.server.on("checkExpectation", (request, response) => this.receive(request, response, UNMET_EXPECTATION));
    // Without this listener, Node closes the connection without an answer. It ignores Upgrade headers, as a server may.
    this.server.on("connect", (_, socket) => this.refuseTunnel(socket as Socket));
    this.server.on("clientError", (error, socket) => this.refuseUnreadable(error, socket as Socket));
  }

  /** Resolves with the port. Rejects with a sentence if the address is not available. */
  listen(port: number, host: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.once("error", (error: NodeJS.ErrnoException) => reject(new CannotListen(host, port, error.code)));
      this.server.listen({ port, host, backlog: 4_096 }, () => resolve((this.server.address() as AddressInfo).port));
    });
  }

  /** From now on, every answer closes its connection. */
  announceEnd(): void {
    flushBatch();
    this.isLast = true;
    for (const response of this.underWay) if (!response.headersSent) response.shouldKeepAlive = false;
  }

  get isEnding(): boolean {
    return this.isLast;
  }

  /** Monotonic ms of the last request, not counting health checks. */
  get lastRequestMs(): number {
    return this.lastMs;
  }

  /**
   * Accepts no more connections; open ones go on. Resolves when all are closed. Node's own `close` would also end a connection
   * that was just accepted and whose request is on its way.
   */
  stopAccepting(): Promise<void> {
    return new Promise((resolve) => {
      NetServer.prototype.close.call(this.server, () => resolve());
    });
  }

  /** Ends idle connections. */
  endIdle(): void {
    this.server.closeIdleConnections();
  }

  /** `refusal` is the sentence for a request that is refused unread. Null for all others. */
  private receive(request: Incoming, response: ServerResponse, refusal: string | null = null): void {
    if (request.url?.startsWith("/") === false) applyAbsoluteForm(request);
    const head = headOf(request);
    noteResponse(request, response);
    if (!request.url?.startsWith("/api/health")) this.lastMs = this.clock.monotonicMs();
    if (this.isLast || isFramedWrongly(request)) response.shouldKeepAlive = false;
    // Runs before Node's own listener, which closes the connection.
    if (head.isBodyLong)
      response.prependOnceListener("finish", () => {
        if (!request.complete) linger(request);
      });
    const isNameless = request.httpVersion === "1.1" && head.get("host") === null;
    const detail = refusal ?? (isNameless ? NO_HOST : null);
    if (detail !== null)
      sendProblem(request, response, { code: "bad-input", detail, options: {} }, { title: "Not understood" });
    else
      void orElse(
        () => this.serve(request, response),
        (cause) => sendFailure(cause, request, response, this.report),
      );
    // An answer that is there, or leaves with the next batch, needs no watching.
    if (response.writableEnded || isLastOfBatch(response)) return;
    this.underWay.add(response);
    response.once("close", () => this.underWay.delete(response));
  }

  /** Answers CONNECT, for which Node has no response, and closes the connection. */
  private refuseTunnel(socket: Socket): void {
    // Node has taken its own listeners off.
    socket.on("error", () => socket.destroy());
    this.endUnread(socket, 405, NO_TUNNEL, [["allow", "GET, HEAD, POST"]]);
  }

  /** Answers bytes that are not HTTP, and addresses and headers over the limit. */
  private refuseUnreadable(error: Unreadable, socket: Socket): void {
    if (error.code === "ECONNRESET") return void socket.destroy();
    const [status, sentence] = UNREADABLE[error.code ?? ""]?.(error) ?? [400, NOT_HTTP];
    this.endUnread(socket, status, sentence);
  }

  /**
   * Ends a connection whose next bytes cannot be read, and says so in plain text. A complete request before them gets its answer first,
   * because it may have changed something. An answer that has begun is broken off.
   */
  private endUnread(socket: Connection, status: number, sentence: string, more: HeaderPairs = []): void {
    // More bytes that cannot be read may come while an answer is awaited.
    if (this.endingUnread.has(socket)) return;
    this.endingUnread.add(socket);
    // A request before them may have its answer already.
    flushBatch();
    const last = lastResponse(socket);
    const refuse = () => refuseUnread(socket, status, sentence, more);
    if (last === undefined) refuse();
    else if (last.headersSent && !last.writableEnded) inTurn(last, () => socket.destroy());
    else if (!last.req.complete) {
      // The bytes are its body. It gets one answer: this refusal, or the one that it has.
      if (!last.headersSent) inTurn(last, refuse);
      else if (last.shouldKeepAlive) afterAnswer(last, () => socket.destroy());
    } else if (!last.headersSent) last.shouldKeepAlive = false;
    // After an answer that ends the connection, a client waits for no other (RFC 9112 §9.6).
    else if (last.shouldKeepAlive) afterAnswer(last, refuse);
  }
}

type HeaderPairs = readonly (readonly string[])[];

/** An address with scheme and host becomes a path, and its host counts instead of the Host header (RFC 9112 §3.2.2). */
function applyAbsoluteForm(request: IncomingMessage): void {
  const absolute = absoluteForm(request.url ?? "", request.method);
  if (absolute === null) return;
  request.url = absolute.path;
  request.headers.host = absolute.authority;
  const { rawHeaders } = request;
  const at = rawHeaders.findIndex((text, i) => i % 2 === 0 && text.toLowerCase() === "host");
  if (at >= 0) rawHeaders[at + 1] = absolute.authority;
  else rawHeaders.push("Host", absolute.authority);
}

/** HTTP/1.0 has no transfer codings, so nobody knows where such a request ends (RFC 9112 §6.1). */
const isFramedWrongly = ({ httpVersion, headers }: IncomingMessage): boolean =>
  httpVersion === "1.0" && headers["transfer-encoding"] !== undefined;

/** Acts once the whole answer is sent. */
function afterAnswer(response: ServerResponse, act: () => void): void {
  if (response.writableFinished) act();
  else response.once("finish", act);
}

/** Acts once all answers before it are sent. Until then the response has no socket. */
function inTurn(response: ServerResponse, act: () => void): void {
  if (response.socket !== null) act();
  else response.once("socket", act);
}

function refuseUnread(socket: Socket, status: number, sentence: string, more: HeaderPairs): void {
  if (!socket.writable) return;
  const body = `${sentence}\n`;
  const headers = [
    ...Object.entries(apiHeaders(null)),
    ...more,
    [REQUEST_ID_HEADER, requestIdOf(null)],
    ["content-type", "text/plain; charset=utf-8"],
    ["cache-control", "no-store"],
    ["date", new Date().toUTCString()],
    ["connection", "close"],
    ["content-length", String(Buffer.byteLength(body))],
  ];
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines}\r\n${body}`, () => socket.destroy());
}

/** An error of Node's parser: the bytes that it was reading, and how many of them it has read. */
interface Unreadable extends NodeJS.ErrnoException {
  readonly rawPacket?: Buffer;
  readonly bytesParsed?: number;
}

const NOT_A_PATH = "This address cannot be read. Send a path that begins with a slash, in percent-encoding.";
const NOT_HTTP = "This server could not read the request. Send it again as HTTP/1.1.";
const LONG_HEADERS = "The headers are larger than this server accepts. Delete this site's cookies and try again.";
const LONG_HEAD =
  "The address or the headers are larger than this server accepts. Shorten the address or delete this site's cookies, and try again.";

const UNREADABLE: Readonly<Record<string, (error: Unreadable) => readonly [status: number, sentence: string]>> = {
  HPE_HEADER_OVERFLOW: tooLong,
  HPE_INVALID_URL: () => [400, NOT_A_PATH],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: () => [
    413,
    "The body's chunk extensions are longer than this server accepts. Leave them out.",
  ],
  ERR_HTTP_REQUEST_TIMEOUT: () => [408, "The request did not come in time. Send it again."],
};

/**
 * Says which part of the head was too long. Node counts the address among the headers, and says only where in the last bytes
 * from the network it stopped. The line there is an address, a header, or the middle of something that began earlier.
 */
function tooLong({ rawPacket, bytesParsed }: Unreadable): readonly [number, string] {
  const lines = rawPacket?.toString("latin1", 0, bytesParsed).split("\n") ?? [];
  if (/^[A-Z]+ /.test(lines.at(-1) ?? "")) return [414, TARGET_FAULTS["too-long"]];
  return [431, lines.length > 1 ? LONG_HEADERS : LONG_HEAD];
}

const NO_TUNNEL = "This server is no proxy and opens no tunnels. Send GET, HEAD or POST.";
const NO_HOST = "The request names no host. Send a Host header.";
const UNMET_EXPECTATION = "This server understands only Expect: 100-continue. Leave the header out.";

/** Lets the answer arrive, then ends the connection without reading the rest of the request. */
function linger(request: Incoming): void {
  const { socket } = request;
  request.leaveUnread();
  // Node would close both directions at once. The client's system would then drop the answer together with its unsent data.
  socket.destroySoon = () => void socket.end();
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}

class CannotListen extends Error {
  override readonly name = "CannotListen";

  constructor(host: string, port: number, code: string | undefined) {
    super(
      code === "EADDRINUSE"
        ? `Port ${port} at ${host} is in use by another program: end it, or set PORT to another one, and start again.`
        : `The server cannot listen at ${host}, port ${port} (${code ?? "no reason given"}): set HOST and PORT, and start again.`,
    );
  }
}
