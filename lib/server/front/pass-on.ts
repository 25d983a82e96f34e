import "server-only";
/** Passes a request of our own server on to UI_ORIGIN, and its answer back as it comes. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import type { UiOrigin } from "../ui-origin/ui-origin";
import { headOf } from "./admission/request-head";
import { sendProblem } from "./answers/plain-answer";
import { endWithClient } from "./half-closed";

/** Passes a request on to UI_ORIGIN and streams its answer back. If the client leaves, the request there is aborted. */
export async function passOn(ui: UiOrigin, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method = "GET", url: target = "/", headers } = request;
  const left = new AbortController();
  response.once("close", () => left.abort()).once("close", endWithClient(request.socket));
  const { hasBody, isBodyLong } = headOf(request);
  const body = hasBody ? request : null;
  const passed = await ui.pass({ method, target, headers, body, signal: left.signal });
  if (passed === null || response.destroyed) return;
  // The rest of a long body is not read.
  if (!request.complete && isBodyLong) response.shouldKeepAlive = false;
  if (!passed.ok) return sendProblem(request, response, passed.error, { title: "This page cannot be shown now" });
  const { status, headers: answered, body: content } = passed.value;
  for (const [name, value] of answered) response.appendHeader(name, value);
  response.writeHead(status);
  // A stream's first event may come much later.
  response.flushHeaders();
  // If either side breaks off, so does the other.
  await pipeline(content, response).catch(() => {});
}
