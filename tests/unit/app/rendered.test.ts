/** Data that the server has rendered, as the page's parts see them. */
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { SWRConfig } from "swr";
import { describe, expect, it } from "vitest";
import { KEYS } from "@/lib/client/api/keys";
import { RenderedSession, RenderedViews } from "@/lib/client/api/views/rendered";
import { useContacts, useRecognition } from "@/lib/client/api/views/views";
import { usePeople } from "@/lib/client/format/people";
import { useNow } from "@/lib/client/format/time";
import { useSignals } from "@/lib/client/live/signals";
import type { Rendered } from "@/lib/wire/rendered";

const rendered = {
  atMs: 90_000,
  session: { authenticated: true, userId: "tm-ann", handle: "Ann" },
  contacts: { contacts: [{ peerId: "tm-ben", handle: "ben" }], requests: { incoming: [], outgoing: [] } },
  signals: { items: [{ id: "0.0.7/1" }], nextCursor: null, position: 1 },
  recognition: { instances: [{ id: "0.0.8/2" }], definitions: [], nextCursor: null },
  profiles: { profiles: [{ userId: "tm-ben", handle: "ben", displayName: "Ben" }] },
} as unknown as Rendered;

type Props = Parameters<typeof RenderedViews>[0];

function Shown() {
  const shown = {
    self: usePeople().self,
    ben: usePeople().person("tm-ben").name,
    contacts: useContacts().data?.contacts.length ?? null,
    signals: useSignals().signals?.map(({ id }) => id) ?? null,
    recognition: useRecognition().instances?.map(({ id }) => id) ?? null,
    minute: useNow(60_000),
  };
  return createElement("pre", null, JSON.stringify(shown));
}

/** The things that the parts of the page show, if the browser knows that `userId` is signed in. Undefined: it has not asked yet. */
function shownTo(userId: string | undefined, data: Rendered | null): Record<string, unknown> {
  const views = createElement(RenderedViews, { rendered: data } as Props, createElement(Shown));
  const known = userId === undefined ? {} : { [KEYS.session]: { authenticated: true, userId, handle: userId } };
  const inner = createElement(SWRConfig, { value: { fallback: known } }, views);
  const html = renderToStaticMarkup(createElement(RenderedSession, { rendered: data } as Props, inner));
  return JSON.parse(html.replace(/<[^>]+>/g, "").replaceAll("&quot;", '"')) as Record<string, unknown>;
}

describe("rendered data", () => {
  it("are there at the first render, with names, at the instant of the server's", () => {
    expect(shownTo(undefined, rendered)).toEqual({
      ...{ self: "tm-ann", ben: "Ben", contacts: 1, signals: ["0.0.7/1"], recognition: ["0.0.8/2"], minute: 60_000 },
    });
  });

  it("are shown to nobody else who signs in", () => {
    expect(shownTo("tm-eve", rendered)).toEqual({
      ...{ self: "tm-eve", ben: "tm-ben", contacts: null, signals: null, recognition: null, minute: 60_000 },
    });
  });

  it("are missing if the server has rendered none", () => {
    expect(shownTo("tm-ann", null)).toMatchObject({ self: "tm-ann", signals: null, contacts: null, minute: 0 });
  });
});
