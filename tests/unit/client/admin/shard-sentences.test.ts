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
import { refusalSentence } from "@/lib/client/admin/status";
import { ApiError } from "@/lib/client/api/http";
import { calendarDate, clockMinute, clockTime } from "@/lib/client/format/time";
import { BUSY_FROM_SIGNALS, BUSY_UNTIL_SIGNALS } from "@/lib/core/shards/shards";
import type { ShardsAnswer } from "@/lib/wire/operators/shards";
import { shardStatus, shardsAnswer } from "@/tests/support/samples/admin-shards";
import { operatorLogEntry, topicStatus } from "@/tests/support/samples/admin-status";

const contact = { tier: "standard", kind: "contact", owner: null } as const;
const answerOf = (...shards: ShardsAnswer["shards"]): ShardsAnswer => ({ ...shardsAnswer({ topics: 0 }), shards });

describe("the words of a split", () => {
  it("say what it creates, who moves, and that nothing is lost", () => {
    expect(splitSentences(contact, 3, 4)).toBe(
      "It creates 1 topic for contact (standard), segment 3, at about a cent. About 25 % of the group's users move to the new topics. Users move with their next message. Old topics are still read, so nothing is copied or lost.",
    );
    expect(splitSentences(contact, 2, 16)).toMatch(
      /^It creates 14 topics for contact \(standard\), segments 2 to 15, at about a cent each\. About 87 % /,
    );
  });

  it("say that all users of a group move to its first topics", () => {
    expect(splitSentences({ ...contact, tier: "busy" }, 0, 1)).toContain(
      "All busy users move to them from the standard",
    );
    expect(splitSentences({ ...contact, tier: "enterprise", owner: "acme" }, 0, 1)).toContain("All users of acme move");
    expect(splitSentences({ ...contact, tier: "busy", owner: "0.0.5" }, 0, 1)).toContain("0.0.5 moves to them.");
  });

  it("say what is wrong with a number of segments", () => {
    for (const text of ["", "x", "1.5", "-2", "0", "1025", "1e2"])
      expect(segmentsFault(text, 1, null)).toBe("A number of segments is 1 to 1,024.");
    expect(segmentsFault("4", 4, null)).toBe(
      "There are 4 already: ask for 5 or more. To have fewer, drain the last one.",
    );
    expect(segmentsFault("1", 1, null)).toMatch(/^There is 1 already/);
    expect(segmentsFault("6", 4, 8)).toBe("A split into 8 is not finished: continue that one first.");
    expect(segmentsFault("8", 4, 8)).toBeNull();
    expect(segmentsFault(" 5 ", 4, null)).toBeNull();
  });

  it("name the group and the number of segments", () => {
    const { title, taken } = splitWords(contact, 1, 2);
    expect([title, taken]).toEqual([
      "Split contact (standard) into 2",
      "The split of contact (standard) into 2 has started.",
    ]);
  });
});

describe("the words of a drain", () => {
  const first = shardStatus({ needsSuccessor: true });
  const last = shardStatus({ segment: 1, topicId: "0.0.7" });

  it("say where its users move", () => {
    expect(drainWords("0.0.7148000", [first], answerOf(first, last)).consequence).toMatch(
      /^A new topic replaces it as segment 0 of contact \(standard\), at about a cent; its users move there\./,
    );
    expect(drainWords("0.0.7", [last], answerOf(first, last)).consequence).toMatch(
      /^It is the last segment of contact \(standard\): its users move to the segments before it\. Then 0\.0\.7 takes no new messages but is still read/,
    );
    const only = shardStatus({ tier: "busy" });
    expect(drainWords("0.0.8", [only], answerOf(only)).consequence).toContain("next wider group's topics");
  });

  it("say how a draining topic is finished", () => {
    const draining = shardStatus({ state: "draining" });
    const words = drainWords("0.0.7", [draining], answerOf(draining));
    expect([words.title, words.confirm]).toEqual(["Finish the drain of 0.0.7", "Finish the drain"]);
    expect(words.consequence).toContain("the last one is ten minutes old");
  });

  it("say why a topic cannot be drained", () => {
    const readOnly = { ...answerOf(first, last), canCreate: false };
    expect(drainFault([first], readOnly)).toBe(`It needs a new topic in its place. ${NO_KEY}`);
    expect(drainFault([last], readOnly)).toBeNull();
    expect(drainFault([first], answerOf(first))).toBeNull();
    expect(drainFault([shardStatus({ state: "drained" })], answerOf())).toMatch(/^The topic takes no messages/);
  });
});

it("a refusal is a sentence without the name of the request's field", () => {
  const detail = 'The member "to" must be at least 1.';
  expect(refusalSentence(new ApiError(400, "bad-input", detail, null, "to"))).toBe(
    "The number of segments must be at least 1.",
  );
  expect(refusalSentence(new ApiError(503, "read-only", "No topic can be created"))).toBe("No topic can be created.");
});

describe("in the operator log", () => {
  const split = (more: object) => operatorLogEntry({ action: "shards.split", target: "standard contact 4", ...more });
  const NOW = split({}).updatedMs + 2_000;

  it("entries have titles with their target", () => {
    expect(entryTitle(split({}))).toBe("Split contact (standard) into 4");
    expect(entryTitle(split({ target: "enterprise trust acme 1" }))).toBe("Split trust (acme) into 1");
    expect(entryTitle(split({ target: "something else" }))).toBe("Split something else");
    expect(entryTitle(operatorLogEntry({ action: "shards.drain", target: "0.0.7" }))).toBe("Drain 0.0.7");
  });

  it("entries show their step or their result", () => {
    const at = (step: string) => outcomeOf(split({ state: "running", detail: { step } }), NOW);
    expect(at("create")).toBe("Running: creating topics.");
    expect(at("done")).toBe("Running.");
    expect(outcomeOf(split({ state: "running", detail: { step: "switch" } }), NOW + 120_000)).toMatch(
      /^Running: routing new messages\. No update for 2 min/,
    );
    expect(outcomeOf(split({ detail: null }), NOW)).toBe("Done: new messages use the new topics.");
    expect(outcomeOf(split({ state: "failed", detail: { error: "the ledger did not say" } }), NOW)).toBe(
      "The ledger did not say.",
    );
    const drain = { action: "shards.drain", target: "0.0.7" };
    expect(outcomeOf(operatorLogEntry({ ...drain, detail: null }), NOW)).toBe("Done: the topic is drained.");
    expect(
      outcomeOf(operatorLogEntry({ ...drain, detail: { waitingUntilMs: NOW, reason: "messages still come in" } }), NOW),
    ).toBe(`The topic takes no new messages. Finish the drain after ${clockTime(NOW)}: messages still come in.`);
  });
});

describe("the words of a shard", () => {
  it("say since when messages are routed there", () => {
    const at = `${calendarDate(60_000)}, ${clockMinute(60_000)}`;
    const words = (more: object) => routingWords(shardStatus({ routesFrom: "60.000000042", ...more }));
    expect(words({})).toBe(`since ${at}`);
    expect(words({ routesFrom: null })).toBe("from the start");
    expect(words({ state: "draining", drainsFrom: "60.000000042" })).toBe(`none since ${at}`);
    expect(words({ state: "drained", drainedAt: "60.000000042" })).toBe(`drained ${at}`);
    expect(words({ state: "creating" })).toBe("not yet");
  });

  it("say who is in a group, and the numbers that move users", () => {
    const tenants = [{ tenantId: "acme", name: "Acme", users: 2 }];
    expect(whoseWords({ tier: "enterprise", owner: "acme" }, tenants)).toBe("2 users: Acme");
    expect(whoseWords({ tier: "enterprise", owner: "gone" }, tenants)).toBe("a tenant");
    expect(whoseWords({ tier: "busy", owner: "acme" }, tenants)).toBe("a user's own");
    expect(whoseWords({ tier: "busy", owner: null }, tenants)).toContain(BUSY_FROM_SIGNALS.toLocaleString("en"));
    expect(TIER_MOVES).toContain(`from ${BUSY_FROM_SIGNALS.toLocaleString("en")} signals`);
    expect(TIER_MOVES).toContain(`fewer than ${BUSY_UNTIL_SIGNALS}`);
  });

  it("count full minutes only", () => {
    expect(perMinuteOf({ ...topicStatus(0), perMinute: [4, 8, 1] })).toBe(6);
    expect(perMinuteOf({ ...topicStatus(0), perMinute: [1] })).toBeNull();
    expect(perMinuteOf(undefined)).toBeNull();
  });
});
