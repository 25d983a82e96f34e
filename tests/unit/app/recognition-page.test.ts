/** The page of recognitions, and where it says that some are no longer kept. */
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { SWRConfig } from "swr";
import { describe, expect, it, vi } from "vitest";
import { RecognitionPage } from "@/app/_ui/features/recognition/recognition-page";
import { RECOGNITION_LIST } from "@/lib/client/api/views/lists";

vi.mock("next/navigation", () => ({ usePathname: () => "/recognition", useRouter: () => ({}) }));

const at = (second: number) => `17900000${second}.000000001`;
const instance = (second: number) => ({
  ...{ id: `0.0.7/${second}`, type: "RECOGNITION_MINT", actor: "tm-ann", target: "tm-ben" },
  ...{ metadata: { note: `note ${second}` }, topicId: "0.0.7", sequenceNumber: second, position: second },
  ...{ consensusTimestamp: at(second), ts: Number(at(second)) * 1_000, source: "hcs", verified: "verified" },
  ...{ definition: null, pending: false },
});

/** A recognition with these members. */
const given = (metadata: object, more: object = {}) => ({ ...instance(20), metadata, ...more });

/** The text of the page with one page of recognitions loaded, the last one. */
function textOf(seconds: readonly number[], droppedThrough?: string, nextCursor: string | null = null): string {
  return textWith(seconds.map(instance), droppedThrough, nextCursor);
}

function textWith(instances: readonly object[], droppedThrough?: string, nextCursor: string | null = null): string {
  const answer = { instances, definitions: [], nextCursor, droppedThrough };
  const html = renderToStaticMarkup(
    createElement(SWRConfig, { value: { fallback: { [RECOGNITION_LIST]: [answer] } } }, createElement(RecognitionPage)),
  );
  return html.replaceAll(/<[^>]*>/g, " ").replaceAll(/\s+/g, " ");
}

describe("the list of recognitions", () => {
  it("says once from which place on it is not complete", () => {
    const text = textOf([20, 12, 11], at(15));
    expect(text).toMatch(
      /note 20 .*may not be complete\. Some recognitions until .* note 12 .*note 11 .*is kept here\./,
    );
    expect(text.match(/may not be complete/g)).toHaveLength(1);
    expect(textOf([20, 19], at(15))).toMatch(/note 19 .*Some recognitions until .* may be missing/);
    expect(textOf([20])).toContain("That is everything on the ledger.");
  });

  it("does not call itself empty where recognitions were dropped, or where older ones are left", () => {
    expect(textOf([])).toContain("None yet");
    for (const text of [textOf([], at(15)), textOf([], undefined, "next")]) expect(text).not.toContain("None yet");
  });
});

describe("a recognition", () => {
  const end = " and so on to the very end";
  const long = `${"word ".repeat(80)}${end}`;

  it.each([
    ["short words", "Well done", "Well done", false],
    ["long words", long, "word…", true],
    ["words that just fit", "a".repeat(400), "a".repeat(400), false],
  ])("shows %s, and offers the rest only if there is one", (_, note, shown, isLong) => {
    const text = textWith([given({ note })]);
    expect(text).toContain(shown);
    expect(text.includes("Show all")).toBe(isLong);
    expect(text).not.toContain("too long for this page");
    if (isLong) expect(text).not.toContain(end.trim());
  });

  it("says that the ledger has the rest of a message that the server has cut", () => {
    expect(textWith([given({ note: "short" }, { truncated: true })])).toContain("The ledger has all of it.");
  });

  it.each([
    [{ definitionId: "comes-later" }, "comes-later"],
    [{ label: "Grit" }, "Grit"],
    [{}, "A recognition"],
  ])("without its definition has the name that it gives: %j", (metadata, title) => {
    expect(textWith([given(metadata)])).toContain(title);
  });
});
