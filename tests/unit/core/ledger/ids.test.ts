import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  entityNumbers,
  MAX_ID_CHARACTERS,
  mayBeSomebody,
  parseAccountId,
  parseSequence,
  parseTopicId,
  parseUserId,
  signalId,
} from "@/lib/core/ledger/ids";
import { unwrap } from "../../../support/unwrap";

describe("entity ids", () => {
  it.each(["0.0.0", "0.0.7148063", "0.0.9007199254740993", "1.2.3"])("accepts %s", (id) => {
    expect(parseTopicId(id)).toBe(id);
    expect(parseAccountId(id)).toBe(id);
  });

  it.each([
    "",
    "0.0",
    "0.0.1.2",
    "00.0.1",
    "0.0.01",
    "0.0.-1",
    " 0.0.1",
    "0.0.1\n",
    "0.0.1-abcde",
    "0.0.٣",
    "tm-alice",
  ])("refuses %j", (id) => {
    expect(parseTopicId(id)).toBeNull();
    expect(parseAccountId(id)).toBeNull();
  });

  it("returns the numbers of an id without loss, as large as the ledger has them", () => {
    const shardOrRealm = fc.bigInt({ min: 0n, max: 2n ** 32n - 1n });
    fc.assert(
      fc.property(shardOrRealm, shardOrRealm, fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), (shard, realm, num) => {
        expect(entityNumbers(unwrap(parseTopicId(`${shard}.${realm}.${num}`)))).toEqual([shard, realm, num]);
      }),
    );
  });
});

describe("user ids", () => {
  it.each(["tm-alice", "0.0.7226146", "x", "käthe", "李雷", "🦊🦊", "a/b:c", "__proto__"])("accepts %s", (id) => {
    expect(parseUserId(id)).toBe(id);
  });

  it.each([
    ["white space", "a b"],
    ["a no-break space", "a\u00a0b"],
    ["a line break", "a\n"],
    ["a control", "a\u0007"],
    ["a bidi override", "a\u202eb"],
    ["a zero-width space", "a\u200bb"],
    ["a lone surrogate", "a\udc00"],
    ["a private use character", "a\ue000"],
  ])("refuses %s", (_, id) => {
    expect(parseUserId(id)).toBeNull();
  });

  it.each([
    ["a filler of Hangul", "\u3164"],
    ["a blank of Braille", "\u2800"],
    ["one combining mark", "\u0301"],
    ["a filler behind a name", "tm-alice\u3164"],
    ["a selector behind a letter", "tm-alice\ufe0f"],
    ["a joiner of graphemes in a name", "tm-al\u034fice"],
  ])("refuses invisible text: %s", (_, id) => {
    expect(parseUserId(id)).toBeNull();
  });

  it.each(["❤\ufe0f", "tm-Zoe\u0308", "ราตรี", "葛\u{E0100}"])("accepts characters that its script needs: %s", (id) => {
    expect(parseUserId(id)).toBe(id);
  });

  it("never look like another one: each of their characters has an effect", () => {
    const blank = fc.constantFrom(
      "\u3164",
      "\u2800",
      "\u115f",
      "\uffa0",
      "\u200b",
      "\u2060",
      "\u034f",
      "\u{E0061}",
      "\u00ad",
    );
    fc.assert(
      fc.property(
        fc.stringMatching(/^[a-z\u00e0-\u00ff\u0627-\u064a]{1,20}$/),
        fc.nat(20),
        blank,
        (name, at, character) => {
          expect(parseUserId(name)).toBe(name);
          const letters = [...name];
          letters.splice(at, 0, character);
          expect(parseUserId(letters.join(""))).toBeNull();
        },
      ),
    );
  });

  it.each(["0.0.7226146", "0.0.1", "1.2.3", "tm-alice", "tm-0.0.abc", "7226146", "alice", "v1.2.3"])(
    "may be somebody's: %s",
    (id) => {
      expect(parseUserId(id)).toBe(id);
      expect(mayBeSomebody(id)).toBe(true);
    },
  );

  it.each([
    ["letters for the number", "0.0.abc"],
    ["no number", "0.0."],
    ["two numbers", "0.0"],
    ["four numbers", "0.0.1.2"],
    ["a leading zero", "0.0.007"],
    ["a checksum", "0.0.123-vfmkw"],
    ["the number 0", "0.0.0"],
    ["a number above the ledger's last one", "0.0.274877906944"],
    ["an address for the number", "0.0.0x52908400098527886e0f703006985"],
  ])("stay ids, but may be nobody's if they begin as an account id does, with %s", (_, id) => {
    expect(parseUserId(id)).toBe(id);
    expect(mayBeSomebody(id)).toBe(false);
  });

  it.each([[null], [undefined], [7], [{}], [["a"]], [true]])("refuses %j, which is not text", (value) => {
    expect(parseUserId(value)).toBeNull();
  });

  it("counts characters, not UTF-16 units, up to the limit", () => {
    for (const character of ["a", "é", "🦊"]) {
      expect(parseUserId(character.repeat(MAX_ID_CHARACTERS))).not.toBeNull();
      expect(parseUserId(character.repeat(MAX_ID_CHARACTERS + 1))).toBeNull();
    }
  });
});

describe("sequence numbers", () => {
  it("accepts whole numbers from 1 and their decimal text", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), (n) => {
        expect(parseSequence(n)).toBe(n);
        expect(parseSequence(String(n))).toBe(n);
      }),
    );
  });

  it.each([
    0,
    -1,
    1.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    2 ** 53,
    "0",
    "-1",
    "1.0",
    "1e3",
    " 1",
    "",
    "9007199254740993",
    "0x10",
    null,
    undefined,
    [1],
  ])("refuses %j", (value) => {
    expect(parseSequence(value)).toBeNull();
  });
});

it("names a signal by its topic and its sequence number", () => {
  expect(signalId(unwrap(parseTopicId("0.0.5")), 17)).toBe("0.0.5/17");
});
