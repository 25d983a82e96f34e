import { expect, test } from "../support/test";

test("a profile is published, and contacts see it", async ({ meet, enterAs, secondScreen }) => {
  const [ann, ben] = [await meet("Ann"), await meet("Ben")];
  await ann.bond(ben);
  const mine = await enterAs(ann);
  await mine.shell.open("/signals");
  await mine.shell.place("You").click();
  await expect(mine.page).toHaveURL(new RegExp(`/profile/${ann.id}$`));
  const unpublished = mine.page.getByText("You have no profile yet. Until you publish one, others see your id.");
  await expect(unpublished).toBeVisible();
  await mine.profile.publish({ name: "Annika Berg", handle: "annika", about: "Builds bridges." });
  await expect(mine.shell.notice("Your profile is on the ledger")).toBeVisible();
  await expect(mine.page.getByRole("heading", { level: 1, name: "Annika Berg" })).toBeVisible();
  await expect(mine.page.getByRole("button", { name: "Account of Annika Berg" })).toBeVisible();

  await expect(unpublished).toHaveCount(0);

  const theirs = await secondScreen(ben);
  await theirs.profile.open(ann.id);
  await expect(theirs.page.getByRole("heading", { level: 1, name: "Annika Berg" })).toBeVisible();
  await expect(theirs.page.getByText("Builds bridges.")).toBeVisible();
});

for (const height of [844, 667])
  test(`"Publish" stays above the tab bar of a phone that is ${height} px high`, async ({ meet, enterAs }) => {
    const ann = await meet("Ann");
    const { page, profile } = await enterAs(ann);
    await page.setViewportSize({ width: 390, height });
    await profile.open(ann.id);
    const button = await page.getByRole("button", { name: "Publish" }).boundingBox();
    const bar = await page.getByRole("navigation", { name: "Main" }).filter({ visible: true }).boundingBox();
    expect((button?.y ?? 0) + (button?.height ?? 0)).toBeLessThan(bar?.y ?? 0);
    // No line of the form is behind it at the end of the page.
    await page.getByText(/characters left/).scrollIntoViewIfNeeded();
    await page.evaluate(() => window.scrollTo(0, document.body.scrollHeight));
    const hint = await page.getByText(/characters left/).boundingBox();
    const atEnd = await page.getByRole("button", { name: "Publish" }).boundingBox();
    expect((hint?.y ?? 0) + (hint?.height ?? 0)).toBeLessThanOrEqual(atEnd?.y ?? 0);
  });

test("a nameless profile is not published", async ({ meet, enterAs }) => {
  const ann = await meet("Ann");
  const { page, profile } = await enterAs(ann);
  await profile.open(ann.id);
  await profile.publish({ name: " ", handle: "ann", about: "" });
  await expect(page.getByText("Others need a name to know you by.")).toBeVisible();
  expect((await ann.signals()).items).toEqual([]);
});

test("a stranger's profile offers a request and shows nothing", async ({ meet, enterAs }) => {
  const [ann, stranger] = [await meet("Ann"), await meet("Stranger")];
  await stranger.publish();
  const { page, profile } = await enterAs(ann);
  await profile.open(stranger.id);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(stranger.id);
  await page.getByRole("button", { name: "Ask to be contacts" }).click();
  await expect(page.getByText(/has not answered yet/)).toBeVisible();
});

test("a request to an id that nobody has used is sent only after a warning", async ({ meet, enterAs }) => {
  const ann = await meet("Ann");
  const { page, profile } = await enterAs(ann);
  await profile.open(`${ann.id}-mistyped`);
  await page.getByRole("button", { name: "Ask to be contacts" }).click();
  await expect(page.getByText("Nobody with this id has used TrustMesh yet.")).toBeVisible();
  expect((await ann.signals()).items).toEqual([]);
  await page.getByRole("button", { name: "Ask anyway" }).click();
  await expect(page.getByText(/has not answered yet/)).toBeVisible();
});
