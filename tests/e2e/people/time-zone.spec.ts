/** Times on the page that the server has rendered, for people who are far from UTC. */
import type { Page } from "@playwright/test";
import { expect, test } from "../support/test";

/** Somebody of the seeded world, with signals of a month. */
const USER = "tm-alex-chen";

/** The heading and the time of each signal that is older than a day, by the signal's id. */
const oldTimes = (page: Page): Promise<Record<string, string>> =>
  page.locator("[data-signal]").evaluateAll((rows) =>
    Object.fromEntries(
      rows.flatMap((row) => {
        const time = row.querySelector("time");
        const heading = row.closest("section")?.querySelector("h2")?.textContent;
        const isOld = Date.parse(time?.dateTime ?? "") < Date.now() - 86_400_000;
        return isOld ? [[row.getAttribute("data-signal"), `${heading}: ${time?.textContent}`]] : [];
      }),
    ),
  );

for (const timezoneId of ["Pacific/Kiritimati", "Pacific/Honolulu"]) {
  test.describe(`in ${timezoneId}`, () => {
    test.use({ timezoneId });

    test("the browser changes no time and no heading that the server has rendered", async ({ page, context }) => {
      await context.request.post("/api/auth/demo", { data: { userId: USER } });
      let release = () => {};
      const released = new Promise<void>((resolve) => (release = resolve));
      await page.route(/\/_next\/static\/.*\.js/, async (route) => {
        await released;
        await route.continue();
      });
      // The words change with time, too.
      await page.clock.setFixedTime(new Date());
      // On a busy machine the server may not wait for the signals, so it is tried again.
      await expect(async () => {
        await page.goto("/signals", { waitUntil: "commit" });
        await expect(page.locator("[data-signal]").first()).toBeVisible({ timeout: 3_000 });
      }).toPass();
      const rendered = await oldTimes(page);
      expect(Object.keys(rendered).length).toBeGreaterThan(10);

      release();
      // A row that opens at a press is the browser's. What that part of the page had to change, it has changed when it is idle.
      const details = page.locator("[data-signal]").first().getByRole("button", { name: "Details" });
      await expect(async () => {
        await details.click();
        await expect(details).toHaveAttribute("aria-expanded", "true", { timeout: 500 });
      }).toPass();
      await page.evaluate(async () => {
        for (let i = 0; i < 5; i += 1) await new Promise((resolve) => requestIdleCallback(resolve));
      });
      expect(await oldTimes(page)).toMatchObject(rendered);
    });
  });
}
