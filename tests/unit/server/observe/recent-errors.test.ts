import { describe, expect, it } from "vitest";
import { inRequest } from "@/lib/server/http/request-scope";
import { RecentErrors } from "@/lib/server/observe/recent-errors";
import { ERROR_KINDS_MAX, ERRORS_PER_KIND_MAX } from "@/lib/wire/operators/recent-errors";

const setUp = () => {
  const clock = { nowMs: 0, now: () => clock.nowMs };
  return { clock, errors: new RecentErrors(clock) };
};

describe("the latest errors", () => {
  it("are kept by kind with the ids of their requests, newest first, and all are counted", () => {
    const { clock, errors } = setUp();
    for (let n = 1; n <= 5; n += 1) {
      clock.nowMs = n;
      inRequest({ requestId: `request-${n}` }, () => errors.note("internal", "GET /api/contacts"));
    }
    inRequest({ requestId: "request-6" }, () => errors.note("postgres down", "GET /api/circle"));
    expect(errors.list().map(({ kind, count }) => [kind, count])).toEqual([
      ["postgres down", 1],
      ["internal", 5],
    ]);
    expect(errors.list()[1]?.latest.map(({ atMs, requestId }) => [atMs, requestId])).toEqual([
      [5, "request-5"],
      [4, "request-4"],
      [3, "request-3"],
    ]);
  });

  it("stay within their bounds, and lose the oldest kind first", () => {
    const { errors } = setUp();
    for (let n = 0; n < 500; n += 1) errors.note(`kind ${n % 40}`, "GET /api/contacts");
    expect(errors.list()).toHaveLength(ERROR_KINDS_MAX);
    expect(errors.list()[0]?.kind).toBe("kind 19");
    for (const { latest } of errors.list()) expect(latest.length).toBeLessThanOrEqual(ERRORS_PER_KIND_MAX);
  });

  it("include errors of background work, by the fixed text of their log line", () => {
    const { errors } = setUp();
    const lines: string[] = [];
    const write = (message: string) => void lines.push(message);
    const log = errors.following({ info: write, warn: write, error: write });
    log.error("a check of a topic failed", { topicId: "0.0.7", cause: new Error("tm-alice said something") });
    inRequest({ requestId: "request-1" }, () => log.error("a request failed"));
    expect(lines).toEqual(["a check of a topic failed", "a request failed"]);
    expect(errors.list()).toEqual([
      { kind: "a check of a topic failed", count: 1, latest: [{ atMs: 0, requestId: null, route: null }] },
    ]);
  });
});
