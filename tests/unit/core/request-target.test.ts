import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { absoluteForm, MAX_PARAMETERS, MAX_TARGET_CHARACTERS, readTarget } from "@/lib/core/request-target";

const segment = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 20 })
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a path of ours has none
  .filter((text) => text.isWellFormed() && text !== "." && text !== ".." && !/[\u0000-\u001f\u007f]/.test(text));

describe("an address", () => {
  it("returns the segments that it was made of, with any query and with or without a slash at its end", () => {
    const query = fc.constantFrom("", "?", "?a=b", "?a=%ff", "?a/b?c");
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 6 }), query, fc.constantFrom("", "/"), (segments, ending, slash) => {
        const path = segments.length === 0 ? "/" : `/${segments.map(encodeURIComponent).join("/")}${slash}`;
        expect(readTarget(path + ending)).toEqual({ ok: true, value: segments });
      }),
    );
  });

  it("with scheme and host is told apart into host and path", () => {
    const authority = fc.webAuthority({ withPort: true });
    const rest = fc.tuple(fc.constantFrom("", "/", "/a/b%20c", "//"), fc.constantFrom("", "?", "?c=http://d@e"));
    fc.assert(
      fc.property(fc.constantFrom("http", "https", "HTTP"), authority, rest, (scheme, host, [path, query]) => {
        const target = (path === "" ? "/" : path) + query;
        expect(absoluteForm(`${scheme}://${host}${path}${query}`)).toEqual({ authority: host, path: target });
        expect(absoluteForm(target)).toBeNull();
      }),
    );
    expect(absoluteForm("http://a.test", "OPTIONS")).toEqual({ authority: "a.test", path: "*" });
    expect(absoluteForm("http://a.test?b", "OPTIONS")).toEqual({ authority: "a.test", path: "/?b" });
    for (const other of ["*", "a.test:443", "ftp://a.test/b", "http:///b", "http://me@a.test/b", ""])
      expect(absoluteForm(other)).toBeNull();
  });

  it("is read or refused for any text, and the result is bounded", () => {
    const odd = fc.stringMatching(/^[/%.?&=a-f0-9\\;+#]{0,200}$/);
    fc.assert(
      fc.property(fc.oneof(odd, fc.string({ unit: "binary", maxLength: 300 })), (target) => {
        const read = readTarget(target, 100);
        if (!read.ok) return;
        expect(target.length).toBeLessThanOrEqual(100);
        for (const text of read.value) expect(["", ".", ".."]).not.toContain(text);
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    ["/profile/%ff", "malformed"],
    ["/api/proof/%ff/1", "malformed"],
    ["/%E0%A4%A", "malformed"],
    ["/%00", "malformed"],
    ["/a/../b", "malformed"],
    ["/a/%2e%2E/b", "malformed"],
    ["//contacts", "malformed"],
    ["/a\\b", "malformed"],
    ["*", "malformed"],
    ["http://elsewhere.example/", "malformed"],
    ["", "malformed"],
    [`/${"a".repeat(MAX_TARGET_CHARACTERS)}`, "too-long"],
    [`/api/health?${"a&".repeat(7_000)}`, "too-long"],
    [`/api/health?${"a&".repeat(MAX_PARAMETERS)}`, "too-many-parameters"],
  ] as const)("is refused: %s is %s", (target, error) => {
    expect(readTarget(target)).toEqual({ ok: false, error });
  });

  it("may have as many parameters and characters as the limits say", () => {
    expect(readTarget(`/a?${Array(MAX_PARAMETERS).fill("a").join("&")}`).ok).toBe(true);
    expect(readTarget(`/${"a".repeat(MAX_TARGET_CHARACTERS - 1)}`).ok).toBe(true);
  });
});
