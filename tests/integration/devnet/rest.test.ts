/** The devnet's mirror REST, held to docs/hedera.md §1. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { consensusNs, formatConsensusTime } from "@/lib/core/ledger/consensus-time";
import type { TopicId } from "@/lib/core/ledger/ids";
import { type Devnet, startDevnet } from "@/lib/devnet/devnet";
import type { DevnetMessage } from "@/lib/devnet/ledger/types";
import { encodeEd25519Key } from "@/lib/devnet/rest/key-json";

interface Page {
  messages: Record<string, unknown>[];
  links: { next: string | null };
}

let devnet: Devnet;
let topicId: TopicId;
let sent: DevnetMessage[];
let nowMs = 1_760_000_000_000;

beforeAll(async () => {
  devnet = await startDevnet({ grpc: false, now: () => nowMs });
  topicId = devnet.createTopic({ memo: "paged" });
  sent = devnet.submitMany(
    topicId,
    Array.from({ length: 250 }, (_, i) => `message ${i + 1}`),
  );
});
afterAll(() => devnet.stop());

async function get(path: string): Promise<{ status: number; json: unknown }> {
  const response = await fetch(`${devnet.restUrl}${path}`);
  return { status: response.status, json: await response.json() };
}

const list = async (query: string, id: string = topicId): Promise<Page> => {
  const { status, json } = await get(`/api/v1/topics/${id}/messages${query}`);
  expect(status).toBe(200);
  return json as Page;
};

const sequencesOf = (page: Page) => page.messages.map((message) => message.sequence_number as number);
const errorOf = async (path: string) => {
  const { status, json } = await get(path);
  const messages = (json as { _status: { messages: { message: string }[] } })._status.messages;
  return [status, ...messages.map(({ message }) => message)];
};
const time = (sequence: number) => formatConsensusTime((sent[sequence - 1] as DevnetMessage).consensusNs);
const range = (from: number, to: number) =>
  Array.from({ length: Math.abs(to - from) + 1 }, (_, i) => (from <= to ? from + i : from - i));

describe("a page of messages", () => {
  it("has the mirror's members and no others", async () => {
    const { messages } = await list("?limit=1");
    const [first] = sent;
    expect(messages).toEqual([
      {
        chunk_info: {
          initial_transaction_id: {
            account_id: "0.0.2",
            nonce: 0,
            scheduled: false,
            transaction_valid_start: expect.stringMatching(/^\d+\.\d{9}$/),
          },
          number: 1,
          total: 1,
        },
        consensus_timestamp: time(1),
        message: Buffer.from("message 1").toString("base64"),
        payer_account_id: "0.0.2",
        running_hash: Buffer.from(first?.runningHash ?? []).toString("base64"),
        running_hash_version: 3,
        sequence_number: 1,
        topic_id: topicId,
      },
    ]);
  });

  it("accepts the topic with or without its prefix", async () => {
    const bare = topicId.split(".")[2] ?? "";
    expect(sequencesOf(await list("?limit=3", bare))).toEqual([1, 2, 3]);
    expect((await list("?limit=3", bare)).links.next).toBe(
      `/api/v1/topics/${bare}/messages?limit=3&timestamp=gt:${time(3)}`,
    );
  });

  it("has 25 messages by default and 100 at most", async () => {
    expect(sequencesOf(await list(""))).toEqual(range(1, 25));
    expect(sequencesOf(await list("?limit=100000"))).toEqual(range(1, 100));
  });

  it("is empty for a topic that does not exist", async () => {
    expect(await list("", "0.0.999")).toEqual({ messages: [], links: { next: null } });
  });

  it.each([
    ["?sequencenumber=gt:245", range(246, 250)],
    ["?sequencenumber=gte:245&sequencenumber=lt:248", range(245, 247)],
    ["?sequencenumber=lte:3&order=desc", [3, 2, 1]],
    ["?sequencenumber=7", [7]],
    ["?sequencenumber=eq:7&sequencenumber=eq:8", []],
    ["?sequencenumber=gt:250", []],
    ["?limit=2&order=desc", [250, 249]],
    ["?sequencenumber=gte:10&order=desc&limit=3&sequencenumber=lte:20", [20, 19, 18]],
  ])("%s", async (query, expected) => expect(sequencesOf(await list(query))).toEqual(expected));

  it("compares timestamps to the nanosecond", async () => {
    expect(sequencesOf(await list(`?timestamp=gt:${time(248)}`))).toEqual([249, 250]);
    expect(sequencesOf(await list(`?timestamp=gte:${time(248)}&timestamp=lt:${time(250)}`))).toEqual([248, 249]);
    expect(sequencesOf(await list(`?timestamp=${time(100)}`))).toEqual([100]);
    expect(sequencesOf(await list(`?timestamp=lte:${time(2)}&sequencenumber=gt:1`))).toEqual([2]);
  });

  it("is lossless in base64 and readable in utf-8", async () => {
    const { messages } = await list("?limit=1&encoding=UTF-8");
    expect(messages[0]?.message).toBe("message 1");
    expect((await list("?limit=1&encoding=base64")).messages[0]?.message).toBe("bWVzc2FnZSAx");
  });
});

describe("page by page", () => {
  const follow = async (first: string) => {
    const pages: number[][] = [];
    for (let next: string | null = `/api/v1/topics/${topicId}/messages${first}`; next; ) {
      const page = (await get(next)).json as Page;
      pages.push(sequencesOf(page));
      next = page.links.next;
    }
    return pages;
  };

  it.each([
    ["?limit=100", range(1, 250), 3],
    ["?limit=7", range(1, 250), 36],
    ["?limit=100&order=desc", range(250, 1), 3],
    ["?limit=10&sequencenumber=gt:100&sequencenumber=lte:205", range(101, 205), 11],
    ["?limit=10&sequencenumber=lt:50&order=desc", range(49, 1), 5],
    // A last page that happens to be full points to an empty one.
    ["?limit=50", range(1, 250), 6],
  ])("%s", async (query, expected, count) => {
    const pages = await follow(query);
    expect(pages.flat()).toEqual(expected);
    expect(pages).toHaveLength(count);
  });

  it("a client can read from and to a time, in both directions", async () => {
    const between = `timestamp=gte:${time(20)}&timestamp=lte:${time(60)}`;
    expect((await follow(`?limit=9&${between}`)).flat()).toEqual(range(20, 60));
    expect((await follow(`?limit=9&order=desc&${between}`)).flat()).toEqual(range(60, 20));
  });
});

describe("refusals", () => {
  it.each([
    ["?account.id=0.0.3", "Unknown query parameter: account.id"],
    ["?limit=0", "Invalid parameter: limit"],
    ["?sequencenumber=0", "Invalid parameter: sequencenumber"],
    ["?timestamp=abc", "Invalid parameter: timestamp"],
    ["?order=sideways", "Invalid parameter: order"],
    ["?encoding=rot13", "Invalid parameter: encoding"],
    ["?sequencenumber=ne:1", "Not equal (ne) operator is not supported for sequencenumber"],
  ])("%s", async (query, message) => {
    expect(await errorOf(`/api/v1/topics/${topicId}/messages${query}`)).toEqual([400, message]);
  });

  it("answer an invalid topic id and an unknown route", async () => {
    expect(await errorOf("/api/v1/topics/-1/messages")).toEqual([400, "Invalid parameter: topic.id"]);
    for (const path of ["/api/v1/nothing", "/", "/api/v2/topics/7/messages", `/api/v1/topics/${topicId}/message`]) {
      expect(await errorOf(path)).toEqual([404, "Not found"]);
    }
  });
});

describe("a look-up", () => {
  it("finds a message by its number, and by its time", async () => {
    const [second] = (await list("?sequencenumber=2")).messages;
    expect((await get(`/api/v1/topics/${topicId}/messages/2`)).json).toEqual(second);
    expect((await get(`/api/v1/topics/messages/${time(2)}`)).json).toEqual(second);
    expect(await errorOf(`/api/v1/topics/${topicId}/messages/251`)).toEqual([404, "Not found"]);
    expect(await errorOf(`/api/v1/topics/0.0.999/messages/1`)).toEqual([404, "Not found"]);
    expect(await errorOf(`/api/v1/topics/${topicId}/messages/0`)).toEqual([400, "Invalid parameter: sequencenumber"]);
    expect(await errorOf(`/api/v1/topics/x/messages/x`)).toEqual([
      400,
      "Invalid parameter: topic.id",
      "Invalid parameter: sequencenumber",
    ]);
    expect(await errorOf(`/api/v1/topics/${topicId}/messages/1?encoding=base64`)).toEqual([
      400,
      "Unknown query parameter: encoding",
    ]);
    expect(await errorOf("/api/v1/topics/messages/1.5")).toEqual([404, "Not found"]);
    expect(await errorOf("/api/v1/topics/messages/soon")).toEqual([400, "Invalid parameter: consensus_timestamp"]);
  });

  it("finds a topic, without number and hash", async () => {
    const { json } = await get(`/api/v1/topics/${topicId}`);
    expect(json).toMatchObject({ topic_id: topicId, memo: "paged", deleted: false, submit_key: null });
    expect(Object.keys(json as object).join()).not.toMatch(/sequence|hash/);
    expect(await errorOf("/api/v1/topics/0.0.999")).toEqual([404, "Topic not found"]);
  });

  it("finds an account as it was at a time, with its key at that time", async () => {
    const keyed = (byte: number) => encodeEd25519Key(new Uint8Array(32).fill(byte));
    const { ledger } = devnet;
    const { id, createdNs } = ledger.createAccount(keyed(1));
    const { changedNs } = ledger.updateAccount(id, { key: keyed(2) });
    const keyAt = async (ns: bigint) => {
      const path = `/api/v1/accounts/${id}?transactions=false&timestamp=${formatConsensusTime(consensusNs(ns))}`;
      const { json, status } = await get(path);
      return status === 200 ? (json as { key: { key: string } }).key.key.slice(0, 2) : status;
    };
    const times = [createdNs - 1n, createdNs, (changedNs ?? 0n) - 1n, changedNs ?? 0n, (changedNs ?? 0n) + 10n ** 9n];
    expect(await Promise.all(times.map(keyAt))).toEqual([404, "01", "01", "02", "02"]);
  });

  it("finds an account with its key", async () => {
    expect((await get("/api/v1/accounts/0.0.2?transactions=false")).json).toMatchObject({
      account: "0.0.2",
      deleted: false,
      key: { _type: "ED25519", key: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
    expect(await errorOf("/api/v1/accounts/0.0.999?transactions=false")).toEqual([404, "Not found"]);
    expect(await errorOf("/api/v1/accounts/0.0.2?colour=red")).toEqual([400, "Unknown query parameter: colour"]);
  });
});

describe("blocks", () => {
  const head = async () => {
    const { json } = await get("/api/v1/blocks?order=desc&limit=1");
    const [block] = (json as { blocks: { number: number; timestamp: { from: string; to: string } }[] }).blocks;
    if (!block) throw new Error("no block");
    return block;
  };

  it("advance with the wall clock though nothing happens", async () => {
    const before = await head();
    nowMs += 2_000;
    const after = await head();
    expect(after.number).toBeGreaterThan(before.number);
    expect(after.timestamp.to).toBe(`${nowMs / 1_000}.000000000`);
    expect(after.timestamp.from > before.timestamp.to).toBe(true);
  });

  it("end after every visible message and before every later one, even if the clock stands still", async () => {
    for (let i = 0; i < 20; i++) {
      const [message] = devnet.submit(devnet.topics.trust, `tick ${i}`);
      const at = formatConsensusTime((message as DevnetMessage).consensusNs);
      const { timestamp } = await head();
      expect(timestamp.to >= at).toBe(true);
      const [next] = devnet.submit(devnet.topics.trust, `tock ${i}`);
      expect(formatConsensusTime((next as DevnetMessage).consensusNs) > timestamp.to).toBe(true);
    }
  });
});

describe("recordings", () => {
  const file = "tests/fixtures/vectors/running-hash/0.0.642394.json";
  const recorded = JSON.parse(readFileSync(file, "utf8")).messages as Record<string, unknown>[];

  it("are served unchanged, under their own topic", async () => {
    expect(devnet.replay(file)).toEqual(["0.0.642394"]);
    expect(await list("", "0.0.642394")).toEqual({ messages: recorded, links: { next: null } });
    expect(sequencesOf(await list("?sequencenumber=gt:5", "0.0.642394"))).toEqual([6]);
    expect((await get("/api/v1/topics/0.0.642394/messages/5")).json).toEqual(recorded[0]);
    expect((await get("/api/v1/topics/0.0.642394")).status).toBe(200);
    expect(() => devnet.submit("0.0.642394" as TopicId, "x")).toThrow("recording");
  });

  it("may come in any order, and lack optional members", async () => {
    const bare = { consensus_timestamp: "1.000000002", message: "YQ==", sequence_number: 2, topic_id: "0.0.5000" };
    devnet.replay({ messages: [bare, { ...bare, sequence_number: 1, consensus_timestamp: "1.000000001" }] });
    const page = await list("", "0.0.5000");
    expect(sequencesOf(page)).toEqual([1, 2]);
    expect(page.messages[1]).toEqual(bare);
    expect(() => devnet.replay({ nothing: true })).toThrow("mirror's JSON");
  });
});
