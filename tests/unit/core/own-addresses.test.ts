import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BUILD_PREFIX, isOwnAddress, OWN_FILES } from "@/lib/core/own-addresses";

const segments = fc.array(fc.string({ minLength: 1 }), { maxLength: 4 });

describe("addresses that stay ours in front of another deployment", () => {
  it("are operators' pages, the page for signing in and our build's files, with all that is below them", () => {
    fc.assert(
      fc.property(fc.constantFrom("admin", "sign-in", BUILD_PREFIX), segments, (first, more) => {
        expect(isOwnAddress([first, ...more])).toBe(true);
      }),
    );
  });

  it("are the files that our pages load, at the root only", () => {
    for (const file of OWN_FILES) {
      expect(isOwnAddress([file])).toBe(true);
      expect(isOwnAddress([file, "more"])).toBe(false);
      expect(isOwnAddress(["profile", file])).toBe(false);
    }
  });

  it("are no others, whatever they begin with", () => {
    for (const path of [[], ["contacts"], ["adminx"], ["Admin"], ["_next", "static"], ["robots.txt"]])
      expect(isOwnAddress(path), path.join("/")).toBe(false);
    fc.assert(
      fc.property(segments, (path) => {
        fc.pre(!["admin", "sign-in", BUILD_PREFIX, ...OWN_FILES].includes(path[0] ?? ""));
        expect(isOwnAddress(path)).toBe(false);
      }),
    );
  });
});
