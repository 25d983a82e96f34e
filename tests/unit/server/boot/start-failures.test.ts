/** A failed start that an operator can mend is told in one sentence, without a stack. */
import { expect, it } from "vitest";
import { FOR_OPERATORS } from "@/lib/server/boot/lifecycle";
import { sourcesUnder } from "../../../support/repository/source";

/** Errors of commands and requests, which the start never meets. */
const ELSEWHERE = ["NeedsApp", "NotDone", "ProblemError", "Refusal", "Stopped", "TierUnavailable", "WrongArguments"];

it("every expected error of the start is printed as a sentence", () => {
  const folders = ["lib/server", "lib/adapters/postgres", "lib/devnet/spawn.ts"];
  const named = sourcesUnder(["lib"], () => false)
    .filter(({ path }) => folders.some((folder) => path.startsWith(folder)))
    .flatMap(({ text }) => [...text.matchAll(/class \w+ extends Error \{\s+override readonly name = "(\w+)"/g)])
    .map(([, name]) => name as string)
    .filter((name) => !ELSEWHERE.includes(name));
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter((name) => !FOR_OPERATORS.includes(name))).toEqual([]);
});
