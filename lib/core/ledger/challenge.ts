/**
 * The text that a wallet signs to sign a user in. It says its purpose in plain words and holds everything that it is bound to,
 * so the server stores nothing until the answer comes. ASCII only: the signed bytes count characters (docs/hedera.md §5).
 */
import { type AccountId, parseAccountId } from "./ids";

/** Everything that the signature is bound to. */
export interface Challenge {
  /** Where it was asked for: host, with a port where it has one. */
  readonly domain: string;
  readonly network: string;
  readonly accountId: AccountId;
  /** Epoch seconds. From this second on the challenge is refused. */
  readonly expiresS: number;
  /** Unique to this challenge; base64url of 16 bytes or more. */
  readonly nonce: string;
}

const DOMAIN = /^[a-z0-9.[\]:-]{1,253}$/;
const NETWORK = /^[a-z]{1,20}$/;
const TOKEN = /^[A-Za-z0-9_-]{16,100}$/;
const LINES =
  /^TrustMesh sign-in\nDomain: (\S+)\nNetwork: (\S+)\nAccount: (\S+)\nExpires: (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)\nNonce: (\S+)\nSeal: (\S+)$/;
/** The longest text that is parsed. Our own challenges are shorter. */
export const MAX_CHALLENGE_CHARACTERS = 700;

/** `2026-11-24T06:30:00Z` */
const timeText = (seconds: number) => new Date(seconds * 1_000).toISOString().replace(".000Z", "Z");

/** The text that comes before the seal, and that the seal is made over. Throws for members that would not read back the same. */
export function challengeText({ domain, network, accountId, expiresS, nonce }: Challenge): string {
  if (!DOMAIN.test(domain) || !NETWORK.test(network) || !TOKEN.test(nonce))
    throw new RangeError("a challenge has a domain, a network and a nonce of plain ASCII");
  return `TrustMesh sign-in\nDomain: ${domain}\nNetwork: ${network}\nAccount: ${accountId}\nExpires: ${timeText(expiresS)}\nNonce: ${nonce}\n`;
}

/** The challenge that a wallet signs: the text, and the seal over it as its last line. */
export const withSeal = (text: string, seal: string): string => `${text}Seal: ${seal}`;

/** The parts of a sealed challenge; null if the text has another form. The caller checks the seal. */
export function parseChallenge(text: string): { challenge: Challenge; text: string; seal: string } | null {
  const match = text.length <= MAX_CHALLENGE_CHARACTERS ? LINES.exec(text) : null;
  if (!match) return null;
  const [, domain = "", network = "", account = "", expires = "", nonce = "", seal = ""] = match;
  const accountId = parseAccountId(account);
  const expiresS = Date.parse(expires) / 1_000;
  if (accountId === null || !Number.isSafeInteger(expiresS) || !TOKEN.test(seal)) return null;
  if (!DOMAIN.test(domain) || !NETWORK.test(network) || !TOKEN.test(nonce)) return null;
  const challenge = { domain, network, accountId, expiresS, nonce };
  // A date like 31 February parses as another day, so the text must be exactly as we would write it.
  const written = challengeText(challenge);
  return text === withSeal(written, seal) ? { challenge, text: written, seal } : null;
}

/** The bytes that a wallet signs for a message (HIP-820). `length` counts UTF-16 units, as wallets do. */
export function signedBytes(message: string): Uint8Array {
  return new TextEncoder().encode(`\x19Hedera Signed Message:\n${message.length}${message}`);
}
