import "server-only";
/** One request to another server, byte for byte: its body goes and the answer comes as a stream. */
import {
  type IncomingHttpHeaders,
  type IncomingMessage,
  Agent as PlainAgent,
  request as plainRequest,
} from "node:http";
import { Agent as SecureAgent, request as secureRequest } from "node:https";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { reasonUnreachable } from "../../core/health/unreachable";
import { err, ok, type Result } from "../../core/result";
import { answerHeaders, type HeaderList, requestHeaders } from "./headers";

/** Larger than the messages and pictures that a page sends, and as much as a function on Vercel accepts, in round figures. */
export const MAX_PASSED_BYTES = 5_000_000;
/** The sentence of the refusal of a body that is larger. */
export const PASSED_TOO_LARGE = `The body is larger than ${MAX_PASSED_BYTES.toLocaleString("en")} bytes. Send at most that many.`;
/** As long as the framework's own rewrites wait for another server. */
const ANSWER_MS = 30_000;

/** As the option `agent`, false makes Node open a connection for this request alone. */
const NEW_CONNECTION = false;
/** Error codes of a read or a write on a connection that the other side has closed. */
const CLOSED: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE"]);

export interface Passed {
  readonly method: string;
  /** Path and query as they came. Starts with a slash. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  /** Null if there is none. */
  readonly body: Readable | null;
  /** Aborts when the client has left. */
  readonly signal: AbortSignal;
}

export interface UiAnswer {
  readonly status: number;
  readonly headers: HeaderList;
  readonly body: Readable;
}

/** `reason` is for operators: part of a sentence, such as `the connection was refused: …`. */
export type ForwardFailure =
  | { readonly kind: "too-large" | "too-slow" | "client-left" }
  | { readonly kind: "unreachable"; readonly reason: string };

export class Forwarder {
  private readonly url: URL;
  private readonly agent: PlainAgent;
  private readonly send: typeof plainRequest;

  constructor(
    private readonly origin: string,
    private readonly answerMs = ANSWER_MS,
  ) {
    this.url = new URL(origin);
    const isSecure = this.url.protocol === "https:";
    this.agent = isSecure ? new SecureAgent({ keepAlive: true }) : new PlainAgent({ keepAlive: true });
    this.send = isSecure ? secureRequest : plainRequest;
  }

  /** Resolves as soon as the answer's headers are there. Never rejects. A body that breaks off later breaks the answer's, too. */
  async forward(passed: Passed): Promise<Result<UiAnswer, ForwardFailure>> {
    const { method, body } = passed;
    // The other side may close a kept connection at any moment, and nobody knows what it has seen of a request on it.
    const isRepeatable = (method === "GET" || method === "HEAD") && body === null;
    const first = await this.attempt(passed, isRepeatable ? this.agent : NEW_CONNECTION);
    if (first !== "closed meanwhile") return first;
    // It closes all that were idle at about the same time, so another kept one would be no better.
    const second = await this.attempt(passed, NEW_CONNECTION);
    return second === "closed meanwhile" ? err({ kind: "unreachable", reason: "it cut the connection" }) : second;
  }

  close(): void {
    this.agent.destroy();
  }

  private attempt({ method, target, headers, body, signal }: Passed, agent: PlainAgent | typeof NEW_CONNECTION) {
    return new Promise<Result<UiAnswer, ForwardFailure> | "closed meanwhile">((resolve) => {
      const { hostname, port } = this.url;
      const sent = requestHeaders(headers, this.origin);
      // Node adds it for methods that usually have a body. The others' bodies would be sent without a frame.
      if (body !== null && sent["content-length"] === undefined) sent["transfer-encoding"] = "chunked";
      const request = this.send({
        ...{ method, path: target, headers: sent, agent, signal },
        // Node takes an IPv6 address without its brackets.
        ...{ hostname: hostname.replace(/^\[|\]$/g, ""), port },
      });
      const fail = (failure: ForwardFailure) => {
        resolve(err(failure));
        request.destroy();
      };
      request.setTimeout(this.answerMs, () => fail({ kind: "too-slow" }));
      request.once("response", (response: IncomingMessage) => {
        // A stream may be silent for longer than an answer may take.
        request.setTimeout(0);
        resolve(ok(answerOf(response, this.origin)));
      });
      request.on("error", (cause: NodeJS.ErrnoException) => {
        if (signal.aborted) return fail({ kind: "client-left" });
        if (request.reusedSocket && CLOSED.has(cause.code ?? "")) return resolve("closed meanwhile");
        fail({ kind: "unreachable", reason: reasonUnreachable(cause) ?? cause.code ?? "no reason given" });
      });
      if (body === null) return void request.end();
      // The client's connection stays open for the answer, whatever becomes of its body.
      const chunks = body.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
      // The request's own error tells of a failure. Without one, the other side has answered before it read everything.
      pipeline(
        limited(chunks, () => fail({ kind: "too-large" })),
        request,
      ).catch(() => {});
    });
  }
}

function answerOf(response: IncomingMessage, origin: string): UiAnswer {
  return { status: response.statusCode ?? 502, headers: answerHeaders(response.rawHeaders, origin), body: response };
}

/** Calls `refuse` and ends before the first chunk beyond the limit. */
async function* limited(chunks: AsyncIterable<Uint8Array>, refuse: () => void): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > MAX_PASSED_BYTES) return refuse();
    yield chunk;
  }
}
