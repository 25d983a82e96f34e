/** Why another machine could not be reached, in words, from the codes that Node gives. Names no address and no secret. */

const REASONS: readonly (readonly [RegExp, string])[] = [
  [/^(ENOTFOUND|EAI_AGAIN|EAI_\w+)$/, "its name is not known (DNS)"],
  [/^ECONNREFUSED$/, "the connection was refused: nothing listens there"],
  [/^(ETIMEDOUT|UND_ERR_\w*TIMEOUT|TimeoutError)$/, "it did not answer in time"],
  [/^(ENETUNREACH|EHOSTUNREACH|ENETDOWN|EADDRNOTAVAIL)$/, "there is no way to it from this machine"],
  [/^(ECONNRESET|EPIPE|UND_ERR_SOCKET)$/, "it cut the connection"],
  [/^(CERT_|ERR_TLS|ERR_SSL|EPROTO|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_\w*(CERT|ISSUER|LEAF))/, "TLS failed"],
];

/** An error, then what caused it; of several tries at once the first. */
function* chain(cause: unknown): Generator<Readonly<Record<string, unknown>>> {
  let next = cause;
  for (let depth = 0; depth < 8 && typeof next === "object" && next !== null; depth += 1) {
    const error = next as Readonly<Record<string, unknown>>;
    yield error;
    next = error.cause ?? (Array.isArray(error.errors) ? error.errors[0] : undefined);
  }
}

/** A part of a sentence, `the connection was refused: …`; `null` where the error says nothing that is known here. */
export function reasonUnreachable(cause: unknown): string | null {
  for (const { code, name } of chain(cause)) {
    for (const text of [code, name]) {
      if (typeof text !== "string") continue;
      const reason = REASONS.find(([pattern]) => pattern.test(text))?.[1];
      if (reason !== undefined) return reason === "TLS failed" ? `${reason} (${text})` : reason;
    }
  }
  return null;
}
