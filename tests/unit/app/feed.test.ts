/** The list of signals, and where it says that some are no longer kept. */
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { SWRConfig } from "swr";
import { unstable_serialize } from "swr/infinite";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Feed } from "@/app/_ui/features/signals/feed";
import { signalsKeys } from "@/lib/client/api/views/lists";
import type { SignalsAnswer } from "@/lib/wire/signals";

const DAY_S = 86_400;
const at = (day: number) => `${1_790_000_000 + day * DAY_S}.000000001`;
const signal = (day: number) => ({
  ...{ id: `0.0.7/${day}`, type: "CONTACT_REQUEST", actor: "tm-ann", target: "tm-ben", metadata: {} },
  ...{ topicId: "0.0.7", sequenceNumber: day, consensusTimestamp: at(day), ts: Number(at(day)) * 1_000 },
  ...{ source: "hcs", verified: "verified", position: day },
});
type Page = Partial<Pick<SignalsAnswer, "nextCursor" | "droppedThrough">> & { readonly days: readonly number[] };

/** The text of the list with these pages loaded. */
function textOf(...pages: readonly Page[]): string {
  const answers = pages.map(({ days, nextCursor = "next", ...page }) => ({
    ...{ items: days.map(signal), nextCursor, position: 99, ...page },
  }));
  const fallback = { [unstable_serialize(signalsKeys([]))]: answers };
  const html = renderToStaticMarkup(
    createElement(SWRConfig, { value: { fallback } }, createElement(Feed, { types: [] })),
  );
  return html.replaceAll(/<[^>]*>/g, " ").replaceAll(/\s+/g, " ");
}

const held = vi.hoisted(() => new Set<string>());
vi.mock("@/app/_ui/features/signals/use-arrivals", () => ({
  useArrivals: () => ({ arrived: new Set(), held, release: () => {} }),
}));
afterEach(() => held.clear());

describe("the list of signals", () => {
  it("says once from which place on it is not complete", () => {
    const text = textOf(
      { days: [20, 19] },
      { days: [18, 12], droppedThrough: at(15) },
      { days: [9], droppedThrough: at(15) },
    );
    expect(text).toMatch(
      /#18 .*From here on, this list may not be complete\. Some signals until \d Oct 2026 .* #12 .*#9 /,
    );
    expect(text.match(/may not be complete/g)).toHaveLength(1);
    const last = textOf({ days: [20, 12], droppedThrough: at(15), nextCursor: null });
    expect(last).toMatch(/may not be complete.*That is everything that is kept here\./);
  });

  it("says so before a signal that it shows, while an earlier one waits to be shown", () => {
    held.add("0.0.7/12");
    const text = textOf({ days: [20, 12, 11], droppedThrough: at(15), nextCursor: null });
    expect(text).toMatch(/#20 .*may not be complete.* #11 /);
    expect(text).not.toContain("#12 ");
    held.add("0.0.7/11");
    expect(textOf({ days: [20, 12, 11], droppedThrough: at(15), nextCursor: null })).toMatch(
      /#20 .*Some signals until \d Oct 2026 may be missing, because this server no longer keeps all of them\. The ledger has them\. ?$/,
    );
  });

  it("says at its end that older signals were dropped, if none of them is left", () => {
    const text = textOf({ days: [20, 19], droppedThrough: at(15), nextCursor: null });
    expect(text).not.toContain("not be complete");
    expect(text).toMatch(
      /#19 .*Some signals until \d Oct 2026 may be missing, because this server no longer keeps all of them\. The ledger has them\. ?$/,
    );
  });

  it("does not call itself empty where signals were dropped, or where older ones are left", () => {
    expect(textOf({ days: [], nextCursor: null })).toContain("No signals yet");
    expect(textOf({ days: [], droppedThrough: at(15), nextCursor: null })).toMatch(/^ ?Some signals until \d Oct 2026/);
    expect(textOf({ days: [] })).toMatch(/Load(ing)? older signals/);
  });
});
