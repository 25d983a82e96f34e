/** Bounds answers while they are read: a mirror that sends without end must not take this process's memory. */

import type { MirrorAnswer } from "./send";

/** A page of 100 messages of the largest kind is about 1 MB; a gateway's own page a few KB. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/**
 * The JSON of an answer, or `too-large` if it has more than `maxBytes` after decompression. Reading stops at the limit.
 * Rejects with a SyntaxError if it is not JSON, and with the connection's errors.
 */
export async function readBoundedJson(answer: MirrorAnswer, maxBytes = MAX_ANSWER_BYTES): Promise<unknown> {
  const text = await readText(answer, maxBytes);
  return text === TOO_LARGE ? TOO_LARGE : JSON.parse(text);
}

/** The same for the text of an answer, whatever it is. */
export async function readText({ headers, body }: MirrorAnswer, maxBytes: number): Promise<string | typeof TOO_LARGE> {
  if (Number(headers.get("content-length") ?? 0) > maxBytes) {
    await body?.cancel();
    return TOO_LARGE;
  }
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop early cancels the rest.
  for await (const piece of body ?? []) {
    bytes += piece.length;
    if (bytes > maxBytes) return TOO_LARGE;
    pieces.push(piece);
  }
  // Response.json does the same: a byte order mark is not part of the text.
  return new TextDecoder().decode(Buffer.concat(pieces, bytes));
}

export const TOO_LARGE: unique symbol = Symbol("too-large");
