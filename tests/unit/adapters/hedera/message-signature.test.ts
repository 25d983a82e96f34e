import { ED25519_TORSION_SUBGROUP, ed25519 } from "@noble/curves/ed25519.js";
import { bytesToNumberLE, numberToBytesLE } from "@noble/curves/utils.js";
import { sha512 } from "@noble/hashes/sha2.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  checkMessageSignature,
  MAX_SIGNATURE_MAP_BYTES,
  type PlainKey,
  parseSignatureMap,
} from "@/lib/adapters/hedera/message-signature";
import {
  ecdsaWallet,
  ed25519Wallet,
  encodeMap,
  hip820,
  malleated,
  pairOf,
  type Wallet,
} from "../../../support/stand-ins/wallet";

const MESSAGE = "TrustMesh sign-in\nfor the tests";

/** Every encoding of the eight points of small order: each y of theirs, with p added where that fits, with either sign. */
const SMALL_ORDER: readonly Uint8Array[] = (() => {
  const p = 2n ** 255n - 19n;
  const ys = ED25519_TORSION_SUBGROUP.map((hex) => ed25519.Point.fromHex(hex).toAffine().y);
  const all = [...new Set(ys)].flatMap((y) => (y < 19n ? [y, y + p] : [y]));
  return all.flatMap((y) => [0n, 1n].map((sign) => numberToBytesLE(y | (sign << 255n), 32)));
})();
const kinds = [
  ["ED25519", ed25519Wallet],
  ["ECDSA", ecdsaWallet],
] as const;
const signatureOf = (wallet: Wallet) => wallet.signBytes(hip820(MESSAGE));
const checkFor = async (key: PlainKey, message: string, map: Uint8Array) => {
  const parsed = await parseSignatureMap(map);
  return parsed.ok ? checkMessageSignature(key, message, parsed.value) : parsed;
};
const check = async (wallet: Wallet, map: Uint8Array) => {
  const checked = await checkFor(wallet.key, MESSAGE, map);
  return checked.ok ? "signed" : checked.error;
};

describe.each(kinds)("a message signed with %s", (_, make) => {
  const wallet = make();
  const signature = signatureOf(wallet);

  it("is checked with the key, whatever part of the key the answer names", async () => {
    expect(await check(wallet, encodeMap(pairOf(wallet, signature)))).toBe("signed");
    for (const length of [0, 6, wallet.key.bytes.length - 1])
      expect(await check(wallet, encodeMap(pairOf(wallet, signature, wallet.key.bytes.slice(0, length))))).toBe(
        "signed",
      );
  });

  it("does not fit the message without its prefix, nor another message", async () => {
    const bare = wallet.signBytes(Buffer.from(MESSAGE));
    expect(await check(wallet, encodeMap(pairOf(wallet, bare)))).toBe("wrong");
    const other = await checkFor(wallet.key, `${MESSAGE}.`, encodeMap(pairOf(wallet, signature)));
    expect(other).toEqual({ ok: false, error: "wrong" });
  });

  it("is refused from another key, under its own name or under this one's", async () => {
    const stranger = make();
    const theirs = signatureOf(stranger);
    expect(await check(wallet, encodeMap(pairOf(stranger, theirs)))).toBe("other-key");
    expect(await check(wallet, encodeMap(pairOf(wallet, theirs)))).toBe("wrong");
    // A prefix longer than the key begins like it and is none.
    const longer = Uint8Array.from([...wallet.key.bytes, 0]);
    expect(await check(wallet, encodeMap(pairOf(wallet, signature, longer)))).toBe("other-key");
  });

  it("is refused if two signatures could be meant, in either order", async () => {
    const stranger = make();
    const own = pairOf(wallet, signature);
    const short = pairOf(stranger, signatureOf(stranger), new Uint8Array());
    expect(await check(wallet, encodeMap(own, short))).toBe("ambiguous");
    expect(await check(wallet, encodeMap(short, own))).toBe("ambiguous");
    expect(await check(wallet, encodeMap(own, own))).toBe("ambiguous");
    expect(await check(wallet, encodeMap(pairOf(stranger, signatureOf(stranger)), own))).toBe("signed");
  });

  it("is refused if one entry holds signatures of two kinds", async () => {
    const both = { ...pairOf(wallet, signature), ed25519: signature, ECDSASecp256k1: signature };
    expect(await check(wallet, encodeMap(both))).toBe("ambiguous");
  });

  it.each([0, 1, 63, 65, 128])("is refused with a signature of %i bytes", async (length) => {
    const bytes = Uint8Array.from({ length }, (_, i) => signature[i] ?? 27);
    expect(await check(wallet, encodeMap(pairOf(wallet, bytes)))).toBe("malformed");
  });

  it("is refused as another kind of signature than the key's", async () => {
    const crossed = wallet.key.kind === "ed25519" ? { ECDSASecp256k1: signature } : { ed25519: signature };
    expect(await check(wallet, encodeMap({ pubKeyPrefix: wallet.key.bytes, ...crossed }))).toBe("malformed");
    expect(await check(wallet, encodeMap({ pubKeyPrefix: wallet.key.bytes, contract: signature }))).toBe("malformed");
  });

  it("is refused with any bit of the signature changed, and with all bits zero", async () => {
    for (let at = 0; at < 64; at += 7) {
      const changed = Uint8Array.from(signature);
      changed[at] = (changed[at] as number) ^ 1;
      expect(await check(wallet, encodeMap(pairOf(wallet, changed)))).toBe("wrong");
    }
    expect(await check(wallet, encodeMap(pairOf(wallet, new Uint8Array(64))))).toBe("wrong");
    expect(await check(wallet, encodeMap(pairOf(wallet, new Uint8Array(64).fill(255))))).toBe("wrong");
  });
});

it("takes both forms of an ECDSA signature, since older wallets send either", async () => {
  const wallet = ecdsaWallet();
  const signature = signatureOf(wallet);
  expect(malleated(signature)).not.toEqual(signature);
  expect(await check(wallet, encodeMap(pairOf(wallet, malleated(signature))))).toBe("signed");
});

describe("a key in DER as the prefix", () => {
  const inDer = (header: string, wallet: Wallet) => Buffer.concat([Buffer.from(header, "hex"), wallet.key.bytes]);
  it.each([
    ["ED25519", "302a300506032b6570032100", ed25519Wallet],
    ["ECDSA, as Hedera's SDKs write it", "302d300706052b8104000a032200", ecdsaWallet],
    ["ECDSA, as OpenSSL writes it", "3036301006072a8648ce3d020106052b8104000a032200", ecdsaWallet],
  ] as const)("names the same key: %s", async (_, header, make) => {
    const wallet = make();
    const pair = pairOf(wallet, signatureOf(wallet), inDer(header, wallet));
    expect(await check(wallet, encodeMap(pair))).toBe("signed");
    expect(await check(wallet, encodeMap(pair, pairOf(wallet, signatureOf(wallet))))).toBe("ambiguous");
    const stranger = make();
    expect(await check(wallet, encodeMap({ ...pair, pubKeyPrefix: inDer(header, stranger) }))).toBe("other-key");
    // The header alone is the start of every key in DER.
    expect(await check(wallet, encodeMap({ ...pair, pubKeyPrefix: Buffer.from(header, "hex") }))).toBe("other-key");
  });
});

describe("an ED25519 point of small order", () => {
  it("counts as no key: no signature passes, in any encoding and for any message", async () => {
    expect(SMALL_ORDER).toHaveLength(14);
    for (const key of SMALL_ORDER) {
      for (const commitment of SMALL_ORDER) {
        const signature = Uint8Array.from([...commitment, ...new Uint8Array(32)]);
        const map = encodeMap({ pubKeyPrefix: key, ed25519: signature });
        for (let i = 0; i < 3; i += 1) {
          const checked = await checkFor({ kind: "ed25519", bytes: key }, `${MESSAGE} ${i}`, map);
          expect(checked).toEqual({ ok: false, error: "weak-key" });
        }
      }
    }
  });

  it("does not pass as the commitment of a signature, even for an honest key", async () => {
    const secret = ed25519.utils.randomSecretKey();
    const { scalar, pointBytes } = ed25519.utils.getExtendedPublicKey(secret);
    const order = ed25519.Point.Fn.ORDER;
    for (const commitment of SMALL_ORDER) {
      const hash = sha512(Buffer.concat([commitment, pointBytes, hip820(MESSAGE)]));
      const s = (bytesToNumberLE(hash) * scalar) % order;
      const signature = Uint8Array.from([...commitment, ...numberToBytesLE(s, 32)]);
      const checked = await checkFor(
        { kind: "ed25519", bytes: pointBytes },
        MESSAGE,
        encodeMap({ pubKeyPrefix: pointBytes, ed25519: signature }),
      );
      expect(checked).toEqual({ ok: false, error: "wrong" });
    }
  });

  it("opens nothing with any commitment and any s", async () => {
    const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...SMALL_ORDER), bytes(64), fc.string(), async (key, signature, message) => {
        const map = encodeMap({ pubKeyPrefix: key, ed25519: signature });
        expect((await checkFor({ kind: "ed25519", bytes: key }, message, map)).ok).toBe(false);
      }),
    );
  });
});

it("refuses an ED25519 signature whose s was raised by the group's order", async () => {
  const wallet = ed25519Wallet();
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const signature = signatureOf(wallet);
  const s = [...signature.slice(32)].reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n) + order;
  const raised = Uint8Array.from(signature);
  for (let i = 0; i < 32; i += 1) raised[32 + i] = Number((s >> BigInt(8 * i)) & 255n);
  expect(await check(wallet, encodeMap(pairOf(wallet, raised)))).toBe("wrong");
});

it.each([
  ["nothing", new Uint8Array()],
  ["a map without signatures", encodeMap()],
  ["what is no protobuf", Buffer.from("not a protobuf at all, but a sentence")],
  ["a field that ends in the middle", Uint8Array.from([0x0a, 0x40, 0x01])],
  ["a length beyond all bounds", Uint8Array.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f])],
  ["a group without an end", Uint8Array.from([0x0b])],
  ["more than any wallet says", new Uint8Array(MAX_SIGNATURE_MAP_BYTES + 1)],
])("refuses %s", async (_, bytes) => {
  expect(await check(ed25519Wallet(), bytes)).toBe("malformed");
});

it("refuses a key that is not a point of the curve, without throwing", async () => {
  const wallet = { ...ed25519Wallet(), key: { kind: "ed25519" as const, bytes: new Uint8Array(32).fill(0xfe) } };
  expect(await check(wallet, encodeMap(pairOf(wallet, new Uint8Array(64))))).toBe("wrong");
  const ecdsa = { ...ecdsaWallet(), key: { kind: "ecdsa-secp256k1" as const, bytes: new Uint8Array(33).fill(2) } };
  const signature = signatureOf(ecdsa);
  expect(await check(ecdsa, encodeMap(pairOf(ecdsa, signature)))).toBe("wrong");
});
