/**
 * Magic's DID token (docs/hedera.md §5): base64 of the JSON array `[proof, claim]`. The claim is JSON text. The proof is a signature
 * over that text (EIP-191), made with the secp256k1 key whose Ethereum address the claim's issuer names. So a token is checked without
 * asking anybody.
 */
import { err, ok, type Result } from "../result";

/** An Ethereum address: `0x` and 40 hex digits in lower case. */
export type EvmAddress = string & { readonly __brand: "EvmAddress" };

/** The parts of a token. Times are in epoch seconds. */
export interface MagicToken {
  /** The signed text, exactly as it was signed. */
  readonly claimText: string;
  /** 65 bytes: r, s and the recovery id as Ethereum writes it (27 or 28). */
  readonly proof: Uint8Array;
  readonly issuer: EvmAddress;
  /** The client id of the Magic application that the person signed in to. */
  readonly audience: string;
  readonly issuedS: number;
  readonly notBeforeS: number;
  readonly expiresS: number;
}

/** Why a token does not count. `not-yet`: it is valid only later. `too-long-lived`: a sign-out could not end it. */
export type MagicTokenFault = "audience" | "expired" | "not-yet" | "too-long-lived";

/** Tokens of the public SDK have about 700 characters. */
const MAX_CHARACTERS = 4_096;
/** A clock may be this far behind the clock of the device that made the token; Magic's own library allows as much. */
const LEEWAY_S = 300;
/** Sign-outs are remembered for the life of a session. A token that lived longer would outlive the sign-out that ended it. */
const MAX_LIFE_S = 7 * 24 * 3_600;

const EVM_ADDRESS = /^0x[0-9a-f]{40}$/;

/** Reads an address in either case; null for anything else. */
export function parseEvmAddress(text: string): EvmAddress | null {
  const address = text.toLowerCase();
  return EVM_ADDRESS.test(address) ? (address as EvmAddress) : null;
}

/** The address of an identity `did:ethr:0x…`; null for any other name. */
export const addressOfDid = (did: string): EvmAddress | null =>
  did.startsWith("did:ethr:") ? parseEvmAddress(did.slice("did:ethr:".length)) : null;

/** The parts of a token; null for anything that is not one. Checks neither the signature nor the times. */
export function parseMagicToken(token: string): MagicToken | null {
  if (token.length > MAX_CHARACTERS || !/^[A-Za-z0-9+/]+={0,2}$/.test(token)) return null;
  const parts = jsonOf(Buffer.from(token, "base64").toString("utf8"));
  if (!Array.isArray(parts) || parts.length !== 2) return null;
  const [proof, claimText] = parts as readonly unknown[];
  if (typeof proof !== "string" || typeof claimText !== "string" || !/^0x[0-9a-f]{130}$/i.test(proof)) return null;
  const claim = jsonOf(claimText);
  if (typeof claim !== "object" || claim === null) return null;
  const { iss, aud, iat, nbf, ext } = claim as Readonly<Record<string, unknown>>;
  const issuer = typeof iss === "string" ? addressOfDid(iss) : null;
  if (issuer === null || typeof aud !== "string" || !isSeconds(iat) || !isSeconds(nbf) || !isSeconds(ext)) return null;
  return {
    ...{ claimText, proof: new Uint8Array(Buffer.from(proof.slice(2), "hex")), issuer, audience: aud },
    ...{ issuedS: iat, notBeforeS: nbf, expiresS: ext },
  };
}

/** Checks everything of a token but its signature. `audiences`: the client ids whose tokens count. */
export function checkMagicToken(
  token: MagicToken,
  audiences: ReadonlySet<string>,
  nowS: number,
): Result<null, MagicTokenFault> {
  if (!audiences.has(token.audience)) return err("audience");
  if (token.expiresS <= nowS) return err("expired");
  if (Math.max(token.notBeforeS, token.issuedS) > nowS + LEEWAY_S) return err("not-yet");
  return token.expiresS - token.issuedS > MAX_LIFE_S ? err("too-long-lived") : ok(null);
}

const isSeconds = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
