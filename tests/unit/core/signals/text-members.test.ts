/** Members of a signal that should be text. Readers leave out any other value, and what its sender meant would be lost. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { consensusNs } from "@/lib/core/ledger/consensus-time";
import { decodeJson } from "@/lib/core/signals/envelope";
import { claimsOf, type DecodedMessage, profileOf } from "@/lib/core/signals/projection";
import { misfitPath, namesProfileText, saysWhatItGives, unreadableMember } from "@/lib/core/signals/text-members";
import { VECTORS } from "../../../support/repository/vectors";

/** The names of each text, the one that counts first. */
const NAMES = {
  handle: ["handle", "username"],
  displayName: ["displayName", "name", "display_name"],
  bio: ["bio", "about"],
  avatar: ["avatar", "avatarUrl"],
  hrl: ["profileHrl", "hrl"],
} as const;

const bodyOf = (payload: object, type = "PROFILE_UPDATE", more: object = {}) => ({
  ...{ type, from: "tm-a", nonce: 1, ts: 1, payload },
  ...more,
});
function decoded(body: object) {
  const read = decodeJson(body);
  if (!read.ok) throw new Error(`not decoded: ${read.error}`);
  return read.value;
}
const named = (body: object) => unreadableMember(decoded(body), body as never);
const pathIn = (body: object) => misfitPath(body as never, named(body) ?? "");
const profileIn = (payload: object) =>
  profileOf({ decoded: decoded(bodyOf(payload)), consensusNs: consensusNs(1n) } as unknown as DecodedMessage);

const text = fc.stringMatching(/^[a-z]{1,9}$/);
const value = fc.oneof(text, fc.constant(null), fc.integer(), fc.boolean(), fc.constant(["x"]), fc.constant({}));
const payloads = fc.dictionary(fc.constantFrom(...Object.values(NAMES).flat(), "location"), value);

describe("a member of a profile", () => {
  it("is named if it is no text and counts, and nothing else is", () => {
    fc.assert(
      fc.property(payloads, (payload) => {
        const counting = Object.entries(NAMES).map(([member, names]) => {
          const name = names.find((each) => payload[each] !== undefined && payload[each] !== null);
          return { member: member as keyof typeof NAMES, name, given: name === undefined ? null : payload[name] };
        });
        const misfits = counting.filter(({ given }) => given !== null && typeof given !== "string");
        expect(named(bodyOf(payload))).toBe(misfits[0]?.name ?? null);
        for (const { member, given } of counting)
          expect(profileIn(payload)?.[member]).toBe(typeof given === "string" ? given : null);
      }),
    );
  });

  it("is looked for in the object `profile` too, which counts before", () => {
    const nested = bodyOf({ displayName: "A", profile: { displayName: 5 } });
    expect([named(nested), pathIn(nested)]).toEqual(["displayName", "payload.profile.displayName"]);
    expect(named(bodyOf({ displayName: 5, profile: { displayName: "A" } }))).toBeNull();
  });
});

describe("a member of a recognition definition", () => {
  const names = {
    slug: ["slug"],
    title: ["title", "name", "label"],
    icon: ["icon", "emoji"],
    description: ["description", "desc"],
    category: ["category"],
  } as const;
  const fields = fc.dictionary(fc.constantFrom(...Object.values(names).flat()), value);

  it("is named if it is no text and counts, and nothing else is", () => {
    fc.assert(
      fc.property(fields, (given) => {
        const body = bodyOf({ id: "grit", ...given }, "RECOGNITION_DEFINITION");
        const misfit = named(body);
        const [claim] = claimsOf({ decoded: decoded(body), consensusNs: consensusNs(1n) } as unknown as DecodedMessage);
        const counting = Object.entries(names).map(([member, each]) => {
          const name = each.find((one) => given[one] !== undefined && given[one] !== null);
          return { member, name, given: name === undefined ? null : given[name] };
        });
        expect(misfit).toBe(counting.find((one) => one.given !== null && typeof one.given !== "string")?.name ?? null);
        for (const { member, given: words } of counting)
          expect(claim?.[member as keyof typeof names]).toBe(
            typeof words === "string" ? words : member === "title" ? "grit" : null,
          );
      }),
    );
  });

  it.each([
    ["def", { v: 2, def: { id: "grit", name: ["Grit"] } }, "payload.def.name"],
    [
      "items",
      {
        schema: "CATALOG_BATCH",
        items: [
          { id: "a", name: "A" },
          { id: "b", icon: 5 },
        ],
      },
      "payload.items.1.icon",
    ],
  ])("is looked for where the message defines: %s", (_, payload, path) => {
    expect(pathIn(bodyOf(payload, "RECOGNITION_DEFINITION"))).toBe(path);
  });
});

describe("the words of another signal", () => {
  const to = "tm-b";
  it.each([
    ["CONTACT_REQUEST", { target: to, note: 5 }, {}, "payload.note"],
    ["CONTACT_REQUEST", { target: to }, { message: ["Hello"] }, "message"],
    ["CONTACT_ACCEPT", { to: { acct: to, handle: { first: "Ben" } } }, {}, "payload.to.handle"],
    ["CONTACT_ACCEPT", { target: to, handle: false }, {}, "payload.handle"],
    ["CONTACT_REVOKE", { target: to, reason: 0 }, {}, "payload.reason"],
    ["TRUST_ALLOCATE", { target: to, note: {} }, {}, "payload.note"],
    ["TRUST_REVOKE", { target: to, metadata: { reason: 1 } }, {}, "payload.metadata.reason"],
    ["RECOGNITION_MINT", { to, definitionId: 7 }, {}, "payload.definitionId"],
    ["SIGNAL_MINT", { to }, { tokenId: { id: "grit" }, name: "Grit" }, "tokenId"],
    ["RECOGNITION_MINT", { to, recognitionId: "grit", message: 5 }, {}, "payload.message"],
    ["RECOGNITION_MINT", { to, recognitionId: "grit" }, { emoji: 1 }, "emoji"],
    ["RECOGNITION_VALIDATE", { to, note: true }, {}, "payload.note"],
  ] as const)("are text: %s %j", (type, payload, more, path) => {
    expect(pathIn(bodyOf(payload, type, more))).toBe(path);
  });

  it.each([
    ["CONTACT_REQUEST", { target: to, note: null, strength: 3, from: "tm-a" }],
    ["TRUST_ALLOCATE", { target: to, name: 5, trustValue: 2.7 }],
    ["RECOGNITION_MINT", { to, recognitionId: "grit", note: "", xp: 45, labels: ["kind"] }],
    ["SYSTEM_UPDATE", { target: to, name: 5, note: 5 }],
  ])("may lack, and other members may be anything: %s %j", (type, payload) => {
    expect(named(bodyOf(payload, type))).toBeNull();
  });

  it("are text in every form that writers use", () => {
    const read = VECTORS.flatMap(({ name, message }) => {
      const body = decodeJson(message);
      return body.ok ? [[name, unreadableMember(body.value, message as never)] as const] : [];
    });
    expect(read.length).toBeGreaterThan(40);
    expect(read.filter(([, member]) => member !== null)).toEqual([]);
  });
});

describe("a profile", () => {
  const names = (payload: object, more: object = {}) =>
    namesProfileText(decoded(bodyOf(payload, "PROFILE_UPDATE", more)).metadata);

  it.each(Object.values(NAMES).flat())("names a text by %s, also to delete it, flat or nested", (name) => {
    for (const value of ["words", "", null]) {
      expect(names({ [name]: value })).toBe(true);
      expect(names({ profile: { [name]: value } })).toBe(true);
    }
  });

  it.each([[{}], [{ visibility: "public", location: "Lagos" }], [{ profile: {} }], [{ toString: "x" }]])(
    "names none, so readers take it as an empty one: %j",
    (payload) => {
      expect(names(payload, { displayName: "beside the payload" })).toBe(false);
      expect(profileIn(payload)).toMatchObject({ handle: null, displayName: null, bio: null, avatar: null });
    },
  );
});

describe("a recognition", () => {
  const says = (payload: object, more: object = {}) => {
    const body = bodyOf({ to: "tm-b", ...payload }, "RECOGNITION_MINT", more);
    return saysWhatItGives(decoded(body), body);
  };

  it.each([
    [{ definitionId: "never-defined" }, {}],
    [{ def_id: "grit.mentor@1" }, {}],
    [{ definition: { id: "grit" } }, {}],
    [{ name: "👨‍👩‍👧 Family" }, {}],
    [{ label: "Grit" }, {}],
    [{}, { recognition: "Fintech Visionary" }],
  ])("says what it gives by a definition, known or not, or by a name: %j %j", (payload, more) => {
    expect(says(payload, more)).toBe(true);
  });

  it.each([{}, { definitionId: "" }, { definitionId: "  ", name: "\u200b" }, { note: "Thank you" }])(
    "says nothing without both: %j",
    (payload) => {
      expect(says(payload)).toBe(false);
    },
  );
});
