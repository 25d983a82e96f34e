/** The client package in a plain React page on a server of its own, with the app behind the path `/edge`. */
import type { Page } from "@playwright/test";
import { type ClientSite, startClientSite } from "../support/client-site";
import type { Person } from "../support/person";
import { test as base, expect } from "../support/test";

const test = base.extend<{ openAs(person: Person): Promise<Page> }, { site: ClientSite }>({
  site: [
    // A fixture of a worker may only ask for others of the worker; the browser is one.
    async ({ browser: _ }, use, { project }) => {
      const site = await startClientSite(String(project.use.baseURL));
      await use(site);
      await site.stop();
    },
    { scope: "worker" },
  ],
  openAs: async ({ page, context, site }, use) => {
    await use(async (person) => {
      await person.enter(context);
      await page.goto(site.url);
      await expect(page.getByRole("heading")).toHaveText(person.id);
      return page;
    });
  },
});

const signalsOf = (page: Page) => page.getByLabel("Signals").getByRole("listitem");
const idsOf = (page: Page) =>
  signalsOf(page).evaluateAll((rows) => rows.map((row) => row.getAttribute("data-id") ?? ""));

test("the page of another application shows contacts, circle, recognition and freshness, and its own write", async ({
  meet,
  openAs,
}) => {
  const [ann, ben] = [await meet("Ann"), await meet("Ben")];
  await ann.bond(ben);
  await ben.publish();
  await ben.trust(ann);
  await ben.write("RECOGNITION_MINT", { target: ann.id, recognitionId: "team-player" });
  const page = await openAs(ann);
  await expect(page.getByLabel("Contacts")).toContainText("Ben");
  await expect(page.getByTestId("Circle")).toHaveText("0 given, 1 received");
  await expect(page.getByLabel("Recognition")).toContainText("Team Player");
  await expect(page.getByTestId("Freshness")).toHaveText(
    /^(Up to date · ledger time|Watching · complete to) \d\d:\d\d:\d\d$/,
  );
  await page.getByRole("button", { name: "Trust" }).click();
  await expect(page.getByLabel("Contacts")).toContainText("is trusted");
  await expect(page.getByTestId("Circle")).toHaveText("1 given, 1 received");
  await expect(signalsOf(page).first()).toHaveAttribute("data-source", /^hcs/);
});

test("the page shows more than 200 signals, page by page, each once", async ({ meet, openAs }) => {
  const ann = await meet("Ann");
  const writers = await Promise.all(["Ben", "Cleo", "Dan", "Eve", "Fay"].map(meet));
  for (let round = 0; round < 41; round += 1)
    for (const writer of writers) await writer.write("SYSTEM_UPDATE", { target: ann.id, text: `note ${round}` });
  const page = await openAs(ann);
  const older = page.getByRole("button", { name: "Older" });
  await expect(signalsOf(page)).toHaveCount(50);
  for (const shown of [100, 150, 200, 205]) {
    await older.click();
    await expect(signalsOf(page)).toHaveCount(shown);
  }
  await expect(older).toHaveCount(0);
  expect(new Set(await idsOf(page)).size).toBe(205);
});

test("changes arrive while the page is open, each once, even after a broken connection", async ({
  meet,
  openAs,
  site,
}) => {
  const [ann, ben] = [await meet("Ann"), await meet("Ben")];
  await ann.bond(ben);
  const page = await openAs(ann);
  const freshness = page.getByTestId("Freshness");
  await expect(freshness).toHaveAttribute("data-stream", "open");
  await expect(signalsOf(page)).toHaveCount(2);
  let reads = 0;
  page.on("request", (request) => {
    if (request.url().includes("/api/signals")) reads += 1;
  });

  await ben.trust(ann);
  await expect(signalsOf(page).first()).toContainText("TRUST_ALLOCATE");
  await expect(page.getByTestId("Circle")).toHaveText("0 given, 1 received");

  site.cutStreams();
  await expect(freshness).toHaveAttribute("data-stream", "down");
  for (const text of ["one", "two", "three"]) await ben.write("SYSTEM_UPDATE", { target: ann.id, text });
  await ben.write("TRUST_REVOKE", { target: ann.id });
  await ann.signals();
  const before = site.streams.length;
  site.mendStreams();
  await expect(signalsOf(page)).toHaveCount(7);
  expect(site.streams.length).toBeGreaterThan(before);
  await expect(signalsOf(page).first()).toContainText("TRUST_REVOKE");
  await expect(page.getByTestId("Circle")).toHaveText("0 given, 0 received");
  const shown = await idsOf(page);
  expect(shown).toEqual((await ann.signals()).items.map(({ id }) => id));
  expect(reads, "the stream itself brought what was missed").toBe(0);
});

test("a proof is verified in the browser, and a changed one is not", async ({ meet, openAs }) => {
  const [ann, ben] = [await meet("Ann"), await meet("Ben")];
  await ann.bond(ben);
  const page = await openAs(ann);
  await expect(signalsOf(page)).toHaveCount(2);
  await page.getByRole("button", { name: "Check" }).click();
  const proof = page.getByTestId("Proof");
  await expect(proof).toContainText("verified");
  await proof.getByRole("button").click();
  await expect(proof).toContainText(", changed: failed");
});

test("after another person signs in, the page shows no data of the first one", async ({ meet, openAs, context }) => {
  const [ann, ben, cleo] = [await meet("Ann"), await meet("Ben"), await meet("Cleo")];
  await ann.bond(ben);
  await ben.write("RECOGNITION_MINT", { target: ann.id, recognitionId: "team-player" });
  const page = await openAs(ann);
  await expect(signalsOf(page)).toHaveCount(3);
  await expect(page.getByLabel("Recognition")).toContainText("Team Player");
  await cleo.enter(context);
  await page.getByRole("button", { name: "Read the session again" }).click();
  await expect(page.getByRole("heading")).toHaveText(cleo.id);
  await expect(signalsOf(page)).toHaveCount(0);
  await expect(page.getByLabel("Contacts").getByRole("listitem")).toHaveCount(0);
  await expect(page.getByLabel("Recognition").getByRole("listitem")).toHaveCount(0);

  await ben.bond(cleo);
  await expect(signalsOf(page)).toHaveCount(2);
  await expect(page.getByLabel("Contacts")).toContainText("Ben");
});
