/** Makes DID tokens as Magic's wallet in a browser does, with the test's own key. */
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { addressOfKey } from "@/lib/adapters/hedera/personal-signature";
import type { EvmAddress } from "@/lib/core/ledger/magic-token";

export interface MagicWallet {
  readonly address: EvmAddress;
  /** The compressed public key. */
  readonly publicKey: Uint8Array;
  /** Signs an ordinary claim. `change` replaces members of it. */
  token(nowS: number, change?: Readonly<Record<string, unknown>>): string;
  /** Signs any text as a claim. */
  tokenOf(claimText: string): string;
  /** Signs bytes without a prefix, as the wallet does for the ledger. */
  signBytes(bytes: Uint8Array): Uint8Array;
}

export const CLIENT_ID = "client-1";

export function magicWallet(secret: Uint8Array = secp256k1.utils.randomSecretKey()): MagicWallet {
  const publicKey = secp256k1.getPublicKey(secret);
  const address = addressOfKey(publicKey);
  const tokenOf = (claimText: string) => {
    const message = Buffer.from(claimText);
    const digest = keccak_256(Buffer.concat([Buffer.from(`\x19Ethereum Signed Message:\n${message.length}`), message]));
    const [recovery = 0, ...rs] = secp256k1.sign(digest, secret, { prehash: false, format: "recovered" });
    return encoded(`0x${Buffer.from([...rs, recovery + 27]).toString("hex")}`, claimText);
  };
  const token: MagicWallet["token"] = (nowS, change = {}) =>
    tokenOf(
      JSON.stringify({
        ...{ iat: nowS, ext: nowS + 900, iss: `did:ethr:${address}`, sub: "subject-1", aud: CLIENT_ID },
        ...{ nbf: nowS, tid: "00000000-0000-4000-8000-000000000001", add: "0x00" },
        ...change,
      }),
    );
  const signBytes = (bytes: Uint8Array) => secp256k1.sign(keccak_256(bytes), secret, { prehash: false });
  return { address, publicKey, token, tokenOf, signBytes };
}

export const encoded = (proof: string, claimText: string): string =>
  Buffer.from(JSON.stringify([proof, claimText])).toString("base64");
