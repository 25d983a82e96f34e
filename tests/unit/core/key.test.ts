import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hashTag, keyOf, keysUnder } from "@/lib/core/key";
import { sourcesUnder } from "../../support/repository/source";
import { hashedPart } from "../../support/servers/redis/redis-slot";

const part = fc.oneof(
  fc.string({ unit: "binary", maxLength: 6 }),
  fc.stringMatching(/^[:%aAu3 |/-]{0,6}$/),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 3 }).map((units) => String.fromCharCode(...units)),
);
const parts = fc.array(part, { minLength: 1, maxLength: 4 });
const keyOfAll = ([first = "", ...rest]: readonly string[]) => keyOf(first, ...rest);

describe("a key of several parts", () => {
  it("is different for every other list of parts, whatever the parts hold", () => {
    fc.assert(
      fc.property(parts, parts, (a, b) => {
        expect(keyOfAll(a) === keyOfAll(b)).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
      { numRuns: 2_000 },
    );
  });

  it("cannot be hit by moving the separator from one part to the next", () => {
    fc.assert(
      fc.property(part, part, part, (a, b, c) => {
        const keys = [keyOf(`${a}:${b}`, c), keyOf(a, `${b}:${c}`), keyOf(a, b, c), keyOf(`${a}:${b}:${c}`)];
        expect(new Set(keys).size).toBe(4);
      }),
    );
    expect(keyOf("submit", "tm-x:y", "k1")).not.toBe(keyOf("submit", "tm-x", "y:k1"));
  });

  it("is the same if its first parts are given once", () => {
    fc.assert(
      fc.property(part, part, part, (a, b, c) => {
        expect(keysUnder(a, b)(c)).toBe(keyOf(a, b, c));
      }),
    );
  });

  it("has no white space, and survives UTF-8 unchanged", () => {
    fc.assert(
      fc.property(parts, (some) => {
        const key = keyOfAll(some);
        expect(key).not.toMatch(/\s/);
        expect(Buffer.from(key, "utf8").toString("utf8")).toBe(key);
      }),
    );
  });
});

describe("a hash tag", () => {
  const tagOfAll = ([first = "", ...rest]: readonly string[]) => hashTag(first, ...rest);

  it("alone decides where Redis Cluster keeps a key, whatever the parts around it hold", () => {
    fc.assert(
      fc.property(parts, parts, (tag, rest) => {
        const hashed = hashedPart(`tm:${tagOfAll(tag)}:${keyOfAll(rest)}`);
        // An empty tag would be none.
        if (tag.join("") !== "" || tag.length > 1) expect(hashed).toBe(keyOfAll(tag));
        expect(keyOfAll(rest)).not.toMatch(/[{}]/);
      }),
      { numRuns: 2_000 },
    );
  });

  it("is different for every other list of parts", () => {
    fc.assert(
      fc.property(parts, parts, (a, b) => {
        expect(tagOfAll(a) === tagOfAll(b)).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
    );
  });
});

/** A template or a joined list is given a name that says key, or is what something is looked up by. */
const BY_HAND = [
  /\b(?:const|let)\s+\w*(?:key|bucket|flood)\w*\s*=\s*([^;]*);/gi,
  /\b\w*[kK]ey\s*:\s*(`[^`]*`)/g,
  /\.(?:get|set|has|delete|peek|passGate|reserve|attempt|finish|abandon|gate|budget|syncGate)\(\s*(`[^`]*`)/g,
];
const IS_COMPOSED = /`[^`]*\$\{|\.join\(/;
const COMMENT = /^\s*(?:\/\/|\/?\*).*$/gm;
/** A route's name in the table of routes: a method has no space in it. */
const ROUTE_NAME = /^`\$\{[\w.]*method\} \$\{[\w.]*path\w*\}`$/i;
/** Addresses of the mirror, and the chunk group that rows have been stored under since the first version. */
const OTHERS = ["lib/adapters/mirror/mirror-json.ts", "lib/adapters/mirror/mirror-ledger.ts"];

describe("every key that is put together", () => {
  const folders = ["core", "engine", "server", "adapters"].map((folder) => `lib/${folder}`);
  const byHand = (text: string) =>
    BY_HAND.flatMap((pattern) => [...text.replaceAll(COMMENT, "").matchAll(pattern)])
      .map(([, value = ""]) => value)
      .filter((value) => IS_COMPOSED.test(value) && !ROUTE_NAME.test(value));

  it("is made by the one function", () => {
    const sources = sourcesUnder(folders, (path) => OTHERS.includes(path));
    const found = sources.flatMap(({ path, text }) => byHand(text).map((value) => `${path}: ${value}`));
    expect(found).toEqual([]);
  });

  it("built by hand would be noticed", () => {
    const lines = [
      "const key = `a §{b}`;",
      "const bucketAt = (name: string) => `limit:§{name}`;",
      "const key = given === null ? null : `submit:§{userId}:§{given}`;",
      "this.places.get(`§{kind} §{userId}`);",
      "const chunkKey = [a, b].join('|');",
      "const parts = { key: `§{a}|§{b}` };",
    ];
    for (const line of lines) expect(byHand(line.replaceAll("§", "$")), line).toHaveLength(1);
    expect(byHand('const key = keyOf("a", b); hot.attempt(keyOf("x", y));')).toEqual([]);
  });
});
