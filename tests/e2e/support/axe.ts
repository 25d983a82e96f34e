import AxeBuilder from "@axe-core/playwright";
import { expect, type Page } from "@playwright/test";

/** Axe finds nothing at all, best practices included; or nothing by the rules that are named. */
export async function expectAccessible(page: Page, what: string, rules?: readonly string[]): Promise<void> {
  const { violations } = await new AxeBuilder({ page })
    .options({ resultTypes: ["violations"], ...(rules ? { runOnly: [...rules] } : {}) })
    .analyze();
  const found = violations.map(({ id, help, nodes }) => ({
    id,
    help,
    nodes: nodes.map(({ html }) => html.slice(0, 200)),
  }));
  expect(found, `axe on ${what}`).toEqual([]);
}

export async function expectNoSidewaysScroll(page: Page, what: string): Promise<void> {
  const beyond = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(beyond, `${what} is wider than the screen`).toBe(0);
}

/**
 * The page as it stands, without loading it again (which is what takes the time): at each width nothing is wider than the
 * screen and axe finds nothing; in the dark, where nothing but colours differs, nothing by the rule of contrast.
 */
export async function expectAccessibleAtWidths(page: Page, what: string, widths: readonly number[]): Promise<void> {
  for (const width of widths) {
    await page.setViewportSize({ width, height: 844 });
    await page.emulateMedia({ colorScheme: "light" });
    await expectNoSidewaysScroll(page, `${what}, ${width} px,`);
    await expectAccessible(page, `${what}, light, ${width} px`);
    await page.emulateMedia({ colorScheme: "dark" });
    await expectAccessible(page, `${what}, dark, ${width} px`, ["color-contrast"]);
  }
}
