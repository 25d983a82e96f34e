import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { Keys } from "@/lib/adapters/redis/client/keys";
import { parseBusMessage } from "@/lib/adapters/redis/events/event-codec";
import { MAX_EVENT_CHARACTERS, streamChannel } from "@/lib/adapters/redis/upstash/subscription";
import { UpstashTransport } from "@/lib/adapters/redis/upstash/upstash-transport";

/** Serves these chunks, each written alone: the messages that `streamChannel` gives, and the reason with which it ends. */
async function listenTo(chunks: readonly string[]) {
  const heard: string[] = [];
  const server = createServer(async (_, response) => {
    for (const chunk of chunks) await new Promise((resolve) => response.write(chunk, resolve));
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const options = { url, token: "t", channel: "c", signal: new AbortController().signal };
  const handlers = { onOpen: () => heard.push("open"), onMessage: (payload: string) => heard.push(payload) };
  const reason = await streamChannel(options, handlers);
  await new Promise((resolve) => server.close(resolve));
  return { heard, reason };
}

describe("the event stream", () => {
  it("gives the messages of its channel, wherever the chunks are cut", async () => {
    const text =
      'data: subscribe,c,1\n\n: ping\n\ndata: message,c,{"a":"x,y: z"}\r\n\r\nevent: x\nid: 7\ndata:message,c,two\ndata: lines\n\ndata: message,d,of another channel\n\n';
    const read = { heard: ["open", '{"a":"x,y: z"}', "two\nlines"], reason: "ended" };
    expect(await listenTo([text])).toEqual(read);
    expect(await listenTo([...text])).toEqual(read);
  });

  it("gives no message before it is complete", async () => {
    expect(await listenTo(["data: message,c,a\n"])).toEqual({ heard: [], reason: "ended" });
  });

  it.each([
    ["a token that no header can hold", { token: "to\nken" }],
    ["an address that is none", { url: "not an address" }],
  ])("ends with a reason if it cannot be requested: %s", async (_, wrong) => {
    const options = { url: "http://127.0.0.1:1", token: "t", channel: "c", signal: new AbortController().signal };
    const handlers = { onOpen: () => {}, onMessage: () => {} };
    expect(await streamChannel({ ...options, ...wrong }, handlers)).toMatch(/^ERR_/);
  });

  it.each([
    ["a line", ["x".repeat(MAX_EVENT_CHARACTERS), "y", "\n\n"]],
    ["an event of many lines", [...Array<string>(9).fill(`data: ${"x".repeat(MAX_EVENT_CHARACTERS / 8)}\n`), "\n"]],
  ])("is given up if %s does not end", async (_, chunks) => {
    expect(await listenTo(["data: message,c,", ...chunks])).toEqual({ heard: [], reason: "too long" });
  });
});

describe("a message", () => {
  it("that is not ours is ignored, and one of ours in an unknown form means that everything changed", () => {
    for (const text of ["", "1", "1 a", "1 a []", "x a 1 []", '{"a":1}', "-1 a 1 null"])
      expect(parseBusMessage(text)).toBeNull();
    for (const json of ["null", "{", "[2]", "{}", "[1]", '[1,"0.0.1",1,7,[],0]'])
      expect(parseBusMessage(`3 a 2 ${json}`)).toEqual({
        sequence: 3,
        instanceId: "a",
        turn: 2,
        heads: [],
        event: null,
      });
  });
});

describe("a failure", () => {
  const transport = new UpstashTransport({ url: "http://127.0.0.1:1", token: "t" });
  const told = (error: unknown) => [transport.kindOf(error), transport.codeOf(error)];
  const named = (name: string, message: string, cause?: unknown) =>
    Object.assign(new Error(message, { cause }), { name });

  it("is reported by its kind and a code, without its text", () => {
    const timeout = named("TimeoutError", "The operation was aborted due to timeout");
    expect(told(timeout)).toEqual(["timeout", null]);
    const reset = named("TypeError", "fetch failed", { code: "ECONNRESET" });
    expect(told(reset)).toEqual(["network", "ECONNRESET"]);
    const rejected = named("UpstashError", 'WRONGTYPE Operation against a key, command was: ["get","secret"]');
    expect(told(rejected)).toEqual(["rejected", "WRONGTYPE"]);
    const odd = named("UpstashError", "secret said something", { code: "not a code" });
    expect(told(odd)).toEqual(["rejected", null]);
    expect(told("text")).toEqual(["network", null]);
  });
});

describe("keys", () => {
  it("of a network need a name that needs no quoting", () => {
    for (const name of ["", "a b", "a:b", "{a}", "ä", "a/b", "x".repeat(61)]) expect(() => new Keys(name)).toThrow();
    expect(new Keys("testnet").channel).toBe("tm:testnet:events");
  });
});
