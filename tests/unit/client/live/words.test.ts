import { describe, expect, it } from "vitest";
import { safeNext } from "@/app/_ui/features/sign-in/safe-next";
import { initials } from "@/app/_ui/primitives/avatar";
import { harmless } from "@/lib/client/format/harmless";
import { sentenceOf } from "@/lib/client/format/sentences";
import { exactConsensusTime } from "@/lib/client/format/time";
import type { Signal } from "@/lib/wire/signals";

const signal = (type: string, actor: string | null, target: string | null, metadata = {}): Signal => ({
  id: "0.0.7/1",
  type,
  actor,
  target,
  ts: 0,
  consensusTimestamp: "1.000000001",
  topicId: "0.0.7",
  sequenceNumber: 1,
  metadata,
  source: "hcs",
  verified: "verified",
  position: 1,
});
const context = { self: "me", recognitionTitle: (id: string) => (id === "team" ? "Team Player" : null) };
const say = (...args: Parameters<typeof signal>) =>
  sentenceOf(signal(...args), context)
    .map((part) => (typeof part === "string" ? part : "person" in part ? `@${part.person}` : `“${part.strong}”`))
    .join("");

describe("sentences", () => {
  it("describe each known type from both sides", () => {
    expect(say("CONTACT_ACCEPT", "amara", "me")).toBe("@amara accepted your contact request");
    expect(say("CONTACT_ACCEPT", "me", "amara")).toBe("You accepted @amara as a contact");
    expect(say("TRUST_ALLOCATE", "amara", "me", { weight: 3 })).toBe("@amara gave you trust (weight 3)");
    expect(say("RECOGNITION_MINT", "amara", "me", { recognitionId: "team" })).toBe(
      "@amara recognised you for “Team Player”",
    );
    expect(say("RECOGNITION_MINT", "me", "amara", { recognitionId: "x" })).toBe("You recognised @amara for “x”");
    expect(say("PROFILE_UPDATE", "me", null)).toBe("You updated your profile");
  });
  it("describe unknown types, too", () => {
    expect(say("PAYMENT_SENT", "amara", "me")).toBe("@amara sent “Payment sent” to you");
    expect(say("CONSTRUCTOR", null, null)).toBe("Somebody sent “Constructor”");
  });
});

describe("small words", () => {
  it("show consensus time to the nanosecond", () => {
    expect(exactConsensusTime("1699999999.000000001")).toBe("14 Nov 2023 22:13:19.000000001 UTC");
  });
  it("show initials of names and of ids", () => {
    expect(["Amara Okafor", "tm-alex-chen", "0.0.7226146", "Élodie", "李 雷"].map(initials)).toEqual([
      "AO",
      "AC",
      "46",
      "ÉL",
      "李雷",
    ]);
  });
  it("show control and direction characters as their codes", () => {
    expect(harmless({ note: "a\u202eb\u0000<script>" })).toContain("a\\u202eb\\u0000<script>");
  });
  it("lead on to pages of this site only", () => {
    expect(safeNext("/circle")).toBe("/circle");
    for (const bad of ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", null]) {
      expect(safeNext(bad)).toBe("/signals");
    }
  });
});
