/** Pages that are opened while the server cannot be reached. */
import type { Page } from "@playwright/test";
import { expectAccessible } from "../support/axe";
import { expect, test } from "../support/test";

const SENTENCE = /The server (cannot|could not) be reached/;
const heading = (page: Page, name: string) => page.getByRole("heading", { name, level: 1 });

test("a page that is opened offline does not open, says so, and what was shown stays", async ({
  meet,
  enterAs,
  context,
}) => {
  const { page, shell } = await enterAs(await meet("Ann"));
  await shell.open("/signals");
  await context.setOffline(true);
  await expect(shell.freshness).toHaveText(/^Offline/);
  await shell.place("Contacts").click();
  const notice = page.getByRole("alert").filter({ hasText: SENTENCE });
  await expect(notice).toBeVisible();
  await expect(heading(page, "Signals")).toBeVisible();
  await expect(page).toHaveURL(/\/signals$/);
  await expectAccessible(page, "the notice");

  // A press tries it at once, and says the same as long as nothing has changed.
  await notice.getByRole("button", { name: "Try again" }).click();
  await expect(notice).toBeVisible();
  await expect(heading(page, "Signals")).toBeVisible();
  await notice.getByRole("button", { name: "Stay here" }).click();
  await expect(notice).toHaveCount(0);

  await shell.place("Circle").click();
  await expect(notice).toBeVisible();
  // Somebody types, so the page does not open before the press.
  await page.evaluate(() => document.dispatchEvent(new Event("input")));
  await context.setOffline(false);
  await notice.getByRole("button", { name: "Try again" }).click();
  await expect(heading(page, "Circle")).toBeVisible();
  await expect(notice).toHaveCount(0);
  await expect(shell.freshness).toHaveText(/^(Up to date|Watching)/);
  await shell.place("Contacts").click();
  await expect(heading(page, "Contacts")).toBeVisible();
});

test("a page that did not open opens by itself once the server is back, unless somebody types meanwhile", async ({
  meet,
  enterAs,
  context,
}) => {
  const ann = await meet("Ann");
  const { page, shell } = await enterAs(ann);
  await page.clock.install();
  await shell.open("/contacts");
  const notice = page.getByRole("alert").filter({ hasText: SENTENCE });
  await context.setOffline(true);
  await expect(shell.freshness).toHaveText(/^Offline/);
  await shell.place("Circle").click();
  await expect(notice).toContainText("It opens by itself once the server is back.");
  await context.setOffline(false);
  await expect(heading(page, "Circle")).toBeVisible();
  await expect(notice).toHaveCount(0);

  await shell.open(`/profile/${encodeURIComponent(ann.id)}`);
  await context.setOffline(true);
  await expect(shell.freshness).toHaveText(/^Offline/);
  await shell.place("Circle").click();
  await expect(notice).toBeVisible();
  await page.getByLabel("About you").fill("Some words that are not published yet");
  await expect(notice).toContainText("The page does not open by itself, so that what you wrote here stays.");
  await context.setOffline(false);
  await expect(shell.freshness).toHaveText(/^(Up to date|Watching)/);
  // A look that was still to come would come now, and be answered before this one.
  await page.clock.fastForward(60_000);
  await page.evaluate(async () => void (await fetch("/api/health")));
  await expect(page.getByLabel("About you")).toHaveValue(/not published yet/);
  await notice.getByRole("button", { name: "Try again" }).click();
  await expect(heading(page, "Circle")).toBeVisible();
});

test("a page that did not open waits for a press if somebody had typed before, and what they typed stays", async ({
  meet,
  enterAs,
  context,
}) => {
  const ann = await meet("Ann");
  const { page, shell } = await enterAs(ann);
  await page.clock.install();
  await shell.open(`/profile/${encodeURIComponent(ann.id)}`);
  const about = page.getByLabel("About you");
  await about.fill("Some words that are not published yet");
  await context.setOffline(true);
  await expect(shell.freshness).toHaveText(/^Offline/);
  await shell.place("Circle").click();
  const notice = page.getByRole("alert").filter({ hasText: SENTENCE });
  await expect(notice).toContainText("The page does not open by itself, so that what you wrote here stays.");
  await context.setOffline(false);
  await expect(shell.freshness).toHaveText(/^(Up to date|Watching)/);
  // A look that was still to come would come now, and be answered before this one.
  await page.clock.fastForward(60_000);
  await page.evaluate(async () => void (await fetch("/api/health")));
  await expect(about).toHaveValue(/not published yet/);

  // Without text there is nothing to lose.
  await about.fill("");
  await context.setOffline(true);
  await expect(shell.freshness).toHaveText(/^Offline/);
  await shell.place("Circle").click();
  await expect(notice).toContainText("It opens by itself once the server is back.");
  await context.setOffline(false);
  await expect(heading(page, "Circle")).toBeVisible();
});

test("a page whose opening shows that the server is gone says so inside the shell, and opens once it is back", async ({
  meet,
  enterAs,
}) => {
  const { page, shell } = await enterAs(await meet("Ann"));
  await shell.open("/signals");
  // The framework fetches in advance what stands for the page while it loads: its place in the tree, and then what is shown there.
  await page.waitForFunction(() => {
    const fetched = performance.getEntriesByType("resource").map(({ name }) => new URL(name).pathname);
    return fetched.filter((path) => path === "/contacts").length >= 2;
  });
  // The data still comes: a read that fails before the press would tell first, and the notice would stand elsewhere.
  await page.route(
    ({ pathname }) => !pathname.startsWith("/api/"),
    (route) => route.abort("connectionrefused"),
  );
  await shell.place("Contacts").click();
  const notice = page.getByRole("main").getByRole("alert").filter({ hasText: SENTENCE });
  await expect(notice).toBeVisible();
  await expect(shell.place("Circle")).toBeVisible();
  await page.unrouteAll({ behavior: "ignoreErrors" });
  // The framework looks every three seconds, and may open the page before the press.
  await notice
    .getByRole("button", { name: "Try again" })
    .click({ timeout: 5_000 })
    .catch(() => {});
  await expect(heading(page, "Contacts")).toBeVisible();
});
