/** Operators split and drain topics of a running app. */
import { afterEach, beforeEach, expect, it } from "vitest";
import type { TopicId } from "@/lib/core/ledger/ids";
import { DRAIN_AT_LEAST_NS } from "@/lib/core/shards/reshard";
import { activeShards } from "@/lib/core/shards/shards";
import { ActionAnswer, OperatorLogAnswer } from "@/lib/wire/operators/admin";
import { ShardsAnswer } from "@/lib/wire/operators/shards";
import { DevnetTopicCreator } from "../../support/mirrors/devnet-topic-creator";
import { startTestApp, type TestApp } from "../../support/worlds/app";
import { standard } from "../../support/worlds/shards/registries";

let t: TestApp;
let creator: DevnetTopicCreator;
beforeEach(async () => {
  t = await startTestApp({
    creator: (devnet) => {
      creator = new DevnetTopicCreator(devnet);
      return creator;
    },
  });
  await t.sync();
});
afterEach(() => t.close());

const post = (action: string, body: object) =>
  t.ask("POST", `/api/admin/shards/${action}`, t.devnet.operatorId, { body });
const shards = async () => ShardsAnswer.parse(await t.json("/api/admin/shards", t.devnet.operatorId));
const lastEntry = async () =>
  OperatorLogAnswer.parse(await t.json("/api/admin/audit-log", t.devnet.operatorId)).items[0];

it("show the shard registry", async () => {
  const { version, shards: all, tenants } = await shards();
  expect([version, tenants]).toEqual([1, []]);
  expect(all.map(({ name, state, topicId }) => [name, state, topicId])).toContainEqual([
    "trustmesh-standard-contact-0",
    "active",
    t.devnet.topics.contact,
  ]);
});

it("split while the app runs, and the app reads and writes the new topics at once", async () => {
  const answer = ActionAnswer.parse(await (await post("split", { kind: "contact", to: 3 })).json());
  expect(answer.entry).toMatchObject({ action: "shards.split", target: "standard contact 3", state: "running" });
  expect(await lastEntry()).toMatchObject({ state: "done", detail: null });
  const active = activeShards(t.app.registry.current, standard("contact"));
  expect(active).toHaveLength(3);
  expect(creator.memos).toEqual(["trustmesh:trustmesh-standard-contact-1", "trustmesh:trustmesh-standard-contact-2"]);
  for (const { topicId } of active) expect(t.app.scheduler.syncs.has(topicId as TopicId)).toBe(true);
  expect((await post("split", { kind: "contact", to: 3 })).status).toBe(200);
  expect(creator.memos).toHaveLength(2);
});

it("report new topics that are only in the database, because a fresh start would lose them", async () => {
  const told = () => t.app.incidents.current().filter(({ code }) => code === "registry-not-published");
  expect(told()).toEqual([]);
  await post("split", { kind: "contact", to: 3 });
  expect(told()).toMatchObject([{ severity: "warning", summary: expect.stringContaining("2 topics, ") }]);
});

it("record each step of a split in the operator log", async () => {
  const seen = new Set<unknown>();
  const { admin } = t.app.stores;
  const update = admin.update.bind(admin);
  admin.update = (id, change) => {
    if (change.state === "running") seen.add(change.detail?.step);
    return update(id, change);
  };
  await post("split", { kind: "contact", to: 2 });
  expect([...seen]).toEqual(["plan", "intend", "create", "switch", "done"]);
  expect(await lastEntry()).toMatchObject({ state: "done", detail: null });
});

it("show which topics need a new topic in their place for a drain", async () => {
  await post("split", { kind: "contact", to: 2 });
  const ofContact = (await shards()).shards.filter(({ kind }) => kind === "contact");
  expect(ofContact.map(({ segment, needsSuccessor }) => [segment, needsSuccessor])).toEqual([
    [0, true],
    [1, false],
  ]);
});

it("refuse what needs a new topic when there is no operator key, and change nothing", async () => {
  expect((await shards()).canCreate).toBe(true);
  await t.close();
  t = await startTestApp();
  await t.sync();
  expect((await shards()).canCreate).toBe(false);
  for (const [action, body] of [
    ["split", { kind: "contact", to: 2 }],
    ["drain", { topicId: t.devnet.topics.contact }],
  ] as const) {
    const response = await post(action, body);
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([503, "read-only"]);
    expect(await lastEntry()).toMatchObject({
      state: "refused",
      detail: { error: expect.stringContaining("HEDERA_OPERATOR_KEY") },
    });
  }
  expect((await shards()).version).toBe(1);
});

it("give a tenant topics of its own", async () => {
  const body = { kind: "trust", tier: "enterprise", owner: "acme", to: 1 };
  expect((await post("split", body)).status).toBe(200);
  expect((await shards()).shards.at(-1)).toMatchObject({ name: "trustmesh-enterprise-trust-acme-0", state: "active" });
});

it("log why they failed, and continue with the same request", async () => {
  creator.failWith = { code: "unavailable", message: "The ledger did not say." };
  await post("split", { kind: "contact", to: 2 });
  expect(await lastEntry()).toMatchObject({ state: "failed", detail: { error: "The ledger did not say." } });
  await post("split", { kind: "contact", to: 2 });
  expect(await lastEntry()).toMatchObject({ state: "done" });
  expect(creator.created.size).toBe(1);
});

it("drain a topic in two requests: it takes no new messages, then ends when it is quiet", async () => {
  const topicId = t.devnet.topics.contact;
  await post("drain", { topicId });
  expect(await lastEntry()).toMatchObject({
    action: "shards.drain",
    target: topicId,
    state: "done",
    detail: { waitingUntilMs: expect.any(Number) },
  });
  const stateOf = async () => (await shards()).shards.find((shard) => shard.topicId === topicId)?.state;
  expect(await stateOf()).toBe("draining");
  await t.clock.advance(Number(DRAIN_AT_LEAST_NS / 1_000_000n) + 1);
  await post("drain", { topicId });
  expect(await lastEntry()).toMatchObject({ state: "done", detail: null });
  expect(await stateOf()).toBe("drained");
});

it.each([
  ["split", { kind: "contact", to: 0 }, 400, "to"],
  ["split", { kind: "contact", to: 2_000 }, 400, "to"],
  ["split", { kind: "feed", to: 2 }, 400, "kind"],
  ["split", { kind: "contact", to: 1, tier: "enterprise" }, 400, "owner"],
  ["split", { kind: "contact", to: 1, tier: "standard", owner: "acme" }, 400, "owner"],
  ["drain", { topicId: "contact" }, 400, "topicId"],
  ["drain", { topicId: "0.0.424242" }, 404, undefined],
])("are refused %s %j by name", async (action, body, status, field) => {
  const response = await post(action, body);
  expect(response.status).toBe(status);
  expect(((await response.json()) as { field?: string }).field).toBe(field);
});

it("cannot get fewer segments by a split, because that is a drain", async () => {
  await post("split", { kind: "contact", to: 2 });
  const response = await post("split", { kind: "contact", to: 1 });
  expect([response.status, ((await response.json()) as { detail: string }).detail]).toEqual([
    400,
    expect.stringContaining("drain"),
  ]);
});
