/** Syncs that a person asks for, and what they cost. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startTestApp, type TestApp } from "../../support/worlds/app";

const ALICE = "tm-alice";
let t: TestApp;
beforeEach(async () => {
  t = await startTestApp();
});
afterEach(() => t.close());

describe("POST /api/sync", () => {
  it("reports what came, and costs one pull for each topic for a hundred callers", async () => {
    t.devnet.submitMany(
      t.devnet.topics.contact,
      Array.from({ length: 7 }, (_, i) => ({ type: "CONTACT_REQUEST", from: `tm-p${i}`, to: ALICE })),
    );
    const one = await (await t.ask("POST", "/api/sync", ALICE, { body: { topics: [t.devnet.topics.contact] } })).json();
    expect(one).toMatchObject({
      topics: [{ kind: "contact", fromSequence: 0, toSequence: 7, added: 7, complete: true, gaps: [], verified: 7 }],
    });
    t.devnet.requests.reset();
    await Promise.all(Array.from({ length: 100 }, () => t.ask("POST", "/api/sync", ALICE, { body: {} })));
    expect(Math.max(...Object.values(t.devnet.requests.counts().byTopic))).toBeLessThanOrEqual(2);
  });

  it("brings a topic up to date once, however often the request names it", async () => {
    await t.sync();
    const before = t.app.stores.stats().byPurpose.gaps.statements;
    const topics = Array(64).fill(t.devnet.topics.contact);
    const answer = await (await t.ask("POST", "/api/sync", ALICE, { body: { topics } })).json();
    expect((answer as { topics: unknown[] }).topics).toHaveLength(1);
    expect(t.app.stores.stats().byPurpose.gaps.statements - before).toBe(1);
  });

  it.each([
    ["no body", {}],
    ["an empty object", { body: {} }],
  ])("syncs all topics if it has %s", async (_, sent) => {
    const response = await t.ask("POST", "/api/sync", ALICE, sent);
    expect(response.status).toBe(200);
    expect(((await response.json()) as { topics: unknown[] }).topics).toHaveLength(t.app.scheduler.topics.length);
  });

  it.each([
    ["a body that is no object", { body: [] }, "The body must be an object."],
    ["a member of another kind", { body: { topics: "0.0.1" } }, 'The member "topics" must be a list.'],
    ["an item of another kind", { body: { topics: [1] } }, 'The member "topics.0" must be a string.'],
  ])("refuses %s in plain words", async (_, sent, detail) => {
    expect(await (await t.ask("POST", "/api/sync", ALICE, sent)).json()).toMatchObject({ code: "bad-input", detail });
  });

  it("refuses topics that are not kept here", async () => {
    const response = await t.ask("POST", "/api/sync", ALICE, { body: { topics: ["0.0.424242"] } });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ field: "topics" });
  });
});
