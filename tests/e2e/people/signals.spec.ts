import { expect, test } from "../support/test";

test("a signal that arrives while the page is open shows on top, marked", async ({ meet, enterAs, secondScreen }) => {
  const [ann, ben] = [await meet("Ann"), await meet("Ben")];
  await ann.bond(ben);
  const mine = await enterAs(ann);
  await mine.signals.open();
  await expect(mine.signals.rows).toHaveCount(2);
  let reads = 0;
  mine.page.on("request", (request) => {
    if (request.url().includes("/api/signals")) reads += 1;
  });

  const theirs = await secondScreen(ben);
  await theirs.circle.open();
  await theirs.circle.give("Ann");
  const first = mine.signals.rows.first();
  await expect(first).toContainText("Ben gave you trust");
  await expect(first).toHaveClass(/animate-arrive/);
  expect(reads).toBe(0);
});

test("one's own action shows at once and is replaced by the ledger's copy", async ({ meet, enterAs }) => {
  const [ann, ben] = [await meet("Ann"), await meet("Ben")];
  await ann.bond(ben);
  const { page, profile, signals, shell } = await enterAs(ann);
  await profile.open(ben.id);
  await page.getByRole("button", { name: "Give trust" }).click();
  await expect(page.getByText("You trust them.")).toBeVisible();
  await shell.place("Signals").click();
  const row = signals.row("You gave Ben trust");
  await expect(row).toHaveCount(1);
  await expect(row.getByRole("button", { name: /^Verified by the server/ })).toBeVisible();
  await expect(signals.rows).toHaveCount(3);
});

test("the filter shows one kind, keeps it in the address, and lets only that kind in", async ({ meet, enterAs }) => {
  const [ann, ben] = [await meet("Ann"), await meet("Ben")];
  await ann.bond(ben);
  await ben.trust(ann);
  const { page, signals } = await enterAs(ann);
  await signals.open();
  await expect(signals.rows).toHaveCount(3);
  await signals.filter("Trust");
  await expect(page).toHaveURL(/show=trust/);
  await expect(signals.rows).toHaveCount(1);
  await ben.write("CONTACT_REQUEST", { target: ann.id });
  await ben.write("TRUST_REVOKE", { target: ann.id });
  await expect(signals.rows).toHaveCount(2);
  await expect(signals.rows.first()).toContainText("took their trust back");
  await page.reload();
  await expect(signals.rows).toHaveCount(2);
});

test("scrolling loads every older signal once, and new ones wait behind a button", async ({ meet, enterAs }) => {
  const [ann, ben] = [await meet("Ann"), await meet("Ben")];
  await ann.bond(ben);
  for (let round = 0; round < 40; round++) await ben.write("SYSTEM_UPDATE", { target: ann.id, text: `note ${round}` });
  const { page, signals } = await enterAs(ann);
  await signals.open();
  await expect(signals.rows.first()).toBeVisible();
  const end = page.getByText("That is everything on the ledger.");
  await expect(async () => {
    await page.mouse.wheel(0, 4_000);
    await expect(end).toBeInViewport({ timeout: 500 });
  }).toPass();
  await expect(signals.rows).toHaveCount(42);
  const ids = await signals.rows.evaluateAll((rows) => rows.map((row) => row.getAttribute("data-signal")));
  expect(new Set(ids).size).toBe(42);

  await ben.trust(ann);
  await expect(signals.pill).toHaveText("1 new");
  await expect(signals.rows).toHaveCount(42);
  await signals.pill.click();
  await expect(signals.rows).toHaveCount(43);
  await expect(signals.rows.first()).toBeInViewport();
  await expect(signals.rows.first()).toContainText("Ben gave you trust");
});

test("the exact consensus time shows on focus, and the raw message as harmless text", async ({ meet, enterAs }) => {
  const [ann, ben] = [await meet("Ann"), await meet("Ben")];
  await ann.bond(ben);
  await ben.write("SYSTEM_UPDATE", { target: ann.id, text: "<img src=x onerror=alert(1)>\u202egnp.exe" });
  const { page, signals } = await enterAs(ann);
  await signals.open();
  const more = signals.row("sent System update to you").getByRole("button", { name: /Details/ });
  await more.focus();
  await expect(page.getByRole("tooltip")).toHaveText(/\d\d:\d\d:\d\d\.\d{9} UTC/);
  await more.click();
  const raw = page.getByLabel("Message as the sender wrote it");
  await expect(raw).toContainText("<img src=x onerror=alert(1)>\\u202egnp.exe");
  await expect(raw.locator("img")).toHaveCount(0);
});

test("a person without signals sees a sentence instead of an empty page", async ({ meet, enterAs }) => {
  const { page, signals } = await enterAs(await meet("Newcomer"));
  await signals.open();
  await expect(page.getByText("No signals yet")).toBeVisible();
});
