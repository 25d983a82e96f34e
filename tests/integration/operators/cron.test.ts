import { afterEach, expect, it } from "vitest";
import type { SyncAnswer } from "@/lib/wire/ledger";
import { startTestApp, type TestApp } from "../../support/worlds/app";

let t: TestApp;
afterEach(() => t.close());

const CRON_SECRET = "a-secret-of-the-schedule";
const ask = (authorization?: string) =>
  t.ask("GET", "/api/cron/sync", null, authorization === undefined ? {} : { headers: { authorization } });

it("syncs every topic for a caller with the secret, and does no harm the second time", async () => {
  t = await startTestApp({ env: { CRON_SECRET } });
  t.devnet.submit(t.devnet.topics.contact, { type: "CONTACT_REQUEST", from: "tm-a", to: "tm-b" });
  const token = `Bearer ${CRON_SECRET}`;
  const first = (await (await ask(token)).json()) as SyncAnswer;
  expect(first.topics).toHaveLength(4);
  expect(first.topics.reduce((sum, { added }) => sum + added, 0)).toBe(1);
  const second = (await (await ask(token.replace("Bearer", "bearer"))).json()) as SyncAnswer;
  expect(second.topics.reduce((sum, { added }) => sum + added, 0)).toBe(0);
  expect((await ask()).status).toBe(401);
  expect((await ask("Basic abc")).status).toBe(401);
});

it("refuses every caller while no secret is set", async () => {
  t = await startTestApp();
  t.devnet.requests.reset();
  for (const authorization of [undefined, "Bearer ", "Bearer undefined", "Bearer null"]) {
    const response = await ask(authorization);
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ code: "no-token", detail: expect.stringContaining("CRON_SECRET") });
  }
  expect(t.devnet.requests.counts().total).toBe(0);
});
