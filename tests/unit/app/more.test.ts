/** The end of a list says what is not in it. */
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { More } from "@/app/_ui/features/more";

const list = { error: undefined, hasMore: false, loadingMore: false, loadMore: () => {}, retry: () => {} };
const endOf = (droppedThrough: string | null, isNoted = false) =>
  renderToStaticMarkup(createElement(More, { list: { ...list, droppedThrough }, what: "signals", isNoted }));

describe("the end of a list", () => {
  it("is the end of the ledger's messages", () => {
    expect(endOf(null)).toContain("That is everything on the ledger.");
  });

  it("names the day through which older items are no longer kept", () => {
    expect(endOf("1795392000.000000001")).toContain("Some signals until ");
    expect(endOf("1795392000.000000001")).toContain(
      "2026 may be missing, because this server no longer keeps all of them. The ledger has them.",
    );
  });

  it("does not repeat what the list said where it stopped being complete", () => {
    expect(endOf("1795392000.000000001", true)).toContain("That is everything that is kept here.");
  });
});
