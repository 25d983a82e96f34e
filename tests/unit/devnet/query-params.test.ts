import { describe, expect, it } from "vitest";
import { RestError } from "@/lib/devnet/rest/answer";
import { nextLink } from "@/lib/devnet/rest/next-link";
import {
  checkQuery,
  intervalOf,
  isOrder,
  isPositiveLong,
  isTimestamp,
  limitOf,
  numberFilters,
  parseQuery,
  timestampFilters,
} from "@/lib/devnet/rest/query-params";
import { entityIdOf } from "@/lib/devnet/rest/topic-routes";

const ACCEPTED = { limit: isPositiveLong, order: isOrder, sequencenumber: isPositiveLong, timestamp: isTimestamp };

function complaints(text: string): readonly string[] {
  try {
    checkQuery(parseQuery(text), ACCEPTED);
    return [];
  } catch (error) {
    return error instanceof RestError ? error.messages : [String(error)];
  }
}

describe("checking", () => {
  it.each([
    ["sequencenumber=gt:3&timestamp=lte:1234567890.000000005&limit=1&order=DESC"],
    ["SequenceNumber=gt:3&ORDER=asc"],
    ["limit=9223372036854775807"],
    ["timestamp=1234567890&timestamp=lt:1234567891.1"],
    ["sequencenumber=gte:1&sequencenumber=lt:9"],
  ])("accepts %s", (text) => expect(complaints(text)).toEqual([]));

  it.each([
    ["limit=0", "limit"],
    ["limit=-1", "limit"],
    ["limit=x", "limit"],
    ["limit=", "limit"],
    ["order=up", "order"],
    ["sequencenumber=0", "sequencenumber"],
    ["sequencenumber=2_2", "sequencenumber"],
    ["sequencenumber=9223372036854775808", "sequencenumber"],
    ["sequencenumber=near:3", "sequencenumber"],
    ["timestamp=18:34", "timestamp"],
    ["timestamp=1.1234567890", "timestamp"],
    ["timestamp=gt:", "timestamp"],
  ])("refuses %s", (text, name) => expect(complaints(text)).toEqual([`Invalid parameter: ${name}`]));

  it("reports everything at once, invalid values before unknown names", () => {
    expect(complaints("topic.id=7&sequencenumber=-1&timestamp=18:34&limit=-1")).toEqual([
      "Invalid parameter: sequencenumber",
      "Invalid parameter: timestamp",
      "Invalid parameter: limit",
      "Unknown query parameter: topic.id",
    ]);
    expect(complaints("__proto__=1&account.id=0.0.3")).toEqual([
      "Unknown query parameter: __proto__",
      "Unknown query parameter: account.id",
    ]);
  });

  it("caps the limit in silence, and takes the last of several", () => {
    expect(limitOf(parseQuery("limit=101"))).toBe(100);
    expect(limitOf(parseQuery("limit=3&limit=7"))).toBe(7);
    expect(limitOf(parseQuery(""))).toBe(25);
  });
});

describe("comparisons", () => {
  const sequences = (text: string) => intervalOf(numberFilters(parseQuery(text), "sequencenumber"), "sequencenumber");

  it("are ANDed", () => {
    expect(sequences("sequencenumber=gt:3&sequencenumber=lte:9&sequencenumber=lt:9")).toEqual({ from: 4n, to: 8n });
    expect(sequences("sequencenumber=5")).toEqual({ from: 5n, to: 5n });
    expect(sequences("sequencenumber=5&sequencenumber=6")).toBeNull();
    expect(sequences("sequencenumber=gte:7&sequencenumber=lt:7")).toBeNull();
  });

  it("read fractions of a second from the left", () => {
    const times = timestampFilters(parseQuery("timestamp=gte:12.5&timestamp=lt:13"), "timestamp");
    expect(intervalOf(times, "timestamp")).toEqual({ from: 12_500_000_000n, to: 12_999_999_999n });
  });

  it("know no ne", () => {
    expect(() => sequences("sequencenumber=ne:3")).toThrow("Not equal (ne) operator is not supported");
  });
});

describe("the next page", () => {
  const next = (text: string, order: "asc" | "desc" = "asc") => nextLink("/m", parseQuery(text), order, "5.000000001");

  it.each([
    ["limit=2", "asc", "/m?limit=2&timestamp=gt:5.000000001"],
    ["limit=2&order=desc", "desc", "/m?limit=2&order=desc&timestamp=lt:5.000000001"],
    ["timestamp=gt:1.0&limit=2", "asc", "/m?limit=2&timestamp=gt:5.000000001"],
    [
      "sequencenumber=gt:2&timestamp=lte:9.0&limit=2",
      "asc",
      "/m?sequencenumber=gt:2&timestamp=lte:9.0&timestamp=gt:5.000000001&limit=2",
    ],
    ["timestamp=gte:1.0&timestamp=lt:9.0&limit=2", "asc", "/m?timestamp=lt:9.0&timestamp=gt:5.000000001&limit=2"],
    [
      "timestamp=gte:1.0&timestamp=lt:9.0&order=desc",
      "desc",
      "/m?timestamp=gte:1.0&timestamp=lt:5.000000001&order=desc",
    ],
    ["timestamp=5.000000001&limit=1", "asc", "/m?timestamp=5.000000001&limit=1"],
  ] as const)("after %s (%s)", (text, order, link) => expect(next(text, order)).toBe(link));

  it("keeps the path as it was asked, without a slash at its end", () => {
    expect(nextLink("/api/v1/topics/7/messages/", parseQuery(""), "asc", "1.0")).toBe(
      "/api/v1/topics/7/messages?timestamp=gt:1.0",
    );
  });
});

it("an entity id may leave out shard and realm", () => {
  expect(["7", "0.7", "0.0.7"].map(entityIdOf)).toEqual(["0.0.7", "0.0.7", "0.0.7"]);
  expect(["", "-1", "0.0.0.7", "abc", "0.0.", "7.", "1e3"].map(entityIdOf)).toEqual(Array(7).fill(null));
});
