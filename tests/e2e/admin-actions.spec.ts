/** Every action of operators, as a person does it, on a server of its own: a paused topic would hold up other tests. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AuditEntry, AuditLogAnswer } from "@/lib/wire/admin";
import { AdminPage, enterAsOperator } from "./pages/admin";
import { Shell } from "./pages/shell";
import { ready, type Server, startServer } from "./support/own-server";
import { test as base, expect } from "./support/test";

const test = base.extend<{ admin: AdminPage }, { server: Server }>({
  server: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads what a fixture needs off its first parameter
    async ({}, use) => {
      const dataDir = mkdtempSync(join(tmpdir(), "tm-admin-"));
      const server = await startServer(dataDir);
      await ready(server);
      await use(server);
      server.process.kill("SIGKILL");
      await server.exit;
      rmSync(dataDir, { recursive: true, force: true });
    },
    { scope: "worker", timeout: 90_000 },
  ],
  baseURL: async ({ server }, use) => use(server.url),
  admin: async ({ page, context }, use) => {
    await enterAsOperator(context);
    await use(new AdminPage(page));
  },
});

test.describe.configure({ mode: "serial" });

/** The latest entry of an action, once it is over. */
async function over({ page }: AdminPage, action: string): Promise<AuditEntry> {
  let found: AuditEntry | undefined;
  await expect
    .poll(
      async () => {
        const answer = AuditLogAnswer.parse(await (await page.request.get("/api/admin/audit-log")).json());
        found = answer.items.find((entry) => entry.action === action);
        return found?.state;
      },
      { timeout: 30_000 },
    )
    .toBe("done");
  return found as AuditEntry;
}

async function firstTopic(admin: AdminPage): Promise<string> {
  await admin.open("/admin/topics");
  const [topicId] = await admin.rowKeys("Topics");
  expect(topicId).toMatch(/^0\.0\.\d+$/);
  return topicId as string;
}

const inLog = (admin: AdminPage, title: string) =>
  admin.table("Actions").locator("[data-row]").filter({ hasText: title }).first();

test("nothing is sent before the phrase is typed, letter by letter", async ({ admin, page }) => {
  const topicId = await firstTopic(admin);
  const sent: string[] = [];
  page.on("request", (request) => request.method() === "POST" && sent.push(request.url()));
  await admin.begin(topicId, "Pause");
  const send = admin.confirmation.getByRole("button", { name: "Pause it" });
  await expect(send).toBeDisabled();
  await admin.confirmation.getByRole("textbox").fill(topicId.slice(0, -1));
  await expect(send).toBeDisabled();
  await page.keyboard.press("Enter");
  await admin.confirmation.getByRole("button", { name: "Leave it" }).click();
  await expect(admin.confirmation).toHaveCount(0);
  expect(sent.filter((url) => url.includes("/api/admin/"))).toEqual([]);
});

for (const [action, name, taken] of [
  ["Audit", "topic.audit", "has begun"],
  ["Resync", "topic.resync", "has begun"],
] as const) {
  test(`${action}: begins, runs, tells what it found, and stands in the log`, async ({ admin, page }) => {
    const topicId = await firstTopic(admin);
    await admin.begin(topicId, action);
    expect(await admin.confirm(topicId)).not.toBe("");
    await expect(new Shell(page).notice(`The ${action.toLowerCase()} of ${topicId} ${taken}.`)).toBeVisible();
    await over(admin, name);
    // Nobody reloads: the page finds out.
    const check = admin.dialog.getByRole("region", { name: `${action} of ${topicId}` });
    await expect(check.getByTestId("outcome")).toContainText(/messages compared: all match the ledger\./);
    await admin.close();
    await admin.place("Audit log");
    await expect(inLog(admin, `${action} of ${topicId}`)).toContainText("all match the ledger");
  });
}

test("Pause and Resume: the topic stands still for everybody, the page says so, and goes on", async ({
  admin,
  meet,
  page,
}) => {
  const shell = new Shell(page);
  await admin.open("/admin/topics?sort=topic.asc");
  const [ann, ben] = [await meet("Ann"), await meet("Ben")];
  const { topicId } = await ann.ask(ben);
  await admin.begin(topicId, "Pause");
  await admin.confirm(topicId);
  await expect(shell.notice(`${topicId} is paused on every instance.`)).toBeVisible();
  await expect(admin.dialog.getByText("Paused", { exact: true })).toBeVisible();

  await ann.ask(await meet("Cid"));
  await admin.begin(topicId, "Resync");
  await admin.confirm(topicId);
  await expect(admin.confirmation.getByRole("alert")).toContainText("The topic is paused: resume it first");
  await admin.confirmation.getByRole("button", { name: "Leave it" }).click();

  await admin.begin(topicId, "Resume");
  await admin.confirm(topicId);
  await expect(shell.notice(`${topicId} is resumed on every instance.`)).toBeVisible();
  await expect(admin.dialog.getByText("Paused", { exact: true })).toHaveCount(0);
  await expect.poll(async () => (await ann.contacts()).requests.outgoing.length).toBe(2);

  await admin.close();
  await admin.place("Audit log");
  await expect(inLog(admin, `Pause ${topicId}`)).toContainText("Done");
  await expect(inLog(admin, `Resume ${topicId}`)).toContainText("Done");
  await expect(inLog(admin, `Resync of ${topicId}`)).toContainText("resume it first");
});

test("Invalidate: one person, then everybody, each read anew and in the log", async ({ admin, meet, page }) => {
  const shell = new Shell(page);
  const ann = await meet("Ann");
  await ann.contacts();
  await admin.open("/admin/tiers");
  await page.getByLabel("Person").fill("two words");
  await page.getByRole("button", { name: "Invalidate…", exact: true }).click();
  await expect(page.getByText(/An id has 1 to 50 characters/)).toBeVisible();

  await page.getByLabel("Person").fill(ann.id);
  await page.getByRole("button", { name: "Invalidate…", exact: true }).click();
  await admin.confirm(ann.id);
  await expect(shell.notice(`The views of ${ann.id} are read from the database again.`)).toBeVisible();
  await page.getByRole("button", { name: "Invalidate everything…" }).click();
  await admin.confirm("everything");
  await expect(shell.notice("Every cached view is read from the database again.")).toBeVisible();
  expect((await ann.contacts()).contacts).toEqual([]);

  await admin.place("Audit log");
  await expect(inLog(admin, `Invalidate ${ann.id}`)).toContainText("Done");
  await expect(inLog(admin, "Invalidate everything")).toContainText("Done");
  await page.getByRole("searchbox", { name: "Filter the log" }).fill(ann.id);
  await expect.poll(async () => (await admin.rowKeys("Actions")).length).toBe(1);
});

test("an answer that was lost is asked for again under the same key, and done once", async ({ admin, page }) => {
  const keys: (string | undefined)[] = [];
  await page.route("**/api/admin/cache/invalidate", async (route) => {
    keys.push(route.request().headers()["idempotency-key"]);
    if (keys.length > 1) return route.continue();
    await route.fetch();
    return route.abort("connectionreset");
  });
  await admin.open("/admin/tiers");
  const count = async () => {
    const answer = await page.request.get("/api/admin/audit-log?limit=200");
    const { items } = AuditLogAnswer.parse(await answer.json());
    return items.filter(({ action, target }) => action === "cache.invalidate" && target === null).length;
  };
  const before = await count();
  await page.getByRole("button", { name: "Invalidate everything…" }).click();
  await admin.confirm("everything");
  await expect(new Shell(page).notice("Every cached view is read from the database again.")).toBeVisible();
  expect(keys).toHaveLength(2);
  expect(keys[0]).toBe(keys[1]);
  expect(await count()).toBe(before + 1);
});
