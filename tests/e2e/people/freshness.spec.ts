import { expect, test } from "../support/test";

test("the freshness line shows the ledger's time, goes offline with the network, and comes back", async ({
  meet,
  enterAs,
  context,
}) => {
  const { shell } = await enterAs(await meet("Ann"));
  await shell.open("/signals");
  await expect(shell.freshness).toHaveText(/^(Up to date · ledger time|Watching · complete to) \d\d:\d\d:\d\d$/, {
    timeout: 20_000,
  });
  await context.setOffline(true);
  await expect(shell.freshness).toHaveText(/^Offline · current as of \d\d:\d\d:\d\d$/);
  await context.setOffline(false);
  await expect(shell.freshness).toHaveText(/^(Up to date|Watching)/, { timeout: 20_000 });
});

test("the page says that live changes are missing, even though reads work", async ({ meet, enterAs }) => {
  const { page, shell } = await enterAs(await meet("Ann"));
  await page.route("**/api/stream*", (route) => route.abort());
  await shell.open("/contacts");
  await expect(shell.freshness).toHaveText(/^(Reconnecting|Not connected) · current as of/, { timeout: 15_000 });
});

test("a stale answer is shown as stale", async ({ meet, enterAs }) => {
  const { page, shell } = await enterAs(await meet("Ann"));
  await page.route("**/api/stream*", () => undefined);
  const stale = { asOf: "1790000000.000000000", lagMs: 12_000, stale: true, watched: undefined };
  await page.route(/\/api\/(contacts|signals|recognition|profiles)/, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...(await response.json()), ...stale } });
  });
  // The server puts the data of Signals into the page.
  await shell.open("/contacts");
  await expect(shell.freshness).toHaveText(/^1\d s behind$/);
  await page.unrouteAll({ behavior: "ignoreErrors" });
});
