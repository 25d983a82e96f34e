import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  coverageWords,
  databaseWords,
  entryTitle,
  outcomeOf,
  placeOf,
  progressOf,
  standingOf,
  topicActionWords,
  troubleOf,
} from "@/lib/client/admin/sentences";
import { TOPIC_ACTIONS } from "@/lib/client/admin/status";
import { matching } from "@/lib/client/format/table";
import { INCIDENT_KINDS } from "@/lib/core/health/incident";
import type { TopicCheck } from "@/lib/wire/admin";
import { auditEntry, topicStatus } from "@/tests/support/samples/admin-status";

const NOW = 1_700_000_000_000;
const none = { count: 0, first: [] };
const check = (more: Partial<TopicCheck> = {}): TopicCheck => ({
  through: 500,
  to: 2_000,
  checked: 500,
  matching: 500,
  differing: none,
  missing: none,
  unconfirmed: none,
  broken: none,
  restored: 0,
  ...more,
});
const running = (detail: TopicCheck | null, updatedMs = NOW - 2_000) =>
  outcomeOf(auditEntry({ state: "running", detail, updatedMs }), NOW);

describe("what an action came to", () => {
  it("tells how far a check is, and what it has found", () => {
    expect(running(check())).toBe("Under way: message 500 of 2,000. 500 messages compared: all match so far.");
    expect(progressOf(check())).toBe(0.25);
    expect(progressOf(check({ through: 0, to: 0 }))).toBe(1);
  });

  it("says when nothing was heard of it for long, and what to do", () => {
    expect(running(check(), NOW - 300_000)).toMatch(/Nothing was heard of it for 5 min: ask for it again to go on\.$/);
    expect(running(null)).toBe("Under way.");
  });

  it("names all that does not match", () => {
    const found = check({
      through: 2_000,
      checked: 2_000,
      missing: { count: 3, first: [7] },
      broken: { count: 1, first: [9] },
      restored: 3,
    });
    expect(outcomeOf(auditEntry({ detail: found }), NOW)).toBe(
      "2,000 messages compared: 3 missing here, 1 whose running hash does not follow. 3 messages written.",
    );
    expect(outcomeOf(auditEntry({ detail: check({ checked: 1 }) }), NOW)).toBe(
      "1 message compared: all match the ledger.",
    );
  });

  it("gives the reason of what failed, and of everything else says that it is done", () => {
    expect(outcomeOf(auditEntry({ state: "failed", detail: { error: "The topic is paused." } }), NOW)).toBe(
      "The topic is paused.",
    );
    expect(outcomeOf(auditEntry({ state: "failed", detail: null }), NOW)).toMatch(/failed; the server's log says more/);
    expect(outcomeOf(auditEntry({ state: "refused", detail: null }), NOW)).toMatch(
      /refused; the server's log says more/,
    );
    expect(outcomeOf(auditEntry({ action: "topic.pause", detail: null }), NOW)).toBe("Done.");
  });

  it("has a title that says what and of what", () => {
    expect(entryTitle(auditEntry({ target: "0.0.7" }))).toBe("Audit of 0.0.7");
    expect(entryTitle(auditEntry({ action: "topic.pause", target: "0.0.7" }))).toBe("Pause 0.0.7");
    expect(entryTitle(auditEntry({ action: "cache.invalidate" }))).toBe("Invalidate everything");
    expect(entryTitle(auditEntry({ action: "something.new", target: "x" }))).toBe("something.new x");
  });
});

describe("a topic", () => {
  const topic = topicStatus(0);

  it("is first of all paused, whatever its sync was doing", () => {
    expect(standingOf({ ...topic, paused: true, state: "hole" })).toEqual({ text: "Paused", tone: "notice" });
    expect(standingOf({ ...topic, paused: false, state: "hole" }).tone).toBe("bad");
  });

  it("says what is stored, verified and missing", () => {
    const whole = { ...topic, cursor: 1_000, verifiedThrough: 1_000, gaps: [], gapCount: 0 };
    expect(coverageWords(whole)).toBe("Stored through 1,000, all verified, no gaps.");
    const gap = { from: 11, to: 20, state: "declared", firstSeenMs: 0 } as const;
    expect(coverageWords({ ...whole, verifiedThrough: 10, gaps: [gap], gapCount: 1 })).toBe(
      "Stored through 1,000, verified through 10, 1 gap (10 messages).",
    );
    expect(coverageWords({ ...whole, cursor: 0 })).toBe("Nothing stored yet.");
  });

  it("says why it does not move and when it is tried again", () => {
    expect(troubleOf({ ...topic, lastError: null }, NOW)).toBeNull();
    expect(troubleOf({ ...topic, lastError: "The mirror answered 503", retryAtMs: NOW + 12_000 }, NOW)).toBe(
      "The mirror answered 503. Tried again in 12 s.",
    );
    expect(troubleOf({ ...topic, lastError: "It broke.", retryAtMs: null }, NOW)).toBe("It broke.");
  });

  it.each(TOPIC_ACTIONS)("is named by the words of %s", (action) => {
    const words = topicActionWords(action, "0.0.7");
    expect(words.title).toContain("0.0.7");
    expect(words.taken).toContain("0.0.7");
  });
});

describe("an outage of the database", () => {
  const atMs = NOW;
  const away = (topicsReadMs: number | null) => ({ answers: false, topicsReadMs, messagesReadMs: null });

  it("is no matter for words while it answers", () => {
    const database = { ...away(NOW), answers: true };
    expect(databaseWords({ database, atMs, storage: null })).toBeNull();
  });

  it("says how old the topics are, and what is missing", () => {
    const words = databaseWords({ database: away(NOW - 40_000), atMs, storage: null });
    expect(words).toMatch(
      /^Topics were read from the database 40 s ago\. Odd messages are missing\. Storage is missing\./,
    );
    expect(databaseWords({ database: away(null), atMs, storage: null })).toMatch(/^Topics are shown as this instance/);
  });
});

describe("every kind of incident", () => {
  const page = (file: string) => `app/(app)/admin${file}/page.tsx`;

  it.each(Object.keys(INCIDENT_KINDS))("%s leads nowhere, or to a part of the page that there is", (code) => {
    for (const subject of [null, "0.0.7"]) {
      const place = placeOf({ code, subject });
      if (place) expect(existsSync(page(place.href.split("?")[0]?.replace("/admin", "") ?? "")), place.href).toBe(true);
    }
  });

  it("of a forged message leads to its row in the list", () => {
    const place = placeOf({ code: "message-failed", subject: "0.0.7" });
    const query = new URL(place?.href ?? "", "http://x").searchParams.get("q") ?? "";
    const rows = [
      { text: "0.0.7/3 failed hash-mismatch 0.0.2" },
      { text: "0.0.71/3 failed" },
      { text: "0.0.7/4 untrusted" },
    ];
    expect(matching(rows, query, ({ text }) => text)).toEqual([rows[0]]);
  });
});
