import { Shell } from "../pages/shell";
import { walletAnswer } from "../support/account";
import { expectAccessible, expectNoSidewaysScroll } from "../support/axe";
import { expect, test } from "../support/test";

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

test("an account signs in by signing a message; one that signs with another key gets the reason", async ({
  page,
  request,
}) => {
  const { people } = (await (await request.get("/api/auth/demo")).json()) as { people: { userId: string }[] };
  const [own, other] = people.map(({ userId }) => userId).filter((id) => id.startsWith("0.0.")) as [string, string];
  await page.goto("/sign-in?next=/contacts");
  await page.getByText("Sign in with a Hedera account instead").click();
  await page.getByLabel("Hedera account").fill("not an account");
  await page.getByRole("button", { name: "Continue" }).click();
  await expect(page.getByRole("alert").filter({ hasText: "0.0.7226146" })).toBeVisible();
  await page.getByLabel("Hedera account").fill(own);
  await page.getByRole("button", { name: "Continue" }).click();
  const challenge = (await page.locator("pre").textContent()) ?? "";
  expect(challenge).toContain(`Account: ${own}`);
  await expectNoSidewaysScroll(page, "sign-in with a challenge");
  await expectAccessible(page, "sign-in with a challenge");
  await page.getByLabel("Signature").fill(walletAnswer(other, challenge));
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page.getByRole("alert").filter({ hasText: "a key that the account does not have" })).toBeVisible();
  await expect(page.locator("pre")).not.toHaveText(challenge);
  const next = (await page.locator("pre").textContent()) ?? "";
  await page.getByLabel("Signature").fill(walletAnswer(own, next));
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page).toHaveURL(/\/contacts$/);
  await expect(page.getByRole("heading", { name: "Contacts", level: 1 })).toBeVisible();
});

test("signing out in one tab leads the other to the sign-in too, without a touch", async ({
  meet,
  enterAs,
  context,
}) => {
  const { page, shell } = await enterAs(await meet("Yuri"));
  const other = await context.newPage();
  await other.goto("/contacts");
  await expect(new Shell(other).freshness).toHaveText(/^(Up to date|Watching)/);
  await shell.open("/signals");
  await shell.signOut();
  await expect(page).toHaveURL(/\/sign-in/);
  await expect(other).toHaveURL(/\/sign-in/);
});

test("signing out everywhere ends the session in another browser too", async ({ meet, enterAs, secondScreen }) => {
  const zoe = await meet("Zoe");
  const { page, shell } = await enterAs(zoe);
  const laptop = await secondScreen(zoe);
  await shell.open("/signals");
  await laptop.shell.open("/contacts");
  await shell.account.click();
  await page.getByRole("menuitem", { name: "Sign out everywhere" }).click();
  await expect(page).toHaveURL(/\/sign-in$/);
  await laptop.page.goto("/circle");
  await expect(laptop.page).toHaveURL(/\/sign-in\?next=%2Fcircle$/);
});
