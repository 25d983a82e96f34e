import "server-only";
/** Answers that go to node:http directly, without the framework. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { HeaderReader } from "../access/client-address";
import { type ProblemParts, problemAnswer } from "../http/problem";
import { isBodyLong } from "../http/read-body";
import { inRequest, HEADER as REQUEST_ID, requestIdOf } from "../http/request-scope";
import { STATIC_POLICY, staticPage } from "./static-page";

export const headersOf =
  (request: IncomingMessage): HeaderReader =>
  (name) =>
    request.headers[name]?.toString();

export interface PlainAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * Writes the answer in one piece with its length: writing header by header costs more CPU, and a chunked answer takes three
 * writes. If a long body is still to come, the connection ends with the answer. A short body is read to its end, which costs
 * less than a new connection.
 */
export function send(request: IncomingMessage, response: ServerResponse, answer: PlainAnswer): void {
  const header = headersOf(request);
  if (isBodyLong(header)) response.shouldKeepAlive = false;
  const requestId = requestIdOf(header(REQUEST_ID) ?? null);
  const own = { ...answer.headers, [REQUEST_ID]: requestId, "content-length": Buffer.byteLength(answer.body) };
  response.writeHead(answer.status, own).end(answer.body);
}

export interface ProblemOptions {
  /** The Allow header of a 405. */
  readonly allow?: string | null;
  /** Heading of the page. */
  readonly title?: string;
  /** Seconds after which a page reloads itself. Absent if it does not. */
  readonly refreshS?: number;
}

/** A problem as a page for a browser that asked for one, otherwise as JSON. */
export function sendProblem(
  request: IncomingMessage,
  response: ServerResponse,
  problem: ProblemParts,
  { allow = null, title = "This address cannot be shown", refreshS }: ProblemOptions = {},
): void {
  const requestId = requestIdOf(request.headers[REQUEST_ID]?.toString() ?? null);
  request.headers[REQUEST_ID] = requestId;
  const { status, headers, body } = inRequest({ requestId }, () => problemAnswer(problem));
  const more = allow === null ? headers : { ...headers, allow };
  const asPage = { "content-type": "text/html; charset=utf-8", "content-security-policy": STATIC_POLICY };
  const answer = wantsPage(request)
    ? { headers: { ...more, ...asPage }, body: staticPage({ title, sentences: [problem.detail], refreshS }) }
    : { headers: more, body };
  send(request, response, { status, ...answer });
}

const wantsPage = ({ url = "", headers }: IncomingMessage): boolean =>
  !url.startsWith("/api/") && (headers.accept ?? "").includes("text/html");
