import { answerWithProblem } from "./support/problem";
import { expect, test } from "./support/test";

const views = [
  // Without a filter, the data of Signals come in the page.
  ["/signals?show=trust", "**/api/signals*", "Your signals could not be read"],
  ["/contacts", "**/api/contacts", "Your contacts could not be read"],
  ["/circle", "**/api/contacts", "Your circle could not be read"],
  ["/recognition", "**/api/recognition", "Recognition could not be read"],
] as const;

for (const [path, url, title] of views) {
  test(`${path} says why it cannot be read, and recovers`, async ({ meet, enterAs }) => {
    const { page } = await enterAs(await meet("Ann"));
    await answerWithProblem(page, url, 503, "unavailable", "The ledger's mirror does not answer.");
    await page.goto(path);
    const alert = page.getByRole("main").getByRole("alert");
    await expect(alert).toContainText(title);
    await expect(alert).toContainText("The ledger's mirror does not answer.");
    await page.unroute(url);
    await alert.getByRole("button", { name: "Try again" }).click();
    await expect(alert).toHaveCount(0);
  });
}

const refusals = [
  [503, "read-only", "This server has no operator key, so it can show the ledger but not write to it."],
  [409, "nonce", "A newer message of yours was sent already. Try again, with a larger nonce if you chose it."],
  [502, "ledger-refused", "The network refused this message."],
] as const;

for (const [status, code, detail] of refusals) {
  test(`a write refused with ${status} ${code} rolls back and says why`, async ({ meet, enterAs }) => {
    const [ann, ben] = [await meet("Ann"), await meet("Ben")];
    await ann.bond(ben);
    const { page, circle, shell } = await enterAs(ann);
    await answerWithProblem(page, "**/api/hcs/submit", status, code, detail);
    await circle.open();
    await circle.give("Ben");
    await expect(shell.notice(detail)).toBeVisible();
    await expect(circle.taken).toHaveCount(0);
    await expect(circle.stat("given")).toHaveText("0 of 9");
  });
}

test("a lost answer is requested again under the same key, and the message is written once", async ({
  meet,
  enterAs,
}) => {
  const [ann, ben] = [await meet("Ann"), await meet("Ben")];
  await ann.bond(ben);
  const { page, circle, shell } = await enterAs(ann);
  const keys: (string | undefined)[] = [];
  await page.route("**/api/hcs/submit", async (route) => {
    keys.push(route.request().headers()["idempotency-key"]);
    if (keys.length > 1) return route.continue();
    await route.fetch();
    return route.abort("connectionreset");
  });
  await circle.open();
  await circle.give("Ben");
  await expect(shell.notice("You trust Ben")).toBeVisible();
  expect(keys).toHaveLength(2);
  expect(keys[0]).toBe(keys[1]);
  const given = (await ann.signals()).items.filter(({ type }) => type === "TRUST_ALLOCATE");
  expect(given).toHaveLength(1);
});

test('a read that answers "not yet" is tried again', async ({ meet, enterAs }) => {
  const ann = await meet("Ann");
  const { page, contacts } = await enterAs(ann);
  let asked = 0;
  await page.route("**/api/contacts", (route) => {
    asked += 1;
    if (asked > 1) return route.continue();
    const problem = { type: "x", title: "x", status: 503, detail: "Not there yet.", code: "not-yet", error: "x" };
    const json = { ...problem, ok: false, success: false };
    return route.fulfill({ status: 503, json, headers: { "retry-after": "1" } });
  });
  await contacts.open();
  await expect(page.getByText("Nobody here yet")).toBeVisible();
  expect(asked).toBe(2);
});

test("an unknown address shows that nothing is there", async ({ page }) => {
  const answer = await page.goto("/no/such/page");
  expect(answer?.status()).toBe(404);
  await expect(page.getByText("There is nothing at this address")).toBeVisible();
});

test("an address that names nobody says so inside the shell, with one main and a way on", async ({ meet, enterAs }) => {
  const { page } = await enterAs(await meet("Ann"));
  await page.goto("/profile/has%20space");
  await expect(page.getByRole("heading", { name: "There is nothing at this address" })).toBeVisible();
  await expect(page.locator("main")).toHaveCount(1);
  await expect(page).toHaveTitle("Not found · TrustMesh");
  expect(await page.evaluate(() => document.documentElement.scrollHeight <= window.innerHeight)).toBe(true);
  await page.getByRole("link", { name: "To your signals" }).click();
  await expect(page).toHaveURL(/\/signals$/);
});
