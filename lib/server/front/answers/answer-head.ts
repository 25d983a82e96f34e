import "server-only";
/**
 * Writes the heads of answers: status line and headers (RFC 9112 §2.1). Node's `writeHead` checks each name and value by a pattern
 * and looks each name up. That is a fifth of the CPU of an answer from memory (docs/measurements.md §1).
 */
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from "node:http";
import type { Answer } from "../../http/answers/answer";

/**
 * Balancers keep idle connections for up to 60 s (AWS, nginx, Google), and must close them first. If we closed first, a request
 * might be on its way.
 */
export const KEEP_ALIVE_MS = 75_000;

/**
 * Node's field for a head that is not sent yet. `writeHead` sets it, and the first bytes of the body send it. It is not
 * documented. In a Node without it, `writeHead` does the work.
 */
interface UnsentHead {
  _header?: string | null;
}

/**
 * Sets the head of an answer. It is sent with the body. `bytes` is the length of the body, or null for an answer whose length is not
 * known or not said. Throws, as Node does, if a value cannot be sent.
 */
export function setHead(
  request: IncomingMessage,
  response: ServerResponse & UnsentHead,
  answer: Answer,
  bytes: number | null,
): ServerResponse {
  const text = isUsual(request, response) ? headText(answer, bytes) : null;
  if (text === null) return response.writeHead(answer.status, headLines(answer, bytes));
  response.statusCode = answer.status;
  response._header = text;
  return response;
}

/** Whether an answer of the status has a body, perhaps an empty one (RFC 9112 §6.3). */
export const mayHaveBody = (status: number): boolean => status !== 204 && status !== 304;

/**
 * The connection goes on after the answer, as HTTP/1.1 allows, and nobody has set a head or a header before. An answer to `Expect` is
 * Node's, which may have to end the connection: a client that holds its body back sends its next request instead.
 */
const isUsual = ({ httpVersion, headers }: IncomingMessage, response: ServerResponse & UnsentHead): boolean =>
  response._header === null &&
  response.shouldKeepAlive &&
  httpVersion === "1.1" &&
  headers.expect === undefined &&
  response.getHeaderNames().length === 0;

/** Names and values in turn. */
function headLines({ headers, common = [], lines = [] }: Answer, bytes: number | null): string[] {
  const all = [...common, ...lines];
  for (const name in headers) all.push(name, headers[name] as string);
  if (bytes !== null) all.push("content-length", String(bytes));
  return all;
}

/** A character that no header value may have (RFC 9110 §5.5). */
const INVALID = /[^\t\x20-\x7e\x80-\xff]/;

/** The head as text. Null if a value has a character that cannot be sent. */
function headText({ status, headers, common, lines = [] }: Answer, bytes: number | null): string | null {
  // An answer without a length is a stream, whose chunks Node has to frame.
  if (bytes === null && mayHaveBody(status)) return null;
  let text = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n`;
  if (common !== undefined) text += commonText(common);
  for (let i = 0; i < lines.length; i += 2) {
    const value = lines[i + 1] as string;
    if (INVALID.test(value)) return null;
    text += `${lines[i]}: ${value}\r\n`;
  }
  for (const name in headers) {
    const value = headers[name] as string;
    if (INVALID.test(value)) return null;
    text += `${name}: ${value}\r\n`;
  }
  if (bytes !== null) text += `content-length: ${bytes}\r\n`;
  return text + endOfHead();
}

const texts = new WeakMap<readonly string[], string>();

/** The arrays that answers share are few, and each is turned into text once. */
function commonText(common: readonly string[]): string {
  let text = texts.get(common);
  if (text === undefined) {
    text = "";
    for (let i = 0; i < common.length; i += 2) text += `${common[i]}: ${common[i + 1]}\r\n`;
    texts.set(common, text);
  }
  return text;
}

const last = { second: Number.NaN, text: "" };

/** The header lines that Node writes itself, with the time of this second. */
function endOfHead(): string {
  const second = Math.floor(Date.now() / 1_000);
  if (second !== last.second) {
    const date = new Date(second * 1_000).toUTCString();
    const text = `Date: ${date}\r\nConnection: keep-alive\r\nKeep-Alive: timeout=${KEEP_ALIVE_MS / 1_000}\r\n\r\n`;
    Object.assign(last, { second, text });
  }
  return last.text;
}
