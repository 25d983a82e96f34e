import { describe, expect, it } from "vitest";
import { entryTitle, outcomeOf } from "@/lib/client/admin/sentences";
import {
  drainFault,
  drainWords,
  NO_KEY,
  perMinuteOf,
  routingWords,
  segmentsFault,
  splitSentences,
  splitWords,
  TIER_MOVES,
  whoseWords,
} from "@/lib/client/admin/shard-sentences";
import { refusalOf } from "@/lib/client/admin/status";
import { ApiError } from "@/lib/client/api/http";
import { calendarDate, clockMinute, clockTime } from "@/lib/client/format/time";
import { BUSY_FROM_SIGNALS, BUSY_UNTIL_SIGNALS } from "@/lib/core/shards/shards";
import type { ShardsAnswer } from "@/lib/wire/shards";
import { shardStatus, shardsAnswer } from "@/tests/support/samples/admin-shards";
import { auditEntry, topicStatus } from "@/tests/support/samples/admin-status";

const contact = { tier: "standard", kind: "contact", owner: null } as const;
const answerOf = (...shards: ShardsAnswer["shards"]): ShardsAnswer => ({ ...shardsAnswer({ topics: 0 }), shards });

describe("a split says beforehand", () => {
  it("what it creates, who moves, and that nobody misses anything", () => {
    expect(splitSentences(contact, 3, 4)).toBe(
      "It creates 1 topic for contact (standard), segment 3, at about a cent. About 25 % of the users who write there move to the new topics; the others stay. Each moves with their next message. Topics of before go on being read, so nothing is copied and nobody misses anything.",
    );
    expect(splitSentences(contact, 2, 16)).toMatch(
      /^It creates 14 topics for contact \(standard\), segments 2 to 15, at about a cent each\. About 87 % /,
    );
  });

  it("that a group's first topics take everybody of it", () => {
    expect(splitSentences({ ...contact, tier: "busy" }, 0, 1)).toContain(
      "All busy users move to them from the standard",
    );
    expect(splitSentences({ ...contact, tier: "enterprise", owner: "acme" }, 0, 1)).toContain("All users of acme move");
    expect(splitSentences({ ...contact, tier: "busy", owner: "0.0.5" }, 0, 1)).toContain("0.0.5 moves to them.");
  });

  it("what is wrong with a number", () => {
    for (const text of ["", "x", "1.5", "-2", "0", "1025", "1e2"])
      expect(segmentsFault(text, 1, null)).toBe("A number of segments is 1 to 1,024.");
    expect(segmentsFault("4", 4, null)).toBe(
      "There are 4 already: ask for 5 or more. To have fewer, drain the last one.",
    );
    expect(segmentsFault("1", 1, null)).toMatch(/^There is 1 already/);
    expect(segmentsFault("6", 4, 8)).toBe("A split into 8 is not finished: go on with that one first.");
    expect(segmentsFault("8", 4, 8)).toBeNull();
    expect(segmentsFault(" 5 ", 4, null)).toBeNull();
  });

  it("of what, in every word", () => {
    const { title, taken } = splitWords(contact, 1, 2);
    expect([title, taken]).toEqual([
      "Split contact (standard) into 2",
      "The split of contact (standard) into 2 has begun.",
    ]);
  });
});

describe("a drain says beforehand", () => {
  const first = shardStatus({ needsSuccessor: true });
  const last = shardStatus({ segment: 1, topicId: "0.0.7" });

  it("where those who write there go", () => {
    expect(drainWords("0.0.7148000", [first], answerOf(first, last)).consequence).toMatch(
      /^A new topic is created, at about a cent, and takes its place as segment 0 of contact \(standard\)/,
    );
    expect(drainWords("0.0.7", [last], answerOf(first, last)).consequence).toMatch(
      /^It is the last segment of contact \(standard\): all who write here go back to the segments before it\. From then on nothing new is written to 0\.0\.7; it goes on being read/,
    );
    const only = shardStatus({ tier: "busy" });
    expect(drainWords("0.0.8", [only], answerOf(only)).consequence).toContain("next wider group's topics");
  });

  it("how it ends, once nothing is written there", () => {
    const draining = shardStatus({ state: "draining" });
    const words = drainWords("0.0.7", [draining], answerOf(draining));
    expect([words.title, words.confirm]).toEqual(["Let 0.0.7 go", "Let it go"]);
    expect(words.consequence).toContain("the last one is ten minutes old");
  });

  it("why it cannot be", () => {
    const readOnly = { ...answerOf(first, last), canCreate: false };
    expect(drainFault([first], readOnly)).toBe(`A new topic would have to take its place. ${NO_KEY}`);
    expect(drainFault([last], readOnly)).toBeNull();
    expect(drainFault([first], answerOf(first))).toBeNull();
    expect(drainFault([shardStatus({ state: "drained" })], answerOf())).toMatch(/^Nothing is written to it/);
  });
});

it("a refusal is a sentence, without the field that only the request has", () => {
  const detail = "to: there are 4 segments already: drain the last ones.";
  expect(refusalOf(new ApiError(400, "bad-input", detail, null, "to"))).toBe(
    "There are 4 segments already: drain the last ones.",
  );
  expect(refusalOf(new ApiError(503, "read-only", "No topic can be created"))).toBe("No topic can be created.");
});

describe("in the audit log", () => {
  const split = (more: object) => auditEntry({ action: "shards.split", target: "standard contact 4", ...more });
  const NOW = split({}).updatedMs + 2_000;

  it("entries have titles that say of what", () => {
    expect(entryTitle(split({}))).toBe("Split contact (standard) into 4");
    expect(entryTitle(split({ target: "enterprise trust acme 1" }))).toBe("Split trust (acme) into 1");
    expect(entryTitle(split({ target: "something else" }))).toBe("Split something else");
    expect(entryTitle(auditEntry({ action: "shards.drain", target: "0.0.7" }))).toBe("Drain 0.0.7");
  });

  it("they say what they are at, and what they came to", () => {
    const at = (step: string) => outcomeOf(split({ state: "running", detail: { step } }), NOW);
    expect(at("create")).toBe("Under way: creating topics.");
    expect(at("done")).toBe("Under way.");
    expect(outcomeOf(split({ state: "running", detail: { step: "switch" } }), NOW + 120_000)).toMatch(
      /^Under way: routing new messages the new way\. Nothing was heard of it for 2 min/,
    );
    expect(outcomeOf(split({ detail: null }), NOW)).toBe("Done: new messages go the new way.");
    expect(outcomeOf(split({ state: "failed", detail: { error: "the ledger did not say" } }), NOW)).toBe(
      "The ledger did not say.",
    );
    const drain = { action: "shards.drain", target: "0.0.7" };
    expect(outcomeOf(auditEntry({ ...drain, detail: null }), NOW)).toBe("Done: it is let go.");
    expect(
      outcomeOf(auditEntry({ ...drain, detail: { waitingUntilMs: NOW, reason: "messages still come in" } }), NOW),
    ).toBe(
      `Nothing more is written to it. Ask for it again at ${clockTime(NOW)} to let it go: messages still come in.`,
    );
  });
});

describe("the words of a shard", () => {
  it("say where routing stands", () => {
    const at = `${calendarDate(60_000)}, ${clockMinute(60_000)}`;
    const words = (more: object) => routingWords(shardStatus({ routesFrom: "60.000000042", ...more }));
    expect(words({})).toBe(`since ${at}`);
    expect(words({ routesFrom: null })).toBe("from the start");
    expect(words({ state: "draining", drainsFrom: "60.000000042" })).toBe(`none since ${at}`);
    expect(words({ state: "drained", drainedAt: "60.000000042" })).toBe(`let go ${at}`);
    expect(words({ state: "creating" })).toBe("not yet");
  });

  it("say whom a group is, and by which numbers people come to it", () => {
    const tenants = [{ tenantId: "acme", name: "Acme", users: 2 }];
    expect(whoseWords({ tier: "enterprise", owner: "acme" }, tenants)).toBe("2 users: Acme");
    expect(whoseWords({ tier: "enterprise", owner: "gone" }, tenants)).toBe("a tenant");
    expect(whoseWords({ tier: "busy", owner: "acme" }, tenants)).toBe("a user's own");
    expect(whoseWords({ tier: "busy", owner: null }, tenants)).toContain(BUSY_FROM_SIGNALS.toLocaleString("en"));
    expect(TIER_MOVES).toContain(`from ${BUSY_FROM_SIGNALS.toLocaleString("en")} signals`);
    expect(TIER_MOVES).toContain(`fewer than ${BUSY_UNTIL_SIGNALS}`);
  });

  it("count the minutes that are over", () => {
    expect(perMinuteOf({ ...topicStatus(0), perMinute: [4, 8, 1] })).toBe(6);
    expect(perMinuteOf({ ...topicStatus(0), perMinute: [1] })).toBeNull();
    expect(perMinuteOf(undefined)).toBeNull();
  });
});
