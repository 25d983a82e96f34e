/** The operators' pages where there is nothing to show. */
import { AdminStatus } from "@/lib/wire/operators/admin";
import { adminStatus } from "../../support/samples/admin-status";
import { AdminPage, enterAsOperator } from "../pages/admin";
import { expectAccessible } from "../support/axe";
import { expect, test } from "../support/test";

test("empty pages say so in words", async ({ context, page }) => {
  await enterAsOperator(context);
  const admin = new AdminPage(page);
  const status = AdminStatus.parse({
    ...adminStatus({ topics: 0 }),
    incidents: [],
    rejected: [],
    storage: null,
    cost: null,
  });
  await page.route("**/api/admin/status", (route) => route.fulfill({ json: status }));
  await page.route("**/api/admin/audit-log*", (route) => route.fulfill({ json: { items: [], nextBefore: null } }));
  await page.route("**/api/admin/shards", (route) =>
    route.fulfill({ json: { version: 0, canCreate: true, shards: [], tenants: [] } }),
  );
  await admin.open("/admin");
  await expect(page.getByText("All systems normal.")).toBeVisible();
  for (const [path, words] of [
    ["/admin/topics", "No topics yet"],
    ["/admin/shards", "No shards yet"],
    ["/admin/messages", "None so far"],
    ["/admin/storage", "The database does not answer"],
    ["/admin/log", "No actions yet"],
  ] as const) {
    await admin.open(path);
    await expect(page.getByText(words)).toBeVisible();
    await expectAccessible(page, words);
  }
});
