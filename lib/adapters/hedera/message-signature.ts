/**
 * Checks whether a wallet's answer signs a message for a key (HIP-820). The answer is a protobuf SignatureMap,
 * decoded by the copy of the protobufs that the SDK uses: 3 MB of its 139 are ever loaded, and a bundle that can submit has
 * those already. The first sign-in loads it, since that takes a tenth of a second.
 */
import { createPublicKey, verify } from "node:crypto";
import { ed25519 } from "@noble/curves/ed25519.js";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { signedBytes } from "../../core/ledger/challenge";
import { err, ok, type Result } from "../../core/result";
import type { AccountKey } from "../../ports/ledger/ledger";

/**
 * Why a signature map does not sign. `malformed`: it is not a signature map, or holds no signature of the key's kind and length.
 * `weak-key`: everybody can sign for this key, so a signature proves nothing.
 */
export type SignatureFault = "malformed" | "other-key" | "ambiguous" | "weak-key" | "wrong";

/** A key that one wallet signs for. */
export type PlainKey = Extract<AccountKey, { bytes: Uint8Array }>;

/** Both kinds are two numbers of 32 bytes; a 65th byte is Ethereum's recovery id, and another encoding of the same. */
const SIGNATURE_BYTES = 64;
/** One signature with a whole key as its prefix is about 110 bytes. */
export const MAX_SIGNATURE_MAP_BYTES = 1_024;
const SPKI_ED25519 = Buffer.from("302a300506032b6570032100", "hex");
/** ASN.1 that Hedera's SDKs, and OpenSSL, put before a compressed ECDSA key. */
const SPKI_ECDSA = ["302d300706052b8104000a032200", "3036301006072a8648ce3d020106052b8104000a032200"].map((hex) =>
  Buffer.from(hex, "hex"),
);

/** The signatures of an answer, each with the key prefix that it names. */
export type SignaturePairs = ReturnType<typeof import("@hiero-ledger/proto").proto.SignatureMap.decode>["sigPair"];

/**
 * Reads a signature map (the protobuf's bytes). It is `malformed` without a signature that could be of either kind: then nobody
 * needs to be asked for a key.
 */
export async function parseSignatureMap(bytes: Uint8Array): Promise<Result<SignaturePairs, "malformed">> {
  if (bytes.length === 0 || bytes.length > MAX_SIGNATURE_MAP_BYTES) return err("malformed");
  const { proto } = await import("@hiero-ledger/proto");
  try {
    const pairs = proto.SignatureMap.decode(bytes).sigPair ?? [];
    const isPossible = pairs.some(({ ed25519, ECDSASecp256k1 }) =>
      [ed25519, ECDSASecp256k1].some((signature) => signature?.length === SIGNATURE_BYTES),
    );
    return isPossible ? ok(pairs) : err("malformed");
  } catch {
    return err("malformed");
  }
}

/**
 * Checks a wallet's answer against the signed form of `message`. An ECDSA signature may have either s: older wallets send both,
 * and a challenge is good for one answer, so a second form of the same signature opens nothing.
 */
export function checkMessageSignature(
  key: PlainKey,
  message: string,
  pairs: SignaturePairs,
): Result<null, SignatureFault> {
  const found = signatureOf(key, pairs);
  return found.ok ? checkSignature(key, signedBytes(message), found.value) : found;
}

/** Checks a signature (64 bytes) over bytes as they stand, as Hedera's own keys sign them. */
export function checkSignature(
  key: PlainKey,
  bytes: Uint8Array,
  signature: Uint8Array,
): Result<null, "weak-key" | "wrong"> {
  if (key.kind === "ed25519") {
    if (isSmallOrder(key.bytes)) return err("weak-key");
    return isSignedByEd25519(key.bytes, bytes, signature) ? ok(null) : err("wrong");
  }
  const options = { prehash: false, lowS: false };
  return secp256k1.verify(signature, keccak_256(bytes), key.bytes, options) ? ok(null) : err("wrong");
}

/**
 * The one signature of the key's kind whose prefix the key begins with. Two of them are refused rather than tried in turn, and
 * so is one entry that holds several signatures: what was signed by whom must not depend on who looks.
 */
function signatureOf(key: PlainKey, pairs: SignaturePairs): Result<Uint8Array, SignatureFault> {
  const own = pairs.filter(({ pubKeyPrefix }) => isPrefix(pubKeyPrefix ?? new Uint8Array(), key));
  const [pair] = own;
  if (pair === undefined) return err("other-key");
  if (own.length > 1) return err("ambiguous");
  const { ed25519, ECDSASecp256k1, contract, RSA_3072, ECDSA_384 } = pair;
  const given = [ed25519, ECDSASecp256k1, contract, RSA_3072, ECDSA_384].filter((signature) => signature?.length);
  if (given.length > 1) return err("ambiguous");
  const signature = key.kind === "ed25519" ? ed25519 : ECDSASecp256k1;
  return signature?.length === SIGNATURE_BYTES ? ok(signature) : err("malformed");
}

/** The start of the raw key, or the whole key in DER as some wallets send it. A part of the DER would name every key. */
function isPrefix(prefix: Uint8Array, { kind, bytes }: PlainKey): boolean {
  if (prefix.length <= bytes.length) return prefix.every((byte, i) => byte === bytes[i]);
  const headers = kind === "ed25519" ? [SPKI_ED25519] : SPKI_ECDSA;
  return headers.some((header) => Buffer.concat([header, bytes]).equals(prefix));
}

/**
 * The point of the curve that 32 bytes encode; null if they encode none. `isLoose` takes encodings that RFC 8032 does not allow.
 */
function pointOf(encoded: Uint8Array, isLoose: boolean) {
  try {
    return ed25519.Point.fromBytes(encoded, isLoose);
  } catch {
    return null;
  }
}

/**
 * Whether these bytes are a point of order 8 or less, in any encoding. Such a key proves nothing about its signer: a signature
 * that anybody can write down is right for at least one message in eight.
 */
const isSmallOrder = (encoded: Uint8Array): boolean => pointOf(encoded, true)?.isSmallOrder() ?? false;

/** OpenSSL takes only s below the group's order, so there is no second form of a signature. */
function isSignedByEd25519(raw: Uint8Array, bytes: Uint8Array, signature: Uint8Array): boolean {
  const commitment = pointOf(signature.subarray(0, 32), false);
  if (commitment === null || commitment.isSmallOrder() || pointOf(raw, false) === null) return false;
  try {
    const publicKey = createPublicKey({ key: Buffer.concat([SPKI_ED25519, raw]), format: "der", type: "spki" });
    return verify(null, bytes, publicKey, signature);
  } catch {
    // 32 bytes that are not a point of the curve: the ledger takes such a key, and nobody can sign for it.
    return false;
  }
}
