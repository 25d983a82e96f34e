import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect, type Page } from "@playwright/test";
import type { AxeResults, RunOptions } from "axe-core";

declare const axe: { run(context: Document | Element, options: RunOptions): Promise<AxeResults> };

const AXE = readFileSync(createRequire(__filename).resolve("axe-core/axe.min.js"), "utf8");

interface AxeOptions {
  /** All there are, best practices included, unless some are named. */
  readonly rules?: readonly string[];
  /** Only what is in the open dialog, if there is one that hides the page behind it. */
  readonly isDialogEnough?: boolean;
}

/**
 * Axe finds nothing. It is loaded once into a document and puts its results together there, none of our pages having frames: with
 * a page of its own for that, as @axe-core/playwright does it, each check takes two to three times as long.
 */
export async function expectAccessible(page: Page, what: string, options: AxeOptions = {}): Promise<void> {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(AXE);
  const { rules, isDialogEnough = false } = options;
  const run: RunOptions = { resultTypes: ["violations"], ...(rules ? { runOnly: [...rules] } : {}) };
  const { violations } = await page.evaluate(
    ([wanted, inDialog]) => {
      const isPageHidden = document.querySelector("main")?.closest("[aria-hidden=true]");
      const dialogs = document.querySelectorAll("[role=dialog], [role=alertdialog]");
      return axe.run((inDialog && isPageHidden && dialogs[dialogs.length - 1]) || document, wanted);
    },
    [run, isDialogEnough] as const,
  );
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
 * screen and axe finds nothing; in the dark, where nothing but colours differs, nothing by the rule of contrast. Of a page that
 * is hidden behind an open dialog, the first width tells all; beside a popover the page is there, and asked about every time.
 */
export async function expectAccessibleAtWidths(page: Page, what: string, widths: readonly number[]): Promise<void> {
  for (const width of widths) {
    await page.setViewportSize({ width, height: 844 });
    await page.emulateMedia({ colorScheme: "light" });
    await expectNoSidewaysScroll(page, `${what}, ${width} px,`);
    await expectAccessible(page, `${what}, light, ${width} px`, { isDialogEnough: width !== widths[0] });
    await page.emulateMedia({ colorScheme: "dark" });
    await expectAccessible(page, `${what}, dark, ${width} px`, { rules: ["color-contrast"], isDialogEnough: true });
  }
}
