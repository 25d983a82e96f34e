/** Says in words why another machine could not be reached, from the codes that Node gives. Names no address and no secret. */

const REASONS: readonly (readonly [RegExp, string])[] = [
  [/^(ENOTFOUND|EAI_AGAIN|EAI_\w+)$/, "its name is not known (DNS)"],
  [/^ECONNREFUSED$/, "the connection was refused: nothing listens there"],
  [/^(ETIMEDOUT|UND_ERR_\w*TIMEOUT|TimeoutError)$/, "it did not answer in time"],
  [/^(ENETUNREACH|EHOSTUNREACH|ENETDOWN|EADDRNOTAVAIL)$/, "this machine has no route to it"],
  [/^(ECONNRESET|EPIPE|UND_ERR_SOCKET)$/, "it cut the connection"],
  [/^(HTTPParserError|HPE_\w+|UND_ERR_RES\w*|UND_ERR_HEADERS_OVERFLOW)$/, "its answer is not HTTP"],
  // A browser's rule, which Node's fetch follows: https://fetch.spec.whatwg.org/#port-blocking
  [/^bad port$/, "its port belongs to another protocol, and HTTP clients refuse it"],
  [/^(CERT_|ERR_TLS|ERR_SSL|EPROTO|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_\w*(CERT|ISSUER|LEAF))/, "TLS failed"],
];

/** Yields an error and then its causes. Of several tries at once it follows the first. */
function* chain(cause: unknown): Generator<Readonly<Record<string, unknown>>> {
  let next = cause;
  for (let depth = 0; depth < 8 && typeof next === "object" && next !== null; depth += 1) {
    const error = next as Readonly<Record<string, unknown>>;
    yield error;
    next = error.cause ?? (Array.isArray(error.errors) ? error.errors[0] : undefined);
  }
}

/** The reason as part of a sentence, such as `the connection was refused: …`; null if no known code is in the error. */
export function reasonUnreachable(cause: unknown): string | null {
  for (const { code, name, message } of chain(cause)) {
    for (const text of [code, name, message]) {
      if (typeof text !== "string") continue;
      const reason = REASONS.find(([pattern]) => pattern.test(text))?.[1];
      if (reason !== undefined) return reason === "TLS failed" ? `${reason} (${text})` : reason;
    }
  }
  return null;
}
