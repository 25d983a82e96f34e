/** The registry on the ledger: published through the unmodified SDK, and all that a fresh deployment needs to find its topics. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SdkSubmitter } from "@/lib/adapters/hedera/sdk-submitter";
import { systemClock } from "@/lib/adapters/memory/system-clock";
import { MirrorLedger } from "@/lib/adapters/mirror/mirror-ledger";
import type { AccountId, TopicId, UserId } from "@/lib/core/ledger/ids";
import { publicationMessages, REGISTRY_MEMO } from "@/lib/core/shards/hcs2";
import { type Registry, routeTopic, type Shard } from "@/lib/core/shards/shards";
import { type Devnet, startDevnet } from "@/lib/devnet/devnet";
import { publishRegistry, type RegistryTopicDeps, readRegistryTopic } from "@/lib/engine/shards/registry-topic";
import type { App } from "@/lib/server/boot/app";
import { sha384 } from "../../support/mirrors/chain";
import { emptyStores } from "../../support/stores/database";
import { createTestApp } from "../../support/worlds/create-test-app";
import { active, plain, registryOf, standard } from "../../support/worlds/shards/registries";

let devnet: Devnet;
let submitter: SdkSubmitter;
let topicId: TopicId;
let deps: RegistryTopicDeps;
let registry: Registry;
beforeAll(async () => {
  devnet = await startDevnet();
  submitter = new SdkSubmitter({
    network: { nodeAddress: devnet.nodeAddress },
    operatorId: devnet.operatorId,
    operatorKey: devnet.operatorKey,
  });
  const created = await submitter.createTopic(await submitter.newAttempt(), REGISTRY_MEMO);
  if (!created.ok) throw new Error(created.error.message);
  topicId = created.value;
  const ledger = new MirrorLedger({ urls: [devnet.restUrl], clock: systemClock, reserve: async () => 0 });
  deps = { topicId, ledger, sha384, trustedPayers: new Set([devnet.operatorId]) };
  const contacts = active(standard("contact"), 2).map((shard) => ({ ...shard, topicId: devnet.createTopic() }));
  const others = (["trust", "recognition", "profile"] as const).flatMap((kind) =>
    active(standard(kind), 1).map((shard) => ({ ...shard, topicId: devnet.topics[kind] })),
  );
  registry = registryOf(contacts, others);
});
afterAll(async () => {
  await submitter.close();
  await devnet.stop();
});

const read = async () => {
  const published = await readRegistryTopic(deps);
  if (!published.ok) throw new Error(published.error);
  return published.value.map(({ shard }) => shard);
};
const messages = () => devnet.ledger.topic(topicId).messages.length;

describe("a registry topic", () => {
  it("marks itself as a registry topic on the ledger", () => {
    expect(devnet.ledger.topic(topicId).memo).toBe("hcs-2:0:86400");
  });

  it("is read back as it was published, and published again costs nothing", async () => {
    expect(await publishRegistry({ ...deps, submitter }, registry)).toEqual({
      ok: true,
      value: registry.shards.length,
    });
    expect(await read()).toEqual(registry.shards);
    expect(await publishRegistry({ ...deps, submitter }, registry)).toEqual({ ok: true, value: 0 });
    expect(messages()).toBe(registry.shards.length);
  });

  it("gets the changes and nothing else", async () => {
    const [first, ...rest] = registry.shards as [Shard, ...Shard[]];
    const changed: Shard = { ...first, state: "draining" };
    const next: Shard = {
      ...first,
      generation: 1,
      topicId: devnet.createTopic(),
      routesFromNs: 1_790_000_000_000_000_001n,
    };
    registry = { version: 2, shards: [changed, ...rest, next] };
    expect(await publishRegistry({ ...deps, submitter }, registry)).toEqual({ ok: true, value: 2 });
    expect(await read()).toEqual(registry.shards);
  });

  it("ignores a stranger's messages", async () => {
    const [text] = publicationMessages(
      registryOf(active(standard("contact"), 1).map((shard) => ({ ...shard, segment: 7 }))),
      [],
    );
    devnet.submit(topicId, text as string, { payer: "0.0.666" as AccountId });
    expect(await read()).toEqual(registry.shards);
    const everybody = await readRegistryTopic({ ...deps, trustedPayers: "*" });
    expect(everybody.ok && everybody.value).toHaveLength(registry.shards.length + 1);
  });

  it("is ignored if the hash chain does not verify it", async () => {
    const fault = devnet.faults.add({ kind: "forgedContent", topicId, times: 1 });
    const forged = await readRegistryTopic(deps);
    expect(forged).toMatchObject({ ok: false, error: expect.stringMatching(/message \d+ .* hash chain/) });
    devnet.faults.remove(fault);
    expect(await read()).toEqual(registry.shards);
  });
});

describe("a fresh deployment that knows nothing but the registry topic", () => {
  let app: App;
  beforeAll(async () => {
    devnet.submit(registry.shards[1]?.topicId as TopicId, { type: "CONTACT_REQUEST", from: "tm-a", to: "tm-b" });
    app = createTestApp({
      devnet,
      stores: await emptyStores("custom"),
      env: { HEDERA_NETWORK: "custom", MIRROR_URL: devnet.restUrl, REGISTRY_TOPIC: topicId },
      network: { topics: [], submitter: null },
    });
    await app.openTopics();
  });
  afterAll(() => app.close());

  it("has its shards, routes by them, and reads their topics", async () => {
    expect(app.registry.current.shards).toEqual(registry.shards);
    for (const kind of ["contact", "trust"] as const)
      expect(routeTopic(app.registry.current, plain("tm-a"), kind)?.topicId).toBe(
        routeTopic(registry, plain("tm-a"), kind)?.topicId,
      );
    await app.scheduler.syncNow();
    expect(await app.stores.views.head("tm-b" as UserId)).toBe(1);
    expect(app.scheduler.freshness().asOfNs).not.toBeNull();
  });

  it("starts again from its own database, also while the registry topic cannot be read", async () => {
    const fault = devnet.faults.add({ kind: "badGateway", topicId });
    await app.openTopics();
    expect(app.registry.current.shards).toEqual(registry.shards);
    devnet.faults.remove(fault);
  });
});
