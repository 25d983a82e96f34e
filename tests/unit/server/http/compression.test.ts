/** Compressed answers: every client gets the bytes that it would have got without compression. */
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Encoding } from "@/lib/engine/reads/view";
import { type Answer, type AnswerBody, forMany, type SharedBody, textOf } from "@/lib/server/http/answers/answer";
import { compressed, compressedBeginning, encodingOf, withEnd } from "@/lib/server/http/answers/compression";

const ENCODINGS: readonly Encoding[] = ["br", "gzip"];
const decompressed = (encoding: Encoding, { shared, end }: SharedBody) => {
  const bytes = Buffer.concat([shared, Buffer.from(end, "latin1")]);
  return encoding === "br" ? brotliDecompressSync(bytes) : gunzipSync(bytes);
};

/** Text that compresses well, badly, or not at all, up to some windows of either format. */
const content = fc.oneof(
  fc.uint8Array({ maxLength: 5_000 }).map((bytes) => Buffer.from(bytes)),
  fc.string({ unit: "binary", maxLength: 2_000 }).map((text) => Buffer.from(text)),
  fc.tuple(fc.string({ minLength: 1 }), fc.nat({ max: 3_000 })).map(([text, times]) => Buffer.from(text.repeat(times))),
);
/** ASCII of any length that an end may have. Making each character of a long one by chance takes longer than the test. */
const end = fc
  .tuple(fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 1_000 }), fc.nat({ max: 65_535 }))
  .map(([text, length]) => text.repeat(Math.ceil(length / text.length)).slice(0, length));

describe.each(ENCODINGS)("a compressed beginning with an end behind it (%s)", (encoding) => {
  it("is, decompressed, the beginning and the end", async () => {
    await fc.assert(
      fc.asyncProperty(content, fc.array(end, { minLength: 1, maxLength: 3 }), async (bytes, ends) => {
        const beginning = await compressedBeginning(encoding, bytes);
        // One beginning serves many answers.
        for (const text of ends) {
          const whole = decompressed(encoding, withEnd(encoding, beginning, text));
          expect(whole.equals(Buffer.concat([bytes, Buffer.from(text)]))).toBe(true);
        }
      }),
    );
  });

  it.each([0, 1, 65_535])("takes an end of %i bytes", async (length) => {
    const beginning = await compressedBeginning(encoding, Buffer.from("a beginning"));
    const text = "e".repeat(length);
    expect(decompressed(encoding, withEnd(encoding, beginning, text)).toString()).toBe(`a beginning${text}`);
  });
});

describe("an answer", () => {
  const answerOf = (body: AnswerBody, vary?: string): Answer => ({
    status: 200,
    headers: { "content-type": "application/json", ...(vary === undefined ? {} : { vary }) },
    body,
  });
  const LONG = JSON.stringify({ text: "as long as a view ".repeat(200) });

  it.each(ENCODINGS)("that is long is compressed and says so: %s", async (encoding) => {
    const sent = await compressed(answerOf(LONG, "Cookie"), encoding);
    expect(sent.headers).toMatchObject({ vary: "Cookie, Accept-Encoding" });
    expect(sent.lines).toEqual(["content-encoding", encoding]);
    const body = sent.body as SharedBody;
    expect(body.shared.length).toBeLessThan(LONG.length / 4);
    expect(decompressed(encoding, body).toString()).toBe(LONG);
  });

  it("that many get is compressed once for each encoding", async () => {
    const answer = forMany(answerOf(LONG));
    const asked: string[] = [];
    const { body } = answer as { body: Extract<AnswerBody, { shared: Buffer }> };
    const copies = {
      get: (name: Encoding) => body.copies?.get(name),
      keep: (...kept: [Encoding, Buffer]) => {
        asked.push(kept[0]);
        body.copies?.keep(...kept);
      },
    };
    const counted = { ...answer, body: { ...body, copies } };
    const first = await compressed(counted, "gzip");
    for (const accepted of ["gzip", "br", "br, gzip"]) await compressed(counted, accepted);
    expect(asked).toEqual(["gzip", "br"]);
    const again = compressed(counted, "gzip");
    // Nothing has to wait for it.
    expect(again).not.toBeInstanceOf(Promise);
    expect(again).toEqual(first);
  });

  it.each<[string, Answer, string | null]>([
    ["for a client that does not ask for it", answerOf(LONG), null],
    ["for a client that refuses it", answerOf(LONG), "gzip;q=0, br;q=0"],
    ["that is short", answerOf('{"ok":true}'), "br"],
    ["without a body", answerOf(null), "br"],
    ["that is a stream", answerOf(() => {}), "br"],
  ])("%s is left as it is", (_, answer, accepted) => {
    expect(compressed(answer, accepted)).toBe(answer);
  });

  it("for many has the same text as before", () => {
    expect(textOf(forMany(answerOf("größer")))).toBe("größer");
  });
});

describe("the encoding that a client prefers", () => {
  it.each([
    ["gzip, deflate, br, zstd", "br"],
    ["gzip, deflate", "gzip"],
    ["br;q=0.5, gzip;q=0.9", "gzip"],
    ["GZIP", "gzip"],
    ["*", "br"],
    ["br;q=0, *", "gzip"],
    ["br;q=0.0, *;q=0.1", "gzip"],
    ["identity, gzip;q=0.5", null],
    ["deflate", null],
    ["identity", null],
    ["", null],
    ["gzip;q=2", null],
    ["gzip;q=x", null],
    ["gzip ; q=0.001", "gzip"],
  ])("%s: %s", (header, expected) => {
    expect(encodingOf(header)).toBe(expected);
    // It is remembered.
    expect(encodingOf(header)).toBe(expected);
  });
});
