/** Where Redis Cluster keeps a key (redis.io, "Redis cluster specification", appendix A: CRC16-CCITT of the XMODEM form). */

const POLYNOMIAL = 0x1021;
const SLOTS = 16_384;

function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = ((crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ POLYNOMIAL) & 0xffff;
  }
  return crc;
}

/** The part of a key that decides: the text between its first brace and the next closing one, if there is any; else all of it. */
export function hashedPart(key: string): string {
  return /^[^{]*\{([^}]+)\}/.exec(key)?.[1] ?? key;
}

export const slotOf = (key: string): number => crc16(Buffer.from(hashedPart(key))) % SLOTS;
