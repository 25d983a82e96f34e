import "server-only";
/**
 * The heads of requests: request line and headers (RFC 9112 §2.1). Equal heads are parsed once. A page that polls sends the same
 * bytes again and again, and parsing them costs as much CPU as an answer from memory. Only the parsing is remembered here: no
 * session, no limit, no answer.
 */
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { LRUCache } from "lru-cache";
import { SOCKET_HEADER } from "../../access/client-address";
import type { ApiRequest, HeaderValues } from "../../http/api-request";
import { hasBody, isBodyLong } from "../../http/read-body";

/** Requests with equal heads share one, so nothing may change it. */
export class RequestHead implements HeaderValues {
  readonly method: string;
  /** The request target: path and query, percent-encoded. */
  readonly target: string;
  /** The number of header lines, repeated ones included. */
  readonly headerCount: number;
  readonly hasBody: boolean;
  /** The body is longer than the limit, or of unknown length. */
  readonly isBodyLong: boolean;
  private readonly values: Readonly<Record<string, string | undefined>>;

  constructor({ method = "GET", url = "/", rawHeaders, headers, socket }: IncomingMessage) {
    this.method = method;
    this.target = url;
    this.headerCount = rawHeaders.length / 2;
    const values: Record<string, string | undefined> = Object.create(null);
    for (const name in headers) values[name] = headers[name]?.toString();
    // A client cannot write this one.
    values[SOCKET_HEADER] = socket.remoteAddress ?? "";
    this.values = values;
    this.hasBody = hasBody(this.header);
    this.isBodyLong = isBodyLong(this.header);
  }

  get(name: string): string | null {
    return this.values[name] ?? null;
  }

  readonly header = (name: string): string | undefined => this.values[name];
}

/** The memory of remembered heads: about 4,000 of a browser's. */
const MAX_BYTES = 16_000_000;
/** A longer head is rare, and is parsed each time. */
const MAX_CHARACTERS = 4_000;
/** Each character is in the key and in the values. The rest are the objects, and what routes parse once (http/api-request.ts). */
const BYTES_OF_HEAD = 3_000;
const known = new LRUCache<string, RequestHead>({
  maxSize: MAX_BYTES,
  sizeCalculation: (_, text) => BYTES_OF_HEAD + 2 * text.length,
});

const HEAD = Symbol("the head of the request");
const LAST = Symbol("the last request of the connection");

/** The head of a request. It is parsed when this is first called for the request. */
export function headOf(request: IncomingMessage & { [HEAD]?: RequestHead }): RequestHead {
  request[HEAD] ??= ofConnection(request);
  return request[HEAD];
}

interface Last {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly rawHeaders: readonly string[];
  readonly head: RequestHead;
}

/** Most requests of a connection repeat the head of the one before. Comparing them costs less than a key for the cache. */
function ofConnection(request: IncomingMessage): RequestHead {
  const { method, url, rawHeaders } = request;
  const socket: Socket & { [LAST]?: Last } = request.socket;
  const last = socket[LAST];
  const isSame =
    last !== undefined &&
    last.url === url &&
    last.method === method &&
    last.rawHeaders.length === rawHeaders.length &&
    last.rawHeaders.every((text, i) => text === rawHeaders[i]);
  if (isSame) return last.head;
  // No part of a head contains the character 0 (RFC 9110 §5.5), so two different heads never have the same text.
  const text = [socket.remoteAddress, method, url, ...rawHeaders].join("\0");
  if (text.length > MAX_CHARACTERS) return new RequestHead(request);
  let head = known.get(text);
  if (head === undefined) {
    head = new RequestHead(request);
    known.set(text, head);
  }
  // The framework may change the request's own URL later.
  socket[LAST] = { method, url, rawHeaders, head };
  return head;
}

/** A request as routes read it. */
export const apiRequest = (head: RequestHead, incoming: IncomingMessage): ApiRequest => ({
  method: head.method,
  url: head.target,
  headers: head,
  // A reader that stops before its end leaves the connection open, so that the refusal can be sent.
  body: head.hasBody ? incoming.iterator({ destroyOnReturn: false }) : null,
});
