/** Audit and resync of a topic: what they find, what they mend, and that they go on where they stopped. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { TopicId } from "@/lib/core/ledger/ids";
import { POSITIONS_PER_EPOCH } from "@/lib/core/signals/position";
import { ActionAnswer, type OperatorLogEntry, TopicCheck } from "@/lib/wire/operators/admin";
import { damage } from "../../support/stores/database";
import { startTestApp, type TestApp } from "../../support/worlds/app";

const ALICE = "tm-alice";
const MESSAGES = 250;
let t: TestApp;
let contact: TopicId;

beforeEach(async () => {
  t = await startTestApp();
  contact = t.devnet.topics.contact;
  const request = (i: number) => ({ type: "CONTACT_REQUEST", from: `tm-${i}`, to: ALICE });
  t.devnet.submitMany(
    contact,
    Array.from({ length: MESSAGES }, (_, i) => request(i + 1)),
  );
  await t.sync();
});
afterEach(() => t.close());

const ask = (action: string) =>
  t.ask("POST", `/api/admin/topics/${contact}/${action}`, t.devnet.operatorId, { body: {} });
const latest = async (action: string) => (await t.app.stores.admin.latest([action]))[0] as unknown as OperatorLogEntry;
/** Runs a check to its end; what it came to. */
async function check(action: "audit" | "resync") {
  const { entry } = ActionAnswer.parse(await (await ask(action)).json());
  const ended = await latest(`topic.${action}`);
  expect(ended.id).toBe(entry.id);
  return { state: ended.state, found: TopicCheck.parse(ended.detail) };
}
/** All that people see: rows with their positions, and edges. */
async function everything() {
  const views = t.app.stores.views;
  const page = { types: [], beforeNs: null, limit: 1_000, maxRows: 10_000 };
  const users = [ALICE, "tm-1", "tm-120", "tm-250"] as never[];
  return Promise.all(users.flatMap((user) => [views.signals(user, page), views.contacts(user)]));
}
const LOW_40 = "1099511627775";

it("fills in what earlier versions did not store of chunks, once somebody resyncs", async () => {
  const infos = async () => (await t.app.stores.sync.log(contact, 1, MESSAGES)).map(({ chunkInfo }) => chunkInfo);
  const told = await infos();
  expect(told[0]).toContain("initial_transaction_id");
  await damage("UPDATE topic_log SET chunk_info = NULL");
  expect(new Set(await infos())).toEqual(new Set([undefined]));
  expect((await check("resync")).found).toMatchObject({ checked: MESSAGES, matching: MESSAGES, restored: 0 });
  expect(await infos()).toEqual(told);
});

describe("an audit", () => {
  it("of a correct topic finds nothing, and reads each message once", async () => {
    t.devnet.requests.reset();
    const { state, found } = await check("audit");
    expect(state).toBe("done");
    expect(found).toMatchObject({
      through: MESSAGES,
      to: MESSAGES,
      checked: MESSAGES,
      matching: MESSAGES,
      restored: 0,
    });
    for (const each of [found.differing, found.missing, found.unconfirmed, found.broken])
      expect(each).toEqual({ count: 0, first: [] });
    expect(t.devnet.requests.counts().total).toBe(3);
  });

  it("lists messages that are missing, stored differently, or not on the mirror", async () => {
    await damage(`DELETE FROM topic_log WHERE ref & ${LOW_40} IN (7, 8)`);
    await damage(`UPDATE topic_log SET message = 'forged' WHERE ref & ${LOW_40} = 120`);
    await damage(`UPDATE topic_log SET running_hash = message WHERE ref & ${LOW_40} = 121`);
    t.devnet.faults.add({ kind: "hole", topicId: contact, fromSequence: 240, toSequence: 241 });
    const { state, found } = await check("audit");
    expect(state).toBe("done");
    expect(found.missing).toEqual({ count: 2, first: [7, 8] });
    expect(found.differing).toEqual({ count: 2, first: [120, 121] });
    expect(found.unconfirmed).toEqual({ count: 2, first: [240, 241] });
    expect(found.broken).toEqual({ count: 0, first: [] });
    expect(found).toMatchObject({ checked: MESSAGES - 2, matching: MESSAGES - 6, restored: 0 });
  });

  it("recomputes the mirror's running hashes", async () => {
    t.devnet.faults.add({ kind: "forgedContent", topicId: contact, fromSequence: 42, toSequence: 42 });
    const { found } = await check("audit");
    expect(found.broken).toEqual({ count: 1, first: [42] });
    expect(found.differing).toEqual({ count: 1, first: [42] });
  });

  it("continues where a failing mirror stopped it, when it is started again", async () => {
    const { admin } = t.app.stores;
    const { entry } = await admin.begin({
      ...{ actor: "tm-root", action: "topic.audit", target: contact, requestKey: null },
      nowMs: t.clock.now(),
    });
    expect((await ask("audit")).status).toBe(409);
    // The mirror fails as soon as the first hundred are compared, before they are saved.
    let fault: number | null = null;
    const update = admin.update.bind(admin);
    admin.update = (...change) => {
      fault ??= t.devnet.faults.add({ kind: "badGateway" });
      return update(...change);
    };
    await t.clock.drive(t.app.checks.run(contact, entry, "audit", await t.app.checks.start(contact, entry, MESSAGES)));
    const stopped = (await admin.entries(null, 10)).find(({ id }) => id === entry.id);
    expect(stopped).toMatchObject({ state: "failed", detail: { through: 100, checked: 100 } });
    expect(stopped?.detail?.error).toContain("mirror");
    t.devnet.faults.remove(fault ?? 0);
    await t.clock.advance(120_000);
    t.devnet.requests.reset();
    const { state, found } = await check("audit");
    expect(state).toBe("done");
    expect(found).toMatchObject({ through: MESSAGES, checked: MESSAGES, matching: MESSAGES });
    expect(t.devnet.requests.counts().total).toBe(2);
  });
});

describe("a resync", () => {
  it("of a correct topic changes nothing", async () => {
    const before = await everything();
    const { state, found } = await check("resync");
    expect(state).toBe("done");
    expect(found).toMatchObject({ through: MESSAGES, matching: MESSAGES, restored: 0 });
    expect(await everything()).toEqual(before);
  });

  it("restores lost messages, and keeps the positions of the rest", async () => {
    const before = await everything();
    const counts = (await t.app.stores.sync.topic(contact))?.counts;
    await damage(`DELETE FROM topic_log WHERE ref & ${LOW_40} BETWEEN 100 AND 120`);
    await damage(`DELETE FROM hcs_messages WHERE ref & ${LOW_40} BETWEEN 120 AND 130`);
    await damage("DELETE FROM contact_edges");
    await damage(`UPDATE topics SET messages = messages - 21, verified = verified - 21 WHERE topic_id = '${contact}'`);
    const { found } = await check("resync");
    expect(found).toMatchObject({ missing: { count: 21 }, restored: 21 });
    const after = await everything();
    const [alice, contacts] = after as unknown as [{ rows: { sequence: number; position: number }[] }, object];
    expect(contacts).toMatchObject({ edges: (before[1] as unknown as { edges: object[] }).edges });
    // The lower counters have begun a new epoch: inside it everything has the number that it had.
    const numberOf = (position: number) => position % POSITIONS_PER_EPOCH;
    const positions = new Map(alice.rows.map(({ sequence, position }) => [sequence, numberOf(position)]));
    expect(positions.size).toBe(MESSAGES);
    for (const [sequence, position] of positions)
      expect(position).toBe(sequence >= 120 && sequence <= 130 ? MESSAGES + sequence - 119 : sequence);
    expect((await t.app.stores.sync.topic(contact))?.counts).toEqual(counts);
    expect((await check("audit")).found).toMatchObject({ matching: MESSAGES });
  });

  it("keeps verified messages when the mirror disagrees or does not have them", async () => {
    const before = await everything();
    t.devnet.faults.add({ kind: "forgedContent", topicId: contact, fromSequence: 42, toSequence: 42 });
    t.devnet.faults.add({ kind: "missingHash", topicId: contact, fromSequence: 50, toSequence: 60 });
    t.devnet.faults.add({ kind: "hole", topicId: contact, fromSequence: 70, toSequence: 70 });
    const { found } = await check("resync");
    expect(found).toMatchObject({ differing: { count: 12 }, unconfirmed: { count: 1 }, restored: 0 });
    expect(await everything()).toEqual(before);
    expect((await t.app.stores.sync.topic(contact))?.counts).toMatchObject({ verified: MESSAGES, failed: 0 });
  });

  it("verifies messages that were unverifiable before, when the mirror has the data", async () => {
    const fault = t.devnet.faults.add({ kind: "missingHash", topicId: contact, fromSequence: 251, toSequence: 251 });
    t.devnet.submitMany(contact, [
      { type: "CONTACT_REQUEST", from: "tm-251", to: ALICE },
      { type: "CONTACT_REQUEST", from: "tm-252", to: ALICE },
    ]);
    await t.sync();
    expect((await t.app.stores.sync.topic(contact))?.counts.unverifiable).toBe(2);
    t.devnet.faults.remove(fault);
    expect((await check("resync")).found).toMatchObject({ restored: 2 });
    expect((await t.app.stores.sync.topic(contact))?.counts).toMatchObject({ unverifiable: 0, verified: 252 });
  });

  it("invalidates every view, also those without a new row", async () => {
    await t.ask("GET", "/api/contacts", ALICE);
    await check("resync");
    const { headers } = await t.ask("GET", "/api/contacts", ALICE);
    expect(headers.get("cache-status")).toContain("l1; fwd=miss");
  });
});
