/** The answer of a REST handler, before faults and HTTP. */
export interface RestAnswer {
  readonly status: number;
  readonly body: string;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request that the mirror refuses, in its own words. */
export class RestError extends Error {
  constructor(
    readonly status: number,
    readonly messages: readonly string[],
  ) {
    super(messages.join("; "));
  }
}

/** The mirror's 404, with its own message unless another one is given. */
export const notFound = (message = "Not found"): RestError => new RestError(404, [message]);

/** A 200 with this JSON text. */
export const okJson = (body: string): RestAnswer => ({ status: 200, body });

/** The mirror's error shape. */
export function errorAnswer(error: RestError): RestAnswer {
  const messages = error.messages.map((message) => ({ message }));
  return { status: error.status, body: JSON.stringify({ _status: { messages } }) };
}
