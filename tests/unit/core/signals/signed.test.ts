import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkSignature } from "@/lib/adapters/hedera/message-signature";
import { consensusNs } from "@/lib/core/ledger/consensus-time";
import { decodeJson } from "@/lib/core/signals/envelope";
import { isTimely, saidNs, signedIn, signedPart } from "@/lib/core/signals/signed";
import { ecdsaWallet, ed25519Wallet } from "../../../support/stand-ins/wallet";
import { unwrap } from "../../../support/unwrap";
import { signedMint, signedProfile } from "../../../support/worlds/histories/signed";

const ANA = "0.0.7226336";
const BEN = "0.0.7226545";
const KEY = {
  kind: "ed25519" as const,
  bytes: new Uint8Array(Buffer.from("0205d5419cef398d0f170173556b347b04631df6d0b40e59230eb983a59d00ea", "hex")),
};
const WALLETS = { ed25519: ed25519Wallet(), ecdsa: ecdsaWallet() };

type Key = Parameters<typeof checkSignature>[0];
const decoded = (body: unknown) => {
  const result = decodeJson(body);
  if (!result.ok) throw new Error(result.error);
  return result.value;
};
/** Null: the body is not of a signed form. */
function isRight(key: Key, body: unknown): boolean | null {
  const signed = signedIn(decoded(body));
  if (signed === null) return null;
  const { texts, signature } = signed;
  return signature !== null && texts.some((text) => checkSignature(key, Buffer.from(text), signature).ok);
}

const text = fc.string({ unit: "grapheme", maxLength: 20 });
const ms = fc.integer({ min: 1_500_000_000_000, max: 2_000_000_000_000 });
const wallet = fc.constantFrom(WALLETS.ed25519, WALLETS.ecdsa);
const profile = fc
  .tuple(
    wallet,
    fc.record({ displayName: text, bio: text, avatar: text }),
    fc.oneof(
      ms,
      ms.map((at) => new Date(at).toISOString()),
    ),
  )
  .map(([by, words, timestamp]) => ({
    by,
    body: signedProfile(by, ANA, { ...words, timestamp }) as Record<string, unknown>,
  }));
const mint = fc
  .tuple(wallet, text, fc.option(text, { nil: undefined }), fc.double({ min: 0, max: 100, noNaN: true }), ms)
  .map(([by, name, message, trustAmount, timestamp]) => ({
    by,
    body: signedMint(by, ANA, BEN, {
      name,
      trustAmount,
      timestamp,
      ...(message === undefined ? {} : { message }),
    }) as Record<string, unknown>,
  }));
const signedBody = fc.oneof(profile, mint);

describe("the web UI's own signatures", () => {
  it.each([
    [
      "of the profile page",
      {
        type: "PROFILE_UPDATE",
        accountId: ANA,
        avatar: "",
        bio: "Hi",
        displayName: "Zaïnab",
        timestamp: 1_764_290_000_123,
      },
      "aa013b347d77222deb6b2b770e3f76224d08413d82b75702278ef8e44eb79744d85110775f4943c0c36e9dedc6bf49b51c458e6e634d6804984472d11b96910b",
    ],
    [
      "of the onboarding",
      {
        type: "PROFILE_UPDATE",
        accountId: ANA,
        avatar: "",
        bio: "Hi",
        displayName: "Zaïnab",
        timestamp: "2025-11-28T00:33:20.123Z",
      },
      "1fc03fc4623bf174bdb4b4b9475042b62c7f44cc5f62585ee85bc3ab713de8f54213b17bd03c88220c6a09b34639ee5d7ad96850ecc2b71cde1f57df26851e09",
    ],
    [
      "of a recognition",
      { type: "SIGNAL_MINT", from: ANA, to: BEN, message: "Thank you", timestamp: 1_764_290_000_123, trustAmount: 0.5 },
      "d4b4a3bf0c503599b29d7a5a81adf8812c1f8845b7be96d85cf76902afcb6edaa3a267a42667bdf2e6be32ff4a5f7725461ef32b2446ef9247c9a47845398509",
    ],
  ])("%s are right", (_, body, signature) => {
    expect(isRight(KEY, { ...body, signature })).toBe(true);
  });
});

describe("a signature", () => {
  it("is right for what its wallet signed, whatever the words and the key", () => {
    fc.assert(
      fc.property(signedBody, ({ by, body }) => {
        expect(isRight(by.key, body)).toBe(true);
      }),
    );
  });

  it("is wrong once any signed member has changed", () => {
    const members = ["accountId", "displayName", "bio", "avatar", "timestamp", "from", "to", "message", "trustAmount"];
    fc.assert(
      fc.property(signedBody, fc.constantFrom(...members), fc.jsonValue(), ({ by, body }, name, value) => {
        fc.pre(Object.hasOwn(body, name) && JSON.stringify(value) !== JSON.stringify(body[name]));
        // A recognition says who gave it in two members.
        const changed = { ...body, [name]: value, ...(name === "from" ? { issuer: value } : {}) };
        const result = decodeJson(changed);
        if (result.ok) expect(isRight(by.key, changed)).not.toBe(true);
      }),
    );
  });

  it("does not depend on the order of members, nor on members that it does not cover", () => {
    const more = fc.dictionary(
      fc.string({ minLength: 1, maxLength: 8 }).map((name) => `x${name}`),
      fc.jsonValue(),
    );
    fc.assert(
      fc.property(signedBody, more, fc.infiniteStream(fc.nat()), ({ by, body }, extra, order) => {
        const members = Object.entries({ ...extra, ...body }).map((member) => ({
          member,
          at: unwrap(order.next().value),
        }));
        const shuffled = Object.fromEntries(members.sort((a, b) => a.at - b.at).map(({ member }) => member));
        expect(isRight(by.key, shuffled)).toBe(true);
      }),
    );
  });

  it("of another key is wrong", () => {
    const other = ed25519Wallet();
    fc.assert(
      fc.property(signedBody, ({ body }) => {
        expect(isRight(other.key, body)).toBe(false);
      }),
    );
  });

  it("covers nothing but what the signed part holds", () => {
    const dressed = {
      handle: "evil",
      profileHrl: "hrl:evil",
      username: "evil",
      subtitle: "evil",
      tokenId: "evil",
      emoji: "evil",
    };
    fc.assert(
      fc.property(signedBody, ({ body }) => {
        const part = signedPart(decoded({ ...body, ...dressed, profile: { displayName: "evil" } }));
        expect(JSON.stringify(part)).not.toContain("evil");
        expect(part).toMatchObject({ actor: ANA, target: body.to ?? null });
        expect(part.definitionId).toBeUndefined();
      }),
    );
  });
});

describe("a message", () => {
  const body = signedProfile(WALLETS.ed25519, ANA, { timestamp: 1_764_290_000_123 });

  it.each([
    ["whose actor has no account", { ...body, accountId: "tm-ana" }],
    ["without a signature", { ...body, signature: undefined }],
    ["with an empty signature", { ...body, signature: "" }],
    ["that does not say when it was signed", { ...body, timestamp: undefined }],
    ["of another type", { type: "CONTACT_REQUEST", from: ANA, to: BEN, signature: body.signature, timestamp: 1 }],
    ["with its signature beside the payload that counts", { ...body, payload: { displayName: "Other" } }],
  ])("%s has no signature that could be checked", (_, message) => {
    expect(signedIn(decoded(message))).toBeNull();
  });

  it.each(["28 Nov 2025 00:33", "soon", ""])("signed at %j does not say when, as that is no ISO 8601", (timestamp) => {
    const signed = signedIn(decoded(signedProfile(WALLETS.ed25519, ANA, { timestamp })));
    expect(signed).toMatchObject({ actor: ANA, signedMs: null });
  });

  it("says when it was signed in milliseconds, or as ISO 8601, which is UTC where it names no zone", () => {
    const text = "2025-11-28T00:33:20.123";
    for (const timestamp of [1_764_290_000_123, text, `${text}Z`, "2025-11-28T02:33:20.123+02:00"])
      expect(signedIn(decoded({ ...body, timestamp }))).toMatchObject({ signedMs: 1_764_290_000_123 });
  });

  it("that its actor signed for another account is of no form at all", () => {
    expect(signedIn(decoded({ ...body, from: BEN }))).toMatchObject({ actor: BEN, texts: [] });
  });

  it("comes in time if it was signed five minutes before, or two minutes after", () => {
    const ns = consensusNs(1_764_290_000_000_000_000n);
    const at = 1_764_290_000_000;
    expect([at - 300_001, at - 300_000, at, at + 120_000, at + 120_001].map((signed) => isTimely(signed, ns))).toEqual([
      ...[false, true, true, true, false],
    ]);
    expect(isTimely(null, ns)).toBe(false);
  });

  it("has its place by when it was signed, and never after it came", () => {
    fc.assert(
      fc.property(ms, ms, (signed, came) => {
        const ns = consensusNs(BigInt(came) * 1_000_000n);
        expect(saidNs(signed, ns)).toBe(BigInt(Math.min(signed, came)) * 1_000_000n);
      }),
    );
  });
});
