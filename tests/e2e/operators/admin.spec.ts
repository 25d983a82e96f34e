/** The operators' pages: access, live updates, addresses, and accessibility. */
import { readFileSync } from "node:fs";
import { AdminStatus } from "@/lib/wire/operators/admin";
import { shardsAnswer } from "../../support/samples/admin-shards";
import { ADMIN_PLACES, AdminPage, enterAsOperator } from "../pages/admin";
import { Shell } from "../pages/shell";
import { expectAccessible, expectAccessibleAtWidths, expectNoSidewaysScroll } from "../support/axe";
import { answerWithProblem } from "../support/problem";
import { test as base, expect } from "../support/test";

const WIDTHS = [1280, 390];
const NARROWEST = 360;

const test = base.extend<{ admin: AdminPage }>({
  admin: async ({ page, context }, use) => {
    await enterAsOperator(context);
    await use(new AdminPage(page));
  },
});

test.describe("access", () => {
  test("is refused to everybody but operators, on the page and in the API", async ({ meet, enterAs }) => {
    const { page } = await enterAs(await meet("Ann"));
    await page.goto("/admin/topics");
    await expect(page.getByRole("heading", { level: 1, name: "This page is for operators" })).toBeVisible();
    await expect(page.getByText("Only operators can see and do this.")).toBeVisible();
    await expect(page.getByRole("navigation", { name: "Operate" })).toHaveCount(0);
    await expect(new Shell(page).place("Operate")).toHaveCount(0);
    expect((await page.request.get("/api/admin/status")).status()).toBe(403);
    await expectAccessible(page, "the refusal");
  });

  test("returns to the same address after signing in", async ({ page }) => {
    await page.goto("/admin/topics?sort=lag.desc");
    await page.getByRole("searchbox").fill("Devnet operator");
    await page.getByRole("button", { name: /Devnet operator/ }).click();
    await expect(page).toHaveURL(/\/admin\/topics\?sort=lag\.desc$/);
    await expect(page.getByRole("columnheader", { name: "Lag" })).toHaveAttribute("aria-sort", "descending");
    await expect(new Shell(page).account).toHaveAccessibleName("Account of Devnet operator");
  });

  test("shows every place of the operators' pages on a phone, without scrolling", async ({ admin, page }) => {
    await page.setViewportSize({ width: 390, height: 844 });
    await admin.open("/admin");
    const places = page.getByRole("navigation", { name: "Operate" }).getByRole("link");
    await expect(places).toHaveCount(10);
    for (const place of await places.all()) await expect(place).toBeInViewport({ ratio: 1 });
  });

  test("is offered by links in the navigation and in the account menu", async ({ admin, page }) => {
    await admin.open("/signals");
    await new Shell(page).place("Operate").click();
    await expect(page.getByRole("heading", { level: 1, name: "Operate" })).toBeVisible();
    await page.setViewportSize({ width: 390, height: 844 });
    await admin.open("/recognition");
    const [here, other] = await Promise.all(
      ["Recognition", "Operate"].map((name) => new Shell(page).place(name).boundingBox()),
    );
    expect(here?.height).toBe(other?.height);
    await new Shell(page).place("Operate").click();
    await expect(page).toHaveURL(/\/admin$/);
    await admin.open("/signals");
    await new Shell(page).account.click();
    await page.getByRole("menuitem", { name: "Operate" }).click();
    await expect(page).toHaveURL(/\/admin$/);
  });
});

test("shows the real status of this server on every page", async ({ admin, page }) => {
  const failed: string[] = [];
  page.on("pageerror", (error) => failed.push(error.message));
  for (const path of ADMIN_PLACES) {
    await admin.open(path);
    await expect(admin.age).toContainText("1 instance · devnet · version");
  }
  await admin.open("/admin/topics");
  const answer = AdminStatus.parse(await (await page.request.get("/api/admin/status")).json());
  expect(await admin.rowKeys("Topics")).toEqual(answer.topics.map(({ topicId }) => topicId));
  expect(failed).toEqual([]);
});

test.describe("live updates", () => {
  test("numbers update while the page is visible, not while it is hidden, and show their age", async ({
    admin,
    page,
  }) => {
    const asked = await admin.pretend({ topics: 4 });
    await admin.open("/admin");
    const requests = page.getByRole("figure").filter({ hasText: "Requests" }).first();
    // The instances' own history is there at once; a live value follows with the second answer.
    await expect(requests).toContainText(/\/s in (59|60|61) min/);
    const first = (await requests.textContent()) ?? "";
    await expect(requests).not.toHaveText(first);
    await expect(requests.locator("canvas")).toBeVisible();
    await expect(admin.age).toContainText(/^As of (now|\d+ s ago)/);

    // Hides the page, as another tab in front of it would.
    await page.evaluate(() => {
      Object.defineProperty(document, "visibilityState", { configurable: true, get: () => "hidden" });
      document.dispatchEvent(new Event("visibilitychange"));
    });
    const before = asked();
    await expect(admin.age).toContainText(/As of (1\d|[7-9]) s ago/, { timeout: 20_000 });
    expect(asked()).toBeLessThanOrEqual(before + 1);
    await page.evaluate(() => {
      Object.defineProperty(document, "visibilityState", { configurable: true, get: () => "visible" });
      document.dispatchEvent(new Event("visibilitychange"));
    });
    await expect(admin.age).toContainText(/As of (now|[1-3] s ago)/);
  });

  test("says how old the numbers are while the server is unreachable, what to do, and recovers by itself", async ({
    admin,
    page,
  }) => {
    await admin.pretend({ topics: 4 });
    await admin.open("/admin");
    await expect(page.getByText("At a glance")).toBeVisible();
    await page.route("**/api/admin/status", (route) => route.abort("connectionrefused"));
    const alert = page.getByRole("main").getByRole("alert");
    await expect(alert).toContainText("The server cannot be reached.");
    await expect(alert).toContainText(/These numbers are from \d\d:\d\d:\d\d, .* ago\./);
    await expect(alert).toContainText("/api/health/ready");
    await expect(page.getByText("At a glance")).toBeVisible();
    await expectAccessible(page, "out of reach");
    await page.unroute("**/api/admin/status");
    await admin.pretend({ topics: 4 });
    await expect(alert).toHaveCount(0, { timeout: 15_000 });
  });

  test("says why the status cannot be read, and tries again", async ({ admin, page }) => {
    await answerWithProblem(
      page,
      "**/api/admin/status",
      503,
      "unavailable",
      "The database does not answer at the moment.",
    );
    await page.goto("/admin");
    const alert = page.getByRole("main").getByRole("alert");
    await expect(alert).toContainText("The database does not answer at the moment.");
    await page.unroute("**/api/admin/status");
    await alert.getByRole("button", { name: "Try again" }).click();
    await expect(admin.age).toBeVisible();
  });
});

test.describe("the address", () => {
  test("keeps order and filter through a reload and back, by pointer and by keyboard", async ({ admin, page }) => {
    await admin.pretend({ topics: 64 });
    await admin.open("/admin/topics");
    await admin.sortBy("Topics", "Lag");
    await expect(page).toHaveURL(/sort=lag\.desc/);
    const lag = page.getByRole("columnheader", { name: "Lag" });
    await expect(lag).toHaveAttribute("aria-sort", "descending");
    const slowest = await admin.rowKeys("Topics");
    await lag.getByRole("button").focus();
    await page.keyboard.press("Enter");
    await expect(lag).toHaveAttribute("aria-sort", "ascending");
    expect(await admin.rowKeys("Topics")).not.toEqual(slowest);

    await page.getByRole("searchbox", { name: "Filter topics" }).fill("trust paused");
    await expect.poll(async () => (await admin.rowKeys("Topics")).length).toBeLessThan(64);
    const chosen = await admin.rowKeys("Topics");
    expect(chosen.length).toBeGreaterThan(0);
    await page.reload();
    await new Shell(page).settled();
    expect(await admin.rowKeys("Topics")).toEqual(chosen);
    await expect(page.getByRole("searchbox", { name: "Filter topics" })).toHaveValue("trust paused");

    await admin.place("Storage");
    await expect(page).toHaveURL(/\/admin\/storage$/);
    await page.goBack();
    await expect(page).toHaveURL(/\/admin\/topics\?.*q=trust/);
  });

  test("opens one topic, and back closes it", async ({ admin, page }) => {
    await admin.pretend({ topics: 64 });
    await admin.openTopic("0.0.7148004");
    await expect(admin.dialog.getByRole("region", { name: "Gaps" })).toContainText(
      /declared, first seen (59 min|1 h) ago/,
    );
    await page.keyboard.press("Escape");
    await expect(admin.dialog).toHaveCount(0);
    await admin.table("Topics").getByRole("button", { name: "0.0.7148006" }).click();
    await expect(page).toHaveURL(/topic=0\.0\.7148006/);
    await expect(admin.dialog.getByTestId("outcome")).toContainText("Running: message 12,500 of 50,000.");
    await page.goBack();
    await expect(admin.dialog).toHaveCount(0);
  });

  test("keeps the capacity sliders, and the page names the first limit", async ({ admin, page }) => {
    await admin.pretend({ topics: 4 });
    await admin.open("/admin/capacity?users=1000");
    const sentence = page.getByTestId("first-limit");
    await expect(sentence).toContainText(
      /^Nothing is broken at 1K users\. The first limit to break is ".+", at .+ users\./,
    );
    const users = page.getByRole("slider", { name: "Users", exact: true });
    await users.focus();
    await page.keyboard.press("End");
    await expect(page).toHaveURL(/users=10000000/);
    await expect(sentence).toContainText(/^The first limit to break is/);
    await expect(page.getByRole("table", { name: "Dollars a month" })).toContainText("the plan's estimate, without");
    await page.getByRole("radio", { name: /^AWS/ }).click();
    await expect(page).toHaveURL(/setup=aws/);
    await expect(page.getByRole("list", { name: "Limits" })).toContainText("RDS");
    await users.press("ArrowLeft");
    await expect(page).toHaveURL(/users=9[0-9]00000/);
  });
});

test("foreign text is shown as text, with control characters visible", async ({ admin, page }) => {
  await admin.pretend({ topics: 4 });
  await admin.open("/admin/messages");
  const first = admin.table("Rejected messages").locator("[data-row]").first();
  await expect(first).toContainText("<img src=x onerror=alert(1)> \\u202egnirts\\u202c \\u0007 bell");
  await expect(page.locator("main img")).toHaveCount(0);
});

test.describe("shards", () => {
  test("pending reshards show their progress, and an interrupted one continues with the same request", async ({
    admin,
    page,
  }) => {
    await admin.pretend({ topics: 64 });
    await admin.open("/admin/shards");
    await expect(admin.pendingReshard("Split profile (busy) into 3")).toContainText("Running");
    await expect(admin.pendingReshard("Drain 0.0.7148044")).toContainText(/Waiting.*Step 2 of 3/);
    const split = admin.pendingReshard("Split trust (standard) into 13");
    await expect(split).toContainText(/Interrupted.*1 of 2 new topics created.*The ledger did not say\. Continue it/);
    await answerWithProblem(page, "**/api/admin/shards/split", 503, "unavailable", "The database does not answer.");
    const sent = page.waitForRequest("**/api/admin/shards/split");
    await split.getByRole("button", { name: "Continue…" }).click();
    await admin.confirm("standard trust 13");
    expect((await sent).postDataJSON()).toEqual({ tier: "standard", kind: "trust", owner: null, to: 13 });
    await expect(admin.confirmation.getByRole("alert")).toHaveText("The database does not answer.");
    await admin.confirmation.getByRole("button", { name: "Leave it" }).click();
    await admin.pendingReshard("Drain 0.0.7148046").getByRole("button", { name: "Finish the drain…" }).click();
    await expect(admin.confirmation.getByRole("heading", { name: "Finish the drain of 0.0.7148046" })).toBeVisible();
  });

  test("keep order, filter and the open shard in the address, and ask for a user by name", async ({ admin, page }) => {
    await admin.pretend({ topics: 64 });
    await admin.open("/admin/shards");
    await admin.sortBy("Shards", "Users");
    await expect(page).toHaveURL(/sort=users\.desc/);
    await page.getByRole("searchbox", { name: "Filter shards" }).fill("acme active");
    await expect.poll(async () => (await admin.rowKeys("Shards")).length).toBe(4);
    await admin.openShard("enterprise contact acme 0");
    await expect(page).toHaveURL(/shard=enterprise/);
    await page.reload();
    await expect(admin.dialog.getByText("trustmesh-enterprise-contact-acme-0")).toBeVisible();
    await page.goBack();
    await expect(admin.dialog).toHaveCount(0);

    await page.getByLabel("Group").selectOption("one user's own…");
    await page.getByLabel("User", { exact: true }).fill("two words");
    await page.getByRole("button", { name: "Split…" }).click();
    await expect(page.getByText(/An id has 1 to 50 characters/)).toBeVisible();
    await page.getByLabel("User", { exact: true }).fill("tm-alex-chen");
    await page.getByRole("button", { name: "Split…" }).click();
    await expect(admin.confirmation).toContainText("tm-alex-chen moves to them.");
  });

  test("without an operator key, say why nothing can be split, and what can still be drained", async ({
    admin,
    page,
  }) => {
    await admin.pretend({ topics: 64 });
    await page.route("**/api/admin/shards", (route) =>
      route.fulfill({ json: { ...shardsAnswer(), canCreate: false } }),
    );
    await admin.open("/admin/shards");
    await expect(page.getByText(/^No topic can be created: .*HEDERA_OPERATOR_KEY/).first()).toBeVisible();
    await expect(page.getByRole("button", { name: "Split…" })).toHaveCount(0);
    await expect(page.getByRole("button", { name: "Continue…" })).toHaveCount(0);
    await admin.openShard("standard contact 2");
    await expect(admin.dialog.getByText(/^It needs a new topic in its place\./)).toBeVisible();
    await expect(admin.dialog.getByRole("button", { name: "Drain…" })).toHaveCount(0);
    await admin.close();
    await admin.openShard("standard contact 10");
    await expect(admin.dialog.getByRole("button", { name: "Drain…" })).toBeVisible();
    await expectAccessible(page, "without a key");
  });

  test("say why they cannot be loaded, keep the last known ones, and try again", async ({ admin, page }) => {
    await admin.pretend({ topics: 4 });
    const fail = () =>
      answerWithProblem(page, "**/api/admin/shards", 503, "unavailable", "The database does not answer.");
    await fail();
    await admin.open("/admin/shards");
    const alert = page.getByRole("main").getByRole("alert");
    await expect(alert).toContainText("The shards could not be loaded");
    await expect(alert).toContainText("The database does not answer.");
    await expectAccessible(page, "no shards");
    await page.unroute("**/api/admin/shards");
    await alert.getByRole("button", { name: "Try again" }).click();
    await expect(admin.table("Shards")).toBeVisible();
    await fail();
    await expect(alert).toContainText("These shards are the last known ones. The database does not answer.");
    await expect(admin.table("Shards")).toBeVisible();
  });
});

test("a table downloads as CSV, as it is sorted and filtered", async ({ admin, page }) => {
  await admin.pretend({ topics: 64 });
  await admin.open("/admin/topics?sort=lag.desc&q=trust");
  const shown = await admin.rowKeys("Topics");
  const downloading = page.waitForEvent("download");
  await page.getByRole("button", { name: "CSV of Topics" }).click();
  const download = await downloading;
  expect(download.suggestedFilename()).toMatch(/^trustmesh-topics-.*Z\.csv$/);
  const lines = readFileSync(await download.path(), "utf8")
    .trimEnd()
    .split("\r\n");
  expect(lines[0]).toBe("\ufeffTopic,State,Lag,Stored,Kept from,Coverage,30 minutes,Users,Top 10,Rejected");
  expect(lines.slice(1).map((line) => line.split(",")[0])).toEqual(shown);
});

test.describe("look up", () => {
  test("shows a person and their last message, each by its address", async ({ admin, meet, page }) => {
    const [ann, ben] = [await meet("Ann"), await meet("Ben")];
    const { topicId } = await ann.ask(ben);
    await admin.open(`/admin/lookup?person=${encodeURIComponent(ann.id)}`);
    const person = page.getByRole("region", { name: `Person ${ann.id}` });
    await expect(person).toContainText("Requests out");
    await expectAccessibleAtWidths(page, "a person", WIDTHS);
    await person.getByRole("link", { name: new RegExp(`^${topicId}/`) }).click();
    await expect(page).toHaveURL(/message=/);
    const message = page.getByRole("region", { name: /^Message / });
    await expect(message).toContainText("CONTACT_REQUEST");
    await expect(message).toContainText("verified in this browser");
    await expectAccessibleAtWidths(page, "a message", WIDTHS);
    await message.getByRole("link", { name: ben.id }).click();
    await expect(page.getByRole("region", { name: `Person ${ben.id}` })).toContainText("Requests in");
  });

  test("says what is wrong with an id or a place, and what is not stored", async ({ admin, page }) => {
    await admin.open("/admin/lookup?person=tm-nobody-of-this-name");
    await expect(page.getByRole("main").getByRole("alert")).toContainText("Nothing is stored for this id.");
    await page.getByLabel("Topic and sequence number").fill("0.0.5");
    await page.getByRole("button", { name: "Look up" }).last().click();
    await expect(
      page.getByText("Write the topic and the sequence number, which counts from 1: 0.0.7148063/31415."),
    ).toBeVisible();
  });

  test("hides what it found before while it says what is wrong", async ({ admin, meet, page }) => {
    const ann = await meet("Ann");
    await admin.open(`/admin/lookup?person=${encodeURIComponent(ann.id)}`);
    const alert = page.getByRole("main").getByRole("alert");
    await expect(alert).toContainText("Nothing is stored for this id.");
    await page.getByLabel("Account id").fill("a b");
    await page.getByRole("button", { name: "Look up" }).first().click();
    await expect(page.getByText(/^An id has 1 to 50 characters/)).toBeVisible();
    await expect(page.getByText("Nothing is stored for this id.")).toBeHidden();
  });
});

for (const path of ADMIN_PLACES) {
  test(`axe finds no fault on ${path} with 64 topics, and nothing is wider than the screen`, async ({
    admin,
    page,
  }) => {
    await admin.pretend({ topics: 64 });
    await admin.open(path);
    await expectAccessibleAtWidths(page, path, WIDTHS);
    await page.setViewportSize({ width: NARROWEST, height: 740 });
    await expectNoSidewaysScroll(page, `${path}, ${NARROWEST} px,`);
  });
}

test("axe finds no fault on a topic, on a confirmation and on a table's partitions", async ({ admin, page }) => {
  await admin.pretend({ topics: 64 });
  await admin.open("/admin/storage?table=hcs_messages");
  await expectAccessibleAtWidths(page, "partitions", WIDTHS);
  await admin.openTopic("0.0.7148004");
  await expectAccessibleAtWidths(page, "a topic", WIDTHS);
  await admin.dialog.getByRole("button", { name: "Audit…" }).click();
  await expect(admin.confirmation).toBeVisible();
  await expectAccessibleAtWidths(page, "a confirmation", WIDTHS);
});

test("axe finds no fault on a shard, and on the confirmation of its drain", async ({ admin, page }) => {
  await admin.pretend({ topics: 64 });
  await admin.open("/admin/shards");
  await admin.openShard("standard contact 2");
  await expectAccessibleAtWidths(page, "a shard", WIDTHS);
  await admin.dialog.getByRole("button", { name: "Drain…" }).click();
  await expect(admin.confirmation).toBeVisible();
  await expectAccessibleAtWidths(page, "a drain's confirmation", WIDTHS);
});
