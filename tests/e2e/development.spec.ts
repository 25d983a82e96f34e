/** The first page that a newcomer sees: `npm run dev`, then the sign-in page and the page behind it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { DEVELOPMENT, ready, type Server, startServer } from "./support/own-server";

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

test("the development server shows pages without an error or a warning in the console", async ({ page }) => {
  const complaints: string[] = [];
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
  expect(complaints).toEqual([]);
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
