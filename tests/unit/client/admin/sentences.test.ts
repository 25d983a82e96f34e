import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  coverageWords,
  databaseWords,
  entryTitle,
  incidentPlace,
  outcomeOf,
  progressOf,
  standingOf,
  standingSince,
  startOverWords,
  storedOf,
  topicActionWords,
  troubleOf,
} from "@/lib/client/admin/sentences";
import { TOPIC_ACTIONS } from "@/lib/client/admin/status";
import { rowsMatching } from "@/lib/client/format/table";
import { INCIDENT_KINDS } from "@/lib/core/health/incident";
import type { TopicCheck } from "@/lib/wire/operators/admin";
import { operatorLogEntry, topicStatus } from "@/tests/support/samples/admin-status";

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
  outcomeOf(operatorLogEntry({ state: "running", detail, updatedMs }), NOW);

describe("the result of an action", () => {
  it("shows the progress and the findings of a check", () => {
    expect(running(check())).toBe("Running: message 500 of 2,000. 500 messages compared: all match so far.");
    expect(progressOf(check())).toBe(0.25);
    expect(progressOf(check({ through: 0, to: 0 }))).toBe(1);
  });

  it("says that a check without updates must be started again", () => {
    expect(running(check(), NOW - 300_000)).toMatch(/No update for 5 min: start it again to continue\.$/);
    expect(running(null)).toBe("Running.");
  });

  it("lists everything that does not match", () => {
    const found = check({
      through: 2_000,
      checked: 2_000,
      missing: { count: 3, first: [7] },
      broken: { count: 1, first: [9] },
      restored: 3,
    });
    expect(outcomeOf(operatorLogEntry({ detail: found }), NOW)).toBe(
      "2,000 messages compared: 3 missing, 1 with a wrong running hash. 3 messages written.",
    );
    expect(outcomeOf(operatorLogEntry({ detail: check({ checked: 1 }) }), NOW)).toBe(
      "1 message compared: all match the ledger.",
    );
  });

  it("says what a start over reads again, and which topics start over with it", () => {
    const told = (detail: object | null) =>
      outcomeOf(operatorLogEntry({ action: "topic.start-over", detail } as never), NOW);
    expect(told({ dropped: 5_210 })).toBe(
      "The topic starts over. 5,210 stored messages are read from the ledger again.",
    );
    expect(told({ dropped: 1, alongside: ["0.0.7"] })).toBe(
      "The topic starts over. 1 stored message is read from the ledger again. Topic 0.0.7 starts over with it, because messages of it were dropped.",
    );
    expect(told({ dropped: 0, alongside: ["0.0.7", "0.0.8", "0.0.9"] })).toBe(
      "The topic starts over. Topics 0.0.7, 0.0.8 and 0.0.9 start over with it, because messages of them were dropped.",
    );
    expect(told(null)).toBe("Done.");
  });

  it("says how much was packed and dropped", () => {
    const told = (detail: object | null) =>
      outcomeOf(operatorLogEntry({ action: "database.pack", detail } as never), NOW);
    const packed = { messages: 5_844, rows: 11_387 };
    expect(told(packed)).toBe("Packed 5,844 messages and 11,387 rows of people.");
    expect(told({ ...packed, dropped: { messages: 1, rows: 2 } })).toBe(
      "Packed 5,844 messages and 11,387 rows of people. Dropped 1 message and 2 rows of people.",
    );
    for (const nothing of [null, { messages: 0, rows: 0 }])
      expect(told(nothing)).toBe("Done: there was nothing to pack.");
    expect(told({ messages: 0, rows: 0, dropped: { messages: 1, rows: 0 } })).toContain("Dropped 1 message");
  });

  it("gives the reason of a failure or refusal, otherwise says Done", () => {
    expect(outcomeOf(operatorLogEntry({ state: "failed", detail: { error: "The topic is paused." } }), NOW)).toBe(
      "The topic is paused.",
    );
    expect(outcomeOf(operatorLogEntry({ state: "failed", detail: null }), NOW)).toMatch(
      /^It failed\. See the server's log\.$/,
    );
    expect(outcomeOf(operatorLogEntry({ state: "refused", detail: null }), NOW)).toMatch(
      /^It was refused\. See the server's log\.$/,
    );
    expect(outcomeOf(operatorLogEntry({ action: "topic.pause", detail: null }), NOW)).toBe("Done.");
  });

  it("has a title with action and target", () => {
    expect(entryTitle(operatorLogEntry({ target: "0.0.7" }))).toBe("Audit of 0.0.7");
    expect(entryTitle(operatorLogEntry({ action: "topic.pause", target: "0.0.7" }))).toBe("Pause 0.0.7");
    expect(entryTitle(operatorLogEntry({ action: "cache.invalidate" }))).toBe("Invalidate everything");
    expect(entryTitle(operatorLogEntry({ action: "something.new", target: "x" }))).toBe("something.new x");
  });
});

describe("a topic", () => {
  const topic = topicStatus(0);

  it("shows as paused, whatever the state of its sync", () => {
    expect(standingOf({ ...topic, paused: true, state: "hole" })).toEqual({ text: "Paused", tone: "notice" });
    expect(standingOf({ ...topic, paused: false, state: "hole" }).tone).toBe("bad");
    const startOver = { work: "reading", through: 0, to: 9 } as const;
    for (const state of ["idle", "pulling"] as const)
      expect(standingOf({ ...topic, paused: false, state, startOver })).toEqual({
        text: "Reading again",
        tone: "notice",
      });
    expect(standingOf({ ...topic, paused: false, state: "backing-off", startOver }).tone).toBe("bad");
  });

  it("says what is stored, verified and missing", () => {
    const whole = { ...topic, cursor: 1_000, verifiedThrough: 1_000, gaps: [], gapCount: 0 };
    expect(coverageWords(whole)).toBe("Stored through 1,000, all verified, no gaps.");
    const gap = { from: 11, to: 20, state: "declared", firstSeenMs: 0 } as const;
    expect(coverageWords({ ...whole, verifiedThrough: 10, gaps: [gap], gapCount: 1 })).toBe(
      "Stored through 1,000, verified through 10, 1 gap (10 messages).",
    );
    const dropped = { through: 512, throughTime: "1790000000.000000001" };
    expect(coverageWords({ ...whole, dropped })).toBe("Stored through 1,000, kept from 513 on, all verified, no gaps.");
    expect(coverageWords({ ...whole, cursor: 0 })).toBe("Nothing stored yet.");
  });

  it("says how many messages are stored now, and how many are no longer kept", () => {
    const counts = { ...topic.counts, messages: 1_000, verified: 990 };
    const dropped = { through: 512, throughTime: "1790000000.000000001" };
    expect(storedOf({ counts, dropped: undefined })).toEqual({ messages: 1_000, verified: 990, dropped: 0 });
    expect(storedOf({ counts, dropped: { ...dropped, messages: 500 } })).toEqual({
      messages: 500,
      verified: 490,
      dropped: 500,
    });
    expect(storedOf({ counts, dropped })).toEqual({ messages: null, verified: null, dropped: null });
  });

  it("says why its sync fails and when it retries", () => {
    expect(troubleOf({ ...topic, lastError: null }, NOW)).toBeNull();
    expect(troubleOf({ ...topic, lastError: "The mirror answered 503", retryAtMs: NOW + 12_000 }, NOW)).toBe(
      "The mirror answered 503. Retry in 12 s.",
    );
    expect(troubleOf({ ...topic, lastError: "It broke.", retryAtMs: null }, NOW)).toBe("It broke.");
  });

  it.each(TOPIC_ACTIONS)("is named in the dialog and notice of %s", (action) => {
    const words = topicActionWords(action, "0.0.7");
    expect(words.title).toContain("0.0.7");
    expect(words.taken).toContain("0.0.7");
  });
});

describe("an outage of the database", () => {
  const atMs = NOW;
  const away = (topicsReadMs: number | null) => ({ answers: false, topicsReadMs, messagesReadMs: null });

  it("has no words while the database answers", () => {
    const database = { ...away(NOW), answers: true };
    expect(databaseWords({ database, atMs, storage: null })).toBeNull();
  });

  it("says how old the data is and what is missing", () => {
    const words = databaseWords({ database: away(NOW - 40_000), atMs, storage: null });
    expect(words).toMatch(/^Topics are from 40 s ago\. Rejected messages are missing\. Storage is missing\./);
    expect(databaseWords({ database: away(null), atMs, storage: null })).toMatch(/^Topics come from this instance/);
  });
});

describe("every kind of incident", () => {
  const page = (file: string) => `app/(app)/admin${file}/page.tsx`;

  it.each(Object.keys(INCIDENT_KINDS))("%s links to a page that exists, or to none", (code) => {
    for (const subject of [null, "0.0.7"]) {
      const place = incidentPlace({ code, subject });
      if (place) expect(existsSync(page(place.href.split("?")[0]?.replace("/admin", "") ?? "")), place.href).toBe(true);
    }
  });

  it("says how bad it is and since when, and counts no milliseconds", () => {
    expect(standingSince({ severity: "warning", sinceMs: NOW - 7 }, NOW)).toBe("Warning, just now");
    expect(standingSince({ severity: "critical", sinceMs: NOW - 240_000 }, NOW)).toBe("Critical, for 4 min");
    // It was seen by an instance whose clock is ahead.
    expect(standingSince({ severity: "critical", sinceMs: NOW + 3_000 }, NOW)).toBe("Critical, just now");
  });

  it("of a forged message links to its row in the table", () => {
    const place = incidentPlace({ code: "message-failed", subject: "0.0.7" });
    const query = new URL(place?.href ?? "", "http://x").searchParams.get("q") ?? "";
    const rows = [
      { text: "0.0.7/3 failed hash-mismatch 0.0.2" },
      { text: "0.0.71/3 failed" },
      { text: "0.0.7/4 untrusted" },
    ];
    expect(rowsMatching(rows, query, ({ text }) => text)).toEqual([rows[0]]);
  });
});

it("says what a start over does to a topic, and how far it is", () => {
  const words = (work: "dropping" | "folding" | "reading", through = 1_200) =>
    startOverWords({ work, through, to: 4_800 });
  expect(words("dropping")).toBe("It starts over: its stored messages are being deleted. Then it is read again.");
  expect(words("folding")).toBe(
    "Another topic starts over, so its messages are folded again: message 1,200 of 4,800. Its views may lack something.",
  );
  expect(words("reading")).toBe(
    "It started over and is read from the ledger again: message 1,200 of 4,800. Views lack what is not read yet.",
  );
});
