/** A view: the JSON that one user is served, as it is kept in memory and in Redis. */
import { createHash } from "node:crypto";
import type { CachedView } from "../../ports/shared/view-cache";

/** One user's view, ready to send. */
export interface View {
  /** The view as a JSON object, without the members that tell its age. */
  readonly body: Buffer;
  /** A strong, quoted tag that names the body. */
  readonly etag: string;
  readonly position: number;
  /** When it was read from the durable store, ms since 1970. */
  readonly readMs: number;
  /** Compressed forms of the body without its last brace. Absent for a view that is not kept in memory. */
  readonly copies?: CompressedCopies;
}

export type Encoding = "br" | "gzip";

/** Compressed forms of some bytes, each kept when it was first asked for. */
export interface CompressedCopies {
  get(encoding: Encoding): Buffer | undefined;
  keep(encoding: Encoding, bytes: Buffer): void;
}

/**
 * Makes a view of a content. Its tag begins with the position, so that people can read it, and ends with a digest, which makes it
 * strong. `position` null: the content has none.
 */
export function viewOf(position: number | null, content: Readonly<Record<string, unknown>>, readMs: number): View {
  const body = bytesOf(JSON.stringify(position === null ? content : { ...content, position }));
  const digest = createHash("sha256").update(body).digest("base64url").slice(0, 16);
  return { body, etag: position === null ? `"${digest}"` : `"${position}-${digest}"`, position: position ?? 0, readMs };
}

/** A view of Redis, with its body as UTF-8 bytes, ready to send. */
export const viewOfCached = ({ body, ...rest }: CachedView): View => ({ ...rest, body: bytesOf(body) });

/** Buffer.from would take it from a shared pool, and a small view would keep 8 KB alive for as long as it is cached. */
function bytesOf(json: string): Buffer {
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(json));
  bytes.write(json);
  return bytes;
}
