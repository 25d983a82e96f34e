import { expect, test } from "../support/test";

test("trust is given and taken back, in the picture, in the list and on the ledger", async ({ meet, enterAs }) => {
  const [ann, ben] = [await meet("Ann"), await meet("Ben")];
  await ann.bond(ben);
  const { circle, shell } = await enterAs(ann);
  await circle.open();
  await expect(circle.seats).toHaveCount(9);
  await expect(circle.taken).toHaveCount(0);

  await circle.give("Ben");
  await expect(circle.taken).toHaveCount(1);
  await expect(circle.stat("given")).toHaveText("1 of 9");
  await expect(shell.notice("You trust Ben")).toBeVisible();
  await expect.poll(async () => (await ben.circle()).trustStats.receivedIn).toBe(1);

  await circle.takeBack("Ben");
  await expect(shell.notice("Trust in Ben taken back")).toBeVisible();
  await expect(circle.taken).toHaveCount(0);
  await expect.poll(async () => (await ben.circle()).trustStats.receivedIn).toBe(0);
});

test("a full circle gives no tenth trust and says why, until some is taken back", async ({ meet, enterAs }) => {
  const me = await meet("Me");
  const names = ["Ada", "Bea", "Cay", "Dov", "Eli", "Fay", "Gus", "Hal", "Ivy", "Jan"];
  const peers = await Promise.all(names.map(meet));
  await me.bond(...peers);
  for (const peer of peers.slice(0, 9)) await me.trust(peer);

  const { circle, page } = await enterAs(me);
  await circle.open();
  await expect(circle.taken).toHaveCount(9);
  const give = page.getByRole("button", { name: "Give trust", exact: true });
  await expect(give).toBeDisabled();
  await expect(give).toHaveAccessibleDescription(/nine seats are taken. Take trust back/);
  await circle.takeBack("Ada");
  await expect(circle.stat("given")).toHaveText("8 of 9");
  await circle.give("Jan");
  await expect(circle.stat("given")).toHaveText("9 of 9");
  await expect(circle.trusted.filter({ hasText: "Jan" })).toHaveCount(1);
  await expect(give).toBeDisabled();
});

test("trust that arrives shows while the page is open", async ({ meet, enterAs }) => {
  const [ann, ben] = [await meet("Ann"), await meet("Ben")];
  await ann.bond(ben);
  const { circle, page } = await enterAs(ann);
  await circle.open();
  await expect(circle.stat("received")).toHaveText("0");
  await ben.trust(ann);
  await expect(circle.stat("received")).toHaveText("1");
  await expect(page.getByRole("list", { name: "They trust you" })).toContainText("Ben");
});

test("the seats work by keyboard alone", async ({ meet, enterAs }) => {
  const [ann, ben] = [await meet("Ann"), await meet("Ben")];
  await ann.bond(ben);
  const { circle, page } = await enterAs(ann);
  await circle.open();
  await circle.seats.nth(0).focus();
  await page.keyboard.press("ArrowLeft");
  await expect(circle.seats.nth(8)).toBeFocused();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Give trust" });
  await expect(dialog).toBeVisible();
  await page.keyboard.type("ben");
  await dialog.getByRole("searchbox").press("Tab");
  await page.keyboard.press("Enter");
  await expect(circle.taken).toHaveCount(1);
  await expect(dialog).toBeHidden();
  await expect(circle.seats.nth(8)).toBeFocused();
  await circle.seats.nth(0).focus();
  await page.keyboard.press("Enter");
  const seat = page.getByRole("dialog", { name: "Ben" });
  await expect(seat).toBeVisible();
  // The word that the trust was given may come up meanwhile: it lies on top, so the first Escape is its own.
  await expect(async () => {
    if (await seat.isVisible()) await page.keyboard.press("Escape");
    await expect(seat).toBeHidden({ timeout: 1_000 });
  }).toPass();
  await expect(circle.seats.nth(0)).toBeFocused();
});
