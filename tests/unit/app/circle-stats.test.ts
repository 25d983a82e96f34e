/** The words of the Circle page about the numbers of a circle. */
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { CircleStats } from "@/app/_ui/features/circle/circle-stats";

const shown = (given: number) => {
  const seating = { seats: [], beyond: [], around: [], given, received: 0 };
  const html = renderToStaticMarkup(createElement(CircleStats, { seating, circle: undefined, over: given > 9 }));
  return html.replaceAll(/<[^>]*>/g, " ").replaceAll(/\s+/g, " ");
};

describe("a circle", () => {
  it("with more than nine says what counts and what to do", () => {
    const text = shown(10);
    expect(text).toContain("10 of 9");
    expect(text).toContain(
      "You gave 10 seats; a circle has nine. Take trust back until nine are left, then you can give trust again.",
    );
  });

  it("with nine or fewer says no more than its numbers", () => {
    expect(shown(9)).toContain("9 of 9");
    expect(shown(9)).not.toContain("Take trust back");
  });
});
