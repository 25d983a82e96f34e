/** Operators look up one person and one message. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { batchIn } from "@/lib/client/browser/batch-in";
import { verifyProof } from "@/lib/client/browser/verify-proof";
import type { TopicId } from "@/lib/core/ledger/ids";
import type { DevnetMessage } from "@/lib/devnet/ledger/types";
import { MessageLookup, PersonLookup } from "@/lib/wire/operators/lookup";
import { startTestApp, type TestApp } from "../../support/worlds/app";
import { signalBatch } from "../../support/worlds/histories/signal-batch";

const ALICE = "tm-alice";
const BOB = "tm-bob";
let t: TestApp;
let operator: string;
let contact: TopicId;

beforeAll(async () => {
  t = await startTestApp();
  operator = t.devnet.operatorId;
  contact = t.devnet.topics.contact;
  t.devnet.submitMany(contact, [
    { type: "CONTACT_REQUEST", from: ALICE, to: BOB },
    { type: "CONTACT_ACCEPT", from: BOB, to: ALICE },
    { type: "CONTACT_REQUEST", from: "tm-carol", to: ALICE },
    "no message of \u202eours",
  ]);
  t.devnet.submit(t.devnet.topics.profile, { type: "PROFILE_UPDATE", actor: ALICE, displayName: "Alice A." });
  t.devnet.submit(t.devnet.topics.recognition, { kind: "RECOGNITION_DEFINITION", slug: "kind", title: "Kind" });
  await t.sync();
});
afterAll(() => t.close());

const person = async (userId = ALICE) => PersonLookup.parse(await t.json(`/api/admin/people/${userId}`, operator));
const message = async (topicId: string, sequence: number) =>
  MessageLookup.parse(await t.json(`/api/admin/topics/${topicId}/messages/${sequence}`, operator));
const refused = async (path: string) => {
  const response = await t.ask("GET", path, operator);
  return { status: response.status, ...((await response.json()) as { code: string }) };
};

describe("a person", () => {
  it("is shown with position, topics, counts and last writes", async () => {
    const found = await person();
    expect(found).toMatchObject({
      ...{ userId: ALICE, name: "Alice A.", tier: "standard", tenantId: null, accounts: [] },
      counts: { signals: 4, contacts: 1, requestsIn: 1, requestsOut: 0 },
      sessions: { endedUntilMs: null, openStreams: 0 },
    });
    expect(found.position).toBeGreaterThan(0);
    expect(found.topics.find(({ kind }) => kind === "contact")?.topicId).toBe(contact);
    expect(found.lastWrites.map(({ type }) => type).sort()).toEqual(["CONTACT_REQUEST", "PROFILE_UPDATE"]);
  });

  it("is shown with the copies in memory and their age, which a look-up neither makes nor renews", async () => {
    expect((await person()).caches).toEqual({ l1: [], redis: null });
    await t.ask("GET", "/api/contacts", ALICE);
    const counters = { ...t.app.l1.counters };
    const [copy] = (await person()).caches.l1;
    expect(copy).toMatchObject({ view: "contacts", isFresh: true, readMs: t.clock.now() });
    expect(t.app.l1.counters).toEqual(counters);
    t.devnet.submit(contact, { type: "CONTACT_REQUEST", from: "tm-dan", to: ALICE });
    await t.sync();
    expect((await person()).caches.l1[0]?.isFresh).toBe(false);
  });

  it("is shown with the end of earlier sessions and the accounts that are bound", async () => {
    await t.app.signOuts.signOut(ALICE as never);
    await t.app.stores.accounts.bind({ accountId: "0.0.900" as never, userId: ALICE as never, boundMs: 1 });
    const { sessions, accounts } = await person();
    expect(sessions.endedUntilMs).toBeGreaterThanOrEqual(t.clock.now());
    expect(accounts).toEqual(["0.0.900"]);
  });

  it("of whom nothing is stored is 404, and no id is 400", async () => {
    expect(await refused("/api/admin/people/tm-nobody")).toMatchObject({ status: 404, code: "not-found" });
    expect(await refused("/api/admin/people/two%20words")).toMatchObject({ status: 400, code: "bad-input" });
  });
});

describe("a message", () => {
  it("is shown with its sender, payer, verdict and audience", async () => {
    expect(await message(contact, 1)).toMatchObject({
      ...{ disposition: "signal", verification: "verified", reason: null, chunk: null, payer: operator },
      ...{ isTrustedPayer: true, type: "CONTACT_REQUEST", actor: ALICE, target: BOB, audience: "people" },
    });
    expect((await message(t.devnet.topics.profile, 1)).audience).toBe("contacts");
    expect((await message(t.devnet.topics.recognition, 1)).audience).toBe("everybody");
  });

  it("that is a batch is shown with each of its signals, and with the largest audience of them", async () => {
    const bodies = [
      { type: "CONTACT_REQUEST", from: "tm-dan", to: BOB },
      { type: "PROFILE_UPDATE", actor: "tm-dan", displayName: "Dan" },
    ];
    const { sequence } = t.devnet.submit(t.devnet.topics.profile, signalBatch(bodies))[0] as DevnetMessage;
    await t.sync();
    const found = await message(t.devnet.topics.profile, sequence);
    expect(found).toMatchObject({ disposition: "signal", type: null, actor: null, target: null, audience: "contacts" });
    expect(found.batch).toEqual([
      { type: "CONTACT_REQUEST", actor: "tm-dan", target: BOB },
      { type: "PROFILE_UPDATE", actor: "tm-dan", target: null },
    ]);
    expect(found.text).toBe(bodies.map((body) => JSON.stringify(body)).join(" "));
    expect(await verifyProof(found.proof)).toMatchObject({ kind: "verified" });
    expect(batchIn(found.proof)?.map((text) => JSON.parse(text))).toEqual(bodies);
    expect((await message(contact, 1)).batch).toBeNull();
  });

  it("that is rejected is shown with the reason, as harmless text", async () => {
    const found = await message(contact, 4);
    expect(found).toMatchObject({ disposition: "undecodable", type: null, audience: "nobody", reason: "not-json" });
    expect(found.text).toBe("no message of ours");
  });

  it("that is long is cut, and its text says so", async () => {
    const body = { type: "PROFILE_UPDATE", actor: "tm-dan", displayName: "Dan", bio: "b".repeat(5_000) };
    const { sequence } = t.devnet.submit(t.devnet.topics.profile, body).at(-1) as DevnetMessage;
    await t.sync();
    const found = await message(t.devnet.topics.profile, sequence);
    expect(found.bytes).toBeGreaterThan(5_000);
    expect(found.text).toBe(`${JSON.stringify(body).slice(0, 2_000)}…`);
  });

  it("has a proof that a browser verifies, from the first message on", async () => {
    for (const sequence of [1, 2, 4]) {
      const { proof } = await message(contact, sequence);
      expect((await verifyProof(proof)).kind, `message ${sequence}`).toBe("verified");
    }
  });

  it("that is not stored is 404, and a bad place is 400", async () => {
    expect(await refused(`/api/admin/topics/${contact}/messages/999`)).toMatchObject({ status: 404 });
    expect(await refused("/api/admin/topics/0.0.999999/messages/1")).toMatchObject({ status: 404 });
    expect(await refused(`/api/admin/topics/${contact}/messages/0`)).toMatchObject({ status: 400 });
    expect(await refused("/api/admin/topics/x/messages/1")).toMatchObject({ status: 400 });
  });
});
