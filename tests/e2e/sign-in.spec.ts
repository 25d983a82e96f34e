import { expect, test } from "./support/test";

test("without a session every page leads to sign-in, and from there back to the page", async ({ page }) => {
  await page.goto("/circle");
  await expect(page).toHaveURL(/\/sign-in\?next=%2Fcircle$/);
  await page.getByRole("searchbox", { name: "Search people" }).fill("alex ch");
  await page.getByRole("button", { name: /Alex Chen/ }).click();
  await expect(page).toHaveURL(/\/circle$/);
  await expect(page.getByRole("button", { name: "Account of Alex Chen" })).toBeVisible();
});

test("a search that finds nobody says so", async ({ page }) => {
  await page.goto("/sign-in");
  await page.getByRole("searchbox", { name: "Search people" }).fill("nobody of this name");
  await expect(page.getByText("Nobody here goes by that name or id.")).toBeVisible();
});

test("signing out ends the session here and in other tabs", async ({ meet, enterAs, context }) => {
  const { page, shell } = await enterAs(await meet("Zoe"));
  await shell.open("/signals");
  const other = await context.newPage();
  await other.goto("/contacts");
  await expect(other.getByRole("heading", { name: "Contacts", level: 1 })).toBeVisible();
  await shell.signOut();
  await expect(page).toHaveURL(/\/sign-in$/);
  await page.goto("/contacts");
  await expect(page).toHaveURL(/\/sign-in\?next=%2Fcontacts$/);
  // The next read there, whichever it is, finds out.
  await expect(async () => {
    if (!other.url().includes("/sign-in")) await other.getByRole("link", { name: "Circle" }).click({ timeout: 2_000 });
    await expect(other).toHaveURL(/\/sign-in/, { timeout: 2_000 });
  }).toPass();
});
