/** Whether the signatures of a transaction satisfy a key. */
import { createPublicKey, verify } from "node:crypto";
import { proto } from "@hiero-ledger/proto";

const SPKI_ED25519 = Buffer.from("302a300506032b6570032100", "hex");

/**
 * Checks a protobuf-encoded key: an ED25519 key, a list (all of it) or a threshold of them. ECDSA keys never pass: Node
 * has no keccak-256, and nothing on a devnet needs them to pay.
 */
export function isSignedBy(encodedKey: Uint8Array, bodyBytes: Uint8Array, signatures: proto.ISignatureMap): boolean {
  return satisfies(proto.Key.decode(encodedKey), bodyBytes, signatures.sigPair ?? []);
}

function satisfies(key: proto.IKey, bodyBytes: Uint8Array, pairs: readonly proto.ISignaturePair[]): boolean {
  if (key.ed25519) return signedByEd25519(key.ed25519, bodyBytes, pairs);
  const list = key.thresholdKey?.keys ?? key.keyList;
  const keys = list?.keys ?? [];
  const needed = key.thresholdKey?.threshold ?? keys.length;
  return keys.length > 0 && keys.filter((member) => satisfies(member, bodyBytes, pairs)).length >= needed;
}

function signedByEd25519(raw: Uint8Array, bodyBytes: Uint8Array, pairs: readonly proto.ISignaturePair[]): boolean {
  const pair = pairs.find(({ ed25519, pubKeyPrefix }) => ed25519?.length && isPrefix(pubKeyPrefix, raw));
  if (!pair?.ed25519) return false;
  const publicKey = createPublicKey({ key: Buffer.concat([SPKI_ED25519, raw]), format: "der", type: "spki" });
  return verify(null, bodyBytes, publicKey, pair.ed25519);
}

function isPrefix(prefix: Uint8Array | null | undefined, key: Uint8Array): boolean {
  return !prefix || (prefix.length <= key.length && prefix.every((byte, i) => byte === key[i]));
}
