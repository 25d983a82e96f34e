/** Signatures of the operator are those of its key. */
import { PrivateKey } from "@hashgraph/sdk";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { signerOf } from "@/lib/adapters/hedera/operator-signer";

const seed = fc.uint8Array({ minLength: 32, maxLength: 32 });
const message = fc.uint8Array({ maxLength: 2_000 });

describe("the operator's signer", () => {
  it("signs with an ED25519 key as the SDK does, in any form of the key", async () => {
    await fc.assert(
      fc.asyncProperty(seed, message, async (bytes, text) => {
        const raw = PrivateKey.fromBytesED25519(bytes);
        for (const key of [raw, PrivateKey.fromStringDer(raw.toStringDer())])
          expect(Buffer.from(await signerOf(key)(text))).toEqual(Buffer.from(raw.sign(text)));
      }),
      { numRuns: 20 },
    );
  });

  it("signs with an ECDSA key so that its public key accepts it", async () => {
    const key = PrivateKey.generateECDSA();
    await fc.assert(
      fc.asyncProperty(message, async (text) => {
        expect(key.publicKey.verify(text, await signerOf(key)(text))).toBe(true);
      }),
      { numRuns: 20 },
    );
  });
});
