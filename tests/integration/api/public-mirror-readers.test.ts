/**
 * Readers that are not ours, on the public mirror and on the devnet's mirror: what they make of both is the same. The topic reader
 * is a package's, run as it is. The explorer's requests are those of the topic page of the Hiero mirror node explorer.
 */
import type { Client } from "@hashgraph/sdk";
import { HcsMessageService, HcsTopicService } from "@hiero-did-sdk/hcs";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { formatConsensusTime } from "@/lib/core/ledger/consensus-time";
import type { Front } from "@/lib/server/front/front";
import { openFront } from "../../support/fleet/processes/front";
import { startTestApp, type TestApp } from "../../support/worlds/app";

let t: TestApp;
let front: Front;
let mirrors: { readonly ours: string; readonly theirs: string };

beforeAll(async () => {
  t = await startTestApp({ env: { RATE_LIMITS: "0", MIRROR_RPS: "10000" } });
  front = openFront(t.app);
  mirrors = { ours: `http://127.0.0.1:${await front.listen(0, "127.0.0.1")}`, theirs: t.devnet.restUrl };
  const { contact, trust, profile } = t.devnet.topics;
  const request = (i: number) => ({
    type: "CONTACT_REQUEST",
    from: `tm-${i}`,
    to: "tm-ö 🌱",
    note: "ß".repeat(i * 20),
  });
  for (let i = 1; i <= 60; i += 1) {
    t.devnet.submit(contact, request(i));
    await t.clock.advance(1_000);
  }
  t.devnet.submitMany(trust, ["not json", "", { type: "TRUST_ALLOCATE", from: "tm-1", to: "tm-2" }], {
    chunkInfo: false,
  });
  t.devnet.submit(profile, { actor: "tm-1", displayName: "One" });
  await t.sync();
});
afterAll(async () => {
  front.server.closeAllConnections();
  await front.stopAccepting();
  await t.close();
});

const both = async <T>(read: (url: string) => Promise<T>) => {
  const said = (url: string) => read(url).catch((cause: Error) => `fails: ${cause.message}`);
  const [ours, theirs] = await Promise.all([said(mirrors.ours), said(mirrors.theirs)]);
  expect(ours).toEqual(theirs);
  return ours as T;
};

describe("the topic reader of the Hiero DID SDK", () => {
  /** The part of an SDK's client that the reader needs where it reads by REST. */
  const clientOf = (url: string) => ({ mirrorRestApiBaseUrl: `${url}/api/v1` }) as unknown as Client;

  it("reads each topic to its end, in steps of fewer messages than a page has", async () => {
    for (const { topicId } of t.app.scheduler.topics) {
      const messages = await t.app.stores.sync.log(topicId, 1, 1_000);
      const ends = messages.filter((_, i) => i % 15 === 14 || i === messages.length - 1);
      const read = await both(async (url) => {
        const reader = new HcsMessageService(clientOf(url), { maxSize: 100 });
        let all: { consensusTime: Date; contents: Uint8Array }[] = [];
        for (const { consensusNs } of ends) {
          all = await reader.getTopicMessages({ topicId, toDate: new Date(Number(consensusNs / 1_000_000n)) });
        }
        return all;
      });
      // The reader keeps one message of each millisecond.
      expect(read.length, topicId).toBe(new Set(messages.map(({ consensusNs }) => consensusNs / 1_000_000n)).size);
    }
  });

  it("reads any part of a topic, and fails where it fails on any mirror", async () => {
    const { contact } = t.devnet.topics;
    const messages = await t.app.stores.sync.log(contact, 1, 1_000);
    const at = fc.integer({ min: 0, max: messages.length - 1 });
    const ends: string[] = [];
    await fc.assert(
      fc.asyncProperty(at, fc.integer({ min: 1, max: 40 }), async (i, limit) => {
        const toDate = new Date(Number((messages[i]?.consensusNs ?? 0n) / 1_000_000n));
        const read = await both((url) =>
          new HcsMessageService(clientOf(url)).getTopicMessages({ topicId: contact, toDate, limit }),
        );
        ends.push(typeof read === "string" ? read : "read");
      }),
      { numRuns: 100 },
    );
    // From a second page on it asks for an address that no mirror has.
    expect(new Set(ends)).toEqual(new Set(["read", "fails: Failed to fetch topic messages: Not Found"]));
  });

  it("reads what a topic is", async () => {
    for (const topicId of [...Object.values(t.devnet.topics), "0.0.999999"]) {
      await both((url) => new HcsTopicService(clientOf(url)).getTopicInfo({ topicId }));
    }
    const { topicMemo } = await new HcsTopicService(clientOf(mirrors.ours)).getTopicInfo({
      topicId: t.devnet.topics.trust,
    });
    expect(topicMemo).toContain("trust");
  });
});

describe("the explorer", () => {
  interface Page {
    readonly messages: readonly { readonly consensus_timestamp: string; readonly sequence_number: number }[];
  }
  const asked = (path: string) =>
    both(async (url) => {
      const answer = await fetch(url + path, { headers: { accept: "application/json, text/plain, */*" } });
      return {
        status: answer.status,
        site: answer.headers.get("access-control-allow-origin"),
        json: await answer.json(),
      };
    });
  const pageOf = async (path: string) => (await asked(path)).json as Page;

  it("shows a topic, turns the pages of its messages in both directions, and sees new ones", async () => {
    const { contact } = t.devnet.topics;
    await asked(`/api/v1/topics/${contact}`);
    const list = `/api/v1/topics/${contact}/messages?limit=15&order`;
    const seen: number[] = [];
    let page = await pageOf(`${list}=desc`);
    while (page.messages.length > 0) {
      seen.push(...page.messages.map(({ sequence_number }) => sequence_number));
      page = await pageOf(`${list}=desc&timestamp=lt:${page.messages.at(-1)?.consensus_timestamp}`);
    }
    const all = await t.app.stores.sync.log(contact, 1, 1_000);
    expect(seen).toEqual(all.map(({ sequence }) => sequence as number).toReversed());

    const [first, newest] = [all[0], all.at(-1)].map((entry) =>
      formatConsensusTime(entry?.consensusNs ?? (0n as never)),
    );
    for (const from of [`gt:${first}`, `gte:${first}`, `gt:${newest}`]) await asked(`${list}=asc&timestamp=${from}`);
    t.devnet.submit(contact, { type: "CONTACT_REQUEST", from: "tm-1", to: "tm-2" });
    await t.clock.advance(1_000);
    await t.sync();
    expect((await pageOf(`${list}=asc&timestamp=gt:${newest}`)).messages).toHaveLength(1);
  });

  it("looks up a message, a file of many messages, and everything that an id can be", async () => {
    const { contact, trust } = t.devnet.topics;
    const [entry] = await t.app.stores.sync.log(contact, 7, 1);
    const at = formatConsensusTime(entry?.consensusNs ?? (0n as never));
    for (const path of [
      `topics/${contact}/messages?limit=100&order=asc`,
      `topics/${trust}/messages?limit=1&order=desc`,
      `topics/${contact}/messages/7`,
      `topics/${contact}/messages/999999`,
      `topics/messages/${at}`,
      `transactions?timestamp=${at}`,
      "transactions/0.0.2-1795392000-000000001",
      ...["accounts", "contracts", "tokens", "topics", "schedules"].map((kind) => `${kind}/0.0.2`),
      "balances?account.id=0.0.2",
      "network/nodes?limit=100",
      "network/exchangerate",
    ]) {
      await asked(`/api/v1/${path}`);
    }
  });
});
