/** Members of a profile that should be text. Without one, what the profile said before would be gone. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { consensusNs } from "@/lib/core/ledger/consensus-time";
import { decodeJson } from "@/lib/core/signals/envelope";
import { type DecodedMessage, profileOf, unreadableMember } from "@/lib/core/signals/projection";

/** The names of each text, the one that counts first. */
const NAMES = {
  handle: ["handle", "username"],
  displayName: ["displayName", "name", "display_name"],
  bio: ["bio", "about"],
  avatar: ["avatar", "avatarUrl"],
  hrl: ["profileHrl", "hrl"],
} as const;

function decoded(payload: object, type = "PROFILE_UPDATE") {
  const body = decodeJson({ type, from: "tm-a", nonce: 1, ts: 1, payload });
  if (!body.ok) throw new Error(`not decoded: ${body.error}`);
  return body.value;
}
const profileIn = (payload: object) =>
  profileOf({ decoded: decoded(payload), consensusNs: consensusNs(1n) } as unknown as DecodedMessage);

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
        expect(unreadableMember(decoded(payload))).toBe(misfits[0]?.name ?? null);
        for (const { member, given } of counting)
          expect(profileIn(payload)?.[member]).toBe(typeof given === "string" ? given : null);
      }),
    );
  });

  it("is looked for in the object `profile` too, which counts before", () => {
    expect(unreadableMember(decoded({ displayName: "A", profile: { displayName: 5 } }))).toBe("displayName");
    expect(unreadableMember(decoded({ displayName: 5, profile: { displayName: "A" } }))).toBeNull();
  });

  it("may be anything in a message of another type", () => {
    expect(unreadableMember(decoded({ target: "tm-b", name: 5 }, "CONTACT_REQUEST"))).toBeNull();
  });
});
