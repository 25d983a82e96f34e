import { describe, expect, it } from "vitest";
import { codeOf, sourcesUnder } from "../../../support/repository/source";

/** The files that may make a brand by a cast, as lib/core/ledger/ids.ts says. */
const MAKERS = [
  /^lib\/core\/ledger\/(ids|consensus-time)\.ts$/,
  /^lib\/adapters\/(postgres|redis)\//,
  /^lib\/devnet\//,
];
const CAST =
  /\bas (?!const\b)[\w\s.|&[\]]*(?:<[^>]*)?\b(?:TopicId|AccountId|UserId|SessionId|Sequence|Position|ConsensusNs)\b[^\n;]*/g;
/** Takes null away; the brand was there. */
const NARROWED = /\broute\.handle\(/;

const castsIn = (text: string): readonly string[] =>
  codeOf(text, "blank")
    .split("\n")
    .filter((line) => !/^\s*(import|export)\b.*\bfrom\b/.test(line) && !NARROWED.test(line))
    .flatMap((line) => line.match(CAST) ?? []);

describe("brands of ids", () => {
  it("come from the constructors of core, the stores and the devnet only", () => {
    const sources = sourcesUnder(["app", "lib"], () => false).filter(
      ({ path }) => !MAKERS.some((maker) => maker.test(path)),
    );
    expect(sources.length).toBeGreaterThan(300);
    expect(sources.flatMap(({ path, text }) => castsIn(text).map((cast) => `${path}: ${cast}`))).toEqual([]);
  });

  it.each([
    ["a cast", "const id = text as TopicId;"],
    ["a cast of a list", "return ids as readonly AccountId[];"],
    ["a cast by way of another type", "return accountId as string as UserId;"],
    ["a cast of a table", "const topics = read() as Record<TopicKind, TopicId>;"],
  ])("%s is found", (_, code) => {
    expect(castsIn(code)).toHaveLength(1);
  });

  it.each(["// as TopicId", "const id: TopicId = parse(text);", 'import { x as UserId } from "./y";'])(
    "%s is not taken for one",
    (code) => {
      expect(castsIn(code)).toEqual([]);
    },
  );
});
