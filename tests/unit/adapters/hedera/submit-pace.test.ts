/** When the writes of one person, and of two, reach the ledger. */
import { randomUUID } from "node:crypto";
import { beforeEach, expect, it } from "vitest";
import { MemoryWriteGuard } from "@/lib/adapters/memory/memory-write-guard";
import type { Sequence, TopicId, UserId } from "@/lib/core/ledger/ids";
import { ok } from "@/lib/core/result";
import { type SubmitDeps, SubmitService } from "@/lib/engine/writes/submit";
import type { WriteRoute } from "@/lib/ports/shared/write-guard";
import { DrivenClock } from "../../../support/control/driven-clock";

const TOPIC = "0.0.101" as TopicId;
let clock: DrivenClock;
let startMs: number;
let sentMs: { readonly from: string; readonly atMs: number }[];
let service: SubmitService;

beforeEach(() => {
  clock = new DrivenClock();
  sentMs = [];
  startMs = clock.now();
  service = new SubmitService({
    clock,
    digest: () => "00",
    earlier: {
      windowOf: () => ({ validStartNs: 1n, usedFromS: 0, usedUntilS: 0 }),
      judge: async () => ({ kind: "send", isFirst: true }),
    },
    guard: new MemoryWriteGuard(clock),
    newId: randomUUID,
    slots: { reserve: async () => ok({ settle: () => {} }) },
    pending: { add: () => {}, of: () => [] },
    pausedSentence: async () => null,
    router: {
      enter: async (_: UserId, __: string, ask: (route: WriteRoute) => Promise<unknown>) => ({
        topicId: TOPIC,
        answer: await ask({ topicId: TOPIC, registryVersion: 1, userVersion: 0 }),
      }),
    },
    batches: {
      batchedUntilS: () => null,
      submit: async (topicId: TopicId, { message }: { readonly message: Uint8Array }) => {
        const { from } = JSON.parse(new TextDecoder().decode(message)) as { from: string };
        sentMs.push({ from, atMs: clock.now() - startMs });
        return ok({ topicId, sequence: 1 as Sequence, transactionId: "", consensusNs: null });
      },
    },
  } as unknown as SubmitDeps);
});

const write = (from: string, nonce: number) =>
  service.submit(
    {
      ...{ type: "CONTACT_REQUEST", from: from as UserId, nonce, ts: Math.floor(clock.now() / 1_000) },
      payload: { target: "tm-x" },
    },
    service.guardedWrite(null),
  );
const timesOf = (from: string) => sentMs.filter((each) => each.from === from).map(({ atMs }) => atMs);

it("paces the writes of one person in the order of arrival, and nobody else's", async () => {
  await clock.drive(Promise.all([write("tm-a", 1), write("tm-a", 2), write("tm-b", 1), write("tm-a", 3)]));
  expect(timesOf("tm-a")).toEqual([0, 250, 500]);
  expect(timesOf("tm-b")).toEqual([0]);
});

it("does not delay a person who has been quiet, and answers a write when it is written", async () => {
  await clock.drive(write("tm-a", 1));
  expect(clock.now()).toBe(startMs);
  await clock.advance(250);
  await clock.drive(write("tm-a", 2));
  expect(timesOf("tm-a")).toEqual([0, 250]);
});

it("goes on after a write that failed", async () => {
  const wrong = { type: "CONTACT_REQUEST", from: "tm-a" as UserId, nonce: 1, ts: 0, payload: {} };
  const refused = service.submit(wrong, service.guardedWrite(null));
  const [first, second] = await clock.drive(Promise.all([refused, write("tm-a", 2)]));
  expect([first.ok, second.ok]).toEqual([false, true]);
});
