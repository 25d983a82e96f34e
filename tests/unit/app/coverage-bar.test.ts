/** The bar that shows which messages of a topic are stored. */
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { CoverageBar, CoverageKey } from "@/app/_ui/features/admin/topics/coverage-bar";
import { topicStatus } from "../../support/samples/admin-status";

const barOf = (dropped: { through: number; throughTime: string } | undefined) =>
  renderToStaticMarkup(createElement(CoverageBar, { topic: { ...topicStatus(0), cursor: 1_000, gaps: [], dropped } }));
const keyOf = (hasDropped: boolean) => renderToStaticMarkup(createElement(CoverageKey, { hasDropped }));

describe("the coverage bar", () => {
  it("shows which part of a topic is no longer kept, and explains its colour, if there is one", () => {
    expect(barOf({ through: 256, throughTime: "1790000000.000000001" })).toMatch(
      /width="256" height="10" class="fill-line-strong"/,
    );
    expect(barOf(undefined)).not.toContain("fill-line-strong");
    expect(keyOf(true)).toContain("no longer kept");
    expect(keyOf(false)).not.toContain("no longer kept");
  });
});
