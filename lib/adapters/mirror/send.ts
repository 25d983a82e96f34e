/** Sends requests to mirrors. */
import { pipeline, type Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { request } from "undici";

/** The parts of an answer that are read. A Response of the Fetch standard has them. */
export interface MirrorAnswer {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  /** Decompressed. Null if there is none. */
  readonly body: AnswerBody | null;
}

interface AnswerBody extends AsyncIterable<Uint8Array> {
  /** Breaks the answer off. Does nothing once it was read. */
  cancel(): Promise<void>;
}

interface Sent {
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** For `fetch`: a redirect could lead to any host, with a request for which no token was taken. */
  readonly redirect: "manual";
  readonly cache: "no-store";
}

/** Rejects if no answer comes. `fetch` is one of these. */
export type Send = (url: string, sent: Sent) => Promise<MirrorAnswer>;

/**
 * Sends a request and follows no redirect. It takes half of the CPU of `fetch` (docs/measurements.md §1), and the framework cannot
 * put its own function there.
 */
export const send: Send = async (url, { headers, signal }) => {
  const answer = await request(url, { headers: { ...headers, "accept-encoding": "gzip" }, signal });
  const get = (name: string) => answer.headers[name]?.toString() ?? null;
  return { status: answer.statusCode, headers: { get }, body: bodyOf(answer.body, get("content-encoding") === "gzip") };
};

function bodyOf(raw: Readable, isGzip: boolean): AnswerBody {
  // The reader of the body gets the error too.
  raw.on("error", () => {});
  const body = isGzip ? pipeline(raw, createGunzip(), () => {}) : raw;
  return {
    [Symbol.asyncIterator]: () => body[Symbol.asyncIterator](),
    cancel: async () => void raw.destroy(),
  };
}
