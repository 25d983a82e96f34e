import { describe, expect, it } from "vitest";
import { typeName, typeNumber, UNNAMED_TYPE } from "@/lib/adapters/postgres/codec/codes";
import { TOPIC_KINDS } from "@/lib/core/ledger/ids";
import {
  foldSynonym,
  MESSAGE_TYPES,
  type MessageType,
  NUMERIC_TYPES,
  prefixOf,
  SUBMIT_TYPES,
  TYPES_OF_KIND,
  topicKindOf,
  typeKindOf,
} from "@/lib/core/signals/message-types";

const names = Object.keys(MESSAGE_TYPES) as MessageType[];

describe("the table of message types", () => {
  it("agrees with the kind that a type's prefix shows, so that types of a later version already sort right", () => {
    for (const type of names) {
      const shown = TOPIC_KINDS.find((kind) => type.startsWith(prefixOf(kind))) ?? null;
      expect([type, typeKindOf(type)]).toEqual([type, shown]);
    }
  });

  it("numbers the types of numeric envelopes without a gap", () => {
    expect(NUMERIC_TYPES).toEqual([
      "CONTACT_REQUEST",
      "CONTACT_ACCEPT",
      "CONTACT_REVOKE",
      "TRUST_ALLOCATE",
      "TRUST_REVOKE",
      "RECOGNITION_MINT",
      "RECOGNITION_VALIDATE",
    ]);
  });

  it("lets clients write every type but foreign ones, and every synonym of those", () => {
    expect(SUBMIT_TYPES).toContain("CONTACT_BONDED");
    expect(SUBMIT_TYPES).not.toContain("PAYMENT_SENT");
    for (const type of SUBMIT_TYPES) expect(names).toContain(foldSynonym(type));
  });

  it("gives each type to one kind at most, and sends types without one to recognition topics", () => {
    const listed = Object.values(TYPES_OF_KIND).flat();
    expect(new Set(listed).size).toBe(listed.length);
    for (const type of names) expect(TYPES_OF_KIND[topicKindOf(type)].includes(type)).toBe(typeKindOf(type) !== null);
    expect(["TRUST_LATER", "LATER", "constructor"].map(topicKindOf)).toEqual(["trust", "recognition", "recognition"]);
  });

  it("has no two types that rows store under one number", () => {
    const numbered = names.filter((type) => typeNumber(type) !== UNNAMED_TYPE);
    expect(numbered).toHaveLength(12);
    for (const type of numbered) expect(typeName(typeNumber(type), null)).toBe(type);
  });
});
