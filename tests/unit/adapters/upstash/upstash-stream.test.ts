import { describe, expect, it } from "vitest";
import { codeOf, kindOf } from "@/lib/adapters/upstash/client/failure";
import { Keys } from "@/lib/adapters/upstash/client/keys";
import { decodeMessage } from "@/lib/adapters/upstash/events/event-codec";
import { EventStreamParser, streamChannel } from "@/lib/adapters/upstash/events/subscription";

function parse(chunks: readonly string[]): string[] {
  const found: string[] = [];
  const parser = new EventStreamParser((data) => found.push(data));
  for (const chunk of chunks) parser.push(chunk);
  return found;
}

describe("the event stream", () => {
  const text =
    'data: subscribe,c,1\n\n: ping\n\ndata: message,c,{"a":"x,y: z"}\r\n\r\nevent: x\nid: 7\ndata:two\ndata: lines\n\n';
  const events = ["subscribe,c,1", 'message,c,{"a":"x,y: z"}', "two\nlines"];

  it("is read the same wherever it is cut", () => {
    expect(parse([text])).toEqual(events);
    expect(parse([...text])).toEqual(events);
    for (let at = 1; at < text.length; at += 1) expect(parse([text.slice(0, at), text.slice(at)])).toEqual(events);
  });

  it("gives nothing before its end", () => {
    expect(parse(["data: a\n"])).toEqual([]);
    expect(parse(["data: a\n", "\n"])).toEqual(["a"]);
  });

  it.each([
    ["a token that no header can hold", { token: "to\nken" }],
    ["an address that is none", { url: "not an address" }],
  ])("ends with a reason where it cannot be asked for: %s", async (_, wrong) => {
    const options = { url: "http://127.0.0.1:1", token: "t", channel: "c", signal: new AbortController().signal };
    const handlers = { onOpen: () => {}, onMessage: () => {} };
    expect(await streamChannel({ ...options, ...wrong }, handlers)).toMatch(/^ERR_/);
  });

  it("is given up where a line does not end", () => {
    const parser = new EventStreamParser(() => {});
    expect(parser.push("data: ")).toBe(true);
    expect(parser.push("x".repeat(4_000_001))).toBe(false);
  });
});

describe("a message", () => {
  it("that is not ours is none; of a form that is not ours it says everything", () => {
    for (const text of ["", "1", "1 a", "1 a []", "x a 1 []", '{"a":1}', "-1 a 1 null"])
      expect(decodeMessage(text)).toBeNull();
    for (const json of ["null", "{", "[2]", "{}", "[1]", '[1,"0.0.1",1,7,[],0]'])
      expect(decodeMessage(`3 a 2 ${json}`)).toEqual({ sequence: 3, instanceId: "a", turn: 2, event: null });
  });
});

describe("a failure", () => {
  const named = (name: string, message: string, cause?: unknown) =>
    Object.assign(new Error(message, { cause }), { name });

  it("is told by its kind and a code, and nothing of what it says", () => {
    const timeout = named("TimeoutError", "The operation was aborted due to timeout");
    expect([kindOf(timeout), codeOf(timeout)]).toEqual(["timeout", null]);
    const reset = named("TypeError", "fetch failed", { code: "ECONNRESET" });
    expect([kindOf(reset), codeOf(reset)]).toEqual(["network", "ECONNRESET"]);
    const rejected = named("UpstashError", 'WRONGTYPE Operation against a key, command was: ["get","secret"]');
    expect([kindOf(rejected), codeOf(rejected)]).toEqual(["rejected", "WRONGTYPE"]);
    const odd = named("UpstashError", "secret said something", { code: "not a code" });
    expect([kindOf(odd), codeOf(odd)]).toEqual(["rejected", null]);
    expect([kindOf("text"), codeOf("text")]).toEqual(["network", null]);
  });
});

describe("keys", () => {
  it("of a network need a name that needs no quoting", () => {
    for (const name of ["", "a b", "a:b", "{a}", "ä", "a/b", "x".repeat(61)]) expect(() => new Keys(name)).toThrow();
    expect(new Keys("testnet").channel).toBe("tm:testnet:events");
  });
});
