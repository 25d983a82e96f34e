import "server-only";
/** A request of node:http as routes read it. Nothing is copied, and nothing is read before a route asks for it. */
import type { IncomingMessage } from "node:http";
import type { ApiRequest, HeaderValues } from "../http/api-request";

export class NodeRequest implements ApiRequest, HeaderValues {
  readonly method: string;
  readonly url: string;

  constructor(private readonly incoming: IncomingMessage) {
    this.method = incoming.method ?? "GET";
    this.url = incoming.url ?? "/";
  }

  get headers(): HeaderValues {
    return this;
  }

  get(name: string): string | null {
    return this.incoming.headers[name]?.toString() ?? null;
  }

  /** A reader that stops before its end leaves the connection open, so that the refusal can be sent. */
  get body(): AsyncIterable<Uint8Array> {
    return this.incoming.iterator({ destroyOnReturn: false });
  }
}
