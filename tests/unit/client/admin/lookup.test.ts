import { describe, expect, it } from "vitest";
import {
  identityWords,
  messageHref,
  parseMessagePlace,
  personHref,
  reasonWords,
  signatureWords,
  tierWords,
} from "@/lib/client/admin/lookup";
import { UNDECODABLE_REASONS } from "@/lib/core/signals/signal";

describe("a message's place", () => {
  it.each([
    ...["0.0.7148063/31415", " 0.0.7148063 / 31415 ", "0.0.7148063 31415"],
    ...["0.0.7148063,31415", "0.0.7148063/31415/2"],
  ])("is read from %j", (text) => {
    expect(parseMessagePlace(text)).toEqual({ topicId: "0.0.7148063", sequence: 31_415 });
  });

  it.each([
    null,
    "",
    "0.0.7148063",
    "0.0.7148063/0",
    "0.0.7148063/-1",
    "0.0.7148063/1e3",
    "x/1",
    "0.0.5/1/x",
    "0.0.5/1/2/3",
  ])("is not read from %j", (text) => {
    expect(parseMessagePlace(text)).toBeNull();
  });

  it("has an address of its own", () => {
    const query = new URL(messageHref("0.0.5", 7), "http://x").searchParams;
    expect(parseMessagePlace(query.get("message"))).toEqual({ topicId: "0.0.5", sequence: 7 });
  });
});

it("a person's id survives its address, whatever is in it", () => {
  expect(new URL(personHref("tm-ä&?#"), "http://x").searchParams.get("person")).toBe("tm-ä&?#");
});

it("a tenant's people are of the enterprise tier", () => {
  expect(tierWords({ tier: "standard", tenantId: "acme" })).toBe("enterprise (acme)");
  expect(tierWords({ tier: "busy", tenantId: null })).toBe("busy");
});

describe("why a message does not count", () => {
  it.each([...UNDECODABLE_REASONS, "wrong-signature", "untrusted-payer", "outdated-signature"])(
    "is a sentence for %s",
    (reason) => {
      expect(reasonWords(reason)).toMatch(/^[A-Z0-9].+ .+\.$/);
    },
  );

  it.each(["a-later-reason", "toString"])("is the name itself for %s, which has no sentence", (reason) => {
    expect(reasonWords(reason)).toBe(reason);
  });
});

describe("the words about a signature", () => {
  it("say that nobody will check a signature that came too late", () => {
    expect(signatureWords({ signature: "open", disposition: "untrusted" })).toMatch(/^not checked: /);
    expect(signatureWords({ signature: "open", disposition: "unproven" })).toMatch(/^not checked yet: /);
  });
});

describe("the words about a binding", () => {
  it("say to which account it binds, or that it ends a binding", () => {
    expect(identityWords({ did: "did:ethr:0x1", accountId: "0.0.5", counts: true })).toMatch(
      /bound to 0\.0\.5: counts/,
    );
    expect(identityWords({ did: "did:ethr:0x1", accountId: null, counts: true })).toMatch(/is unbound .*: counts/);
  });

  it("say that it does not count", () => {
    expect(identityWords({ did: "did:ethr:0x1", accountId: "0.0.5", counts: false })).toContain(": does not count.");
  });
});
