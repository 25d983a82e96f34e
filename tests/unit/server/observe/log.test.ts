import { describe, expect, it } from "vitest";
import { TierUnavailable } from "@/lib/ports/tier-unavailable";
import { inRequest } from "@/lib/server/http/request-scope";
import { createLog } from "@/lib/server/observe/log";

function logOf(isPretty: boolean, secrets?: readonly string[]) {
  const lines: string[] = [];
  return { lines, log: createLog((line) => void lines.push(line), isPretty, { secrets }) };
}

describe("in production", () => {
  it("is one JSON object a line, with its request", () => {
    const { lines, log } = logOf(false);
    log.info("began");
    inRequest({ requestId: "request-1" }, () => log.warn("slow\nhere", { topicId: "0.0.5", cursor: 12n }));
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { level: "info", time: expect.stringMatching(/^\d{4}-.+Z$/), message: "began" },
      {
        ...{ level: "warn", time: expect.any(String), requestId: "request-1", topicId: "0.0.5", cursor: "12" },
        message: "slow\nhere",
      },
    ]);
    expect(lines.every((line) => !line.includes("\n"))).toBe(true);
  });

  it("has an error's name and message, and only the name for a driver's error", () => {
    const { lines, log } = logOf(false);
    log.error("failed", {
      cause: new TypeError("no such thing"),
      again: new TierUnavailable("postgres", "insert 'private'"),
    });
    expect(JSON.parse(lines[0] as string)).toMatchObject({
      cause: { name: "TypeError", message: "no such thing" },
      again: "TierUnavailable: postgres",
    });
    expect(lines[0]).not.toMatch(/private|stack/);
  });

  it.each([
    ["a known secret, quoted", 'a "quoted" secret'],
    ["a password in an address", "hunter2"],
    ["a bearer token", "abcdef123456"],
    ["a session", "eyJhbGciOi.eyJzdWIi.c2lnbmF0dXJl"],
  ])("leaves out %s, in any text", (_, hidden) => {
    const texts = [`of ${hidden}`, `postgres://app:${hidden}@host/x`, `Bearer ${hidden}`];
    const fitting = { hunter2: texts.slice(1, 2), abcdef123456: texts.slice(2) }[hidden] ?? texts.slice(0, 1);
    const { lines, log } = logOf(false, ['a "quoted" secret']);
    for (const text of fitting) log.error(text, { reason: text, cause: new Error(text), deep: { er: text } });
    expect(lines[0]).not.toContain(JSON.stringify(hidden).slice(1, -1));
    expect(JSON.parse(lines[0] as string).reason).toContain("[redacted]");
  });

  it.each(["authorization", "body", "cookie", "password", "secret", "set-cookie", "token"])(
    "never contains a %s",
    (name) => {
      const { lines, log } = logOf(false);
      log.info("x", { [name]: "hidden", headers: { [name]: "hidden" } });
      expect(lines[0]).not.toContain("hidden");
    },
  );
});

describe("in development", () => {
  it("is a line for people, without what only machines need", () => {
    const { lines, log } = logOf(true, ["0123456789abcdef"]);
    inRequest({ requestId: "request-1" }, () => log.info("Ready after 1.0 s"));
    log.warn("slow", { topicId: "0.0.5", of: "0123456789abcdef" });
    expect(lines).toEqual(["Ready after 1.0 s", 'warn: slow {"topicId":"0.0.5","of":"[redacted]"}']);
  });
});
