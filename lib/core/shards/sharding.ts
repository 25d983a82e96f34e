/** Computes which segment of a group's topics a user writes to. */

const FNV_OFFSET = 0xcbf29ce484222325n;
const FNV_PRIME = 0x100000001b3n;
const MASK = 0xffff_ffff_ffff_ffffn;

/** FNV-1a over UTF-8, 64 bit: stable across processes and versions, unlike any runtime's own string hash. */
function hash64(text: string): bigint {
  let hash = FNV_OFFSET;
  for (const byte of new TextEncoder().encode(text)) hash = ((hash ^ BigInt(byte)) * FNV_PRIME) & MASK;
  // FNV leaves short keys close together in the high bits, which the jump hash reads: spread them (MurmurHash3's finalizer).
  hash = ((hash ^ (hash >> 33n)) * 0xff51afd7ed558ccdn) & MASK;
  hash = ((hash ^ (hash >> 33n)) * 0xc4ceb9fe1a85ec53n) & MASK;
  return hash ^ (hash >> 33n);
}

/**
 * Jump consistent hash (Lamping and Veach, 2014): a segment in [0, segments). Growing from n to m segments moves (m-n)/m of
 * the users, and only to new segments.
 */
export function segmentOf(userId: string, segments: number): number {
  if (!Number.isInteger(segments) || segments < 1)
    throw new RangeError(`segments is a whole number above zero: ${segments}`);
  let key = hash64(userId);
  let segment = -1n;
  let next = 0n;
  while (next < BigInt(segments)) {
    segment = next;
    key = (key * 2862933555777941757n + 1n) & MASK;
    next = BigInt(Math.floor(Number(segment + 1n) * (2 ** 31 / Number((key >> 33n) + 1n))));
  }
  return Number(segment);
}
