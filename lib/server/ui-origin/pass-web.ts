import "server-only";
/** Passes requests on where the framework or a platform receives them: web requests in, web responses out. */
import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import { tooManyProblem } from "../access/caller-limits";
import type { App } from "../boot/app";
import { routeHeaders } from "../http/answers/api-headers";
import { type ProblemParts, problemAnswer } from "../http/answers/problem";
import { webResponse } from "../http/answers/web-response";
import { REQUEST_ID_HEADER, requestIdOf } from "../http/request-scope";
import type { UiAnswer } from "./forward";

/** These statuses have no body, and a Response refuses one. */
const WITHOUT_BODY: readonly number[] = [204, 205, 304];
const LIMIT = "passed";

/** Counts a request that the gate lets in, and passes it on. */
export async function passWebRequest(
  { ui, limits, metrics }: Pick<App, "limits" | "metrics" | "ui">,
  request: Request,
): Promise<Response> {
  if (ui === null) return problemResponse(request, NOTHING_HERE);
  const { method, headers } = request;
  const waitMs = await limits.countAddress(
    LIMIT,
    limits.addressOf((name) => headers.get(name)),
  );
  if (waitMs !== null) {
    metrics.observeRefusal(LIMIT);
    return problemResponse(request, tooManyProblem(waitMs));
  }
  const { pathname, search } = new URL(request.url);
  const passed = await ui.pass({
    ...{ method, target: pathname + search, headers: Object.fromEntries(headers), signal: request.signal },
    body: request.body === null ? null : Readable.fromWeb(request.body as ReadableStream<Uint8Array>),
  });
  // The client has left, so nobody reads the answer.
  if (passed === null) return new Response(null, { status: 499 });
  return passed.ok ? webAnswer(passed.value, method) : problemResponse(request, passed.error);
}

/** A route of the table that has no file of its own in app/api. */
const NOTHING_HERE = { code: "not-found", detail: "There is nothing at this address.", options: {} } as const;

interface RefusalOptions {
  /** The Allow header of a 405. */
  readonly allow?: string | null;
  /** Pages of any site may read it. */
  readonly isForAnySite?: boolean;
}

/** A problem as the answer to a request. */
export function problemResponse(
  { headers }: Request,
  problem: ProblemParts,
  { allow = null, isForAnySite = false }: RefusalOptions = {},
): Response {
  const requestId = requestIdOf(headers.get(REQUEST_ID_HEADER));
  const { status, headers: own, body } = problemAnswer(problem, requestId);
  const common = routeHeaders(headers.get("x-forwarded-proto"), isForAnySite);
  const all = allow === null ? own : { ...own, allow };
  return webResponse({ status, headers: all, common, lines: [REQUEST_ID_HEADER, requestId], body });
}

function webAnswer({ status, headers, body }: UiAnswer, method: string): Response {
  const isEmpty = method === "HEAD" || WITHOUT_BODY.includes(status);
  if (isEmpty) body.resume();
  const content = isEmpty ? null : (Readable.toWeb(body) as unknown as globalThis.ReadableStream);
  return new Response(content, { status, headers: headers.map(([name, value]): [string, string] => [name, value]) });
}
