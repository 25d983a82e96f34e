import "server-only";

/** A request's headers, by lower-case name. */
export interface HeaderValues {
  get(name: string): string | null;
}

/** The parts of a request that routes read. A Request of the Fetch standard has them, and so has front/admission/request-head.ts. */
export interface ApiRequest {
  readonly method: string;
  /** Absolute, or the request target alone: path and query. */
  readonly url: string;
  readonly headers: HeaderValues;
  /** Null without a body. */
  readonly body: AsyncIterable<Uint8Array> | null;
}

/** Whether a request only reads, by its method (RFC 9110 §9.2.1). */
export const onlyReads = ({ method }: Pick<ApiRequest, "method">): boolean => method === "GET" || method === "HEAD";

/**
 * Calls `make` once for requests with equal heads, which share their `headers` (front/admission/request-head.ts). `make` may read only the
 * method, the URL and the headers. Nothing may change its result. An error that it throws is not kept.
 */
export function perHead<T>(make: (request: ApiRequest) => T): (request: ApiRequest) => T {
  const known = new WeakMap<HeaderValues, { readonly method: string; readonly url: string; readonly made: T }>();
  return (request) => {
    const { method, url, headers } = request;
    const kept = known.get(headers);
    if (kept !== undefined && kept.url === url && kept.method === method) return kept.made;
    const made = make(request);
    known.set(headers, { method, url, made });
    return made;
  };
}

const LOCAL = "http://localhost";

/** The request's URL, parsed. Requests with equal heads share it, so nothing may change it. */
export const urlOf = perHead(({ url }): URL => new URL(url, LOCAL));
