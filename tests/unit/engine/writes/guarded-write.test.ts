/** The commands by which one request to write begins and ends at the write guard. */
import { beforeEach, describe, expect, it } from "vitest";
import type { UserId } from "@/lib/core/ledger/ids";
import { GuardedWrite, type WriteRequest } from "@/lib/engine/writes/guarded-write";
import type { Began, WriteGuard } from "@/lib/ports/shared/write-guard";
import { TierUnavailable } from "@/lib/ports/tier-unavailable";
import { messageOf } from "../../../support/contract/write-claims";

const [ADA, BOB] = ["tm-ada", "tm-bob"] as UserId[] as [UserId, UserId];
const limit = { bucket: "limit", policy: { perSecond: 1, burst: 1, maxWaitMs: 0 } };
const attempt = { key: "k", digest: "d", ttlMs: 1_000 };
const request: WriteRequest = { userId: ADA, limit, attempt, answerTtlMs: 9_000 };
const BEGUN: Began = { kind: "begun", nonce: { kind: "next", memoryMs: 1, batchedUntilS: null } };

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
const guardedWriteOf = (asked: WriteRequest | null) => new GuardedWrite(guard, asked, () => "id");
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
    const guarded = guardedWriteOf(request);
    await guarded.begin(ADA, message);
    guarded.sending();
    guarded.over(5);
    await guarded.end("answer");
    expect(calls).toEqual([
      ["begin", ADA, { limit, attempt }, claim],
      ["end", ADA, answered("answer"), ended({ sequence: 5 })],
    ]);
  });

  it("is counted once, however often its message must be claimed", async () => {
    answers = [{ kind: "used", last: 9 }, { kind: "outdated" }];
    const guarded = guardedWriteOf(request);
    for (let i = 0; i < 3; i += 1) await guarded.begin(ADA, message);
    expect(calls.map(([, , asked]) => asked)).toEqual([
      { limit, attempt },
      { limit: null, attempt },
      { limit: null, attempt },
    ]);
  });

  it("gives the nonce of its first attempt back before it claims a second one", async () => {
    const guarded = guardedWriteOf(request);
    await guarded.begin(ADA, message);
    await guarded.begin(ADA, { ...message, nonce: 8 });
    await guarded.end(null);
    expect(calls).toEqual([
      ["begin", ADA, { limit, attempt }, claim],
      ["end", ADA, null, ended({ isUnsent: true })],
      ["begin", ADA, null, { ...claim, nonce: 8 }],
      ["end", ADA, answered(null), ended({ isUnsent: true, nonce: 8 })],
    ]);
  });

  it("gives everything back if nothing was sent", async () => {
    const guarded = guardedWriteOf(request);
    await guarded.begin(ADA, message);
    await guarded.end(null);
    expect(calls.at(-1)).toEqual(["end", ADA, answered(null), ended({ isUnsent: true })]);
  });

  it("leaves a message that may still arrive on its way, with its nonce", async () => {
    const guarded = guardedWriteOf(request);
    await guarded.begin(ADA, message);
    guarded.sending();
    await guarded.end(null);
    expect(calls.at(-1)).toEqual(["end", ADA, answered(null), null]);
  });

  it("ends nothing that it has not claimed, and nothing twice", async () => {
    answers = [{ kind: "running" }];
    const refused = guardedWriteOf(request);
    expect(await refused.begin(ADA, message)).toEqual({ kind: "running" });
    await refused.end(null);
    const unnamed = guardedWriteOf({ ...request, attempt: null });
    await unnamed.begin(ADA, message);
    await unnamed.end("answer");
    await unnamed.end(null);
    expect(calls.filter(([name]) => name === "end")).toEqual([["end", ADA, null, ended({ isUnsent: true })]]);
  });

  it("is not failed by a guard that cannot be reached at its end", async () => {
    isDown = true;
    const guarded = guardedWriteOf(request);
    await guarded.begin(ADA, message);
    await expect(guarded.end("answer")).resolves.toBeUndefined();
  });

  it("may be claimed before its message is known, and is then not claimed again", async () => {
    const guarded = guardedWriteOf(request);
    expect(await guarded.claim()).toBeNull();
    await guarded.begin(ADA, message);
    await guarded.end("answer");
    expect(calls).toEqual([
      ["begin", ADA, { limit, attempt }, null],
      ["begin", ADA, null, claim],
      ["end", ADA, answered("answer"), ended({ isUnsent: true })],
    ]);
  });
});

describe("a request that writes another user's message", () => {
  it("begins and ends apart from it, because their keys may lie on different nodes", async () => {
    const guarded = guardedWriteOf(request);
    await guarded.begin(BOB, message);
    guarded.over(5);
    await guarded.end("answer");
    expect(calls).toEqual([
      ["begin", ADA, { limit, attempt }, null],
      ["begin", BOB, null, claim],
      ["end", BOB, null, ended({ sequence: 5 })],
      ["end", ADA, answered("answer"), null],
    ]);
  });

  it.each(["limited", "running", "other"] as const)("claims no message if it is %s", async (kind) => {
    answers = [{ kind }];
    expect(await guardedWriteOf(request).begin(BOB, message)).toEqual({ kind });
    expect(calls).toHaveLength(1);
  });
});

it("a message that the server writes on its own account is neither counted nor repeated", async () => {
  const guarded = guardedWriteOf(null);
  await guarded.begin(ADA, message);
  guarded.over(5);
  await guarded.end(null);
  expect(calls).toEqual([
    ["begin", ADA, null, claim],
    ["end", ADA, null, ended({ sequence: 5 })],
  ]);
});
