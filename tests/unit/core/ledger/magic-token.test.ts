import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkMagicToken, type MagicToken, parseMagicToken } from "@/lib/core/ledger/magic-token";

const PROOF = `0x${"ab".repeat(65)}`;
const ISSUER = "0x5a0447ce3d226268277f333d14b0b28de9cc6bdd";
const CLAIM = { iat: 100, nbf: 90, ext: 1_000, iss: `did:ethr:${ISSUER}`, aud: "client-1", sub: "s", tid: "t" };
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64");
const tokenOf = (change: object, proof: unknown = PROOF) => encode([proof, JSON.stringify({ ...CLAIM, ...change })]);
const AUDIENCES = new Set(["client-1", "client-2"]);

describe("a Magic token", () => {
  it("reads back as the claim that was signed, with its issuer in lower case", () => {
    const token = parseMagicToken(tokenOf({ iss: "did:ethr:0x5A0447CE3D226268277F333d14b0b28de9Cc6bDD" }));
    expect(token).toEqual({
      claimText: JSON.stringify({ ...CLAIM, iss: "did:ethr:0x5A0447CE3D226268277F333d14b0b28de9Cc6bDD" }),
      proof: new Uint8Array(65).fill(0xab),
      ...{ issuer: ISSUER, audience: "client-1", issuedS: 100, notBeforeS: 90, expiresS: 1_000 },
    });
  });

  it.each([
    ["without a signature", encode([JSON.stringify(CLAIM)])],
    ["with a signature that is too short", tokenOf({}, PROOF.slice(0, -2))],
    ["with a signature that is no text", tokenOf({}, 7)],
    ["with a claim that is no JSON", encode([PROOF, "{"])],
    ["with a claim that is null", encode([PROOF, "null"])],
    ["with a claim that is no text", encode([PROOF, CLAIM])],
    ["with a third part", encode([PROOF, JSON.stringify(CLAIM), ""])],
    ["of another kind of identity", tokenOf({ iss: "did:key:z6Mk" })],
    ["with an issuer of 39 digits", tokenOf({ iss: `did:ethr:${ISSUER.slice(0, -1)}` })],
    ["with a time that is text", tokenOf({ ext: "1000" })],
    ["with a time that is no whole number", tokenOf({ iat: 1.5 })],
    ["with a time below zero", tokenOf({ nbf: -1 })],
    ["with a time beyond all numbers", encode([PROOF, `{"iat":1,"nbf":1,"ext":1e999,"iss":"${CLAIM.iss}","aud":"a"}`])],
    ["without an audience", tokenOf({ aud: undefined })],
    ["that is longer than any token", tokenOf({ sub: "s".repeat(4_000) })],
    ["that is a JWT", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln"],
    ["that is an e-mail address and a time", Buffer.from("ana@example.org:1764290000000").toString("base64")],
    ["that is empty", ""],
  ])("%s is none", (_, text) => {
    expect(parseMagicToken(text)).toBeNull();
  });

  it("is read from any text without a throw", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json().map((json) => Buffer.from(json).toString("base64")),
          fc.base64String(),
        ),
        (text) => void parseMagicToken(text),
      ),
    );
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (proof, claim) => void parseMagicToken(encode([proof, claim]))),
    );
  });
});

describe("the check of a Magic token", () => {
  const read = (change: object = {}) => parseMagicToken(tokenOf(change)) as MagicToken;
  const verdict = (change: object, nowS: number) => {
    const checked = checkMagicToken(read(change), AUDIENCES, nowS);
    return checked.ok ? "counts" : checked.error;
  };

  it.each([
    ["counts from five minutes before its beginning", {}, 100 - 300, "counts"],
    ["does not count earlier", {}, 100 - 301, "not-yet"],
    ["does not count before a later `nbf`", { nbf: 500 }, 199, "not-yet"],
    ["counts in its last second", {}, 999, "counts"],
    ["does not count at its end", {}, 1_000, "expired"],
    ["counts for each configured application", { aud: "client-2" }, 500, "counts"],
    ["does not count for another application", { aud: "client-3" }, 500, "audience"],
    ["counts with a life of a week", { ext: 100 + 604_800 }, 500, "counts"],
    ["does not count with a longer life", { ext: 101 + 604_800 }, 500, "too-long-lived"],
  ])("%s", (_, change, nowS, expected) => {
    expect(verdict(change, nowS)).toBe(expected);
  });

  it("accepts no token without a configured application", () => {
    expect(checkMagicToken(read(), new Set(), 500)).toEqual({ ok: false, error: "audience" });
  });
});
