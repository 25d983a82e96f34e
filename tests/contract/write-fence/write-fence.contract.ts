/** The contract of every write fence: one person's messages keep their order when topics change. */
import { beforeEach, describe, expect, it } from "vitest";
import type { TopicId, UserId } from "@/lib/core/ledger/ids";
import { IN_FLIGHT_MS, type WriteFence, type WriteRoute } from "@/lib/ports/shared/write-fence";

export interface WriteFenceSubject {
  readonly fence: WriteFence;
  /** Lets time pass for the fence. */
  pass(ms: number): Promise<void>;
}

const A = "tm-a" as UserId;
const [OLD, NEW] = ["0.0.1", "0.0.2"] as TopicId[] as [TopicId, TopicId];
const route = (topicId: TopicId, registryVersion = 1, userVersion = 0): WriteRoute => ({
  topicId,
  registryVersion,
  userVersion,
});

export function writeFenceContract(open: () => Promise<WriteFenceSubject>): void {
  let fence: WriteFence;
  let pass: WriteFenceSubject["pass"];
  beforeEach(async () => {
    ({ fence, pass } = await open());
  });
  const wrote = async (topicId: TopicId, sequence: number | null, version = 1) => {
    expect(await fence.enter(A, "contact", route(topicId, version))).toEqual({ kind: "entered" });
    await fence.leave(A, "contact", topicId, sequence);
  };

  describe("a write", () => {
    it("to the last one's topic is admitted, even while others are under way, with any version of the registry", async () => {
      for (const version of [5, 5, 3, 7])
        expect(await fence.enter(A, "contact", route(OLD, version))).toEqual({ kind: "entered" });
    });

    it("to another topic first learns the last write's place, and moves when that message was read back", async () => {
      await wrote(OLD, 41);
      await wrote(OLD, 42);
      const last = { topicId: OLD, sequence: 42 };
      expect(await fence.enter(A, "contact", route(NEW, 2))).toEqual({ kind: "elsewhere", last, isBusy: false });
      expect(await fence.enter(A, "contact", route(NEW, 2), last)).toEqual({ kind: "entered" });
    });

    it("does not move if another message came meanwhile", async () => {
      await wrote(OLD, 42);
      await wrote(OLD, 43);
      const entry = await fence.enter(A, "contact", route(NEW, 2), { topicId: OLD, sequence: 42 });
      expect(entry).toMatchObject({ kind: "elsewhere", last: { sequence: 43 } });
    });

    it("keeps the largest sequence number, in any order, and none if it failed", async () => {
      await wrote(OLD, 43);
      await wrote(OLD, 42);
      await wrote(OLD, null);
      expect(await fence.enter(A, "contact", route(NEW, 2))).toMatchObject({ last: { sequence: 43 } });
    });

    it("does not move while another is under way, and moves when that has ended or its time is over", async () => {
      await fence.enter(A, "contact", route(OLD));
      await fence.enter(A, "contact", route(OLD));
      const last = { topicId: OLD, sequence: 0 };
      expect(await fence.enter(A, "contact", route(NEW, 2), last)).toMatchObject({ isBusy: true });
      await fence.leave(A, "contact", OLD, null);
      expect(await fence.enter(A, "contact", route(NEW, 2), last)).toMatchObject({ isBusy: true });
      await pass(IN_FLIGHT_MS + 1);
      expect(await fence.enter(A, "contact", route(NEW, 2), last)).toEqual({ kind: "entered" });
    });

    it("with an older registry or route than the last one's is outdated, and can never go back", async () => {
      await wrote(OLD, 1);
      await fence.enter(
        A,
        "contact",
        { topicId: NEW, registryVersion: 2, userVersion: 3 },
        { topicId: OLD, sequence: 1 },
      );
      await fence.leave(A, "contact", NEW, 9);
      const after = { topicId: NEW, sequence: 9 };
      for (const stale of [route(OLD, 1, 3), route(OLD, 2, 2), route(OLD, 9, 0)])
        expect(await fence.enter(A, "contact", stale, after)).toEqual({ kind: "outdated" });
      expect(await fence.enter(A, "contact", route(OLD, 3, 3), after)).toEqual({ kind: "entered" });
    });

    it("that stays on the old topic with a newer registry makes later writes with an older one outdated", async () => {
      await wrote(OLD, 1, 1);
      await wrote(OLD, 2, 8);
      expect(await fence.enter(A, "contact", route(NEW, 7))).toEqual({ kind: "outdated" });
    });

    it("moves once for many callers, and the others follow", async () => {
      await wrote(OLD, 5);
      const moves = await Promise.all(
        Array.from({ length: 10 }, () => fence.enter(A, "contact", route(NEW, 2), { topicId: OLD, sequence: 5 })),
      );
      expect(moves).toEqual(moves.map(() => ({ kind: "entered" })));
      expect(await fence.enter(A, "contact", route(OLD, 1))).toEqual({ kind: "outdated" });
    });

    it("is independent of other users and other kinds", async () => {
      await wrote(OLD, 5);
      expect(await fence.enter("tm-b" as UserId, "contact", route(NEW))).toEqual({ kind: "entered" });
      expect(await fence.enter(A, "trust", route(NEW))).toEqual({ kind: "entered" });
    });

    it("that ends after the user has moved changes nothing", async () => {
      await wrote(OLD, 5);
      await fence.enter(A, "contact", route(NEW, 2), { topicId: OLD, sequence: 5 });
      await fence.leave(A, "contact", OLD, 6);
      expect(await fence.enter(A, "contact", route(OLD, 3))).toMatchObject({
        last: { topicId: NEW, sequence: 0 },
        isBusy: true,
      });
    });
  });
}
