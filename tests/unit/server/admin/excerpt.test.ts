import { expect, it } from "vitest";
import { excerptOf } from "@/lib/server/admin/excerpt";

it.each([
  ["short", 10, true, "short"],
  ["exactly ten", 11, true, "exactly ten"],
  ["exactly ten", 10, true, "exactly te…"],
  ["the beginning", 20, false, "the beginning…"],
  ["spaces   in between", 17, true, "spaces in between"],
  ["", 10, true, ""],
  ["", 10, false, "…"],
])("the excerpt of %j, at most %i characters, says whether there is more", (text, most, isWhole, excerpt) => {
  expect(excerptOf(text, most, isWhole)).toBe(excerpt);
});
