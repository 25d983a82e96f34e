/** The calls of a request's passage to the write guard. */
import { beforeEach, describe, expect, it } from "vitest";
import type { UserId } from "@/lib/core/ledger/ids";
import { Passage, type WriteRequest } from "@/lib/engine/writes/passage";
import type { Began, WriteGuard } from "@/lib/ports/shared/write-guard";
import { TierUnavailable } from "@/lib/ports/tier-unavailable";
import { messageOf } from "../../../support/contract/write-claims";

const [ADA, BOB] = ["tm-ada", "tm-bob"] as UserId[] as [UserId, UserId];
const limit = { bucket: "limit", policy: { perSecond: 1, burst: 1, maxWaitMs: 0 } };
const attempt = { key: "k", digest: "d", ttlMs: 1_000 };
const request: WriteRequest = { userId: ADA, limit, attempt, answerTtlMs: 9_000 };
const BEGUN: Began = { kind: "begun", nonce: { kind: "next", memoryMs: 1 } };

let calls: unknown[][];
let answers: Began[];
let isDown: boolean;
beforeEach(() => {
  [calls, answers, isDown] = [[], [], false];
});
const guard: WriteGuard = {
  begin: async (...asked) => {
    calls.push(["begin", ...asked]);
    return answers.shift() ?? BEGUN;
  },
  end: async (...asked) => {
    calls.push(["end", ...asked]);
    if (isDown) throw new TierUnavailable("redis", "down");
  },
};
const passageOf = (asked: WriteRequest | null) => new Passage(guard, asked, () => "id");
const message = messageOf(7);
const claim = { ...message, claimId: "id" };
const { kind, nonce } = message;
const ended = (more: object) => ({
  ...{ kind, topicId: message.route.topicId, nonce, claimId: "id", isUnsent: false, sequence: null },
  ...more,
});
const answered = (answer: string | null) => ({ key: "k", digest: "d", answer, ttlMs: 9_000 });

describe("a request that writes its sender's message", () => {
  it("begins and ends with one command each", async () => {
    const passage = passageOf(request);
    await passage.begin(ADA, message);
    passage.sending();
    passage.over(5);
    await passage.end("answer");
    expect(calls).toEqual([
      ["begin", ADA, { limit, attempt }, claim],
      ["end", ADA, answered("answer"), ended({ sequence: 5 })],
    ]);
  });

  it("is counted once, however often its message must be claimed", async () => {
    answers = [{ kind: "used", last: 9 }, { kind: "outdated" }];
    const passage = passageOf(request);
    for (let i = 0; i < 3; i += 1) await passage.begin(ADA, message);
    expect(calls.map(([, , asked]) => asked)).toEqual([
      { limit, attempt },
      { limit: null, attempt },
      { limit: null, attempt },
    ]);
  });

  it("gives the nonce of its first attempt back before it claims a second one", async () => {
    const passage = passageOf(request);
    await passage.begin(ADA, message);
    await passage.begin(ADA, { ...message, nonce: 8 });
    await passage.end(null);
    expect(calls).toEqual([
      ["begin", ADA, { limit, attempt }, claim],
      ["end", ADA, null, ended({ isUnsent: true })],
      ["begin", ADA, null, { ...claim, nonce: 8 }],
      ["end", ADA, answered(null), ended({ isUnsent: true, nonce: 8 })],
    ]);
  });

  it("gives everything back if nothing was sent", async () => {
    const passage = passageOf(request);
    await passage.begin(ADA, message);
    await passage.end(null);
    expect(calls.at(-1)).toEqual(["end", ADA, answered(null), ended({ isUnsent: true })]);
  });

  it("leaves a message that may still arrive on its way, with its nonce", async () => {
    const passage = passageOf(request);
    await passage.begin(ADA, message);
    passage.sending();
    await passage.end(null);
    expect(calls.at(-1)).toEqual(["end", ADA, answered(null), null]);
  });

  it("ends nothing that it has not claimed, and nothing twice", async () => {
    answers = [{ kind: "running" }];
    const refused = passageOf(request);
    expect(await refused.begin(ADA, message)).toEqual({ kind: "running" });
    await refused.end(null);
    const unnamed = passageOf({ ...request, attempt: null });
    await unnamed.begin(ADA, message);
    await unnamed.end("answer");
    await unnamed.end(null);
    expect(calls.filter(([name]) => name === "end")).toEqual([["end", ADA, null, ended({ isUnsent: true })]]);
  });

  it("is not failed by a guard that cannot be reached at its end", async () => {
    isDown = true;
    const passage = passageOf(request);
    await passage.begin(ADA, message);
    await expect(passage.end("answer")).resolves.toBeUndefined();
  });

  it("may be claimed before its message is known, and is then not claimed again", async () => {
    const passage = passageOf(request);
    expect(await passage.claim()).toBeNull();
    await passage.begin(ADA, message);
    await passage.end("answer");
    expect(calls).toEqual([
      ["begin", ADA, { limit, attempt }, null],
      ["begin", ADA, null, claim],
      ["end", ADA, answered("answer"), ended({ isUnsent: true })],
    ]);
  });
});

describe("a request that writes another user's message", () => {
  it("begins and ends apart from it, because their keys may lie on different nodes", async () => {
    const passage = passageOf(request);
    await passage.begin(BOB, message);
    passage.over(5);
    await passage.end("answer");
    expect(calls).toEqual([
      ["begin", ADA, { limit, attempt }, null],
      ["begin", BOB, null, claim],
      ["end", BOB, null, ended({ sequence: 5 })],
      ["end", ADA, answered("answer"), null],
    ]);
  });

  it.each(["limited", "running", "other"] as const)("claims no message if it is %s", async (kind) => {
    answers = [{ kind }];
    expect(await passageOf(request).begin(BOB, message)).toEqual({ kind });
    expect(calls).toHaveLength(1);
  });
});

it("a message that nobody asked for is neither counted nor repeated", async () => {
  const passage = passageOf(null);
  await passage.begin(ADA, message);
  passage.over(5);
  await passage.end(null);
  expect(calls).toEqual([
    ["begin", ADA, null, claim],
    ["end", ADA, null, ended({ sequence: 5 })],
  ]);
});
