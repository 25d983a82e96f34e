/**
 * A page on this server's own origin that reads a person's own mirror as the TrustMesh web UI does
 * (docs/integrations/trustmesh-ui.md), beside our own pages for the same person.
 */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { build } from "esbuild";
import type { UiTopics } from "../../support/ui/ui-reader";
import { expect, test } from "../support/test";

/** The devnet leaves its address in the server's folder (playwright.config.ts). */
const DEVNET = join(".cache", "e2e", "devnet", "rest-url");

// The reader is put onto a page of ours, whose policy would not run it.
test.use({ bypassCSP: true });

let script: string;
let topics: UiTopics;
test.beforeAll(async ({ playwright, baseURL }) => {
  const entryPoints = [join("tests", "e2e", "support", "ui-page.ts")];
  const { outputFiles } = await build({ entryPoints, bundle: true, write: false, format: "iife", target: "es2022" });
  script = outputFiles[0]?.text ?? "";
  const api = await playwright.request.newContext({ ...(baseURL ? { baseURL } : {}) });
  const { registry } = (await (await api.get("/api/registry/config")).json()) as { registry: { topics: UiTopics } };
  topics = registry.topics;
  await api.dispose();
});

/** Writes a message onto the ledger past this server, and resolves with what `If-Min-Sequence` says of it. */
async function onLedger(topicId: string, message: object): Promise<string> {
  const restUrl = readFileSync(DEVNET, "utf8").trim();
  const response = await fetch(`${restUrl}/devnet/submit`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ topicId, message }),
  });
  const { messages } = (await response.json()) as { messages: { sequence: number }[] };
  return `${topicId}=${messages[0]?.sequence}`;
}

interface Somebody {
  readonly id: string;
  /** Names of the contacts, in the order of their bonds. */
  readonly names: readonly string[];
  readonly circle: readonly string[];
}

/** The last bonds and trust of people that were made, which the server has to have read. */
const made: string[] = [];

async function bond(id: string, peer: string, name: string): Promise<string> {
  await onLedger(topics.contacts, { type: "CONTACT_REQUEST", from: peer, to: id, handle: name });
  return onLedger(topics.contacts, { type: "CONTACT_ACCEPT", from: id, to: peer });
}

/** Somebody with that many contacts, who trusts the first of them, nine at most. */
async function personWith(count: number): Promise<Somebody> {
  const id = `tm-ui-${randomUUID().slice(0, 8)}`;
  const peers = Array.from({ length: count }, (_, n) => ({ peer: `${id}-p${n}`, name: `Peer ${n} of ${id}` }));
  for (const { peer, name } of peers) made[0] = await bond(id, peer, name);
  const trusted = peers.slice(0, Math.min(count, 9));
  for (const { peer } of trusted)
    made[1] = await onLedger(topics.trust, { type: "TRUST_ALLOCATE", from: id, to: peer, weight: 1 });
  return { id, names: peers.map(({ name }) => name), circle: trusted.map(({ name }) => name) };
}

/** Signs this browser in as somebody, as the UI's own sign-in leaves it; what is in the storage stays. */
async function signIn(page: Page, { id }: Somebody): Promise<void> {
  await page.context().request.post("/api/auth/logout", { data: {} });
  const answer = await page.context().request.post("/api/auth/demo", { data: { userId: id } });
  expect(answer.status()).toBe(200);
  const headers: Record<string, string> =
    made.length === 0 ? {} : { "if-min-sequence": made.filter(Boolean).join(",") };
  await expect(async () =>
    expect((await page.context().request.get("/api/contacts", { headers })).status()).toBe(200),
  ).toPass();
}

/** Opens the page of the UI's reader as somebody who has signed in. */
async function openReader(page: Page, { id }: Somebody): Promise<void> {
  // An empty document of our own origin. A page that the test fulfils itself would switch the browser's cache off.
  await page.goto("/robots.txt");
  await page.evaluate(
    ([user, named]) => {
      localStorage.setItem("tm:users", JSON.stringify([{ hederaAccountId: user }]));
      document.body.dataset.topics = JSON.stringify(named);
    },
    [id, topics] as const,
  );
  await page.addScriptTag({ content: script });
  await expect(page.getByRole("status")).toContainText(`contacts of ${id}`);
}

const namesIn = async (page: Page, list: string) =>
  (await page.getByRole("list", { name: list, exact: true }).getByRole("listitem").allTextContents()).sort();

async function seen(page: Page) {
  return { contacts: await namesIn(page, "Contacts"), circle: await namesIn(page, "Circle") };
}

/** Our own pages of contacts and circle, for whoever is signed in. */
async function ours(page: Page, { names }: Somebody) {
  const linksIn = async (list: string) =>
    (await page.getByRole("list", { name: list, exact: true }).getByRole("link").allTextContents()).sort();
  await page.goto("/contacts");
  await expect(page.getByRole("tab", { name: `Contacts ${names.length}` })).toBeVisible();
  const contacts = names.length === 0 ? [] : await linksIn("Contacts");
  await page.goto("/circle");
  await expect(page.getByRole("heading", { name: "You trust" })).toBeVisible();
  return { contacts, circle: await linksIn("You trust") };
}

for (const count of [0, 31, 74]) {
  test(`the web UI shows the same ${count} contacts and the same circle as our own pages`, async ({ page }) => {
    const ana = await personWith(count);
    await signIn(page, ana);
    const own = await ours(page, ana);
    expect(own).toEqual({ contacts: ana.names.toSorted(), circle: ana.circle.toSorted() });
    await openReader(page, ana);
    expect(await seen(page)).toEqual(own);
  });
}

test("the web UI shows the circle and the 182 newest other contacts of somebody with 250", async ({ page }) => {
  const ana = await personWith(250);
  await signIn(page, ana);
  const own = await ours(page, ana);
  expect(own.contacts).toHaveLength(250);
  await openReader(page, ana);
  // It keeps 200 messages: nine of trust, and one for each contact that it shows.
  const newest = ana.names.slice(-182);
  expect(await seen(page)).toEqual({ contacts: [...ana.circle, ...newest].sort(), circle: own.circle });
});

test("after another person signs in, the web UI shows the new person", async ({ page }) => {
  const [ana, ben] = [await personWith(150), await personWith(74)];
  // Bonds that both have: they are in the storage when the second one comes.
  made[0] = await bond(ben.id, ana.id, `Ana of ${ana.id}`);
  const [anas, bens] = [
    { contacts: [...ana.names, ben.id].sort(), circle: ana.circle.toSorted() },
    { contacts: [...ben.names, `Ana of ${ana.id}`].sort(), circle: ben.circle.toSorted() },
  ];
  for (const [person, expected] of [
    [ana, anas],
    [ben, bens],
    [ana, anas],
    [ben, bens],
  ] as const) {
    await signIn(page, person);
    await openReader(page, person);
    expect(await seen(page), person.id).toEqual(expected);
    await openReader(page, person);
    expect(await seen(page), `${person.id} once more`).toEqual(expected);
  }
});

test("the web UI learns of a new contact while its page is open", async ({ page }) => {
  const ana = await personWith(1);
  await signIn(page, ana);
  await openReader(page, ana);
  await bond(ana.id, `${ana.id}-new`, "Newcomer");
  // A poll comes every ten seconds, and two of three are answered by the browser itself.
  await expect(page.getByRole("listitem").filter({ hasText: "Newcomer" })).toBeVisible({ timeout: 60_000 });
});
