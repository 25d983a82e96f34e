/**
 * The shorthand in which messages are stored: one byte for each phrase that TrustMesh's envelopes are made of. It is lossless for
 * any bytes, looks at no other message, and takes microseconds. It halves a short message, in which a compressor finds nothing
 * that repeats.
 *
 * The byte of a phrase is one that neither JSON (which escapes controls) nor UTF-8 has, so a message without such bytes reads as
 * itself. A message that does have one is stored as it is, behind a zero byte.
 *
 * The table is part of the stored format: phrases may be added at its end, and never changed or moved. Migration 0014 has it too, for
 * people with psql.
 */
const PHRASES = [
  '{"hcs":"21","v":"1.0","type":',
  ',"from":"tm-',
  ',"from":"',
  '","nonce":',
  ',"ts":17',
  ',"payload":{"target":"tm-',
  ',"payload":{"target":"',
  '","handle":"',
  '","message":"',
  '","request_nonce":',
  '","weight":1,"category":"',
  '","note":"',
  '","recognitionId":"',
  '"}}',
  '{"type":"CONTACT_REQUEST","from":"',
  '{"type":"CONTACT_ACCEPT","from":"',
  '{"type":"TRUST_ALLOCATE","from":"',
  '{"type":"TRUST_REVOKE","from":"',
  '{"type":"PROFILE_UPDATE","from":"',
  '{"type":"RECOGNITION_MINT","from":"',
  ',"payload":{"actor":"',
  '","target":"',
  '{"type":"',
  '","actor":"',
  '"displayName":"',
  '","bio":"',
  '","hrl":"hrl:tm/',
  '{"kind":"RECOGNITION_MINT","recognitionId":"',
  '","owner":"',
  '{"acct":"',
  '"},"to":{"acct":"',
  '","to":"',
  ',"ts":18',
  "tm-",
] as const;

/** Controls without tab and line ends, which JSON may have between its tokens; then the bytes that UTF-8 never has. Zero is the escape. */
const CODES = [
  ...Array.from({ length: 31 }, (_, i) => i + 1).filter((code) => ![0x09, 0x0a, 0x0d].includes(code)),
  ...[0xc0, 0xc1, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd, 0xfe, 0xff],
].map((code) => String.fromCharCode(code));
const ESCAPE = 0;

const codeOf = new Map<string, string>(PHRASES.map((phrase, i) => [phrase, CODES[i] as string]));
const phraseOf = new Map<string, string>(PHRASES.map((phrase, i) => [CODES[i] as string, phrase]));

const quoted = (text: string) => text.replace(/[{}[\]().*+?^$|\\/]/g, "\\$&");
// The longer phrases come first: a regular expression takes the first alternative that fits.
const ANY_PHRASE = new RegExp(
  PHRASES.toSorted((a, b) => b.length - a.length)
    .map(quoted)
    .join("|"),
  "g",
);
const ANY_CODE = new RegExp(`[\\0${CODES.join("")}]`);
const EACH_CODE = new RegExp(`[${CODES.join("")}]`, "g");

/** A message as it is stored. */
export function toShorthand(message: Uint8Array): Uint8Array {
  // Latin-1 makes one character of each byte, so offsets stay the same.
  const text = Buffer.from(message.buffer, message.byteOffset, message.byteLength).toString("latin1");
  if (ANY_CODE.test(text)) return Buffer.concat([Buffer.of(ESCAPE), message]);
  return Buffer.from(
    text.replace(ANY_PHRASE, (phrase) => codeOf.get(phrase) ?? phrase),
    "latin1",
  );
}

/** The length in bytes that each byte of a stored message stands for. */
const LENGTHS = new Uint8Array(256).fill(1);
for (const [code, phrase] of phraseOf) LENGTHS[code.charCodeAt(0)] = phrase.length;

/** The original length of a stored message. */
export function expandedLength(kept: Uint8Array): number {
  if (kept[0] === ESCAPE) return kept.length - 1;
  let length = 0;
  for (const byte of kept) length += LENGTHS[byte] as number;
  return length;
}

/**
 * The original message: a copy, which shares no memory with the stored one. Throws RangeError for a phrase of a later version.
 */
export function fromShorthand(kept: Uint8Array): Uint8Array {
  if (kept[0] === ESCAPE) return new Uint8Array(kept.subarray(1));
  const text = Buffer.from(kept.buffer, kept.byteOffset, kept.byteLength).toString("latin1");
  const whole = text.replace(EACH_CODE, (code) => {
    const phrase = phraseOf.get(code);
    if (phrase === undefined) throw new RangeError("the message holds a phrase of a later format");
    return phrase;
  });
  return new Uint8Array(Buffer.from(whole, "latin1"));
}
