import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { kindOfChunk, MAX_CHUNKS, type Piece, Reassembly, UNUSABLE_CHUNK, type Whole } from "@/lib/core/ledger/chunks";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (taken: Whole | null | "repeat" | "bad-chunk") =>
  taken === null || typeof taken === "string" ? taken : new TextDecoder().decode(taken.message);
const part = (
  number: number,
  total: number,
  body: string,
  key = "k",
  verification: Piece["verification"] = "verified",
): Piece => ({
  chunk: { key, number, total },
  message: bytes(body),
  verification,
});
/** The result of each part in turn. */
const feed = (parts: readonly Piece[], prior: readonly Piece[] = []) => {
  const reassembly = Reassembly.from(prior);
  return parts.map((each) => text(reassembly.take(each)));
};

describe("chunk reassembly", () => {
  it("gives the whole message with the part that completes it, and nothing before", () => {
    expect(feed([part(1, 3, "a"), part(2, 3, "b"), part(3, 3, "c")])).toEqual([null, null, "abc"]);
  });

  it("puts parts in the order of their numbers, not of their arrival", () => {
    expect(feed([part(3, 3, "c"), part(1, 3, "a"), part(2, 3, "b")])).toEqual([null, null, "abc"]);
  });

  it("keeps the first part of a number and ignores its repeats", () => {
    expect(feed([part(1, 2, "first"), part(1, 2, "second"), part(2, 2, "!")])).toEqual([null, "repeat", "first!"]);
  });

  it("gives a whole message once: later parts add nothing", () => {
    expect(feed([part(1, 2, "a"), part(2, 2, "b"), part(1, 2, "x"), part(2, 2, "y")])).toEqual([
      null,
      "ab",
      "repeat",
      "repeat",
    ]);
  });

  it("refuses a part whose total differs from its group's, and still completes the group", () => {
    expect(feed([part(1, 2, "a"), part(2, 3, "x"), part(2, 2, "b")])).toEqual([null, "bad-chunk", "ab"]);
  });

  it.each([
    [0, 2],
    [3, 2],
    [-1, 2],
    [1.5, 2],
    [1, 0],
    [0, 1],
    [5, 1],
    [-1, -1],
    [1, -1],
    [1, 2.5],
    [1, MAX_CHUNKS + 1],
    [Number.NaN, 2],
    [1, Number.POSITIVE_INFINITY],
  ])("refuses part %d of %d", (number, total) => {
    expect(feed([part(number, total, "x")])).toEqual(["bad-chunk"]);
  });

  it("does not let a refused part stand in the way of its group", () => {
    expect(feed([part(3, 2, "x"), part(1, MAX_CHUNKS + 1, "y"), part(1, 2, "a"), part(2, 2, "b")])).toEqual([
      "bad-chunk",
      "bad-chunk",
      null,
      "ab",
    ]);
  });

  it("keeps interleaved messages apart", () => {
    expect(feed([part(1, 2, "a", "k"), part(1, 2, "x", "l"), part(2, 2, "b", "k"), part(2, 2, "y", "l")])).toEqual([
      null,
      null,
      "ab",
      "xy",
    ]);
  });

  it("is verified only if every part is", () => {
    const wholeOf = (second: Piece["verification"]) => {
      const reassembly = Reassembly.from([part(1, 3, "a"), part(2, 3, "b", "k", second)]);
      return reassembly.take(part(3, 3, "c"));
    };
    expect(wholeOf("verified")).toMatchObject({ verification: "verified" });
    expect(wholeOf("unverifiable")).toMatchObject({ verification: "unverifiable" });
  });

  it("takes a message of one part unchanged, even an empty one", () => {
    expect(feed([part(1, 1, "a"), part(1, 1, "", "l")])).toEqual(["a", ""]);
  });

  it.each([
    ["no chunk info", null],
    ["1 of 1", { key: "k", number: 1, total: 1 }],
    ["0 of 0, which is a protobuf that was never set", { key: "k", number: 0, total: 0 }],
    ["1 of 1 without a group", { key: "", number: 1, total: 1 }],
  ])("takes %s for a message that was not split, every time", (_, chunk) => {
    const piece: Piece = { chunk, message: bytes("a"), verification: "verified" };
    expect(kindOfChunk(chunk)).toBe("whole");
    expect(feed([piece, piece])).toEqual(["a", "a"]);
  });

  it("never joins parts without a group, nor parts whose chunk info is unusable", () => {
    expect(feed([part(1, 2, "a", ""), part(2, 2, "b", "")])).toEqual(["repeat", "repeat"]);
    expect(kindOfChunk(UNUSABLE_CHUNK)).toBe("bad-chunk");
  });

  it("gives the same result wherever a restart falls, whatever senders do with numbers and totals", () => {
    const anyPart = fc.record({
      chunk: fc.record({
        key: fc.constantFrom("k", "l", "m"),
        number: fc.integer({ min: 0, max: 4 }),
        total: fc.integer({ min: 1, max: 4 }),
      }),
      message: fc.string({ maxLength: 3 }).map(bytes),
      verification: fc.constantFrom<Piece["verification"]>("verified", "unverifiable"),
    });
    fc.assert(
      fc.property(fc.array(anyPart, { maxLength: 30 }), fc.nat({ max: 30 }), (parts, cut) => {
        const [before, after] = [parts.slice(0, cut), parts.slice(cut)];
        expect([...feed(before), ...feed(after, before)]).toEqual(feed(parts));
      }),
    );
  });
});
