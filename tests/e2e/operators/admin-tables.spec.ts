/** The operators' tables on screens of several widths. */
import { AdminStatus } from "@/lib/wire/operators/admin";
import { adminStatus } from "../../support/samples/admin-status";
import { AdminPage, enterAsOperator } from "../pages/admin";
import { expectNoSidewaysScroll } from "../support/axe";
import { test as base, expect } from "../support/test";

const test = base.extend<{ admin: AdminPage }>({
  admin: async ({ page, context }, use) => {
    await enterAsOperator(context);
    await use(new AdminPage(page));
  },
});

test("a phone's list of orders names each by what its column holds", async ({ admin, page }) => {
  await admin.pretend({ topics: 12 });
  await page.setViewportSize({ width: 390, height: 844 });
  const alphabetical: Record<string, readonly string[]> = {};
  for (const place of ["/admin", "/admin/topics", "/admin/shards", "/admin/messages", "/admin/storage", "/admin/log"]) {
    await admin.open(place);
    const orders = page.getByRole("combobox", { name: /^Order of / });
    await expect(orders.first()).toBeVisible();
    const options = await orders.locator("option").allTextContents();
    alphabetical[place] = options.flatMap((text) => /^(.+), A to Z$/.exec(text)?.[1] ?? []);
  }
  expect(alphabetical).toEqual({
    "/admin": ["Instance", "Kind"],
    "/admin/topics": ["Topic"],
    "/admin/shards": ["Shard", "Topic"],
    "/admin/messages": ["Why", "Payer"],
    "/admin/storage": ["Table"],
    "/admin/log": ["Action", "Operator", "State"],
  });
});

test("the table of topics breaks no word, and explains its bar only where it shows it", async ({ admin, page }) => {
  await admin.pretend({ topics: 12 });
  // As on a devnet: the ids are shorter than the longest name of a kind.
  await page.route("**/api/admin/status", async (route) => {
    const status = adminStatus({ topics: 12, atMs: Date.now() });
    const topics = status.topics.map((topic, i) => ({ ...topic, topicId: `0.0.${1_001 + i}` }));
    await route.fulfill({ json: AdminStatus.parse({ ...status, topics }) });
  });
  await admin.open("/admin/topics");
  const table = admin.table("Topics");
  const key = page.getByText("verified from the first message on");
  await expect(table.getByRole("columnheader", { name: "Kept from" })).toBeVisible();
  await expect(key).toBeVisible();
  const broken = () =>
    table.evaluate((element) => {
      const texts = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
      const found: string[] = [];
      for (let node = texts.nextNode(); node !== null; node = texts.nextNode())
        for (const { 0: word, index } of (node.textContent ?? "").matchAll(/\p{L}+/gu)) {
          const range = document.createRange();
          range.setStart(node, index);
          range.setEnd(node, index + word.length);
          if (new Set([...range.getClientRects()].map(({ top }) => top)).size > 1) found.push(word);
        }
      return found;
    });
  for (const width of [1280, 1024, 390, 360]) {
    await page.setViewportSize({ width, height: 844 });
    expect(await broken(), `at ${width}`).toEqual([]);
    await expectNoSidewaysScroll(page, `the table at ${width} px`);
  }
  await expect(key).toBeHidden();
});

test("a topic that starts over says in the table and in its details what is done, and how far it is", async ({
  admin,
  page,
}) => {
  await page.route("**/api/admin/status", async (route) => {
    const status = adminStatus({ topics: 3, atMs: Date.now() });
    const startOver = { work: "reading", through: 1_200, to: 4_800 };
    const topics = status.topics.map((topic) => ({
      ...topic,
      state: "pulling",
      paused: false,
      cursor: 1_200,
      startOver,
    }));
    await route.fulfill({ json: AdminStatus.parse({ ...status, topics }) });
  });
  await admin.open("/admin/topics");
  const row = admin.table("Topics").getByRole("row").nth(1);
  await expect(row).toContainText("Reading again");
  await row.getByRole("button").first().click();
  await expect(page.getByRole("dialog").getByTestId("start-over")).toHaveText(
    "It started over and is read from the ledger again: message 1,200 of 4,800. Views lack what is not read yet.",
  );
});
