import type { Page } from "@playwright/test";
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

/** Everything that this page reads says that the server has not read everything from the ledger, as while a topic starts over. */
async function readIncomplete(page: Page): Promise<void> {
  await page.route("**/api/stream*", (route) => route.abort());
  await page.route(/\/api\/(contacts|circle|signals|recognition|profiles)(\?|$)/, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...(await response.json()), asOf: null, stale: true, incomplete: true } });
  });
}

test("a list that ends is not called complete while the server has not read everything from the ledger", async ({
  meet,
  enterAs,
}) => {
  const [ann, ben] = [await meet("Ann"), await meet("Ben")];
  await ann.ask(ben);
  await ann.contacts();
  const { page, shell, contacts } = await enterAs(ann);
  await readIncomplete(page);
  await contacts.open();
  await contacts.showRequests();
  await expect(contacts.outgoing(ben.id)).toBeVisible();
  const words = page.getByRole("main").getByText("The server has not read everything from the ledger yet.");
  await expect(words).toBeVisible();
  await shell.place("Signals").click();
  await expect(page.getByRole("main").getByText(`You asked ${ben.id}`)).toBeVisible();
  await expect(words).toBeVisible();
  // The request is known. Whether it was answered is not.
  await shell.open(`/profile/${ben.id}`);
  await expect(page.getByText(`You asked ${ben.id}.`)).toBeVisible();
  await expect(words).toBeVisible();
  await page.unrouteAll({ behavior: "ignoreErrors" });
});

test("nothing is called empty while the server has not read everything from the ledger", async ({ meet, enterAs }) => {
  const [ann, ben] = [await meet("Ann"), await meet("Ben")];
  const { page, shell } = await enterAs(ann);
  await readIncomplete(page);
  const reading = page.getByText("Still reading the ledger");
  await shell.open("/contacts");
  await expect(reading).toBeVisible();
  await page.getByRole("tab", { name: /^Requests/ }).click();
  await expect(reading).toBeVisible();
  for (const [place, words] of [
    ["Signals", "Still reading the ledger"],
    ["Recognition", "Still reading the ledger"],
    ["Circle", "The server has not read everything from the ledger yet."],
    ["You", "What you publish now would replace it."],
  ] as const) {
    await shell.place(place).click();
    await shell.settled();
    await expect(page.getByRole("main").getByText(words)).toBeVisible();
  }
  await shell.open(`/profile/${ben.id}`);
  await expect(page.getByText("does not know whether you are contacts")).toBeVisible();
  await expect(page.getByRole("button", { name: "Ask to be contacts" })).toHaveCount(0);
  await page.unrouteAll({ behavior: "ignoreErrors" });
  await shell.open("/contacts");
  await expect(page.getByText("Nobody here yet")).toBeVisible();
});
