/** The data that the server puts into the Signals page for somebody who is signed in. */
import { afterAll, beforeAll, expect, it } from "vitest";
import type { UserId } from "@/lib/core/ledger/ids";
import type { App } from "@/lib/server/boot/app";
import { FIRST_VIEWS_MS, firstViews } from "@/lib/server/http/first-views";
import type { ContactsAnswer } from "@/lib/wire/contacts";
import type { SignalsAnswer } from "@/lib/wire/signals";
import { startTestApp, type TestApp } from "../../support/worlds/app";

const ALICE = "tm-alice";
const IN_TIME = { now: () => 5, sleep: (_: number) => new Promise<void>(() => {}) };
let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
  const { contact, profile } = t.devnet.topics;
  t.devnet.submit(contact, { type: "CONTACT_REQUEST", from: ALICE, to: "tm-bob" });
  t.devnet.submit(contact, { type: "CONTACT_ACCEPT", from: "tm-bob", to: ALICE });
  t.devnet.submit(profile, { actor: "tm-bob", displayName: "Bob" });
  t.devnet.submit(contact, { type: "CONTACT_REQUEST", from: "tm-carol", to: "tm-dan" });
  await t.sync();
});
afterAll(() => t.close());

const cookieOf = async (userId: string) => (await t.app.sessions.issue(userId as UserId)).split(";")[0] as string;
const first = (cookie: string | null, open: () => Promise<App> = async () => t.app, clock = IN_TIME) =>
  firstViews(open, new Headers({ host: "app.test", ...(cookie === null ? {} : { cookie }) }), () => {}, clock);

it("is what the API answers to the same session, and nothing of anybody else", async () => {
  const rendered = await first(await cookieOf(ALICE));
  const signals = await t.json<SignalsAnswer>("/api/signals", ALICE);
  const contacts = await t.json<ContactsAnswer>("/api/contacts", ALICE);
  expect(rendered).toMatchObject({ atMs: 5, session: { userId: ALICE, authenticated: true } });
  expect(rendered?.signals).toMatchObject({ items: signals.items, position: signals.position });
  expect(rendered?.signals?.items).toHaveLength(2);
  expect(rendered?.contacts?.contacts).toEqual(contacts.contacts);
  expect(rendered?.recognition?.instances).toEqual([]);
  expect(rendered?.profiles?.profiles.find(({ userId }) => userId === "tm-bob")?.displayName).toBe("Bob");
  expect(JSON.stringify(rendered)).not.toMatch(/tm-(carol|dan)/);
});

it("is nothing without a session, or with a forged one", async () => {
  expect(await first(null)).toBeNull();
  expect(await first(`${(await cookieOf(ALICE)).slice(0, -4)}AAAA`)).toBeNull();
});

it("is not waited for: a page comes without data while the app does not open, or if it cannot", async () => {
  const waits: number[] = [];
  const late = { now: () => 5, sleep: async (ms: number) => void waits.push(ms) };
  expect(await first(await cookieOf(ALICE), () => new Promise(() => {}), late)).toBeNull();
  expect(waits).toEqual([FIRST_VIEWS_MS]);
  expect(await first(await cookieOf(ALICE), () => Promise.reject(new Error("no database")))).toBeNull();
});

it("ignores the conditions of the page's own request: it is whole, whatever the browser has of the page", async () => {
  const headers = new Headers({
    ...{ host: "app.test", cookie: await cookieOf(ALICE) },
    ...{ "if-none-match": "*", "if-min-sequence": "0.0.1=99", "accept-encoding": "br" },
  });
  const rendered = await firstViews(
    async () => t.app,
    headers,
    () => {},
    IN_TIME,
  );
  expect(rendered?.signals?.items).toHaveLength(2);
});
