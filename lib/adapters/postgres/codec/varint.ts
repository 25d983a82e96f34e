/** Whole numbers of any size in few bytes. The codecs of stored rows share them. */

/** Small numbers of either sign as small numbers without one. */
export const zigzag = (value: bigint) => (value < 0n ? -value * 2n - 1n : value * 2n);
/** Undoes `zigzag`. */
export const unzigzag = (value: bigint) => (value % 2n === 0n ? value / 2n : -(value + 1n) / 2n);

/** Seven bits a byte, the low ones first; the high bit says that more come. */
export function varint(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  bytes.push(Number(rest));
  return bytes;
}

/** Undoes `varint`, for numbers that lie one after the other. A number that the bytes cut off is left out. */
export function varints(bytes: Uint8Array): bigint[] {
  const values: bigint[] = [];
  let value = 0n;
  let shift = 0n;
  for (const byte of bytes) {
    value |= BigInt(byte & 127) << shift;
    shift += 7n;
    if (byte > 127) continue;
    values.push(value);
    value = 0n;
    shift = 0n;
  }
  return values;
}
