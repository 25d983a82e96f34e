/** Signs transactions with the operator's key. */
import { createPrivateKey, sign } from "node:crypto";
import type { PrivateKey } from "@hashgraph/sdk";

/**
 * The signer for the SDK's client. It gives the same signatures as the key. An ED25519 signature takes `node:crypto` 44 µs of CPU
 * and the SDK's JavaScript 780 µs (docs/measurements.md §5), and each write needs two.
 */
export function signerOf(key: PrivateKey): (message: Uint8Array) => Promise<Uint8Array> {
  if (key.type !== "ED25519") return async (message) => key.sign(message);
  const native = createPrivateKey({ key: Buffer.from(key.toBytesDer()), format: "der", type: "pkcs8" });
  return async (message) => sign(null, message, native);
}
