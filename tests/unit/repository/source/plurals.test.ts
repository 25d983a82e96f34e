/** Counts read as English: one topic, two topics. Nobody is left to choose, as in "2 topic(s)". */
import { expect, it } from "vitest";
import { counted } from "@/lib/core/counted";
import { codeOf, sourcesUnder } from "../../../support/repository/source";

it("a count has the right plural", () => {
  expect([counted(0, "topic"), counted(1, "topic"), counted(1_200, "topic")]).toEqual([
    "0 topics",
    "1 topic",
    "1,200 topics",
  ]);
  expect(counted(2, "person asks", "people ask")).toBe("2 people ask");
});

it("no text of the program writes an optional plural", () => {
  // After a value or a number, a word with (s): a call such as f(s) has neither in front.
  const LEFT = /(?:\}|\d) [a-z]+\(s\)/g;
  expect("2 problem(s)".match(LEFT)).toHaveLength(1);
  const found = sourcesUnder(["app", "lib", "scripts", "bench"], () => false).flatMap(({ path, text }) =>
    [...codeOf(text).matchAll(LEFT)].map(([words]) => `${path}: ${words}`),
  );
  expect(found).toEqual([]);
});
