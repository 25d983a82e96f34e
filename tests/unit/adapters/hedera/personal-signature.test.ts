import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addressOfKey, personalSigner } from "@/lib/adapters/hedera/personal-signature";
import { parseMagicToken } from "@/lib/core/ledger/magic-token";
import { encoded, magicWallet } from "../../../support/stand-ins/magic";

/** Signed with the key SHA-256("trustmesh contract example, not a secret") by another library (ethers). */
const CLAIM =
  '{"iat":1764290000,"ext":1764290900,"iss":"did:ethr:0x5A0447CE3D226268277F333d14b0b28de9Cc6bDD","sub":"subject-1","aud":"client-1","nbf":1764290000,"tid":"00000000-0000-4000-8000-000000000001","add":"0x00"}';
const PROOF =
  "4e594cea15a1ee537b8759935d8bff0df547df2cccc13fbaa3f51d5ad3fe0afa3652d4cf2a4809efb64a4adf24d48f94fd5a2e401b7e0fc640eae55a9fce8cfc1b";
const ADDRESS = "0x5a0447ce3d226268277f333d14b0b28de9cc6bdd";
const signature = () => new Uint8Array(Buffer.from(PROOF, "hex"));

describe("a personal signature", () => {
  it("names the address that signed", () => {
    expect(personalSigner(CLAIM, signature())).toBe(ADDRESS);
  });

  it("names another address for a text with any one character changed", () => {
    fc.assert(
      fc.property(fc.nat(CLAIM.length - 1), fc.string({ minLength: 1, maxLength: 1 }), (at, put) => {
        fc.pre(CLAIM[at] !== put);
        expect(personalSigner(CLAIM.slice(0, at) + put + CLAIM.slice(at + 1), signature())).not.toBe(ADDRESS);
      }),
      { numRuns: 50 },
    );
  });

  it("names no address, or another one, with any one byte changed", () => {
    fc.assert(
      fc.property(fc.nat(64), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const bytes = signature();
        bytes[at] = (bytes[at] ?? 0) ^ change;
        expect(personalSigner(CLAIM, bytes)).not.toBe(ADDRESS);
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    ["too short", signature().subarray(0, 64)],
    ["too long", new Uint8Array([...signature(), 0])],
    ["of zeros", new Uint8Array(65)],
    ["with numbers beyond the curve's order", new Uint8Array(65).fill(0xff).fill(27, 64)],
  ])("%s names nobody", (_, bytes) => {
    expect(personalSigner(CLAIM, bytes)).toBeNull();
  });

  it("counts bytes, not characters, of texts outside ASCII", () => {
    const wallet = magicWallet();
    const text = '{"sub":"Zaïnab 🏆"}';
    const token = parseMagicTokenProof(wallet.tokenOf(text));
    expect(personalSigner(text, token)).toBe(wallet.address);
  });

  it("derives an address from either form of a key", () => {
    const { publicKey, address } = magicWallet();
    expect(addressOfKey(publicKey)).toBe(address);
    expect(parseMagicToken(encoded(`0x${PROOF}`, CLAIM))?.issuer).toBe(ADDRESS);
  });
});

const parseMagicTokenProof = (token: string): Uint8Array => {
  const [proof] = JSON.parse(Buffer.from(token, "base64").toString()) as [string];
  return new Uint8Array(Buffer.from(proof.slice(2), "hex"));
};
