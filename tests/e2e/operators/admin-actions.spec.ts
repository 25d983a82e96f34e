/** Every operator's action, on a server of its own, because a paused topic would stop other tests. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OperatorLogAnswer, type OperatorLogEntry } from "@/lib/wire/operators/admin";
import { ShardsAnswer } from "@/lib/wire/operators/shards";
import { AdminPage, enterAsOperator } from "../pages/admin";
import { Shell } from "../pages/shell";
import { ready, type Server, startServer } from "../support/own-server";
import { test as base, expect } from "../support/test";

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

/** The latest log entry of an action, once it is done. */
async function over({ page }: AdminPage, action: string): Promise<OperatorLogEntry> {
  let found: OperatorLogEntry | undefined;
  await expect
    .poll(
      async () => {
        const answer = OperatorLogAnswer.parse(await (await page.request.get("/api/admin/audit-log")).json());
        found = answer.items.find((entry) => entry.action === action);
        return found?.state;
      },
      { timeout: 30_000 },
    )
    .toBe("done");
  return found as OperatorLogEntry;
}

async function firstTopic(admin: AdminPage): Promise<string> {
  await admin.open("/admin/topics");
  const [topicId] = await admin.rowKeys("Topics");
  expect(topicId).toMatch(/^0\.0\.\d+$/);
  return topicId as string;
}

const inLog = (admin: AdminPage, title: string) =>
  admin.table("Actions").locator("[data-row]").filter({ hasText: title }).first();

test("nothing is sent before the whole phrase is typed", async ({ admin, page }) => {
  const topicId = await firstTopic(admin);
  const sent: string[] = [];
  page.on("request", (request) => request.method() === "POST" && sent.push(request.url()));
  await admin.begin(topicId, "Pause");
  const send = admin.confirmation.getByRole("button", { name: "Pause topic" });
  await expect(send).toBeDisabled();
  await admin.confirmation.getByRole("textbox").fill(topicId.slice(0, -1));
  await expect(send).toBeDisabled();
  await page.keyboard.press("Enter");
  await admin.confirmation.getByRole("button", { name: "Leave it" }).click();
  await expect(admin.confirmation).toHaveCount(0);
  expect(sent.filter((url) => url.includes("/api/admin/"))).toEqual([]);
});

for (const [action, name, taken] of [
  ["Audit", "topic.audit", "has started"],
  ["Resync", "topic.resync", "has started"],
] as const) {
  test(`${action}: starts, runs, shows its findings, and is in the log`, async ({ admin, page }) => {
    const topicId = await firstTopic(admin);
    await admin.begin(topicId, action);
    expect(await admin.confirm(topicId)).not.toBe("");
    await expect(new Shell(page).notice(`The ${action.toLowerCase()} of ${topicId} ${taken}.`)).toBeVisible();
    await over(admin, name);
    // The page shows the end without a reload.
    const check = admin.dialog.getByRole("region", { name: `${action} of ${topicId}` });
    await expect(check.getByTestId("outcome")).toContainText(/messages compared: all match the ledger\./);
    await admin.close();
    await admin.place("Operator log");
    await expect(inLog(admin, `${action} of ${topicId}`)).toContainText("all match the ledger");
  });
}

test("Pause and Resume: the topic stops for everybody, the page says so, and it continues", async ({
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
  await expect(admin.dialog.getByRole("button", { name: "Start over…" })).toHaveCount(0);

  const cid = await meet("Cid");
  await expect(ann.ask(cid)).rejects.toThrow(
    /Topic .* is paused by .* since .*: it shows nothing new and takes no writes/,
  );
  await admin.begin(topicId, "Resync");
  await admin.confirm(topicId);
  await expect(admin.confirmation.getByRole("alert")).toContainText(
    "The topic is paused and takes no writes. Resume it first",
  );
  await admin.confirmation.getByRole("button", { name: "Leave it" }).click();

  await admin.begin(topicId, "Resume");
  await admin.confirm(topicId);
  await expect(shell.notice(`${topicId} is resumed on every instance.`)).toBeVisible();
  await expect(admin.dialog.getByText("Paused", { exact: true })).toHaveCount(0);
  await ann.ask(cid);
  await expect.poll(async () => (await ann.contacts()).requests.outgoing.length).toBe(2);

  await admin.close();
  await admin.place("Operator log");
  await expect(inLog(admin, `Pause ${topicId}`)).toContainText("Done");
  await expect(inLog(admin, `Resume ${topicId}`)).toContainText("Done");
  await expect(inLog(admin, `Resync of ${topicId}`)).toContainText("Resume it first");
});

test("Start over: drops a topic and reads it from the ledger again, and nobody misses a signal", async ({
  admin,
  meet,
  page,
}) => {
  const [ann, ben] = [await meet("Ann"), await meet("Ben")];
  await ann.bond(ben);
  const { topicId } = await ann.ask(await meet("Cid"));
  const { contacts, requests } = await ann.contacts();
  expect([contacts.length, requests.outgoing.length]).toEqual([1, 1]);
  await admin.openTopic(topicId);
  const stored = await admin.storedThrough();
  expect(stored).toBeGreaterThan(0);
  await admin.begin(topicId, "Start over");
  await expect(admin.confirmation).toContainText("Deletes what this server stored of the topic");
  await expect(admin.confirmation).toContainText(
    "The ledger keeps every message. Until it ends, pages lack what is not read yet",
  );
  await expect(admin.confirmation.getByRole("button", { name: "Delete and start over" })).toBeDisabled();
  expect(await admin.confirm(topicId)).not.toBe("");
  await expect(new Shell(page).notice(`${topicId} starts over.`)).toBeVisible();
  expect((await over(admin, "topic.start-over")).detail?.dropped).toBeGreaterThanOrEqual(stored);

  // Nobody reloads: the page sees the topic come back.
  await expect.poll(() => admin.storedThrough()).toBeGreaterThanOrEqual(stored);
  await expect(async () => {
    const { stale, ...now } = await ann.contacts();
    expect([stale, now.contacts, now.requests]).toEqual([false, contacts, requests]);
  }).toPass({ timeout: 20_000 });
  await admin.close();
  await admin.place("Operator log");
  await expect(inLog(admin, `Start over ${topicId}`)).toContainText("Done");
});

test("Invalidate: one person, then everybody, and both are in the log", async ({ admin, meet, page }) => {
  const shell = new Shell(page);
  const ann = await meet("Ann");
  // The API refuses a user without any stored message.
  await ann.ask(await meet("Ben"));
  await ann.contacts();
  await admin.open("/admin/tiers");
  await page.getByLabel("Person").fill("two words");
  await page.getByRole("button", { name: "Invalidate…", exact: true }).click();
  await expect(page.getByText(/An id has 1 to 50 characters/)).toBeVisible();

  await page.getByLabel("Person").fill(ann.id);
  await page.getByRole("button", { name: "Invalidate…", exact: true }).click();
  await admin.confirm(ann.id);
  await expect(shell.notice(`The cached views of ${ann.id} are invalidated.`)).toBeVisible();
  await page.getByRole("button", { name: "Invalidate everything…" }).click();
  await admin.confirm("everything");
  await expect(shell.notice("All cached views are invalidated.")).toBeVisible();
  expect((await ann.contacts()).contacts).toEqual([]);

  await admin.place("Operator log");
  await expect(inLog(admin, `Invalidate ${ann.id}`)).toContainText("Done");
  await expect(inLog(admin, "Invalidate everything")).toContainText("Done");
  await page.getByRole("searchbox", { name: "Filter the log" }).fill(ann.id);
  await expect.poll(async () => (await admin.rowKeys("Actions")).length).toBe(1);
});

test("Split: previews the effect, refuses bad numbers, and then people write to the new topic", async ({
  admin,
  meet,
  page,
}) => {
  await admin.open("/admin/shards");
  const segments = page.getByLabel("Segments");
  await expect(segments).toHaveValue("2");
  await segments.fill("1");
  await expect(page.getByText("There is 1 already: ask for 2 or more.")).toBeVisible();
  await page.getByRole("button", { name: "Split…" }).click();
  await expect(admin.confirmation).toHaveCount(0);

  await segments.fill("2");
  await expect(page.getByTestId("split-preview")).toContainText(
    "It creates 1 topic for contact (standard), segment 1, at about a cent. About 50 % of the group's users move",
  );
  await page.keyboard.press("Enter");
  const send = admin.confirmation.getByRole("button", { name: "Split", exact: true });
  await expect(admin.confirmation).toContainText("Old topics are still read");
  await admin.confirmation.getByRole("textbox").fill("standard contact");
  await expect(send).toBeDisabled();
  expect(await admin.confirm("standard contact 2")).not.toBe("");
  await expect(new Shell(page).notice("The split of contact (standard) into 2 has started.")).toBeVisible();
  await over(admin, "shards.split");
  await expect(page.getByTestId("last-reshard")).toContainText("Done: new messages use the new topics.");
  await expect(admin.table("Shards").locator('[data-row="standard contact 1"]')).toContainText("Active");
  await expect(segments).toHaveValue("3");

  const shards = ShardsAnswer.parse(await (await page.request.get("/api/admin/shards")).json()).shards;
  const of = shards.filter(({ kind }) => kind === "contact").map(({ topicId }) => topicId as string);
  const written = new Set<string>();
  for (let person = 0; written.size < 2 && person < 20; person++) {
    const ann = await meet(`Ann ${person}`);
    written.add((await ann.ask(await meet(`Ben ${person}`))).topicId);
  }
  expect([...written].sort()).toEqual([...of].sort());
  await admin.place("Operator log");
  await expect(inLog(admin, "Split contact (standard) into 2")).toContainText("new messages use the new topics");
});

test("Split: is refused in a sentence after another operator did the same", async ({ admin, page }) => {
  await admin.open("/admin/shards");
  await page.getByLabel("Kind").selectOption("trust");
  await page.getByRole("button", { name: "Split…" }).click();
  await page.request.post("/api/admin/shards/split", { data: { kind: "trust", to: 3 } });
  await over(admin, "shards.split");
  await admin.confirm("standard trust 2");
  await expect(admin.confirmation.getByRole("alert")).toHaveText("There are 3 segments already: drain the last ones.");
  await admin.confirmation.getByRole("button", { name: "Leave it" }).click();
  await admin.place("Operator log");
  await expect(inLog(admin, "Split trust (standard) into 2")).toContainText("drain the last ones");
});

test("Drain: the topic takes no new messages, and the page says when the drain can be finished", async ({
  admin,
  page,
}) => {
  await admin.open("/admin/shards");
  const row = admin.table("Shards").locator('[data-row="standard contact 1"]');
  await admin.openShard("standard contact 1");
  const topicId = (await admin.dialog.getByRole("link").textContent()) ?? "";
  await admin.dialog.getByRole("button", { name: "Drain…" }).click();
  await expect(admin.confirmation).toContainText("its users move to the segments before it");
  await expect(admin.confirmation.getByRole("button", { name: "Drain", exact: true })).toBeDisabled();
  expect(await admin.confirm(topicId)).not.toBe("");
  await expect(new Shell(page).notice(`The drain of ${topicId} has started.`)).toBeVisible();
  expect((await over(admin, "shards.drain")).detail).toHaveProperty("waitingUntilMs");
  await expect(admin.dialog.getByText("Draining", { exact: true })).toBeVisible();
  await admin.close();
  await expect(row).toContainText("Draining");
  const drain = admin.pendingReshard(`Drain ${topicId}`);
  await expect(drain).toContainText("Waiting");
  await expect(drain).toContainText(
    /Step 2 of 3: the topic takes no new messages.*Finish it at \d\d:\d\d:\d\d or later/,
  );
  await admin.place("Operator log");
  await expect(inLog(admin, `Drain ${topicId}`)).toContainText("The topic takes no new messages.");
});

test("a lost answer is retried under the same key, and the action runs once", async ({ admin, page }) => {
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
    const { items } = OperatorLogAnswer.parse(await answer.json());
    return items.filter(({ action, target }) => action === "cache.invalidate" && target === null).length;
  };
  const before = await count();
  await page.getByRole("button", { name: "Invalidate everything…" }).click();
  await admin.confirm("everything");
  await expect(new Shell(page).notice("All cached views are invalidated.")).toBeVisible();
  expect(keys).toHaveLength(2);
  expect(keys[0]).toBe(keys[1]);
  expect(await count()).toBe(before + 1);
});
