/** Commit events between instances, over TCP to real servers. */
import { afterEach, describe, expect, it } from "vitest";
import type { RedisTier } from "@/lib/adapters/redis/open-redis";
import type { UserId } from "@/lib/core/ledger/ids";
import type { CachedView } from "@/lib/ports/shared/view-cache";
import { TCP_SET_UPS, tcpFixture } from "../../support/servers/tcp-fixture";
import { newNetwork } from "../../support/stand-ins/upstash-fixture";
import { commitOf, eventBusContract, OTHER_EVENTS, Recorder, TOPIC } from "./event-bus.contract";

const VIEW: CachedView = { body: "{}", etag: '"1-a"', position: 1, readMs: 1 };
/** So many that they lie in many partitions of a cluster. */
const PEOPLE = Array.from({ length: 30 }, (_, i) => `tm-person-${i}` as UserId);
const until = (condition: () => boolean | Promise<boolean>) => expect.poll(condition).toBe(true);

async function keep(tier: RedisTier, userId: UserId): Promise<void> {
  const found = await tier.views.lookup(userId, "contacts", 60_000);
  if (found.kind !== "lease") throw new Error(`expected a lease, got ${found.kind}`);
  expect(await tier.views.fill(userId, "contacts", VIEW, found.lease)).toBe(true);
}

const kindOf = async (tier: RedisTier, userId: UserId) => (await tier.views.lookup(userId, "contacts", 60_000)).kind;

describe.each(TCP_SET_UPS)("over TCP to %s", (setUp) => {
  const fixture = tcpFixture(setUp);
  afterEach(() => fixture.closeAll());

  /** An instance that listens, and has got over its start. */
  async function listening(network: string) {
    const tier = fixture.tier(network);
    const heard = new Recorder();
    tier.bus.subscribe(heard);
    await until(() => heard.missed === 1);
    heard.missed = 0;
    return { tier, heard };
  }

  const cutSubscriptions = () =>
    Promise.all(fixture.servers.map((server) => server.send([["CLIENT", "KILL", "TYPE", "pubsub"]])));

  eventBusContract(async () => ({ bus: fixture.tier(newNetwork()).bus, isShared: true }));

  it("brings each instance the others' events of every type unchanged, and none is missed", async () => {
    const network = newNetwork();
    const [a, b] = [await listening(network), await listening(network)];
    const events = [...OTHER_EVENTS, commitOf(1, []), commitOf(null, PEOPLE), commitOf(null, [])];
    for (const event of events) await a.tier.bus.publish(event);
    await until(() => b.heard.events.length === events.length);
    for (const { events: heard, missed } of [a.heard, b.heard]) expect([heard, missed]).toEqual([events, 0]);
  });

  it("expires the views of the users that a commit names, and no others, before it is announced", async () => {
    const network = newNetwork();
    const [a, b] = [fixture.tier(network), fixture.tier(network)];
    for (const userId of PEOPLE) await keep(b, userId);
    const named = PEOPLE.slice(0, 20);
    await a.bus.publish(commitOf(5, named));
    for (const userId of PEOPLE)
      expect([userId, await kindOf(b, userId)]).toEqual([userId, named.includes(userId) ? "lease" : "hit"]);
  });

  it("expires everything for everybody if events may have been missed", async () => {
    const network = newNetwork();
    const [a, b] = [fixture.tier(network), await listening(network)];
    for (const userId of PEOPLE) await keep(a, userId);
    await a.bus.publishMissed({ topicId: TOPIC, cursor: 5 });
    await until(() => b.heard.missed === 1);
    expect(b.heard.reasons.at(-1)).toBe("told");
    for (const userId of PEOPLE) expect(await kindOf(b.tier, userId)).toBe("lease");
  });

  it("connects again after a cut, and reports missed events only if there were any", async () => {
    const network = newNetwork();
    const [a, b] = [fixture.tier(network), await listening(network)];
    await a.bus.publish(commitOf(1));
    await until(() => b.heard.events.length === 1);
    const asked = () => b.tier.stats().byPurpose.cursor.commands;
    const before = asked();
    await cutSubscriptions();
    await until(() => b.tier.stats().bus.connections === 2 && asked() === before + 1);
    await a.bus.publish(commitOf(2));
    await until(() => b.heard.events.length === 2);
    expect(b.heard.missed).toBe(0);

    // An event that somebody published while nobody listened moves the number on.
    await raise(fixture.keys(network).everybody.sequence);
    await cutSubscriptions();
    await until(() => b.heard.missed === 1);
  });

  async function raise(key: string): Promise<void> {
    const answers = await Promise.allSettled(fixture.servers.map((server) => server.send([["INCR", key]])));
    expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  }

  it("costs nothing while nothing happens, and leaves no subscription behind", async () => {
    const network = newNetwork();
    const { tier } = await listening(network);
    const channel = fixture.keys(network).channel;
    const subscribers = async () => {
      const answers = await Promise.all(fixture.servers.map((server) => server.send([["PUBSUB", "NUMSUB", channel]])));
      return answers.reduce((sum, [answer]) => sum + Number((answer as readonly unknown[])[1]), 0);
    };
    expect(await subscribers()).toBe(1);
    const { byPurpose } = tier.stats();
    expect(Object.values(byPurpose).reduce((sum, { commands }) => sum + commands, 0)).toBe(2);
    await tier.close();
    await expect.poll(subscribers).toBe(0);
  });
});
