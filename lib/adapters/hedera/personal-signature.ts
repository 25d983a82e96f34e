/** Ethereum's signatures over texts (EIP-191, `personal_sign`), as Magic's wallets make them. */
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex, concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { type EvmAddress, parseEvmAddress } from "../../core/ledger/magic-token";

/** The address whose key made this signature (r, s, recovery id; 65 bytes) over `text`; null if no key did. */
export function personalSigner(text: string, signature: Uint8Array): EvmAddress | null {
  const recovery = (signature[64] ?? 0) - 27;
  if (signature.length !== 65 || (recovery !== 0 && recovery !== 1)) return null;
  const message = utf8ToBytes(text);
  const prefix = utf8ToBytes(`\x19Ethereum Signed Message:\n${message.length}`);
  const recovered = concatBytes(Uint8Array.of(recovery), signature.subarray(0, 64));
  try {
    const options = { prehash: false };
    return addressOfKey(secp256k1.recoverPublicKey(recovered, keccak_256(concatBytes(prefix, message)), options));
  } catch {
    // Numbers that are on no curve.
    return null;
  }
}

/** The Ethereum address of a public key, compressed or not. Throws for bytes that are not a key. */
export function addressOfKey(key: Uint8Array): EvmAddress {
  const point = secp256k1.Point.fromBytes(key).toBytes(false);
  return parseEvmAddress(`0x${bytesToHex(keccak_256(point.subarray(1)).subarray(12))}`) as EvmAddress;
}
