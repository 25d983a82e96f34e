import { beforeEach, expect, it } from "vitest";
import type { AccountId } from "@/lib/core/ledger/ids";
import type { EvmAddress } from "@/lib/core/ledger/magic-token";
import { CHAIN_START } from "@/lib/core/ledger/verify";
import { interpret } from "@/lib/core/signals/interpret";
import { TierUnavailable } from "@/lib/ports/tier-unavailable";
import { type EmptyStore, emptied, type Subject } from "@/tests/support/stores/store-opening";
import { topic } from "@/tests/support/worlds/histories/batches";
import { chainOf, chunked, OPERATOR, type Piece, sha384 } from "../../../support/mirrors/chain";
import { rawQuery } from "../../../support/stores/raw-query";

const [T, U] = [topic("0.0.7"), topic("0.0.8")];
const STRANGER = "0.0.666" as AccountId;
const ANA = `0x${"a".repeat(40)}` as EvmAddress;
const BEN = `0x${"b".repeat(40)}` as EvmAddress;
const bind = (issuer: EvmAddress, account: string): Piece => ({
  body: { t: "IDENTITY_BIND", sub: `did:ethr:${issuer}`, iat: 1_790_000_000, payload: { hedera_account_id: account } },
});

export function identitiesContract(subject: Subject): void {
  let store: EmptyStore;
  beforeEach(async () => {
    store = await emptied(subject);
    await store.registry.follow([
      { topicId: T, kinds: ["identity"] },
      { topicId: U, kinds: ["identity"] },
    ]);
  });

  const commit = async (pieces: readonly Piece[], topicId = T) => {
    const messages = chainOf(topicId, pieces, topicId === T ? undefined : 1_790_000_000_500_000_000n);
    const { head, ...batch } = interpret({
      ...{ topicId, head: CHAIN_START, messages, priorParts: [], sha384, trustedPayers: new Set([OPERATOR]) },
    });
    await store.sync.commit({ ...batch, advance: { from: 0, to: head, gap: null } });
    return messages;
  };
  const accounts = async (issuer: EvmAddress, limit = 10) =>
    (await store.identities.messages(T, issuer, limit)).map(({ body }) => {
      const { payload } = JSON.parse(new TextDecoder().decode(body)) as { payload: { hedera_account_id: string } };
      return payload.hedera_account_id;
    });

  it("returns an identity's messages with payer, time and verdict, the newest first, and nobody else's", async () => {
    const [first] = await commit([bind(ANA, "0.0.1"), bind(BEN, "0.0.2"), bind(ANA, "0.0.3")]);
    expect(await accounts(ANA)).toEqual(["0.0.3", "0.0.1"]);
    expect(await accounts(BEN)).toEqual(["0.0.2"]);
    expect((await store.identities.messages(T, ANA, 10))[1]).toEqual({
      body: first?.message,
      payer: OPERATOR,
      consensusNs: first?.consensusNs,
      verification: "verified",
    });
  });

  it("returns nothing for an identity without messages, or for an unknown topic", async () => {
    await commit([bind(BEN, "0.0.2")]);
    expect(await accounts(ANA)).toEqual([]);
    expect(await store.identities.messages(topic("0.0.9"), BEN, 10)).toEqual([]);
  });

  it("keeps to one topic, to the limit, and to messages that were not rejected", async () => {
    await commit([
      bind(ANA, "0.0.1"),
      bind(ANA, "0.0.2"),
      bind(ANA, "0.0.3"),
      { ...bind(ANA, "0.0.666"), payer: STRANGER },
    ]);
    await commit([bind(ANA, "0.0.5")], U);
    expect(await accounts(ANA, 2)).toEqual(["0.0.3", "0.0.2"]);
  });

  it("returns a chunked message as a whole", async () => {
    await commit(chunked(bind(ANA, "0.0.1").body, "key", 50));
    expect(await accounts(ANA)).toEqual(["0.0.1"]);
  });

  it.each([
    ["is gone", "DELETE FROM topic_log WHERE (ref & 1023) = 2"],
    ["has a flag of a later version", "UPDATE hcs_messages SET flags = flags + 4096 WHERE (ref & 1023) = 2"],
  ])("rejects while one of the messages %s, because it may be the one that counts", async (_, damage) => {
    await commit([bind(ANA, "0.0.1"), bind(ANA, "0.0.2"), bind(BEN, "0.0.3")]);
    await rawQuery(store.db, damage);
    await expect(accounts(ANA)).rejects.toBeInstanceOf(TierUnavailable);
    expect(await accounts(BEN)).toEqual(["0.0.3"]);
  });

  it("forgets them when their topic is started over", async () => {
    await commit([bind(ANA, "0.0.1")]);
    await store.sync.startOver(T);
    for (let step = 0; step < 4; step++) await store.sync.dropSome(T, 1_000);
    expect(await accounts(ANA)).toEqual([]);
  });
}
