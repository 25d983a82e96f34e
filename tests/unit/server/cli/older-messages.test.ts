/** The doctor on packing and dropping. */
import { describe, expect, it } from "vitest";
import { fromMs } from "@/lib/core/ledger/consensus-time";
import type { TopicId } from "@/lib/core/ledger/ids";
import { type OlderMessages, olderMessages } from "@/lib/server/cli/doctor/older-messages";

const NOW = Date.UTC(2026, 10, 30);
const DAY_MS = 86_400_000;
const until = fromMs(Date.UTC(2026, 8, 30, 23));
const topic = (n: number, cursor: number, packedThrough: number, through = 0): OlderMessages["topics"][number] => ({
  ...{ topicId: `0.0.${n}` as TopicId, cursor, packedThrough, headNs: fromMs(NOW - 1) },
  ...{ paused: false, isDropping: false, projected: null, isReread: true, isReadTwice: false, syncAgainThrough: null },
  dropped: { through, throughNs: through === 0 ? 0n : until, hash: null },
});

/** Both sentences. */
function said(env: { HOT_HOURS: number; KEEP_MONTHS: number }, stored: Partial<OlderMessages>): readonly string[] {
  const none: OlderMessages = { topics: [], packAgeMs: DAY_MS, dropAgeMs: DAY_MS, nowMs: NOW };
  const findings = olderMessages(env, { ...none, ...stored });
  expect(findings.map(({ what, ok }) => [what, ok])).toEqual([
    ["packing", true],
    ["dropping", true],
  ]);
  return findings.map(({ sentence }) => sentence);
}
const packing = (hours: number, stored: Partial<OlderMessages>) =>
  said({ HOT_HOURS: hours, KEEP_MONTHS: 0 }, stored)[0];
const dropping = (months: number, stored: Partial<OlderMessages>) =>
  said({ HOT_HOURS: 48, KEEP_MONTHS: months }, stored)[1];

describe("the doctor on packing", () => {
  it("says how far it is, and which topic has most left", () => {
    expect(packing(48, { topics: [topic(7, 1_000, 768), topic(8, 60_000, 51_200)] })).toBe(
      "Packing has looked at 51,968 of 61,000 messages; the rest includes those younger than HOT_HOURS (48). Topic 0.0.8 has the most left, 8,800.",
    );
    expect(packing(48, { topics: [topic(7, 513, 512), topic(8, 512, 512)] })).toBe(
      "Packing has looked at 1,024 of 1,025 messages; the rest includes those younger than HOT_HOURS (48). All of it is in topic 0.0.7.",
    );
    expect(packing(48, { topics: [topic(7, 512, 512)] })).toBe("Packing has looked at 512 of 512 messages.");
  });

  it("names a topic that is paused, if messages of it are left", () => {
    const paused = [topic(7, 1_000, 768), topic(8, 512, 512)].map((each) => ({ ...each, paused: true }));
    expect(packing(48, { topics: paused })).toMatch(
      /All of it is in topic 0\.0\.7\. Topic 0\.0\.7 is paused, so nothing of it is packed\.$/,
    );
  });

  it("says that it is off, or has not begun", () => {
    expect(packing(0, { topics: [topic(7, 1_000, 256)] })).toBe(
      "HOT_HOURS is 0, so nothing more is packed. Packing has looked at 256 of 1,000 messages.",
    );
    expect(packing(48, { topics: [topic(7, 1_000, 0)], packAgeMs: DAY_MS - 1 })).toBe(
      "Packing begins at 2026-11-30 00:00 UTC, a day after the first start of a version that packs.",
    );
    // The command packs at once.
    expect(packing(48, { topics: [topic(7, 1_000, 256)], packAgeMs: 0 })).toContain("has looked at 256 of 1,000");
  });
});

describe("the doctor on dropping", () => {
  it("says that nothing is stored yet", () => {
    expect(said({ HOT_HOURS: 48, KEEP_MONTHS: 2 }, {})).toEqual([
      "Nothing is stored yet, so there is nothing to pack.",
      "KEEP_MONTHS is 2, and nothing is stored yet.",
    ]);
  });

  it("says from when on messages are kept, and from which one on topics are", () => {
    expect(dropping(2, { topics: [topic(7, 900, 768), topic(8, 900, 768, 512)] })).toBe(
      "Packed messages from before 2026-09-01 are dropped, because KEEP_MONTHS is 2. Topic 0.0.8 is kept from message 513 on.",
    );
    expect(dropping(2, { topics: [topic(7, 900, 768)] })).toBe(
      "Packed messages from before 2026-09-01 are dropped, because KEEP_MONTHS is 2. None were so far.",
    );
    // A clock that is ahead makes no message older.
    expect(dropping(2, { topics: [topic(7, 900, 768)], nowMs: NOW + 90 * DAY_MS })).toContain("before 2026-09-01");
  });

  it("names four topics, and counts the others", () => {
    const cut = (count: number) => Array.from({ length: count }, (_, i) => topic(7 + i, 900, 768, 512));
    expect(dropping(2, { topics: cut(4) })).toMatch(/ Topic 0\.0\.10 is kept from message 513 on\.$/);
    expect(dropping(2, { topics: cut(5) })).toMatch(/ Messages of one more topic were dropped too\.$/);
    expect(dropping(2, { topics: cut(6) })).toMatch(/ Messages of 2 more topics were dropped too\.$/);
  });

  it("says that nothing is dropped now, while work on one topic holds up all of them", () => {
    const busy = { ...topic(8, 900, 768), isDropping: true };
    expect(dropping(2, { topics: [topic(7, 900, 768, 512), busy] })).toMatch(
      /message 513 on\. Nothing is dropped now: npm run pack says why\.$/,
    );
  });

  it("says that it is off, or has not begun", () => {
    expect(dropping(0, { topics: [topic(7, 900, 768)] })).toBe("KEEP_MONTHS is 0, so everything is kept.");
    expect(dropping(0, { topics: [topic(8, 900, 768, 512)] })).toMatch(
      /^KEEP_MONTHS is 0, so nothing more is dropped\. Topic 0\.0\.8 is kept from message 513 on; messages until 2026-09-30 were dropped\.$/,
    );
    expect(dropping(2, { topics: [topic(7, 900, 768)], dropAgeMs: DAY_MS - 1 })).toBe(
      "Dropping begins at 2026-11-30 00:00 UTC, a day after the first start of a version that drops.",
    );
    expect(dropping(2, { topics: [topic(8, 900, 768, 512)], dropAgeMs: 0 })).toContain("is kept from message 513 on");
  });
});
