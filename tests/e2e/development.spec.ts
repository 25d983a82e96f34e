/** The first page that a newcomer sees: `npm run dev`, then the sign-in page and the page behind it. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, type Page, test } from "@playwright/test";
import { DEVELOPMENT, ready, type Server, startServer } from "./support/own-server";

// One after the other: a folder can have one development server.
test.describe.configure({ mode: "default" });

let dataDir: string;
let server: Server;
test.beforeAll(async () => {
  test.setTimeout(180_000);
  dataDir = mkdtempSync(join(tmpdir(), "tm-development-"));
  server = await startServer(dataDir, { NODE_ENV: "development" }, DEVELOPMENT);
  await ready(server, 150_000);
});
test.afterAll(async () => {
  server.process.kill("SIGTERM");
  await server.exit;
  rmSync(dataDir, { recursive: true, force: true });
});

/**
 * The page stays the document that it is while it is used: a menu is loaded, opened and closed, and another page is shown and
 * left. A page that loads again and again, which it would do four times a second, loses the mark on its window.
 */
async function expectToStay(page: Page): Promise<void> {
  await page.evaluate(() => Object.assign(window, { isSameDocument: true }));
  const account = page.getByRole("button", { name: /^Account of/ }).filter({ visible: true });
  const links = page.getByRole("navigation", { name: "Main" }).getByRole("link").filter({ visible: true });
  await account.click();
  await expect(page.getByRole("menu")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("menu")).toHaveCount(0);
  // The server compiles this page only now: seconds, in which a reload would come.
  await links.filter({ hasText: "Contacts" }).click();
  await expect(page.getByRole("heading", { name: "Contacts", level: 1 })).toBeVisible();
  await links.filter({ hasText: "Signals" }).click();
  await expect(page.getByRole("heading", { name: "Signals", level: 1 })).toBeVisible();
  expect(await page.evaluate(() => "isSameDocument" in window)).toBe(true);
}

/** As the production server answers them. TRACE, and addresses that Next redirects or cannot read, do not reach our code. */
const REFUSED = [
  ["OPTIONS", "/api/contacts", 405, "GET, HEAD"],
  ["POST", "/api/contacts", 405, "GET, HEAD"],
  ["GET", "/api/hcs/submit", 405, "POST"],
  ["OPTIONS", "/api/hcs/submit", 405, "POST"],
  ["DELETE", "/api/v1/topics/0.0.1001", 405, "GET, HEAD, OPTIONS"],
  ["POST", "/contacts", 405, "GET, HEAD"],
  ["OPTIONS", "/contacts", 405, "GET, HEAD"],
  ["PUT", "/no/such/page", 405, "GET, HEAD"],
  ["GET", "/contacts/%ff", 400, undefined],
] as const;

for (const [method, path, status, allow] of REFUSED)
  test(`the development server refuses ${method} ${path} as the production server does`, async ({ baseURL }) => {
    for (const url of [server.url, baseURL]) {
      const answer = await fetch(`${url}${path}`, { method });
      expect([answer.status, answer.headers.get("allow") ?? undefined]).toEqual([status, allow]);
      expect(await answer.json()).toMatchObject({ code: status === 405 ? "method-not-allowed" : "bad-input" });
    }
  });

test("the development server shows pages without an error or a warning in the console", async ({ page }) => {
  const complaints: string[] = [];
  let loads = 0;
  page.on("load", () => {
    loads += 1;
  });
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("pageerror", ({ message }) => complaints.push(message));
  await page.goto(`${server.url}/`);
  await page.getByRole("button", { name: /Alex Chen/ }).click();
  await expect(page.getByRole("heading", { name: "Signals" })).toBeVisible();
  // The framework's own tools have come up, and nothing has stopped them.
  await expect(page.locator("nextjs-portal")).toBeAttached();
  await expect(page.getByRole("article").or(page.getByRole("listitem")).first()).toBeVisible();
  await expectToStay(page);
  expect(complaints).toEqual([]);
  // The sign-in page, and the page behind it.
  expect(loads).toBe(2);
});

test("the development server keeps no compiled pages, which a kill may damage for the next start", async ({ page }) => {
  await page.goto(`${server.url}/`);
  await expect(page.getByRole("button", { name: /Alex Chen/ })).toBeVisible();
  // With damaged ones, pages reloaded four times a second until the folder was deleted.
  expect(existsSync(join(".next", "dev", "cache", "turbopack"))).toBe(false);
});

test("the development server starts again like the first time", async ({ page }) => {
  test.setTimeout(240_000);
  server.process.kill("SIGTERM");
  await server.exit;
  server = await startServer(dataDir, { NODE_ENV: "development" }, DEVELOPMENT);
  await ready(server, 150_000);
  let loads = 0;
  page.on("load", () => {
    loads += 1;
  });
  await page.goto(`${server.url}/`);
  await page.getByRole("button", { name: /Alex Chen/ }).click();
  await expect(page.getByRole("heading", { name: "Signals" })).toBeVisible();
  await expect(page.getByRole("article").or(page.getByRole("listitem")).first()).toBeVisible();
  await expectToStay(page);
  expect(loads).toBe(2);
});

test("nothing of the framework's covers the bottom bar of a phone", async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(`${server.url}/`);
  await page.getByRole("button", { name: /Devnet operator/ }).click();
  await expect(page.getByRole("heading", { name: "Signals" })).toBeVisible();
  await expect(page.locator("nextjs-portal")).toBeAttached();
  const links = page.getByRole("navigation").getByRole("link").filter({ visible: true });
  await expect(links.last()).toHaveText("Operate");
  const covered = () =>
    links.evaluateAll((all) =>
      all.flatMap((link) => {
        const { left, top, width, height } = link.getBoundingClientRect();
        const shares = [0.05, 0.5, 0.95];
        const points = shares.flatMap((x) => shares.map((y) => [left + x * width, top + y * height] as const));
        return points.every(([x, y]) => link.contains(document.elementFromPoint(x, y))) ? [] : [link.textContent];
      }),
    );
  expect(await covered()).toEqual([]);
});
