import "server-only";
/** Reads a request's body as JSON. Size, time and depth are limited before any other code sees it. */
import type { Clock } from "../../ports/clock";
import type { HeaderReader } from "../access/client-address";
import { ProblemError } from "./answers/problem";
import type { ApiRequest } from "./api-request";

/** Larger than any message that the ledger accepts (20 chunks of 1,024 bytes), in JSON. */
export const MAX_BODY_BYTES = 64 * 1024;
/** A client that needs longer for 64 KB only holds a connection open. */
const BODY_MS = 10_000;
/** Our messages nest a few levels. A recursive walk overflows only far above this. */
const MAX_DEPTH = 32;

/** The sentence that refuses a body that is too large, whichever check finds it. */
export const BODY_TOO_LARGE = `The body is larger than ${MAX_BODY_BYTES.toLocaleString("en")} bytes. Send at most that many.`;
const NOT_JSON = "The body is not JSON. Send a JSON object as /api/openapi.json describes it for this address.";
const TOO_DEEP = `The body is nested too deeply. Nest at most ${MAX_DEPTH} objects and lists in each other.`;
const TOO_SLOW = `The body did not come within ${BODY_MS / 1_000} s. Send the request again.`;

/**
 * The JSON, or undefined for a POST without a body. Some clients send such a POST with a content type, the web UI among them. Throws
 * ProblemError.
 */
export async function readJsonBody(request: ApiRequest, clock: Clock): Promise<unknown> {
  const { headers } = request;
  if (headers.get("content-type") === null && !hasBody((name) => headers.get(name))) return undefined;
  const type = headers.get("content-type") ?? "";
  if (!/^application\/json\b/i.test(type))
    throw new ProblemError("bad-media-type", "Send JSON, with content-type: application/json.");
  const text = (await inTime(readAll(request), clock)).toString("utf8");
  if (text === "") return undefined;
  if (isTooDeep(text)) throw new ProblemError("bad-input", TOO_DEEP, { field: "body" });
  try {
    return JSON.parse(text);
  } catch {
    throw new ProblemError("bad-input", NOT_JSON, { field: "body" });
  }
}

/** True if the body is longer than the limit, or of unknown length. */
export const isBodyLong = (header: HeaderReader): boolean =>
  (header("transfer-encoding") ?? "") !== "" || Number(header("content-length") ?? 0) > MAX_BODY_BYTES;

/** Whether a body follows the headers (RFC 9112 §6.3). A length is one digit or more, so `00` is none, too (RFC 9110 §8.6). */
export const hasBody = (header: HeaderReader): boolean =>
  (header("transfer-encoding") ?? "") !== "" || !/^0*$/.test(header("content-length") ?? "");

/** Whether the body is in a transfer coding that nobody here decodes. The parser of HTTP takes off `chunked` alone. */
export const hasOtherTransferCoding = (header: HeaderReader): boolean =>
  !/^(chunked)?$/i.test(header("transfer-encoding") ?? "");

/** Whether the body is compressed or encoded otherwise. */
export const hasContentCoding = (header: HeaderReader): boolean =>
  !/^(identity)?$/i.test(header("content-encoding") ?? "");

const BROKEN_OFF = "The body ended before it was complete. Send the request again.";

async function readAll(request: ApiRequest): Promise<Buffer> {
  const tooLarge = new ProblemError("too-large", BODY_TOO_LARGE, { field: "body" });
  if (Number(request.headers.get("content-length") ?? 0) > MAX_BODY_BYTES) throw tooLarge;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request.body ?? []) {
      bytes += chunk.length;
      if (bytes > MAX_BODY_BYTES) throw tooLarge;
      chunks.push(chunk);
    }
  } catch (cause) {
    // The client hung up, or its chunks are malformed. That is not our failure, so it stays out of the error log.
    throw cause === tooLarge ? cause : new ProblemError("bad-input", BROKEN_OFF, { field: "body" });
  }
  return Buffer.concat(chunks);
}

async function inTime<T>(work: Promise<T>, clock: Clock): Promise<T> {
  const done = new AbortController();
  const late = clock.sleep(BODY_MS, done.signal).then(() => "late" as const);
  // If the body comes after the time limit, nobody awaits it any more.
  work.catch(() => {});
  try {
    const first = await Promise.race([work.then((value) => ({ value })), late]);
    if (first === "late") throw new ProblemError("too-slow", TOO_SLOW);
    return first.value;
  } finally {
    done.abort();
  }
}

/** Checks the text before it is parsed, without building anything. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  let isInString = false;
  for (let i = 0; i < text.length; i += 1) {
    const character = text[i];
    if (isInString) {
      if (character === "\\") i += 1;
      else if (character === '"') isInString = false;
    } else if (character === '"') isInString = true;
    else if (character === "{" || character === "[") depth += 1;
    else if (character === "}" || character === "]") depth -= 1;
    if (depth > MAX_DEPTH) return true;
  }
  return false;
}
