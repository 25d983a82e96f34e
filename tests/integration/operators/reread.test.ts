/** A log that an earlier decoder has read is read again, and ends as a clean replay has it. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AccountId, TopicId, UserId } from "@/lib/core/ledger/ids";
import type { EvmAddress } from "@/lib/core/ledger/magic-token";
import { CHAIN_START } from "@/lib/core/ledger/verify";
import { type Interpretation, interpret } from "@/lib/core/signals/interpret";
import { isBonded } from "@/lib/core/signals/projection";
import { rereadTopics } from "@/lib/engine/repair/reread";
import type { SyncStore } from "@/lib/ports/store/sync/sync-store";
import type { Stores } from "@/lib/server/boot/app";
import { differences, STORED_FLAWS, STORED_LINES } from "../../support/fleet/stored-state";
import { chainOf, OPERATOR, sha384 } from "../../support/mirrors/chain";
import { ed25519Wallet } from "../../support/stand-ins/wallet";
import { addTopics } from "../../support/stores/add-topics";
import { damage, emptyStores, stored } from "../../support/stores/database";
import { depsOf, fill, type History, history, TOPICS } from "../../support/worlds/histories/reread";
import { signedProfile } from "../../support/worlds/histories/signed";

/** Stores both topics, as this version or as an earlier one. */
async function filled(topics: History, isEarlier: boolean): Promise<Stores> {
  const stores = await emptyStores();
  await addTopics(
    stores.registry,
    TOPICS.map((topicId) => ({ topicId, kinds: ["contact"] })),
  );
  for (const [i, messages] of topics.entries()) await fill(stores.sync, i, messages, { isEarlier });
  return stores;
}

/** The columns as an earlier version leaves them. */
const AS_EARLIER = "UPDATE topics SET interpreted = 0, decoder_version = 1";

const stateOf = async () => {
  const lines = await stored(`SELECT line FROM (${STORED_LINES}) AS x (line) ORDER BY line COLLATE "C"`);
  expect(await stored(STORED_FLAWS)).toEqual([]);
  // People whom only an earlier decoder named keep their number.
  return lines.map(({ line }) => String(line)).filter((line) => !/^user .+ 0$/.test(line));
};

/** Reads everything again. Each of the store's methods may fail instead of being called, or after it was. */
async function rereadThrough(stores: Stores, failures: Iterator<number>): Promise<void> {
  let left = failures.next().value as number;
  const method = (target: SyncStore, name: string | symbol) => {
    const value = Reflect.get(target, name) as (...args: unknown[]) => Promise<unknown>;
    return async (...args: unknown[]) => {
      left -= 1;
      if (left === 0) throw new Error("killed");
      const answer = await value.apply(target, args);
      if (left === -1) throw new Error("killed");
      return answer;
    };
  };
  const sync = new Proxy(stores.sync, { get: method });
  for (;;) {
    try {
      return await rereadTopics(depsOf({ sync }), new AbortController().signal);
    } catch (cause) {
      expect(String(cause)).toBe("Error: killed");
      left = (failures.next().value as number | undefined) ?? Number.POSITIVE_INFINITY;
    }
  }
}

async function expectAsReplayed(topics: History, reread: (stores: Stores) => Promise<void>): Promise<void> {
  await filled(topics, false);
  const replayed = await stateOf();
  const stores = await filled(topics, true);
  await damage(AS_EARLIER);
  await reread(stores);
  expect(differences(replayed, await stateOf())).toEqual([]);
  expect((await stores.sync.topics()).map(({ isReread }) => isReread)).toEqual([true, true]);
}

const never = () => [Number.POSITIVE_INFINITY].values();

describe("a log that an earlier decoder has read", () => {
  it("loses the rows of an identity whose messages do not count any more", async () => {
    const issuer = `0x${"a".repeat(40)}` as EvmAddress;
    const [topicId] = TOPICS as [TopicId];
    const bind = {
      t: "IDENTITY_BIND",
      sub: `did:ethr:${issuer.toUpperCase()}`,
      payload: { hedera_account_id: "0.0.7" },
    };
    const [former, now] = ["0.0.666", OPERATOR] as [AccountId, AccountId];
    const messages = chainOf(topicId, [
      { body: bind, payer: former },
      { body: bind, payer: now },
    ]);
    const stores = await emptyStores();
    await stores.registry.follow([{ topicId, kinds: ["identity"] }]);
    const { head, ...batch } = interpret({
      ...{ topicId, head: CHAIN_START, messages, priorParts: [], sha384, trustedPayers: new Set([former, now]) },
    });
    await stores.sync.commit({ ...batch, advance: { from: 0, to: head, gap: null } });
    const payers = async () => (await stores.identities.messages(topicId, issuer, 10)).map(({ payer }) => payer);
    expect(await payers()).toEqual([now, former]);
    await damage(AS_EARLIER);
    await rereadTopics(depsOf(stores), new AbortController().signal);
    expect(await payers()).toEqual([now]);
  });

  it("asks for repairs of a topic if the mirror cannot be asked for the keys of its signers", async () => {
    const [topicId, other] = TOPICS as [TopicId, TopicId];
    const trustedPayers = new Set([OPERATOR]);
    const stores = await filled([[], []], false);
    const body = signedProfile(ed25519Wallet(), "0.0.7001", { timestamp: Date.now() });
    for (const [id, told] of [
      [topicId, body],
      [other, { t: "CONTACT_REQUEST", from: "0.0.7001", to: "0.0.7002" }],
    ] as const) {
      const { head, ...batch } = interpret({
        ...{
          topicId: id,
          head: CHAIN_START,
          messages: chainOf(id, [{ body: told }]),
          priorParts: [],
          sha384,
          trustedPayers,
        },
        judged: new Map([[1, "unprovable"]]),
      });
      await stores.sync.commit({ ...batch, advance: { from: 0, to: head, gap: null } });
    }
    await damage(AS_EARLIER);
    await damage("UPDATE topic_log SET signature = NULL");
    const open: TopicId[] = [];
    const signatures = { settled: async (view: Interpretation) => view };
    await rereadTopics(
      { ...depsOf(stores), signatures, onUnproven: (id) => open.push(id) },
      new AbortController().signal,
    );
    expect(open).toEqual([topicId]);
    expect((await stores.sync.unsettled(topicId, 10)).map(({ disposition }) => disposition)).toEqual(["unproven"]);
  });

  it("counts a signed message whose time names no zone, which the version before read by the zone of its server", async () => {
    const [topicId, other] = TOPICS as [TopicId, TopicId];
    const stores = await filled([[], []], false);
    // The signature that these stores take for right. A stranger pays, so the time decides.
    const body = { type: "PROFILE_UPDATE", accountId: "0.0.7001", displayName: "Ana", signature: "0a".repeat(64) };
    const [payer, timestamp] = ["0.0.666" as AccountId, new Date(1_790_000_000_000).toISOString().replace("Z", "")];
    const { head, ...batch } = interpret({
      ...{ topicId, head: CHAIN_START, messages: chainOf(topicId, [{ body: { ...body, timestamp }, payer }]) },
      ...{ priorParts: [], sha384, trustedPayers: new Set([OPERATOR]) },
    });
    const entries = batch.entries.map((entry) => ({
      ...entry,
      ...{ disposition: "untrusted" as const, reason: "outdated-signature" as const },
    }));
    await stores.sync.commit({ ...batch, entries, advance: { from: 0, to: head, gap: null } });
    await damage("UPDATE topics SET interpreted = 0, decoder_version = 3");
    const names = async () => (await stores.views.profiles(["0.0.7001" as UserId])).map((each) => each.displayName);
    expect(await names()).toEqual([]);
    await rereadTopics(depsOf(stores), new AbortController().signal);
    expect(await names()).toEqual(["Ana"]);
    const states = await stores.sync.topics();
    expect(states.filter((each) => each.topicId !== other).map(({ isReread }) => isReread)).toEqual([true]);
  });

  it("keeps a contact that only a dropped message may have said before", async () => {
    const [topicId] = TOPICS as [TopicId];
    const [alice, bob] = ["tm-alice", "tm-bob"] as [UserId, UserId];
    const messages = chainOf(topicId, [
      { body: { t: "CONTACT_REQUEST", from: alice, to: bob } },
      { body: { t: "CONTACT_ACCEPT", from: bob, to: alice } },
      { body: { t: "GREETING", from: alice, to: bob } },
    ]);
    const stores = await filled([[], []], false);
    const { head, ...batch } = interpret({
      ...{ topicId, head: CHAIN_START, messages, priorParts: [], sha384, trustedPayers: new Set([OPERATOR]) },
    });
    await stores.sync.commit({ ...batch, advance: { from: 0, to: head, gap: null } });
    const bonds = async () => (await stores.views.contacts(alice)).edges.map(isBonded);
    // The earlier decoder took the third message for an accept too, and the first two are dropped.
    const [, , third] = messages;
    await damage(`UPDATE contact_edges SET accept_ns = ${third?.consensusNs}`);
    await damage("DELETE FROM topic_log WHERE ref & 1099511627775 <= 2");
    await damage(`UPDATE topics SET dropped_through = 2 WHERE topic_id = '${topicId}'`);
    await damage(AS_EARLIER);
    await rereadTopics(depsOf(stores), new AbortController().signal);
    expect(await bonds()).toEqual([true]);
    expect((await stores.sync.topics()).map(({ isReread }) => isReread)).toEqual([true, true]);
  });

  it("ends as a clean replay does, whatever that decoder made of the messages", async () => {
    await fc.assert(
      fc.asyncProperty(history, (topics) => expectAsReplayed(topics, (stores) => rereadThrough(stores, never()))),
      { numRuns: 12, endOnFailure: true },
    );
  });

  it("ends the same if the process is killed before or after any statement", async () => {
    const kills = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(history, kills, (topics, at) =>
        expectAsReplayed(topics, (stores) => rereadThrough(stores, at.values())),
      ),
      { numRuns: 8, endOnFailure: true },
    );
  });
});
