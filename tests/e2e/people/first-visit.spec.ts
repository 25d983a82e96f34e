/** The cost of a first visit: a cold cache, a phone, and somebody who is signed in. */
import type { Page, Response } from "@playwright/test";
import { expect, test } from "../support/test";

const PHONE = { width: 390, height: 844 };
/** Bytes on the wire: compressed bodies, and the headers with them. */
const MOST_SCRIPT_BYTES = 170_000;
/** A tenth of what counts as good (web.dev/cls). */
const MOST_SHIFT = 0.01;

/** Counts the bytes of every script that the page loads from now on, as the browser receives them. */
async function countScripts(page: Page) {
  const client = await page.context().newCDPSession(page);
  const bytes = new Map<string, number>();
  await client.send("Network.enable");
  client.on("Network.responseReceived", ({ requestId, type }) => {
    if (type === "Script") bytes.set(requestId, 0);
  });
  client.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    if (bytes.has(requestId)) bytes.set(requestId, encodedDataLength);
  });
  return () => [...bytes.values()];
}

/** Resolves once the page has loaded and has had time to spare, in which it would load more ahead. */
const idle = (page: Page) =>
  page.evaluate(async () => {
    for (let i = 0; i < 5; i += 1) await new Promise((resolve) => requestIdleCallback(resolve));
  });

/** The sum of all shifts that no press has caused. */
const shifts = (page: Page) =>
  page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        const sum = (entries: PerformanceEntryList) =>
          (entries as unknown as readonly { value: number; hadRecentInput: boolean }[])
            .filter(({ hadRecentInput }) => !hadRecentInput)
            .reduce((total, { value }) => total + value, 0);
        let total = 0;
        new PerformanceObserver((list) => {
          total += sum(list.getEntries());
        }).observe({ type: "layout-shift", buffered: true });
        requestAnimationFrame(() => requestAnimationFrame(() => resolve(total)));
      }),
  );

test("Signals comes with at most 170 KB of script, and nothing on it moves", async ({ meet, enterAs }) => {
  const [ann, ben] = [await meet("Ann"), await meet("Ben")];
  await ann.bond(ben);
  const { page, signals } = await enterAs(ann);
  await page.setViewportSize(PHONE);
  const scripts = await countScripts(page);
  const loaded: Response[] = [];
  page.on("response", (response) => {
    if (response.request().resourceType() === "script") loaded.push(response);
  });
  await signals.open();
  await expect(signals.rows).toHaveCount(2);
  await idle(page);

  const bytes = scripts();
  expect(bytes.length).toBeGreaterThan(3);
  expect(bytes).not.toContain(0);
  expect(bytes.reduce((a, b) => a + b)).toBeLessThanOrEqual(MOST_SCRIPT_BYTES);
  expect(await shifts(page)).toBeLessThan(MOST_SHIFT);
  for (const response of loaded) {
    expect(response.headers(), response.url()).toMatchObject({
      "content-encoding": "br",
      "cache-control": "public, max-age=31536000, immutable",
    });
    expect(await response.text(), response.url()).not.toMatch(/\/api\/admin\/|uPlot|data-radix/);
  }
});

test("a menu, a proof and a notice load when they are first used, and open at the first press", async ({
  meet,
  enterAs,
}) => {
  const [ann, ben] = [await meet("Ann"), await meet("Ben")];
  await ann.bond(ben);
  const { page, shell, signals } = await enterAs(ann);
  await signals.open();
  await idle(page);
  const scripts = await countScripts(page);

  await shell.account.focus();
  await page.keyboard.press("Enter");
  const menu = page.getByRole("menu", { name: /^Account of/ });
  await expect(menu.getByRole("menuitemradio", { name: "Like the system" })).toBeFocused();
  expect(scripts().length).toBeGreaterThan(0);
  await page.keyboard.press("Escape");
  await expect(shell.account).toBeFocused();
  await page.keyboard.press("ArrowDown");
  await expect(menu.getByRole("menuitemradio", { name: "Like the system" })).toBeFocused();
  await page.keyboard.press("Escape");

  const verdict = await signals.check(signals.rows.first());
  await expect(verdict).toContainText("Verified in this browser");
  await page.keyboard.press("Escape");
  await expect(signals.rows.first().getByRole("button", { name: /in this browser$/ })).toBeFocused();
});

/** Opens Signals with its data in it. On a busy machine the server may not wait for them, so it is tried again. */
const openRendered = (page: Page, before: () => void = () => {}) =>
  expect(async () => {
    before();
    const response = await page.goto("/signals");
    expect(await response?.text()).toContain("<li data-signal=");
  }).toPass();

test("the first signals are in the page itself, for the signed-in user and for nobody else", async ({
  meet,
  enterAs,
  browser,
  baseURL,
}) => {
  const [ann, ben, eve] = [await meet("Ann"), await meet("Ben"), await meet("Eve")];
  await ann.bond(ben);
  const { page } = await enterAs(ann);
  const html = async (headers: Record<string, string> = {}) => (await page.request.get("/signals", { headers })).text();
  await expect.poll(async () => (await html()).match(/<li data-signal=/g)?.length).toBe(2);
  expect((await page.request.get("/signals")).headers()["cache-control"]).toMatch(/no-store/);
  // The router keeps what it has asked for, also for the next person in this browser.
  expect(await html({ rsc: "1" })).not.toContain(ben.id);

  const context = await browser.newContext({ javaScriptEnabled: false, ...(baseURL ? { baseURL } : {}) });
  const plain = await context.newPage();
  await ann.enter(context);
  await openRendered(plain);
  await expect(plain.locator("[data-signal]")).toHaveCount(2);
  await expect(plain.locator("[data-signal]").first()).toContainText("Ben");
  await eve.enter(context);
  await plain.goto("/signals");
  await expect(plain.locator("[data-signal]")).toHaveCount(0);
  expect(await plain.content()).not.toContain(ben.id);
  await context.close();
});

test("the browser reads rendered signals no second time, and misses nothing that comes before its stream is open", async ({
  meet,
  enterAs,
}) => {
  const [ann, ben] = [await meet("Ann"), await meet("Ben")];
  await ann.bond(ben);
  const { page, signals } = await enterAs(ann);
  const read: string[] = [];
  page.on("request", (request) => {
    if (/\/api\/(signals|contacts|recognition|profiles)/.test(request.url())) read.push(request.url());
  });
  let open = () => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  await page.route("**/api/stream*", async (route) => {
    await opened;
    await route.continue();
  });
  await openRendered(page, () => read.splice(0));
  await expect(signals.rows).toHaveCount(2);
  await idle(page);
  expect(read).toEqual([]);
  await ben.trust(ann);
  open();
  await expect(signals.rows).toHaveCount(3);
  await expect(signals.rows.first()).toContainText("Ben gave you trust");
});

test("the names of a local ledger's people are read once, however many pages somebody opens", async ({
  meet,
  enterAs,
}) => {
  const { page, shell } = await enterAs(await meet("Ann"));
  let reads = 0;
  page.on("request", (request) => {
    if (request.url().endsWith("/api/auth/demo")) reads += 1;
  });
  await page.clock.install();
  await shell.open("/contacts");
  for (const place of ["Circle", "Recognition", "Contacts"]) {
    // Reads within two seconds count as one.
    await page.clock.fastForward(3_000);
    await shell.place(place).click();
    await shell.settled();
  }
  await expect.poll(() => reads).toBeGreaterThan(0);
  expect(reads).toBe(1);
});

test("a contact request that comes between the rendered page and its stream shows, without another event or a focus", async ({
  meet,
  enterAs,
}) => {
  const [ann, ben] = [await meet("Ann"), await meet("Ben")];
  const { page, shell } = await enterAs(ann);
  let open = () => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  await page.route("**/api/stream*", async (route) => {
    await opened;
    await route.continue();
  });
  await ann.bond(await meet("Cy"));
  await openRendered(page);
  await idle(page);
  await ben.ask(ann);
  // The server has it before the stream opens, so no event tells of it.
  await ben.contacts();
  open();
  await expect(shell.place("Contacts")).toHaveAccessibleName(/1 person asks to be your contact/);
});

test("filtered signals are not waited for: the page reads its own list", async ({ meet, enterAs }) => {
  const [ann, ben] = [await meet("Ann"), await meet("Ben")];
  await ann.bond(ben);
  const { page } = await enterAs(ann);
  const html = async (path: string) => (await page.request.get(path)).text();
  await expect.poll(() => html("/signals?from=mail")).toContain(ben.id);
  expect(await html("/signals?show=trust")).not.toContain(ben.id);
});

/** From now on no script that contains `text` loads, as without a connection. The function returned lets them load again. */
async function withoutScript(page: Page, text: string): Promise<() => Promise<void>> {
  const scripts = /\/_next\/static\/.*\.js/;
  await page.route(scripts, async (route) => {
    const response = await route.fetch();
    return (await response.text()).includes(text) ? route.abort() : route.fulfill({ response });
  });
  return () => page.unroute(scripts);
}

test("a notice whose code cannot be loaded is shown plainly, and the page stays", async ({ meet, enterAs }) => {
  const { page, shell } = await enterAs(await meet("Ann"));
  await shell.open("/contacts");
  await idle(page);
  const restore = await withoutScript(page, "data-radix-toast");
  await page.route("**/api/auth/logout", (route) => route.abort());
  await shell.signOut();
  const alert = page.getByRole("alert").filter({ hasText: "Still signed in" });
  await expect(alert).toContainText("The server cannot be reached. Check your connection.");
  await expect(page.getByRole("heading", { name: "Contacts", level: 1 })).toBeVisible();
  await alert.getByRole("button", { name: "Dismiss" }).click();
  await expect(alert).toHaveCount(0);

  await restore();
  await shell.signOut();
  await expect(shell.notice("Still signed in")).toBeVisible();
});

test("a menu whose code cannot be loaded says what to do, as after an update of the app", async ({ meet, enterAs }) => {
  const { page, shell } = await enterAs(await meet("Ann"));
  await shell.open("/contacts");
  await idle(page);
  const restore = await withoutScript(page, "DropdownMenuContent");
  await shell.account.click();
  await expect(shell.notice(/reload this page/)).toBeVisible();

  await restore();
  await shell.account.click();
  await expect(page.getByRole("menuitem", { name: "Sign out", exact: true })).toBeVisible();
});

test("a proof whose code cannot be loaded says so, and the page stays", async ({ meet, enterAs }) => {
  const [ann, ben] = [await meet("Ann"), await meet("Ben")];
  await ann.bond(ben);
  const { page, signals } = await enterAs(ann);
  await signals.open();
  await idle(page);
  const restore = await withoutScript(page, "Verified in this browser.");
  await signals.rows
    .first()
    .getByRole("button", { name: /in this browser$/ })
    .click();
  await expect(signals.proof.getByRole("alert")).toContainText("could not be loaded. Check your connection.");
  await expect(signals.rows).toHaveCount(2);

  await restore();
  await signals.proof.getByRole("button", { name: "Try again" }).click();
  await expect(signals.proof.getByTestId("verdict")).toContainText("Verified in this browser");
});
