/** The public mirror beside the devnet's own: for the same request the same status, members, values and links. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { formatConsensusTime } from "@/lib/core/ledger/consensus-time";
import type { TopicId } from "@/lib/core/ledger/ids";
import type { LogEntry } from "@/lib/core/signals/batch";
import { startTestApp, type TestApp } from "../../support/worlds/app";

const MESSAGES = 130;
let t: TestApp;
let topic: TopicId;
let stored: readonly LogEntry[];

beforeAll(async () => {
  t = await startTestApp({ env: { RATE_LIMITS: "0", MIRROR_RPS: "10000" } });
  topic = t.devnet.topics.contact;
  const request = (i: number) => ({ type: "CONTACT_REQUEST", from: `tm-${i}`, to: "tm-ö 🌱", note: "ß".repeat(i * 9) });
  t.devnet.submitMany(
    topic,
    Array.from({ length: MESSAGES }, (_, i) => request(i + 1)),
  );
  t.devnet.submit(t.devnet.topics.profile, { actor: "tm-1", displayName: "One" });
  await t.sync();
  stored = await t.app.stores.sync.log(t.app.scheduler.topics[0]?.topicId ?? ("" as never), 1, 1_000);
});
afterAll(() => t.close());

interface Said {
  readonly status: number;
  readonly json: unknown;
}

const ours = async (path: string): Promise<Said> => {
  const response = await t.ask("GET", path, null, { withoutBackground: true });
  expect(response.headers.get("access-control-allow-origin")).toBe("*");
  return { status: response.status, json: await response.json() };
};
const theirs = async (path: string): Promise<Said> => {
  const response = await fetch(t.devnet.restUrl + path);
  return { status: response.status, json: await response.json() };
};
const expectSame = async (path: string) => {
  const [own, told] = await Promise.all([ours(path), theirs(path)]);
  expect(own, path).toEqual(told);
  return own;
};

/** Times of messages, between them, before and after all, and beyond what a row holds. */
const time = fc.oneof(
  fc.tuple(fc.nat(MESSAGES + 30), fc.integer({ min: -1, max: 1 })).map(([i, ns]) => {
    const entry = stored[Math.min(i, stored.length - 1)];
    return formatConsensusTime(((entry?.consensusNs ?? 0n) + BigInt(ns)) as never);
  }),
  fc.constantFrom("0", "1", "9999999999", "9999999999.999999999", "1795392000", "1795392000.5"),
  fc.constantFrom("", "-1", "1.", ".5", "1.0000000001", "99999999999", "abc", "1e9", "1795392000.123 "),
);
const number = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 1, max: MESSAGES + 60 }).map(String) },
  { weight: 1, arbitrary: fc.constantFrom("9223372036854775807", "1099511627776", "007", "1099511627775") },
  { weight: 1, arbitrary: fc.constantFrom("0", "-1", "", "1.5", "x", "9223372036854775808", "99999999999999999999") },
);
const operator = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom("", "eq:", "gt:", "gte:", "lt:", "lte:") },
  { weight: 1, arbitrary: fc.constantFrom("ne:", "GT:", "foo:", ":", "gt:gte:", "gt::") },
);
const compared = (value: fc.Arbitrary<string>) => fc.tuple(operator, value).map(([before, text]) => before + text);
const parameter = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.tuple(fc.constantFrom("sequencenumber", "sequencenumber", "SequenceNumber"), compared(number)),
  },
  { weight: 5, arbitrary: fc.tuple(fc.constantFrom("timestamp", "timestamp", "TIMESTAMP"), compared(time)) },
  {
    weight: 3,
    arbitrary: fc.tuple(fc.constant("limit"), fc.oneof(fc.integer({ min: 1, max: 140 }).map(String), number)),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(fc.constantFrom("order", "Order"), fc.constantFrom("asc", "desc", "DESC", "eq:asc", "up", "")),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(
      fc.constant("encoding"),
      fc.constantFrom("base64", "utf8", "utf-8", "UTF-8", "hex", "eq:utf8", ""),
    ),
  },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom("account.id", "foo", "a b", "__proto__", ""), compared(number)) },
);
const query = fc
  .tuple(fc.array(parameter, { maxLength: 5 }), fc.boolean())
  .map(([pairs, isEncoded]) =>
    pairs
      .map(([name, value]) =>
        isEncoded ? `${encodeURIComponent(name)}=${encodeURIComponent(value)}` : `${name}=${value.trim()}`,
      )
      .join("&"),
  );

/** The topic as it may be named, one that is not kept here, one that there is not, and what names none. */
const name = fc.oneof(
  { weight: 16, arbitrary: fc.constantFrom("", "0.", "0.0.").map((before) => before + topic.split(".")[2]) },
  { weight: 1, arbitrary: fc.constantFrom("0.0.999999", "abc", "0.0.0.7", "1.2.3", "0.0.-1", "99999999999999") },
);

describe("the list of a topic's messages", () => {
  it("answers 2,000 requests as the devnet's mirror does", async () => {
    let full = 0;
    await fc.assert(
      fc.asyncProperty(name, query, async (id, asked) => {
        const { json } = await expectSame(`/api/v1/topics/${id}/messages${asked === "" ? "" : `?${asked}`}`);
        if ((json as { links?: { next: string | null } }).links?.next) full += 1;
      }),
      { numRuns: 2_000 },
    );
    expect(full).toBeGreaterThan(200);
  });

  it.each(["asc", "desc"])("gives every message once to a client that follows its links, %s", async (order) => {
    const seen: number[] = [];
    let next: string | null = `/api/v1/topics/${topic}/messages?limit=9&order=${order}`;
    while (next !== null) {
      const { json } = await expectSame(next);
      const page = json as { messages: { sequence_number: number }[]; links: { next: string | null } };
      seen.push(...page.messages.map((message) => message.sequence_number));
      next = page.links.next;
    }
    const all = stored.map(({ sequence }) => sequence as number);
    expect(seen).toEqual(order === "asc" ? all : all.toReversed());
  });
});

describe("one message, or the topic", () => {
  it("is answered as the devnet's mirror does", async () => {
    const text = fc.oneof(number, fc.constantFrom("%20", "a", "1?x=1", "1?limit=1&x=2&x=3"));
    await fc.assert(
      fc.asyncProperty(
        name,
        text.filter((each) => each !== ""),
        async (id, sequence) => {
          await expectSame(`/api/v1/topics/${id}/messages/${sequence}`);
          await expectSame(`/api/v1/topics/${id}`);
        },
      ),
      { numRuns: 150 },
    );
    await fc.assert(
      fc.asyncProperty(
        time.filter((each) => each.trim() !== ""),
        async (at) => {
          await expectSame(`/api/v1/topics/messages/${encodeURIComponent(at)}`);
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe("an answer of the mirror that is passed on", () => {
  it.each([
    "/api/v1/accounts/0.0.2?transactions=false",
    "/api/v1/accounts/0.0.999999",
    "/api/v1/accounts/0.0.2?foo=1",
    "/api/v1/network/nodes",
    "/api/v1/tokens/0.0.5/balances",
    "/api/v1/tokens/0.0.5/nfts/1/transactions",
    "/api/v1/contracts",
  ])("arrives unchanged: %s", async (path) => {
    await expectSame(path);
  });
});
