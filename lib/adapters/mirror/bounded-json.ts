/** Bounds answers while they are read: a mirror that sends without end must not take this process's memory. */

/** A page of 100 messages of the largest kind is about 1 MB; a gateway's own page a few KB. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/**
 * The JSON of a response, or `too-large` if it has more than `maxBytes` after decompression. Reading stops at the limit.
 * Rejects with a SyntaxError if it is not JSON, and with the connection's errors.
 */
export async function readJson(response: Response, maxBytes = MAX_ANSWER_BYTES): Promise<unknown> {
  const text = await readText(response, maxBytes);
  return text === TOO_LARGE ? TOO_LARGE : JSON.parse(text);
}

/** The same for the text of a response, whatever it is. */
export async function readText(response: Response, maxBytes: number): Promise<string | typeof TOO_LARGE> {
  if (Number(response.headers.get("content-length") ?? 0) > maxBytes) {
    await response.body?.cancel();
    return TOO_LARGE;
  }
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  const reader = response.body?.getReader();
  for (;;) {
    const piece = await reader?.read();
    if (!piece || piece.done) break;
    bytes += piece.value.length;
    if (bytes > maxBytes) {
      await reader?.cancel();
      return TOO_LARGE;
    }
    pieces.push(piece.value);
  }
  // Response.json does the same: a byte order mark is not part of the text.
  return new TextDecoder().decode(Buffer.concat(pieces, bytes));
}

export const TOO_LARGE: unique symbol = Symbol("too-large");
