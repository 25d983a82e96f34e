import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Challenge,
  challengeText,
  MAX_CHALLENGE_CHARACTERS,
  parseChallenge,
  signedBytes,
  withSeal,
} from "@/lib/core/ledger/challenge";
import type { AccountId } from "@/lib/core/ledger/ids";

const SEAL = "s".repeat(43);
const arbitrary: fc.Arbitrary<Challenge> = fc.record({
  domain: fc.constantFrom("trustmesh.example", "localhost:3000", "[::1]:8443", "a-b.c"),
  network: fc.constantFrom("devnet", "testnet", "mainnet"),
  accountId: fc.nat().map((num) => `0.0.${num}` as AccountId),
  expiresS: fc.integer({ min: 0, max: 4_102_444_800 }),
  nonce: fc.stringMatching(/^[A-Za-z0-9_-]{16,40}$/),
});

describe("a challenge", () => {
  it("reads back unchanged, in ASCII and within its bounds", () => {
    fc.assert(
      fc.property(arbitrary, (challenge) => {
        const text = challengeText(challenge);
        const whole = withSeal(text, SEAL);
        expect(parseChallenge(whole)).toEqual({ challenge, text, seal: SEAL });
        expect(whole).toMatch(/^[\n\x20-\x7e]+$/);
        expect(whole.length).toBeLessThanOrEqual(MAX_CHALLENGE_CHARACTERS);
      }),
    );
  });

  it("is refused or is another challenge with any one character changed, added or left out", () => {
    fc.assert(
      fc.property(arbitrary, fc.nat(), fc.string({ unit: "binary", maxLength: 2 }), (challenge, at, put) => {
        const whole = withSeal(challengeText(challenge), SEAL);
        const i = at % whole.length;
        const other = whole.slice(0, i) + put + whole.slice(i + 1);
        const parsed = parseChallenge(other);
        // A changed text that still parses is checked against its seal as it was given, so it cannot pass for another.
        if (parsed !== null) expect(withSeal(parsed.text, parsed.seal)).toBe(other);
      }),
    );
  });

  it("is not made from members that would not read back", () => {
    const good: Challenge = {
      domain: "a.b",
      network: "testnet",
      accountId: "0.0.1" as AccountId,
      expiresS: 0,
      nonce: "n".repeat(16),
    };
    const broken = [
      { domain: "a.b\nNetwork: mainnet" },
      { domain: "ü.example" },
      { network: "Test net" },
      { nonce: "short" },
    ];
    for (const change of broken) expect(() => challengeText({ ...good, ...change })).toThrow(RangeError);
  });

  it.each(["2026-02-31T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z"])(
    "has no expiry like %s",
    (expires) => {
      const text = `TrustMesh sign-in\nDomain: a.b\nNetwork: testnet\nAccount: 0.0.1\nExpires: ${expires}\nNonce: ${"n".repeat(16)}\n`;
      expect(parseChallenge(withSeal(text, SEAL))).toBeNull();
    },
  );
});

it("is signed with its prefix and its length in UTF-16 units", () => {
  expect(Buffer.from(signedBytes("hello")).toString("latin1")).toBe("\x19Hedera Signed Message:\n5hello");
});
