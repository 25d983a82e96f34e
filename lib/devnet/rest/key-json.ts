/** Keys in the mirror's JSON, from their protobuf encoding. */

const ED25519 = /^1220([0-9a-f]{64})$/;
const ECDSA_SECP256K1 = /^3a21([0-9a-f]{66})$/;

/** A key as `/accounts` and `/topics` show it. Anything but one plain key is shown as its protobuf bytes. */
export function keyJson(encoded: Uint8Array): { readonly _type: string; readonly key: string } {
  const hex = Buffer.from(encoded).toString("hex");
  const ed25519 = ED25519.exec(hex)?.[1];
  if (ed25519) return { _type: "ED25519", key: ed25519 };
  const ecdsa = ECDSA_SECP256K1.exec(hex)?.[1];
  if (ecdsa) return { _type: "ECDSA_SECP256K1", key: ecdsa };
  return { _type: "ProtobufEncoded", key: hex };
}

/** The protobuf encoding of a plain ED25519 key. */
export function encodeEd25519Key(raw: Uint8Array): Uint8Array {
  return Uint8Array.from([0x12, 0x20, ...raw]);
}

/** The protobuf encoding of a plain ECDSA secp256k1 key, compressed. */
export function encodeEcdsaKey(compressed: Uint8Array): Uint8Array {
  return Uint8Array.from([0x3a, 0x21, ...compressed]);
}
