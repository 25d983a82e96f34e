/** Each fault as a client meets it, and the control routes that switch it on. */
import { request } from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { formatConsensusTime } from "@/lib/core/ledger/consensus-time";
import type { TopicId } from "@/lib/core/ledger/ids";
import { type Devnet, startDevnet } from "@/lib/devnet/devnet";
import type { FaultSpec } from "@/lib/devnet/faults/spec";
import type { DevnetMessage } from "@/lib/devnet/ledger/types";

interface Page {
  messages: { sequence_number: number; message: string; running_hash?: string | null; running_hash_version?: null }[];
  links: { next: string | null };
}

let devnet: Devnet;
let topicId: TopicId;
let sent: DevnetMessage[];
let nowMs = 1_760_000_000_000;

beforeAll(async () => {
  devnet = await startDevnet({ grpc: false, now: () => nowMs });
});
afterAll(() => devnet.stop());
beforeEach(() => {
  devnet.faults.clear();
  devnet.requests.reset();
  topicId = devnet.createTopic();
  sent = devnet.submitMany(
    topicId,
    Array.from({ length: 10 }, (_, i) => ({ n: i + 1 })),
  );
});

const ask = (query = "", id: string = topicId) => fetch(`${devnet.restUrl}/api/v1/topics/${id}/messages${query}`);
const page = async (query = "", id: string = topicId) => (await (await ask(query, id)).json()) as Page;
const sequences = async (query = "", id: string = topicId) =>
  (await page(query, id)).messages.map((message) => message.sequence_number);
const single = (sequence: number) => ask(`/${sequence}`);
const all = Array.from({ length: 10 }, (_, i) => i + 1);

describe("faults of whole requests", () => {
  it("answer 429 in HTML, with and without Retry-After", async () => {
    devnet.faults.add({ kind: "rateLimited", times: 1 });
    devnet.faults.add({ kind: "rateLimited", retryAfterS: 7, times: 1 });
    const [first, second, third] = [await ask(), await ask(), await ask()];
    expect([first.status, first.headers.get("retry-after")]).toEqual([429, null]);
    expect(await first.text()).toMatch(/^<html>/);
    expect([second.status, second.headers.get("retry-after")]).toEqual([429, "7"]);
    expect(third.status).toBe(200);
  });

  it("answer 502 with an HTML body, on one route only", async () => {
    devnet.faults.add({ kind: "badGateway", route: "blocks" });
    const response = await fetch(`${devnet.restUrl}/api/v1/blocks`);
    expect(response.status).toBe(502);
    expect(response.headers.get("content-type")).toBe("text/html");
    expect(await response.text()).toContain("502 Bad Gateway");
    expect((await ask()).status).toBe(200);
    devnet.faults.set([{ kind: "badGateway", status: 503 }]);
    expect((await ask()).status).toBe(503);
  });

  it("reset a connection before the answer or in the middle of it", async () => {
    devnet.faults.add({ kind: "reset", times: 1 });
    await expect(ask()).rejects.toThrow();
    devnet.faults.set([{ kind: "reset", afterBytes: 20 }]);
    await expect(ask().then((response) => response.text())).rejects.toThrow();
    expect(devnet.requests.counts().byStatus).toEqual({ reset: 2 });
  });

  it("delay an answer", async () => {
    devnet.faults.add({ kind: "latency", ms: 60, times: 1 });
    const startedMs = performance.now();
    expect((await ask()).status).toBe(200);
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(55);
    await ask();
    expect(devnet.faults.list()[0]?.hits).toBe(1);
  });

  it("apply to one topic only", async () => {
    devnet.faults.add({ kind: "badGateway", topicId });
    expect((await ask()).status).toBe(502);
    expect((await ask("", devnet.topics.trust)).status).toBe(200);
  });

  it("apply to a share of requests, the same in every run", async () => {
    const run = async () => {
      devnet.faults.set([{ kind: "badGateway", probability: 0.5 }]);
      const statuses: number[] = [];
      for (let i = 0; i < 40; i++) statuses.push((await ask("?limit=1")).status);
      return statuses;
    };
    const first = await run();
    expect(first.filter((status) => status === 502).length).toBeGreaterThan(10);
    expect(first.filter((status) => status === 200).length).toBeGreaterThan(10);
    expect(await run()).toEqual(first);
  });
});

describe("faults of pages", () => {
  it("cut a page so that it looks complete", async () => {
    devnet.faults.add({ kind: "truncated", keep: 3, times: 1 });
    const short = await page("?limit=5");
    expect(short.messages.map((message) => message.sequence_number)).toEqual([1, 2, 3]);
    expect(short.links.next).toBeNull();
    expect(await sequences()).toEqual(all);
  });

  it("send every message twice", async () => {
    devnet.faults.add({ kind: "duplicateMessages" });
    expect(await sequences("?limit=2")).toEqual([1, 1, 2, 2]);
  });

  it("repeat a page, whatever the request", async () => {
    expect(await sequences("?limit=3")).toEqual([1, 2, 3]);
    devnet.faults.add({ kind: "repeatedPage", times: 1 });
    expect(await sequences("?limit=3&sequencenumber=gt:3")).toEqual([1, 2, 3]);
    expect(await sequences("?limit=3&sequencenumber=gt:3")).toEqual([4, 5, 6]);
  });
});

describe("faults of messages", () => {
  it("hide a message for ever, from pages and from single look-ups", async () => {
    devnet.faults.add({ kind: "hole", topicId, fromSequence: 4, toSequence: 6 });
    for (let i = 0; i < 3; i++) expect(await sequences()).toEqual([1, 2, 3, 7, 8, 9, 10]);
    expect(await sequences("?limit=4")).toEqual([1, 2, 3, 7]);
    expect((await single(5)).status).toBe(404);
    expect((await single(7)).status).toBe(200);
  });

  it("hide a message for a while", async () => {
    devnet.faults.add({ kind: "hole", fromSequence: 9, times: 2 });
    expect(await sequences("?limit=2")).toEqual([1, 2]);
    expect(await sequences()).toEqual(all.slice(0, 8));
    expect(await sequences()).toEqual(all.slice(0, 8));
    expect(await sequences()).toEqual(all);
  });

  it("remove a running hash: null, or left out", async () => {
    devnet.faults.add({ kind: "missingHash", fromSequence: 2, toSequence: 2 });
    devnet.faults.add({ kind: "missingHash", fromSequence: 3, toSequence: 3, absent: true });
    const { messages } = await page("?limit=3");
    expect(messages[0]?.running_hash).toHaveLength(64);
    expect(messages[1]).toMatchObject({ running_hash: null, running_hash_version: null });
    expect(messages[2]).not.toHaveProperty("running_hash");
    expect(messages[2]).not.toHaveProperty("running_hash_version");
  });

  it("change a message's content so that it still decodes", async () => {
    const honest = await page();
    devnet.faults.add({ kind: "forgedContent", fromSequence: 2, toSequence: 2 });
    const { messages } = await page();
    expect(JSON.parse(Buffer.from(messages[1]?.message ?? "", "base64").toString())).toEqual({ n: 2, forged: true });
    expect(messages[1]?.running_hash).toBe(honest.messages[1]?.running_hash);
    expect([messages[0], messages[2]]).toEqual([honest.messages[0], honest.messages[2]]);
    expect(await (await single(2)).json()).toEqual(messages[1]);
    devnet.faults.set([{ kind: "forgedContent", message: "eA==" }]);
    expect((await page("?limit=1")).messages[0]?.message).toBe("eA==");
  });

  it("change a running hash", async () => {
    const honest = await page();
    devnet.faults.add({ kind: "forgedHash", fromSequence: 3, toSequence: 3 });
    const { messages } = await page();
    expect(messages[2]?.message).toBe(honest.messages[2]?.message);
    expect(messages[2]?.running_hash).not.toBe(honest.messages[2]?.running_hash);
    expect(messages[2]?.running_hash).toHaveLength(64);
  });
});

describe("faults of the head", () => {
  const headOf = async () => {
    const { blocks } = (await (await fetch(`${devnet.restUrl}/api/v1/blocks?order=desc&limit=1`)).json()) as {
      blocks: { number: number; timestamp: { to: string } }[];
    };
    return blocks[0];
  };

  it("stall it: no newer message and no new block is visible, until it goes on", async () => {
    const id = devnet.faults.add({ kind: "stalledHead" });
    const stalled = await headOf();
    devnet.submit(topicId, "unseen");
    nowMs += 60_000;
    expect(await sequences()).toEqual(all);
    expect((await single(11)).status).toBe(404);
    expect(await headOf()).toEqual(stalled);
    devnet.faults.remove(id);
    expect(await sequences()).toEqual([...all, 11]);
    expect((await headOf())?.timestamp.to).toBe(`${nowMs / 1_000}.000000000`);
  });

  it("stall it at a chosen time", async () => {
    const at = formatConsensusTime((sent[3] as DevnetMessage).consensusNs);
    const before = await headOf();
    expect((before?.timestamp.to ?? "") > at).toBe(true);
    devnet.faults.add({ kind: "stalledHead", at });
    expect(await sequences()).toEqual([1, 2, 3, 4]);
    expect(await sequences("?order=desc&limit=1")).toEqual([4]);
    expect((await headOf())?.timestamp.to).toBe(at);
  });

  it("keep it some seconds behind", async () => {
    nowMs += 60_000;
    devnet.faults.add({ kind: "laggingHead", ms: 5_000 });
    devnet.submit(topicId, "soon");
    expect(await sequences()).toEqual(all);
    expect((await headOf())?.timestamp.to).toBe(`${(nowMs - 5_000) / 1_000}.000000000`);
    nowMs += 5_001;
    expect(await sequences()).toEqual([...all, 11]);
  });
});

describe("the control routes", () => {
  const control = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(`${devnet.restUrl}/devnet${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
    return { status: response.status, json: (await response.json()) as Record<string, unknown> };
  };

  it("switch faults on and off", async () => {
    const spec: FaultSpec = { kind: "hole", topicId, fromSequence: 1, toSequence: 9 };
    const { json } = await control("PUT", "/faults", { faults: [spec] });
    expect(json.faults).toEqual([{ id: expect.any(Number), spec, hits: 0 }]);
    expect(await sequences()).toEqual([10]);
    const added = await control("POST", "/faults", { kind: "latency", ms: 1 });
    const [id] = added.json.ids as number[];
    expect((await control("DELETE", `/faults/${id}`)).json).toMatchObject({ removed: true });
    expect((await control("GET", "/faults")).json.faults).toMatchObject([{ spec, hits: 1 }]);
    expect((await control("DELETE", "/faults")).json).toEqual({ faults: [] });
    expect(await sequences()).toEqual(all);
  });

  it("say what is wrong with a fault", async () => {
    const { status, json } = await control("PUT", "/faults", [{ kind: "hole", fromSequence: 0 }]);
    expect(status).toBe(400);
    expect(json.error).toContain("fromSequence");
    expect((await control("PUT", "/faults", { kind: "gremlins" })).status).toBe(400);
  });

  it("count requests to the mirror, and not to themselves", async () => {
    await ask();
    await single(99);
    await fetch(`${devnet.restUrl}/api/v1/blocks`);
    expect((await control("GET", "/requests")).json).toEqual({
      total: 3,
      byRoute: { messages: 1, message: 1, blocks: 1 },
      byTopic: { [topicId]: 2 },
      byStatus: { 200: 2, 404: 1 },
    });
    expect((await control("DELETE", "/requests")).json).toMatchObject({ total: 0, byRoute: {} });
  });

  it("submit, create topics and replay", async () => {
    const created = await control("POST", "/topics", { memo: "m" });
    const id = created.json.topicId as string;
    const submitted = await control("POST", "/submit", { topicId: id, message: { hello: 1 }, payer: "0.0.77" });
    expect(submitted.json.messages).toMatchObject([{ sequence: 1 }]);
    await control("POST", "/submit", { topicId: id, base64: "//8=" });
    expect((await page("", id)).messages).toMatchObject([{ payer_account_id: "0.0.77" }, { message: "//8=" }]);
    expect((await control("POST", "/submit", { topicId: "0.0.987", message: "x" })).json.error).toContain("no topic");
    expect((await control("POST", "/submit", { topicId: "x", message: "x" })).status).toBe(400);
    const recorded = { consensus_timestamp: "1.000000001", message: "YQ==", sequence_number: 4, topic_id: "0.0.4444" };
    expect((await control("POST", "/replay", { messages: [recorded] })).json.topicIds).toEqual(["0.0.4444"]);
    expect(await sequences("", "0.0.4444")).toEqual([4]);
    expect((await control("GET", "")).json).toMatchObject({ restUrl: devnet.restUrl, operatorId: "0.0.2" });
  });

  it("accept JSON only, under a local name only, so that a web page cannot use them", async () => {
    const response = await fetch(`${devnet.restUrl}/devnet/faults`, { method: "PUT", body: "[]" });
    expect(response.status).toBe(400);
    const { hostname, port } = new URL(devnet.restUrl);
    const status = await new Promise((resolve, reject) => {
      const headers = { host: "evil.example" };
      request({ hostname, port, path: "/devnet/faults", headers }, (answer) => resolve(answer.resume().statusCode))
        .on("error", reject)
        .end();
    });
    expect(status).toBe(404);
    expect((await control("GET", "/nothing")).status).toBe(404);
  });
});
