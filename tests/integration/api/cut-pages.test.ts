/** Pages that are cut because they are long: what was dropped behind their last item belongs to the page that follows. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { type ConsensusNs, consensusNs, formatConsensusTime } from "@/lib/core/ledger/consensus-time";
import type { Sequence, UserId } from "@/lib/core/ledger/ids";
import type { RecognitionAnswer } from "@/lib/wire/recognition";
import type { SignalsAnswer } from "@/lib/wire/signals";
import { startTestApp, type TestApp } from "../../support/worlds/app";
import { batchOf, type PlainSignal } from "../../support/worlds/histories/batches";

const ME = "tm-reader" as UserId;
const STRANGER = "tm-stranger" as UserId;
const MESSAGES = 70;
/** Some 11 kB, so 70 of them just fit into an answer. */
const notes = Array.from({ length: 8 }, () => "語".repeat(450));

let t: TestApp;
let droppedNs: ConsensusNs | null = null;

beforeAll(async () => {
  t = await startTestApp({
    env: { RATE_LIMITS: "0" },
    wrapStores: (stores) => {
      const { views } = stores;
      const [signals, recognition] = [views.signals.bind(views), views.recognition.bind(views)];
      return {
        ...stores,
        views: Object.assign(Object.create(views), {
          signals: async (...asked: Parameters<typeof signals>) => ({ ...(await signals(...asked)), droppedNs }),
          recognition: async (...asked: Parameters<typeof recognition>) => ({
            ...(await recognition(...asked)),
            droppedNs,
          }),
        }),
      };
    },
  });
  const { contact, recognition } = t.devnet.topics;
  const said = (type: string): PlainSignal => ({
    ...{ type, actor: STRANGER, target: ME },
    message: new TextEncoder().encode(JSON.stringify({ type, from: STRANGER, to: ME, recognitionId: "d0", notes })),
  });
  for (const [topicId, type] of [
    [contact, "CONTACT_NOTE"],
    [recognition, "RECOGNITION_MINT"],
  ] as const) {
    const batch = batchOf(
      topicId,
      0,
      Array.from({ length: MESSAGES }, () => said(type)),
    );
    expect((await t.app.stores.sync.commit(batch)).kind).toBe("committed");
  }
});
afterAll(() => t.close());

const notesOf = () => t.json<SignalsAnswer>("/api/signals?type=CONTACT_NOTE&limit=100", ME);
const timeOf = (item: SignalsAnswer["items"][number] | undefined) => item?.consensusTimestamp ?? "";
const before = (time: string, ns: bigint) => consensusNs(BigInt(time.replace(".", "")) - ns);

it("a page of signals that is cut short by pending ones leaves the note about dropped signals to the next page", async () => {
  const whole = await notesOf();
  expect([whole.items.length, whole.nextCursor]).toEqual([MESSAGES, null]);
  droppedNs = before(timeOf(whole.items.at(-1)), 1n);
  expect((await notesOf()).droppedThrough).toBe(formatConsensusTime(droppedNs));
  for (let i = 1; i <= 8; i += 1)
    t.app.pending.add(ME, {
      ...{ topicId: t.devnet.topics.contact, sequence: (1_000 + i) as Sequence, consensusNs: null, submittedMs: 0 },
      ...{ transactionId: "0.0.2@1.1", author: "payer" },
      decoded: { type: "CONTACT_NOTE", actor: ME, target: STRANGER, metadata: { notes } } as never,
    });
  const cut = await notesOf();
  expect(cut.items.length).toBeLessThan(MESSAGES + 8);
  expect(cut.nextCursor).not.toBeNull();
  expect(cut.droppedThrough).toBeUndefined();
  droppedNs = before(timeOf(cut.items.at(-1)), -1n);
  expect((await notesOf()).droppedThrough).toBe(formatConsensusTime(droppedNs));
});

it("a page that is too long for an answer leaves the note about dropped messages to the next page", async () => {
  droppedNs = consensusNs(1n);
  const signals = await t.json<SignalsAnswer>("/api/signals?limit=200", ME);
  const recognition = await t.json<RecognitionAnswer>("/api/recognition", ME);
  for (const { nextCursor, droppedThrough } of [signals, recognition])
    expect([nextCursor === null, droppedThrough]).toEqual([false, undefined]);
});
