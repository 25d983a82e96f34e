/** A command refuses in sentences: what it says ends with a full stop. */
import { expect, it } from "vitest";
import { sourcesUnder } from "../../../support/repository/source";

/** The text of an error that a command prints. */
const REFUSAL = /new (?:UsageError|Refusal|WrongArguments|NotDone|NeedsApp)\(\s*(["`])((?:\\.|(?!\1)[^\\])*)\1/g;
/** The end of a sentence, or a value that has one. */
const IS_ENDED = /[.}]$/;

const refusalsIn = (text: string): readonly string[] => [...text.matchAll(REFUSAL)].map(([, , words]) => words ?? "");

it("finds what is no sentence", () => {
  const found = refusalsIn(
    `throw new UsageError("assign needs a tenant"); throw new Refusal(\n "Topic 0.0.7 is \\"no\\" topic.",)`,
  );
  expect(found.map((words) => IS_ENDED.test(words))).toEqual([false, true]);
});

it("every refusal of a command ends with a full stop", () => {
  const all = sourcesUnder(["scripts", "bench", "lib/server/cli"], () => false).flatMap(({ path, text }) =>
    refusalsIn(text).map((words) => `${path}: ${words}`),
  );
  expect(all.length).toBeGreaterThan(30);
  expect(all.filter((words) => !IS_ENDED.test(words))).toEqual([]);
});
