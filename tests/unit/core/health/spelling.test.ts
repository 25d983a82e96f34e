import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cleanValue, distance, nearestName } from "@/lib/core/health/spelling";

describe("a value", () => {
  it.each([
    ["testnet\r", "testnet"],
    [" a token\n", "a token"],
    ['"quoted"', "quoted"],
    ["'quoted'\r\n", "quoted"],
    ['" inside "', "inside"],
    ['"', '"'],
    ["it's", "it's"],
    ["'a' and 'b'", "a' and 'b"],
    ["\uFEFFbom", "bom"],
    ["  ", ""],
    ["''", ""],
  ])("%j is read as %j", (text, expected) => {
    expect(cleanValue(text)).toBe(expected);
  });

  it("is the same with any white space around it", () => {
    const space = fc.stringMatching(/^[ \t\r\n\u00A0\uFEFF]*$/);
    fc.assert(
      fc.property(fc.string(), space, space, (text, before, after) => {
        expect(cleanValue(before + text + after)).toBe(cleanValue(text));
      }),
    );
  });
});

describe("a name that is nearly right", () => {
  const known = ["MIRROR_RPS", "SESSION_SECRET", "UPSTASH_REDIS_REST_TOKEN", "PORT", "SHARDS", "DATABASE_URL"];

  it.each([
    ["MIRROR_RSP", "MIRROR_RPS"],
    ["SESION_SECRET", "SESSION_SECRET"],
    ["SESSION_SECRETS", "SESSION_SECRET"],
    ["UPSTASH_REDIS_TOKEN", "UPSTASH_REDIS_REST_TOKEN"],
    ["DATABSE_URL", "DATABASE_URL"],
  ])("%s is recognised as %s", (name, meant) => {
    expect(nearestName(name, known)).toBe(meant);
  });

  it.each([["SORT"], ["PWD"], ["HOSTNAME"], ["DATABASE_URL_UNPOOLED"], ["KV_URL"], ["SHELL"], ["NODE_ENV"]])(
    "%s is left alone: another program uses it",
    (name) => {
      expect(nearestName(name, known)).toBeNull();
    },
  );

  it("is no farther away than the slips that were made", () => {
    const word = fc.stringMatching(/^[A-Z_]{3,20}$/);
    fc.assert(
      fc.property(word, fc.nat(18), fc.constantFrom("swap", "drop", "add"), (text, at, slip) => {
        const i = at % (text.length - 1);
        const letters = [...text];
        if (slip === "swap") letters.splice(i, 2, letters[i + 1] as string, letters[i] as string);
        if (slip === "drop") letters.splice(i, 1);
        if (slip === "add") letters.splice(i, 0, "X");
        expect(distance(text, letters.join(""))).toBeLessThanOrEqual(1);
        expect(distance(text, text)).toBe(0);
      }),
    );
  });
});
