/** Texts come back byte for byte, whatever they hold, and what repeats in them is written once. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteReader, ByteWriter } from "@/lib/adapters/postgres/codec/bytes";
import { readTexts, writeTexts } from "@/lib/adapters/postgres/codec/json-columns";

const PIECES = ["{", "}", "[", '"', '"', ":", ",", "\\", "\\n", "\n", " ", "\0", "é", "a", "b", "-", "0", "7", "1.5e3"];
const odd = fc
  .array(fc.constantFrom(...PIECES, '"a":', '"b":"a"', '"a":7'), { maxLength: 30 })
  .map((pieces) => `{${pieces.join("")}`);
const alike = fc
  .record({ from: fc.constantFrom("ann", "bo", ""), nonce: fc.integer(), at: fc.float(), note: fc.string() })
  .map((value) => JSON.stringify(value));
const bytes = fc.oneof(
  { weight: 4, arbitrary: fc.oneof(odd, alike, fc.json()).map((text) => new TextEncoder().encode(text)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 50 }) },
);

function written(texts: readonly Uint8Array[]): Uint8Array {
  const writer = new ByteWriter();
  writeTexts(writer, texts);
  return writer.end();
}
const plain = (texts: readonly Uint8Array[]) => texts.map((text) => Buffer.from(text).toString("hex"));

describe("texts in columns", () => {
  it("come back exactly, in any order, and end where they end", () => {
    fc.assert(
      fc.property(fc.array(bytes, { maxLength: 40 }), fc.uint8Array({ maxLength: 5 }), (texts, after) => {
        const reader = new ByteReader(Buffer.concat([written(texts), after]));
        const textAt = readTexts(reader, texts.length);
        const places = texts.map((_, place) => place).reverse();
        expect(plain(places.map(textAt).reverse())).toEqual(plain(texts));
        expect(plain([reader.rest()])).toEqual(plain([after]));
      }),
      { numRuns: 1_000 },
    );
  });

  it("come back where a value only looks like a number", () => {
    const most = "9".repeat(15);
    const values = ["NaN", "Infinity", "-0", "00", "-", "1e3", most, `-${most}`, `1${most}`, `${2 ** 53 + 2}`, "é"];
    for (const value of values) {
      const texts = [`{"a":"${value}"}`, `{"a":"0"}`, `{"a":"${value}"}`].map((each) => Buffer.from(each));
      const textAt = readTexts(new ByteReader(written(texts)), texts.length);
      expect(plain([0, 1, 2].map(textAt))).toEqual(plain(texts));
    }
  });

  it("are one template and one value where they end within a string: else each quote in it is tried, for seconds", () => {
    const texts = ["", "\\", '\\"', '\\"'.repeat(2_000), "\\\n"].map((end) => Buffer.from(`{"a":"b${end}`));
    const [templates] = written(texts.filter((_, i) => i !== 1));
    expect(templates).toBe(1);
    const textAt = readTexts(new ByteReader(written(texts)), texts.length);
    expect(plain(texts.map((_, place) => textAt(place)))).toEqual(plain(texts));
  });

  it("take what repeats once, and numbers as their distance", () => {
    const texts = Array.from({ length: 256 }, (_, i) =>
      Buffer.from(JSON.stringify({ type: "CONTACT_ACCEPT", from: `tm-${i % 16}`, nonce: 1_790_000_000_000 + i })),
    );
    // A template, 16 names, and four bytes for each text.
    expect(written(texts).length).toBeLessThan(256 * 4 + 250);
  });

  it("share no memory with what they are read from", () => {
    const source = Buffer.from(written([Buffer.from("plain"), Buffer.from('{"a":"b"}')]));
    const textAt = readTexts(new ByteReader(source), 2);
    const first = textAt(0);
    source.fill(0);
    expect(plain([first])).toEqual(plain([Buffer.from("plain")]));
  });

  it("are refused where a number names nothing", () => {
    const damaged = written([Buffer.from('{"a":"b"}')]);
    fc.assert(
      fc.property(fc.nat(damaged.length - 1), fc.nat(255), (place, value) => {
        const bytes = Uint8Array.from(damaged);
        bytes[place] = value;
        try {
          readTexts(new ByteReader(bytes), 1)(0);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
