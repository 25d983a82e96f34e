/** For everybody: axe in both themes and both widths, 360 px, the keyboard, the chosen theme. */
import { expectAccessibleAtWidths } from "./support/axe";
import { expect, test } from "./support/test";

/** 360 px is the narrowest phone that is promised. */
const WIDTHS = [1280, 360];

test("axe finds nothing on any page, wide and narrow, light and dark", async ({ page, meet, enterAs }) => {
  test.slow();
  const check = (what: string) => expectAccessibleAtWidths(page, what, WIDTHS);
  await page.goto("/sign-in");
  await page.getByRole("button", { name: /Alex Chen/ }).waitFor();
  await check("sign-in");
  await page.goto("/nowhere");
  await check("not found");

  const [ann, ben, cid] = [await meet("Ann"), await meet("Ben"), await meet("Cid")];
  await ann.bond(ben);
  await cid.ask(ann);
  await ann.trust(ben);
  await ben.write("RECOGNITION_MINT", { target: ann.id, recognitionId: "team-player", note: "Thank you" });
  await ben.write("RECOGNITION_MINT", { target: ann.id, recognitionId: "still-to-come" });
  const { shell, signals, circle, contacts, recognition, profile } = await enterAs(ann);

  await signals.open();
  await signals.rows
    .first()
    .getByRole("button", { name: /Details/ })
    .click();
  await check("signals");
  await signals.check(signals.rows.first());
  await expect(signals.proof.getByTestId("verdict")).toBeVisible();
  await check("proof");

  await contacts.open();
  await check("contacts");
  await contacts.showRequests();
  await check("requests");
  await page.getByRole("button", { name: "Add a contact" }).click();
  await page
    .getByRole("dialog")
    .getByRole("button", { name: /Alex Chen/ })
    .waitFor();
  await check("add a contact");

  await circle.open();
  await check("circle");
  await circle.taken.first().click();
  await check("a seat");

  await recognition.open();
  await check("recognition");
  await recognition.showCatalogue();
  await check("catalogue");
  await page.getByRole("button", { name: "Give Team Player" }).click();
  await check("recognise");

  await profile.open(ann.id);
  await check("own profile");
  await profile.open(ben.id);
  await check("a contact's profile");
  await shell.account.click();
  await check("account menu");
});

test("the keyboard alone is enough: skip, navigate, filter, check a proof, come back", async ({ meet, enterAs }) => {
  const [ann, ben] = [await meet("Ann"), await meet("Ben")];
  await ann.bond(ben);
  const { page, shell, signals } = await enterAs(ann);
  await signals.open();
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to the page" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.locator("#main")).toBeFocused();
  await page.keyboard.press("Tab");
  await expect(page.getByRole("radio", { name: "All" })).toBeFocused();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Space");
  await expect(page).toHaveURL(/show=contact/);
  await expect(signals.rows).toHaveCount(2);
  await signals.rows.first().getByRole("link").focus();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(page.getByLabel("Message as the sender wrote it")).toBeVisible();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(signals.proof.getByTestId("verdict")).toContainText("Verified in this browser");
  await page.keyboard.press("Escape");
  await expect(signals.proof).toHaveCount(0);
  await shell.place("Circle").focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: "Circle" })).toBeVisible();
});

test("the chosen theme is there before the first paint, after a reload too", async ({ page, meet, enterAs }) => {
  await page.emulateMedia({ colorScheme: "light" });
  const { shell } = await enterAs(await meet("Ann"));
  await shell.open("/contacts");
  const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await paper();
  await shell.chooseTheme("Dark");
  await expect.poll(paper).not.toBe(light);
  const html = await (await page.request.get("/contacts")).text();
  expect(html).toMatch(/<html[^>]* data-theme="dark"/);
  await shell.open("/contacts");
  expect(await paper()).not.toBe(light);
  await shell.chooseTheme("Like the system");
  await expect.poll(paper).toBe(light);
});

test("no page has an inline style or an inline handler", async ({ page, meet, enterAs }) => {
  await enterAs(await meet("Ann"));
  for (const path of ["/sign-in", "/signals", "/circle", "/recognition"]) {
    const html = await (await page.request.get(path)).text();
    expect(html, path).not.toMatch(/<[^>]+ (style|on[a-z]+)="/);
    expect(html, path).not.toContain("<style");
  }
});
