import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { boundedMetadata, CUT_MARK, MAX_METADATA_CHARACTERS } from "@/lib/core/signals/metadata";

const json = fc.dictionary(fc.string({ unit: "binary", maxLength: 40 }), fc.jsonValue({ maxDepth: 6 }), {
  maxKeys: 40,
});
const large = fc.record({ pad: fc.string({ minLength: 1, maxLength: 20 }), times: fc.integer({ min: 1, max: 700 }) });

describe("metadata", () => {
  it("passes unchanged while it is small", () => {
    fc.assert(
      fc.property(json, (metadata) => {
        fc.pre(JSON.stringify(metadata).length <= MAX_METADATA_CHARACTERS);
        expect(boundedMetadata(metadata)).toBe(metadata);
      }),
    );
  });

  it("never exceeds its bound, whatever it contains, and does not change when it is bounded again", () => {
    fc.assert(
      fc.property(json, large, fc.nat({ max: 3 }), (metadata, { pad, times }, place) => {
        const much = [
          { text: pad.repeat(times) },
          { list: Array.from({ length: times }, () => pad) },
          Object.fromEntries(Array.from({ length: times }, (_, i) => [`${pad}${i}`, i])),
          { deep: { deeper: Array.from({ length: times }, () => ({ [pad]: [pad, null, 1.5] })) } },
        ][place] as Record<string, unknown>;
        const bounded = boundedMetadata({ ...metadata, ...much });
        expect(JSON.stringify(bounded).length).toBeLessThanOrEqual(MAX_METADATA_CHARACTERS);
        expect(boundedMetadata(bounded)).toBe(bounded);
      }),
      { numRuns: 60 },
    );
  });

  it("keeps what comes first, cuts long text, and says that something is missing", () => {
    const bounded = boundedMetadata({ target: "tm-bob", note: "n".repeat(19_000), list: [1, { a: "b" }], last: true });
    expect(bounded).toEqual({
      target: "tm-bob",
      note: `${"n".repeat(500)}…`,
      list: [1, { a: "b" }],
      last: true,
      [CUT_MARK]: "cut",
    });
    const many = boundedMetadata(Object.fromEntries(Array.from({ length: 999 }, (_, i) => [`member${i}`, i])));
    expect(many).toMatchObject({ member0: 0, member100: 100, [CUT_MARK]: "cut" });
  });

  it("keeps members of any name as members", () => {
    const hostile = JSON.parse(`{"__proto__":{"isAdmin":true},"constructor":1,"pad":"${"x".repeat(9_000)}"}`);
    const bounded = boundedMetadata(hostile);
    expect(Object.keys(bounded)).toEqual(["__proto__", "constructor", "pad", CUT_MARK]);
    expect(Object.getPrototypeOf(bounded)).toBe(Object.prototype);
    expect((bounded as { isAdmin?: boolean }).isAdmin).toBeUndefined();
  });
});
