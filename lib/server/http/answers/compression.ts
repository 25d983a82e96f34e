import "server-only";
/**
 * Compressed bodies. A cached view is compressed once: each answer that shows it appends its own end (the time, the age) to the
 * compressed beginning, uncompressed. Both formats allow that, because a flush ends at a byte: deflate has stored blocks
 * (RFC 1951 §3.2.4), and Brotli has uncompressed meta-blocks (RFC 7932 §9.2).
 */
import { promisify } from "node:util";
import { brotliCompress, constants, crc32, deflateRaw } from "node:zlib";
import { LRUCache } from "lru-cache";
import { type Awaitable, andThen } from "../../../core/awaitable";
import { atMostEntries } from "../../../core/bounded-map";
import type { Encoding } from "../../../engine/reads/view";
import type { Answer, AnswerHeaders, SharedBody } from "./answer";

/** Smaller bodies fit into one packet with their headers, so compressing them saves no time. */
const LEAST_BYTES = 1_024;
/** Larger than any end of an answer. A stored block holds 64 KB at most. */
const MAX_END_BYTES = 65_535;

const brotliAsync = promisify(brotliCompress);
const deflateAsync = promisify(deflateRaw);

/** RFC 1952 §2.3: deflate, no flags, no time, no operating system. */
const GZIP_HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
const GZIP_TRAILER_BYTES = 8;
/** The last meta-block, and empty (RFC 7932 §9.2). */
const BROTLI_LAST = "\x03";
/** 4 takes about as long as gzip's default and makes a smaller body. */
const BROTLI_QUALITY = 4;

/** Compressed bytes to which an end can be appended. For gzip, the checksum and length of the uncompressed bytes follow them. */
export async function compressedBeginning(encoding: Encoding, bytes: Buffer): Promise<Buffer> {
  if (encoding === "br")
    return brotliAsync(bytes, {
      finishFlush: constants.BROTLI_OPERATION_FLUSH,
      params: {
        [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY,
        [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
        [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
      },
    });
  const deflated = await deflateAsync(bytes, { finishFlush: constants.Z_SYNC_FLUSH });
  return Buffer.concat([GZIP_HEADER, deflated, gzipTrailer(crc32(bytes), bytes.length)]);
}

/** The whole compressed body: a compressed beginning, and an end of at most 65,535 bytes of ASCII. */
export function withEnd(encoding: Encoding, beginning: Buffer, end: string): SharedBody {
  return encoding === "br" ? brotliWithEnd(beginning, end) : gzipWithEnd(beginning, end);
}

function brotliWithEnd(beginning: Buffer, end: string): SharedBody {
  if (end === "") return { shared: beginning, end: BROTLI_LAST };
  // The header's bits: not the last meta-block, a length of four nibbles, uncompressed.
  const head = ((end.length - 1) << 3) | (1 << 19);
  return { shared: beginning, end: littleEndian(head, 3) + end + BROTLI_LAST };
}

function gzipWithEnd(beginning: Buffer, end: string): SharedBody {
  const deflatedBytes = beginning.length - GZIP_TRAILER_BYTES;
  // The last block, stored: its length, and the complement of that.
  const head = `\x01${littleEndian(end.length, 2)}${littleEndian(end.length ^ 0xffff, 2)}`;
  const crc = crc32(end, beginning.readUInt32LE(deflatedBytes));
  const bytes = beginning.readUInt32LE(deflatedBytes + 4) + end.length;
  return {
    shared: beginning.subarray(0, deflatedBytes),
    end: head + end + littleEndian(crc, 4) + littleEndian(bytes, 4),
  };
}

/** The lowest bytes of a number, the lowest first, as latin1. */
function littleEndian(value: number, bytes: number): string {
  let text = "";
  for (let i = 0; i < bytes; i += 1) text += String.fromCharCode((value >>> (8 * i)) & 0xff);
  return text;
}

function gzipTrailer(crc: number, length: number): Buffer {
  const trailer = Buffer.allocUnsafe(GZIP_TRAILER_BYTES);
  trailer.writeUInt32LE(crc, 0);
  trailer.writeUInt32LE(length >>> 0, 4);
  return trailer;
}

/**
 * The answer in the encoding that the client prefers. Streams and small bodies stay as they are, and so does an answer for a client that
 * accepts no compression.
 */
export function compressed(answer: Answer, acceptEncoding: string | null): Awaitable<Answer> {
  const { body } = answer;
  if (body === null || typeof body === "function") return answer;
  const encoding = acceptEncoding === null ? null : encodingOf(acceptEncoding);
  if (encoding === null) return answer;
  const { shared, end, copies } =
    typeof body === "string" ? ({ shared: Buffer.from(body), end: "" } as SharedBody) : body;
  if (shared.length + end.length < LEAST_BYTES || end.length > MAX_END_BYTES) return answer;
  const kept = copies?.get(encoding);
  return andThen(kept ?? compressedBeginning(encoding, shared), (beginning) => {
    if (kept === undefined) copies?.keep(encoding, beginning);
    return {
      status: answer.status,
      headers: varied(answer.headers),
      lines: [...(answer.lines ?? []), "content-encoding", encoding],
      body: withEnd(encoding, beginning, end),
    };
  });
}

/** The headers, with a `Vary` that names the encoding. */
function varied(headers: AnswerHeaders): AnswerHeaders {
  const { vary } = headers;
  if (vary === undefined) return { ...headers, vary: "Accept-Encoding" };
  return /\baccept-encoding\b/i.test(vary) ? headers : { ...headers, vary: `${vary}, Accept-Encoding` };
}

/** By the header's text. Clients send only a few different ones. */
const chosen = new LRUCache<string, { readonly encoding: Encoding | null }>(atMostEntries(100));

/** The encoding that a client prefers (RFC 9110 §12.5.3). Null for none. */
export function encodingOf(acceptEncoding: string): Encoding | null {
  const known = chosen.get(acceptEncoding);
  if (known !== undefined) return known.encoding;
  const weights = weightsOf(acceptEncoding);
  const weightOf = (name: string) => weights.get(name) ?? (name === "identity" ? 0 : weights.get("*")) ?? 0;
  // Brotli is smaller, so it wins where the client has no preference.
  const encoding: Encoding = weightOf("br") >= weightOf("gzip") ? "br" : "gzip";
  const isWanted = weightOf(encoding) > 0 && weightOf(encoding) >= weightOf("identity");
  chosen.set(acceptEncoding, { encoding: isWanted ? encoding : null });
  return isWanted ? encoding : null;
}

function weightsOf(acceptEncoding: string): ReadonlyMap<string, number> {
  const weights = new Map<string, number>();
  for (const item of acceptEncoding.toLowerCase().split(",")) {
    const [name = "", ...parameters] = item.split(";").map((part) => part.trim());
    const q = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
    const weight = q === undefined ? 1 : Number(q);
    if (name !== "") weights.set(name, weight >= 0 && weight <= 1 ? weight : 0);
  }
  return weights;
}
