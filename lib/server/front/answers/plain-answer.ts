import "server-only";
/** Answers that go to node:http directly, without the framework. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Answer } from "../../http/answers/answer";
import { apiHeaders, routeHeaders } from "../../http/answers/api-headers";
import { type ProblemParts, problemAnswer } from "../../http/answers/problem";
import { inRequest, REQUEST_ID_HEADER, requestIdOf } from "../../http/request-scope";
import { headOf, type RequestHead } from "../admission/request-head";
import { mayHaveBody, setHead } from "./answer-head";
import { SocketClient } from "./socket-client";
import { STATIC_POLICY, staticPage } from "./static-page";

/** A write of several parts costs more CPU than joining short ones: 3 % of a poll with nothing new. At 7 KB it costs less. */
const MOST_JOINED_BYTES = 1_024;

/** The headers that every answer of this server has, for an answer that somebody else writes. */
export function setApiHeaders(head: RequestHead, response: ServerResponse): void {
  const headers = apiHeaders(head.get("x-forwarded-proto"));
  for (const name in headers) response.setHeader(name, headers[name] as string);
}

/**
 * Writes an answer, with exactly its headers and its length. In one piece: writing header by header costs more CPU, and a chunked
 * answer takes three writes. If a long body is still to come, the connection ends with the answer. A short body is read to its
 * end, which costs less than a new connection.
 */
export function write(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  const { status, body } = answer;
  const client = typeof body === "function" ? new SocketClient(response) : null;
  // Nothing is written to a client that has left. A stream is still handed its client, and frees what it holds.
  if (!response.destroyed) {
    if (!request.complete && headOf(request).isBodyLong) response.shouldKeepAlive = false;
    if (body === null) setHead(request, response, answer, mayHaveBody(status) ? 0 : null).end();
    else if (typeof body === "string") setHead(request, response, answer, Buffer.byteLength(body)).end(body);
    else if (typeof body === "object") {
      const { shared, end } = body;
      setHead(request, response, answer, shared.length + end.length);
      if (shared.length <= MOST_JOINED_BYTES) response.end(shared.toString("latin1") + end, "latin1");
      else {
        // The parts leave in one write. Joining them first would take a buffer of their size, and 40 µs of CPU for 7 KB.
        response.cork();
        response.write(shared);
        response.end(end, "latin1");
      }
    } else setHead(request, response, answer, null).flushHeaders();
  }
  if (typeof body === "function" && client !== null) body(client);
}

/** Writes an answer of the server itself, with the headers that all answers have. Its own headers repeat none of them. */
export function sendAnswer(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers, body }: Pick<Answer, "status" | "headers" | "body">,
  { requestId = idOf(request), isForAnySite = false }: { requestId?: string; isForAnySite?: boolean } = {},
): void {
  const common = routeHeaders(headOf(request).get("x-forwarded-proto"), isForAnySite);
  write(request, response, { status, headers, common, lines: [REQUEST_ID_HEADER, requestId], body });
}

/** The request's id as its answer names it. Without one of a proxy, each call makes a new one. */
export const idOf = (request: IncomingMessage): string => requestIdOf(headOf(request).get(REQUEST_ID_HEADER));

/** How a problem is sent. `title` and `refreshS` apply to a page only. */
export interface ProblemPageOptions {
  /** The Allow header of a 405. */
  readonly allow?: string | null;
  /** Pages of any site may read it. */
  readonly isForAnySite?: boolean;
  /** Heading of the page. */
  readonly title?: string;
  /** Seconds after which a page reloads itself. Absent if it does not. */
  readonly refreshS?: number;
  /** The id that the log has for the request. Absent: a new one, if the request has none. */
  readonly requestId?: string;
}

/** A problem as a page for a browser that asked for one, otherwise as JSON. */
export function sendProblem(
  request: IncomingMessage,
  response: ServerResponse,
  problem: ProblemParts,
  {
    allow = null,
    isForAnySite = false,
    title = "This address cannot be shown",
    refreshS,
    requestId = idOf(request),
  }: ProblemPageOptions = {},
): void {
  const { status, headers, body } = problemAnswer(problem, requestId);
  const own = allow === null ? headers : { ...headers, allow };
  if (!wantsPage(request)) {
    sendAnswer(request, response, { status, headers: own, body }, { requestId, isForAnySite });
    return;
  }
  const all = {
    ...apiHeaders(headOf(request).get("x-forwarded-proto")),
    ...own,
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": STATIC_POLICY,
    [REQUEST_ID_HEADER]: requestId,
  };
  write(request, response, {
    status,
    headers: all,
    body: staticPage({ title, sentences: [problem.detail], refreshS }),
  });
}

const INTERNAL = {
  code: "internal",
  detail: "Something went wrong on our side. Try again shortly.",
  options: {},
} as const;

/** Tells operators of an error that no route has caught. It runs within the request. */
export type Report = (cause: unknown) => void;

/** Answers a request whose answer could not be made or written. An answer that has begun is broken off. */
export function sendFailure(cause: unknown, request: IncomingMessage, response: ServerResponse, report: Report): void {
  const requestId = idOf(request);
  inRequest({ requestId }, () => report(cause));
  if (response.headersSent) response.destroy();
  else sendProblem(request, response, INTERNAL, { title: "Something went wrong", requestId });
}

/** Whether a request is for the API, whose errors are JSON for every client. */
export const isOfApi = (request: IncomingMessage): boolean => request.url?.startsWith("/api/") === true;

const wantsPage = (request: IncomingMessage): boolean =>
  !isOfApi(request) && (headOf(request).get("accept") ?? "").includes("text/html");
