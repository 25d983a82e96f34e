import { describe, expect, it } from "vitest";
import { redisAddresses } from "@/lib/adapters/redis/tcp/addresses";

const plain = { username: undefined, password: undefined, database: 0, isTls: false };

describe("addresses of a Redis", () => {
  it.each([
    ["redis://cache", [{ ...plain, host: "cache", port: 6_379 }]],
    ["redis://:p%40ss@cache:7000/3", [{ ...plain, host: "cache", port: 7_000, password: "p@ss", database: 3 }]],
    [
      "rediss://me:secret@[::1]:7000/",
      [{ host: "::1", port: 7_000, username: "me", password: "secret", database: 0, isTls: true }],
    ],
  ])("are read from %s", (text, addresses) => {
    expect(redisAddresses(text)).toEqual(addresses);
  });

  it("of several nodes share the user and the password of the first", () => {
    const [a, b, c] = redisAddresses("rediss://me:secret@a:1, rediss://b:2,rediss://me:secret@c:3,");
    expect([a, b, c].map((each) => each?.host)).toEqual(["a", "b", "c"]);
    expect([b?.username, b?.password, b?.isTls]).toEqual(["me", "secret", true]);
  });

  it.each([
    ["", "must name a Redis"],
    ["cache:6379", "must be redis://user:password@host:port"],
    ["https://cache:6379", "must be redis://user:password@host:port"],
    ["redis://", "must be redis://user:password@host:port"],
    ["redis://a,rediss://b", "must use redis:// for every node, or rediss://"],
    ["redis://a/1,redis://b/1", "must not name a database with several nodes"],
    ["redis://:x@a,redis://:y@b", "must give every node the same user and password"],
    ["redis://a?tls=true", "must have nothing behind a ?"],
    ["redis://a/cache", "must have nothing behind the host but the number of a database"],
    ["redis://:100%@a", "a % as %25"],
  ])("are refused with a sentence that says what to do: %s", (text, sentence) => {
    expect(() => redisAddresses(text)).toThrow(sentence);
  });

  it("are refused without a word of what stands in them", () => {
    for (const text of ["redis://me:hunter2hunter2@", "redis://:hunter2hunter2@a,redis://:other@b", "hunter2hunter2"])
      expect(() => redisAddresses(text)).toThrow(/^(?!.*hunter2)/);
  });
});
