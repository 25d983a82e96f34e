/** Several tabs of one person, over HTTP/1.1, where a browser has six connections to a server. */
import type { Page } from "@playwright/test";
import { Shell } from "../pages/shell";
import { SignalsPage } from "../pages/signals";
import { expect, test } from "../support/test";

const TABS = 7;

test("seven tabs share one stream, and the next one takes it over when its tab closes", async ({ meet, context }) => {
  const [ann, ben] = [await meet("Ann"), await meet("Ben")];
  await ann.bond(ben);
  await ann.enter(context);
  const streams: Page[] = [];
  const tabs: Page[] = [];
  for (let i = 0; i < TABS; i += 1) {
    const tab = await context.newPage();
    tab.on("request", (request) => {
      if (request.url().includes("/api/stream")) streams.push(tab);
    });
    tabs.push(tab);
    // The last of them would wait for a connection for ever.
    await new SignalsPage(tab).open();
    await expect(new Shell(tab).freshness).toHaveText(/^(Up to date|Watching)/);
  }
  expect(streams).toEqual([tabs[0]]);

  await ben.trust(ann);
  for (const tab of tabs) await expect(new SignalsPage(tab).row("Ben gave you trust")).toHaveCount(1);

  const [first, ...others] = tabs as [Page, ...Page[]];
  await first.close();
  await expect.poll(() => streams.length).toBe(2);
  expect(others).toContain(streams[1]);
  await ben.write("TRUST_REVOKE", { target: ann.id });
  for (const tab of others) {
    await expect(new SignalsPage(tab).row("Ben took their trust back")).toHaveCount(1);
    await expect(new SignalsPage(tab).row("Ben gave you trust")).toHaveCount(1);
  }
  expect(streams.length).toBe(2);
});
