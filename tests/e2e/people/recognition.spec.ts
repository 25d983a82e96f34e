import { randomUUID } from "node:crypto";
import { expectAccessible } from "../support/axe";
import { expect, test } from "../support/test";

test("a given recognition shows on the other person's page, with its note and its seal", async ({
  meet,
  enterAs,
  secondScreen,
}) => {
  const [ann, ben] = [await meet("Ann"), await meet("Ben")];
  await ann.bond(ben);
  const theirs = await secondScreen(ben);
  await theirs.recognition.open();
  await expect(theirs.page.getByText("None yet")).toBeVisible();

  const mine = await enterAs(ann);
  await mine.recognition.open();
  await mine.recognition.give("Ben", "Team Player", "For the long evening.");
  await expect(mine.shell.notice("You recognised Ben")).toBeVisible();

  const card = theirs.recognition.card("Team Player");
  await expect(card).toContainText("from Ann");
  await expect(card).toContainText("For the long evening.");
  await expect(card.getByRole("button", { name: /^Verified by the server/ })).toBeVisible();
});

test("a recognition without its definition is pending until the definition comes", async ({ meet, enterAs }) => {
  const [ann, ben] = [await meet("Ann"), await meet("Ben")];
  await ann.bond(ben);
  const id = `deed-${randomUUID().slice(0, 8)}`;
  await ben.write("RECOGNITION_MINT", { target: ann.id, recognitionId: id, note: "Well done" });
  const { page, recognition } = await enterAs(ann);
  await recognition.open();
  await expect(recognition.card(id)).toContainText("Definition still to come");

  const title = `Deed of ${id}`;
  await ben.write("RECOGNITION_DEFINITION", { id, slug: id, title, icon: "star", description: "A deed" });
  await expect(async () => {
    await page.reload();
    await expect(recognition.card(title)).toBeVisible({ timeout: 2_000 });
  }).toPass();
  await expect(recognition.card(title)).not.toContainText("still to come");
});

test("long words are cut with a mark, and shown whole on request, by keyboard too", async ({ meet, enterAs }) => {
  const [ann, ben] = [await meet("Ann"), await meet("Ben")];
  await ann.bond(ben);
  const id = `deed-${randomUUID().slice(0, 8)}`;
  const note = `${"You stayed until the work was done. ".repeat(20)}${"x".repeat(120)} And that is the end.`;
  await ben.write("RECOGNITION_MINT", { target: ann.id, definitionId: id, note });
  const { page, recognition } = await enterAs(ann);
  await recognition.open();
  const card = recognition.card(id);
  const words = card.getByRole("blockquote");
  await expect(words).toHaveText(/^You stayed .*…$/);
  await card.getByRole("button", { name: "Show all of the words from Ben" }).focus();
  await page.keyboard.press("Enter");
  await expect(words).toHaveText(note);
  const less = card.getByRole("button", { name: "Show less of the words from Ben" });
  await expect(less).toBeFocused();
  await expect(less).toHaveAttribute("aria-expanded", "true");
  await expectAccessible(page, "a recognition with all its words");
  const [width, room] = await words.evaluate(({ scrollWidth, clientWidth }) => [scrollWidth, clientWidth]);
  expect(width).toBeLessThanOrEqual(room as number);
  await page.keyboard.press("Space");
  await expect(words).toHaveText(/…$/);
});

test("the catalogue is searched, and a recognition is chosen from it", async ({ meet, enterAs }) => {
  const [ann, ben] = [await meet("Ann"), await meet("Ben")];
  await ann.bond(ben);
  const { page, recognition, shell } = await enterAs(ann);
  await recognition.open();
  await recognition.showCatalogue();
  await page.getByRole("searchbox", { name: "Search the catalogue" }).fill("team");
  await page.getByRole("button", { name: "Give Team Player" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Recognise", exact: true }).click();
  await expect(dialog.getByText("Choose one of your contacts.")).toBeVisible();
  await dialog.getByLabel("Who").selectOption({ label: "Ben" });
  await dialog.getByRole("button", { name: "Recognise", exact: true }).click();
  await expect(shell.notice("You recognised Ben")).toBeVisible();
});
