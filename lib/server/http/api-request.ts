import "server-only";

/** A request's headers, by lower-case name. */
export interface HeaderValues {
  get(name: string): string | null;
}

/** The parts of a request that routes read. A Request of the Fetch standard has them, and so has front/request-head.ts. */
export interface ApiRequest {
  readonly method: string;
  /** Absolute, or the request target alone: path and query. */
  readonly url: string;
  readonly headers: HeaderValues;
  /** Null without a body. */
  readonly body: AsyncIterable<Uint8Array> | null;
}
