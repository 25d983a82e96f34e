/** The contract of every write guard: what is claimed is claimed together, and one person's messages keep their order. */
import { beforeEach, describe, expect, it } from "vitest";
import type { TopicId, TopicKind, UserId } from "@/lib/core/ledger/ids";
import {
  IN_FLIGHT_MS,
  type LastWrite,
  type MessageClaim,
  type RequestClaim,
  type WriteGuard,
  type WriteRoute,
} from "@/lib/ports/shared/write-guard";
import { claimNonce, endOf, messageOf } from "../../support/contract/write-claims";

export interface WriteGuardSubject {
  readonly guard: WriteGuard;
  /** Lets time pass for the guard. */
  pass(ms: number): Promise<void>;
}

const A = "tm-a" as UserId;
const B = "tm-b" as UserId;
const [OLD, NEW] = ["0.0.1", "0.0.2"] as TopicId[] as [TopicId, TopicId];
const route = (topicId: TopicId, registryVersion = 1, userVersion = 0): WriteRoute => ({
  topicId,
  registryVersion,
  userVersion,
});
const limitOf = (burst: number, perSecond = 0.01) => ({
  bucket: "limit",
  policy: { perSecond, burst, maxWaitMs: 0 },
});
const attemptOf = (key: string, digest = "d", ttlMs = 1_000) => ({ key, digest, ttlMs });
const named = (key: string, digest = "d", ttlMs = 1_000): RequestClaim => ({
  limit: null,
  attempt: attemptOf(key, digest, ttlMs),
});
const answered = (key: string, answer: string | null, digest = "d") => ({ key, digest, answer, ttlMs: 5_000 });
const kindsOf = (began: readonly { readonly kind: string }[]) => began.map(({ kind }) => kind);

export function writeGuardContract(open: () => Promise<WriteGuardSubject>): void {
  let guard: WriteGuard;
  let pass: WriteGuardSubject["pass"];
  let nonce: number;
  beforeEach(async () => {
    ({ guard, pass } = await open());
    nonce = 0;
  });
  const begin = (request: RequestClaim | null, message: MessageClaim | null = null, userId = A) =>
    guard.begin(userId, request, message);
  const nextMessage = (more: Partial<MessageClaim> = {}) => messageOf(++nonce, { isRepeatable: false, ...more });

  describe("a rate limit", () => {
    it("gives its burst to the requests of a user, and then its rate, whatever becomes of them", async () => {
      const request = { limit: limitOf(3, 1), attempt: attemptOf("k", "d", 60_000) };
      expect(kindsOf([await begin(request), await begin(request), await begin(request)])).toEqual([
        "begun",
        "running",
        "running",
      ]);
      expect(await begin(request)).toEqual({ kind: "limited" });
      await pass(1_000);
      expect(kindsOf([await begin(request), await begin(request)])).toEqual(["running", "limited"]);
    });

    it("refuses before anything else is looked at, and nothing is claimed then", async () => {
      const limit = limitOf(1);
      expect((await begin({ limit, attempt: null })).kind).toBe("begun");
      expect(await begin({ limit, attempt: attemptOf("k") }, nextMessage())).toEqual({ kind: "limited" });
      expect((await begin(named("k"), messageOf(nonce))).kind).toBe("begun");
    });
  });

  describe("a request under a key", () => {
    it("is admitted once of many, is running for the others, and then has an answer for all", async () => {
      const many = await Promise.all(Array.from({ length: 10 }, () => begin(named("k"), nextMessage())));
      expect(kindsOf(many).sort()).toEqual(["begun", ...Array.from({ length: 9 }, () => "running")]);
      await guard.end(A, answered("k", "a\nb"), null);
      expect(await begin(named("k"), nextMessage())).toEqual({ kind: "done", answer: "a\nb" });
    });

    it("that another request has used is recognised, running or done", async () => {
      await begin(named("k"), nextMessage());
      expect(await begin(named("k", "e"), nextMessage())).toEqual({ kind: "other" });
      await guard.end(A, answered("k", "answer"), null);
      expect(await begin(named("k", "e"), nextMessage())).toEqual({ kind: "other" });
    });

    it("keeps its answer if its caller gives up too late", async () => {
      await begin(named("k"));
      await guard.end(A, answered("k", "answer"), null);
      await guard.end(A, answered("k", null), null);
      expect(await begin(named("k"))).toEqual({ kind: "done", answer: "answer" });
    });

    it("may be tried again after it ended without an answer, or after its time is over", async () => {
      await begin(named("k"));
      await guard.end(A, answered("k", null), null);
      expect((await begin(named("k"))).kind).toBe("begun");
      await pass(1_001);
      expect((await begin(named("k"))).kind).toBe("begun");
    });

    it("stays another request's if that one began meanwhile", async () => {
      await begin(named("k"));
      await pass(1_001);
      await begin(named("k", "e"));
      await guard.end(A, answered("k", null), null);
      expect(await begin(named("k", "e"))).toEqual({ kind: "running" });
    });
  });

  describe("a nonce", () => {
    const claim = async (value: number, digest = "d", whose = A) =>
      (await claimNonce(guard, whose, value, digest)).kind;

    it("is taken only when it is larger than the last of that user", async () => {
      expect(await claim(5)).toBe("unknown");
      expect(await claim(5)).toBe("same");
      expect(await claim(5, "other")).toBe("used");
      expect(await claim(4)).toBe("older");
      expect(await claim(4, "d", B)).toBe("unknown");
      expect(await claim(1_790_000_000_000_123, "e")).toBe("next");
      expect(await claim(1_790_000_000_000_123)).toBe("used");
      expect(await claim(1_790_000_000_000_123, "e")).toBe("same");
    });

    it("that is not larger is used, for a message that may not be repeated", async () => {
      expect(await claim(5)).toBe("unknown");
      for (const value of [5, 4])
        expect(await begin(null, messageOf(value, { isRepeatable: false }))).toEqual({ kind: "used", last: 5 });
      expect((await begin(null, messageOf(6, { isRepeatable: false }))).kind).toBe("begun");
    });

    it("may be a fraction, and fractions are ordered as numbers are", async () => {
      expect(await claim(12.5)).toBe("unknown");
      expect(await claim(12.5)).toBe("same");
      expect(await claim(12.49)).toBe("older");
      expect(await claim(12.500001)).toBe("next");
      expect(await claim(9.999)).toBe("older");
      expect(await claim(13)).toBe("next");
      expect(await claim(12.999)).toBe("older");
      expect(await claim(13.0000001)).toBe("next");
      expect(await claim(100)).toBe("next");
    });

    it("is taken by one of many callers that race for it", async () => {
      const many = await Promise.all(Array.from({ length: 20 }, (_, i) => claim(7, String(i % 2))));
      expect(many.filter((kind) => kind === "unknown")).toHaveLength(1);
      expect(many.filter((kind) => kind === "used")).toHaveLength(10);
    });

    it("comes with the age of the memory of nonces, which grows", async () => {
      const { memoryMs } = await claimNonce(guard, A, 1);
      expect(memoryMs).toBeGreaterThanOrEqual(0);
      await pass(5_000);
      expect((await claimNonce(guard, A, 2)).memoryMs - memoryMs).toBeGreaterThanOrEqual(5_000);
    });

    it("is given back if nothing was sent: the one before it is the last again", async () => {
      for (const before of [null, 5]) {
        if (before !== null) expect(await claim(before, "before")).toBe("unknown");
        const message = messageOf(8);
        await begin(null, message);
        await guard.end(A, null, endOf(message, { isUnsent: true }));
        if (before === null) continue;
        expect(await claim(before, "before")).toBe("same");
        expect(await claim(before, "other")).toBe("used");
        expect(await claim(8)).toBe("next");
      }
    });

    it("stays spent once its message was sent", async () => {
      const message = messageOf(8);
      await begin(null, message);
      await guard.end(A, null, endOf(message, { sequence: 3 }));
      await guard.end(A, null, endOf(message, { isUnsent: true }));
      expect(await claim(8)).toBe("same");
    });

    it("stays spent if the same message was claimed again meanwhile, because that one may be sent", async () => {
      const [first, again] = [messageOf(8), messageOf(8)];
      await begin(null, first);
      await begin(null, again);
      for (const each of [first, again]) await guard.end(A, null, endOf(each, { isUnsent: true }));
      expect(await claim(8)).toBe("same");
    });

    it("stays spent if a message with a smaller one was claimed meanwhile, because that one may be sent", async () => {
      await claim(5, "before");
      const larger = messageOf(9, { digest: "larger" });
      await begin(null, larger);
      expect(await claim(8, "smaller")).toBe("older");
      await guard.end(A, null, endOf(larger, { isUnsent: true }));
      expect(await claim(8, "smaller")).toBe("older");
    });

    it("stays spent if a larger one was taken meanwhile", async () => {
      const first = messageOf(8);
      await begin(null, first);
      expect(await claim(9)).toBe("next");
      await guard.end(A, null, endOf(first, { isUnsent: true }));
      expect(await claim(9)).toBe("same");
    });
  });

  describe("a message that may go out in a batch", () => {
    /** An arbitrary time in epoch seconds. The servers of this test count from a time of their own, which is earlier. */
    const UNTIL_S = 4_000_000_000;
    const claimed = async (value: number, batchedUntilS: number | null, digest = "d") => {
      const began = await begin(null, messageOf(value, { batchedUntilS, digest }));
      return began.kind === "begun" ? [began.nonce?.kind, began.nonce?.batchedUntilS] : [began.kind];
    };

    it("is known to its repeats with the time until which that batch may be sent", async () => {
      expect(await claimed(5, UNTIL_S)).toEqual(["unknown", null]);
      expect(await claimed(5, UNTIL_S + 9)).toEqual(["same", UNTIL_S]);
      expect(await claimed(5, null)).toEqual(["same", UNTIL_S]);
      expect(await claimed(5, null, "other")).toEqual(["used"]);
    });

    it("leaves its time to the user's later messages, so that its repeats learn the latest one", async () => {
      await claimed(5, UNTIL_S, "five");
      expect(await claimed(6, null, "six")).toEqual(["next", UNTIL_S]);
      expect(await claimed(5, null, "five")).toEqual(["older", UNTIL_S]);
      expect(await claimed(7, UNTIL_S + 2, "seven")).toEqual(["next", UNTIL_S]);
      expect(await claimed(8, UNTIL_S + 1, "eight")).toEqual(["next", UNTIL_S + 2]);
      expect(await claimed(8, null, "eight")).toEqual(["same", UNTIL_S + 2]);
    });

    it("is a message like any other if it may not", async () => {
      expect(await claimed(5, null)).toEqual(["unknown", null]);
      expect(await claimed(5, null)).toEqual(["same", null]);
      expect(await claimed(6, null)).toEqual(["next", null]);
    });

    it("takes its time back with its nonce, and leaves the message before it as it was", async () => {
      await claimed(5, UNTIL_S, "before");
      const message = messageOf(8, { batchedUntilS: UNTIL_S + 5 });
      await begin(null, message);
      await guard.end(A, null, endOf(message, { isUnsent: true }));
      expect(await claimed(5, null, "before")).toEqual(["same", UNTIL_S]);
    });
  });

  describe("what one command claims", () => {
    it("is claimed together: a used nonce leaves the key free, and the place as it was", async () => {
      await claimNonce(guard, A, 5);
      const message = messageOf(5, { digest: "other", route: route(OLD, 9) });
      expect(await begin(named("k"), message)).toEqual({ kind: "used", last: 5 });
      expect((await begin(named("k"), messageOf(6))).kind).toBe("begun");
    });

    it("is claimed together: a refusal of the fence leaves key and nonce free", async () => {
      await claimNonce(guard, A, 5);
      expect((await begin(named("k"), messageOf(6, { route: route(NEW, 2) }))).kind).toBe("elsewhere");
      expect((await begin(named("k"), messageOf(6, { digest: "other" }))).kind).toBe("begun");
    });

    it("is claimed together: a key in use leaves the nonce free", async () => {
      await begin(named("k"));
      expect((await begin(named("k"), messageOf(6))).kind).toBe("running");
      expect(await claimNonce(guard, A, 6, "other")).toMatchObject({ kind: "unknown" });
    });
  });

  describe("a write", () => {
    const enter = async (kind: TopicKind, way: WriteRoute, after?: LastWrite, whose = A) => {
      const began = await guard.begin(whose, null, nextMessage({ kind, route: way, after }));
      return began.kind === "begun" ? { kind: "entered" } : began;
    };
    const leave = (kind: TopicKind, topicId: TopicId, sequence: number | null) =>
      guard.end(A, null, endOf(messageOf(nonce, { kind, route: route(topicId) }), { sequence }));
    const wrote = async (topicId: TopicId, sequence: number | null, version = 1) => {
      expect(await enter("contact", route(topicId, version))).toEqual({ kind: "entered" });
      await leave("contact", topicId, sequence);
    };

    it("to the last one's topic is admitted, even while others are under way, with any version of the registry", async () => {
      for (const version of [5, 5, 3, 7])
        expect(await enter("contact", route(OLD, version))).toEqual({ kind: "entered" });
    });

    it("to another topic first learns the last write's place, and moves when that message was read back", async () => {
      await wrote(OLD, 41);
      await wrote(OLD, 42);
      const last = { topicId: OLD, sequence: 42 };
      expect(await enter("contact", route(NEW, 2))).toEqual({ kind: "elsewhere", last, isBusy: false });
      expect(await enter("contact", route(NEW, 2), last)).toEqual({ kind: "entered" });
    });

    it("does not move if another message came meanwhile", async () => {
      await wrote(OLD, 42);
      await wrote(OLD, 43);
      const entry = await enter("contact", route(NEW, 2), { topicId: OLD, sequence: 42 });
      expect(entry).toMatchObject({ kind: "elsewhere", last: { sequence: 43 } });
    });

    it("keeps the largest sequence number, in any order, and none if it failed", async () => {
      await wrote(OLD, 43);
      await wrote(OLD, 42);
      await wrote(OLD, null);
      expect(await enter("contact", route(NEW, 2))).toMatchObject({ last: { sequence: 43 } });
    });

    it("does not move while another is under way, and moves when that has ended or its time is over", async () => {
      await enter("contact", route(OLD));
      await enter("contact", route(OLD));
      const last = { topicId: OLD, sequence: 0 };
      expect(await enter("contact", route(NEW, 2), last)).toMatchObject({ isBusy: true });
      await leave("contact", OLD, null);
      expect(await enter("contact", route(NEW, 2), last)).toMatchObject({ isBusy: true });
      await pass(IN_FLIGHT_MS + 1);
      expect(await enter("contact", route(NEW, 2), last)).toEqual({ kind: "entered" });
    });

    it("with an older registry or route than the last one's is outdated, and can never go back", async () => {
      await wrote(OLD, 1);
      await enter("contact", { topicId: NEW, registryVersion: 2, userVersion: 3 }, { topicId: OLD, sequence: 1 });
      await leave("contact", NEW, 9);
      const after = { topicId: NEW, sequence: 9 };
      for (const stale of [route(OLD, 1, 3), route(OLD, 2, 2), route(OLD, 9, 0)])
        expect(await enter("contact", stale, after)).toEqual({ kind: "outdated" });
      expect(await enter("contact", route(OLD, 3, 3), after)).toEqual({ kind: "entered" });
    });

    it("that stays on the old topic with a newer registry makes later writes with an older one outdated", async () => {
      await wrote(OLD, 1, 1);
      await wrote(OLD, 2, 8);
      expect(await enter("contact", route(NEW, 7))).toEqual({ kind: "outdated" });
    });

    it("moves once for many callers, and the others follow", async () => {
      await wrote(OLD, 5);
      const moves = await Promise.all(
        Array.from({ length: 10 }, () => enter("contact", route(NEW, 2), { topicId: OLD, sequence: 5 })),
      );
      expect(moves).toEqual(moves.map(() => ({ kind: "entered" })));
      expect(await enter("contact", route(OLD, 1))).toEqual({ kind: "outdated" });
    });

    it("is independent of other users and other kinds", async () => {
      await wrote(OLD, 5);
      expect(await enter("contact", route(NEW), undefined, B)).toEqual({ kind: "entered" });
      expect(await enter("trust", route(NEW))).toEqual({ kind: "entered" });
    });

    it("that ends after the user has moved changes nothing", async () => {
      await wrote(OLD, 5);
      await enter("contact", route(NEW, 2), { topicId: OLD, sequence: 5 });
      await leave("contact", OLD, 6);
      expect(await enter("contact", route(OLD, 3))).toMatchObject({
        last: { topicId: NEW, sequence: 0 },
        isBusy: true,
      });
    });
  });
}
