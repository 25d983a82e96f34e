/** A wallet with a real key. It signs messages by HIP-820 and answers like real wallets. */
import { generateKeyPairSync, sign } from "node:crypto";
import { proto } from "@hiero-ledger/proto";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import type { PlainKey } from "@/lib/adapters/hedera/message-signature";
import { encodeEcdsaKey, encodeEd25519Key } from "@/lib/devnet/rest/key-json";

export interface Wallet {
  readonly key: PlainKey;
  /** The key in the ledger's encoding. */
  readonly encodedKey: Uint8Array;
  /** Signs the bytes without a prefix. */
  signBytes(bytes: Uint8Array): Uint8Array;
}

export function ed25519Wallet(): Wallet {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const bytes = new Uint8Array(publicKey.export({ format: "der", type: "spki" }).subarray(12));
  return {
    key: { kind: "ed25519", bytes },
    encodedKey: encodeEd25519Key(bytes),
    signBytes: (message) => new Uint8Array(sign(null, message, privateKey)),
  };
}

export function ecdsaWallet(): Wallet {
  const { secretKey, publicKey } = secp256k1.keygen();
  return {
    key: { kind: "ecdsa-secp256k1", bytes: publicKey },
    encodedKey: encodeEcdsaKey(publicKey),
    signBytes: (message) => secp256k1.sign(keccak_256(message), secretKey, { prehash: false }),
  };
}

/** The bytes that a wallet signs by HIP-820. They are written again here, so that the code under test does not check itself. */
export const hip820 = (message: string): Uint8Array =>
  Buffer.from(`\x19Hedera Signed Message:\n${message.length}${message}`, "utf8");

export const pairOf = ({ key }: Wallet, signature: Uint8Array, pubKeyPrefix = key.bytes): proto.ISignaturePair => ({
  pubKeyPrefix,
  ...(key.kind === "ed25519" ? { ed25519: signature } : { ECDSASecp256k1: signature }),
});

export const encodeMap = (...sigPair: proto.ISignaturePair[]): Uint8Array =>
  proto.SignatureMap.encode({ sigPair }).finish();

/** The wallet's answer to a challenge: a signature map in base64. */
export const answerTo = (wallet: Wallet, message: string): string =>
  Buffer.from(encodeMap(pairOf(wallet, wallet.signBytes(hip820(message))))).toString("base64");

/** The second valid signature of the same key and message: it has the group's order less s in place of s. */
export function malleated(signature: Uint8Array): Uint8Array {
  const { r, s } = secp256k1.Signature.fromBytes(signature);
  return new secp256k1.Signature(r, secp256k1.Point.Fn.neg(s)).toBytes("compact");
}
