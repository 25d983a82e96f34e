/** Writes that may have been sent before, alone or in a batch, over a log that may be behind. */
import { createHash } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import { type ConsensusNs, consensusNs, fromMs } from "@/lib/core/ledger/consensus-time";
import type { AccountId, Sequence, TopicId, UserId } from "@/lib/core/ledger/ids";
import { startNs, transactionIdText } from "@/lib/core/ledger/write-window";
import { sealBatch } from "@/lib/core/signals/signal-batch";
import { EarlierWrites, type EarlierWritesDeps, type Write } from "@/lib/engine/writes/earlier-writes";
import { MAX_BATCHED_MS } from "@/lib/engine/writes/signal-batches";
import type { NonceClaim } from "@/lib/ports/shared/write-guard";
import type { WrittenRow } from "@/lib/ports/store/view-rows";
import { DrivenClock } from "../../../support/control/driven-clock";

const TOPIC = "0.0.7" as TopicId;
const PAYER = "0.0.5" as AccountId;
const ADA = "tm-ada" as UserId;
const DAY_MS = 86_400_000;
const digest = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

let clock: DrivenClock;
let rows: WrittenRow[];
/** The log is complete through this time. */
let syncedNs: ConsensusNs;
/** These rows come into the log while a write waits for it. */
let coming: WrittenRow[];
let askedNs: ConsensusNs[];

beforeEach(() => {
  clock = new DrivenClock();
  [rows, coming, askedNs] = [[], [], []];
  syncedNs = fromMs(clock.now() - 5_000);
});

const scheduler = {
  topics: [{ topicId: TOPIC, kinds: ["contact"] }],
  waitThrough: async (_: readonly TopicId[], throughNs: ConsensusNs) => {
    askedNs.push(throughNs);
    rows.push(...coming.splice(0));
    return syncedNs >= throughNs;
  },
} as unknown as EarlierWritesDeps["scheduler"];

const open = (isLingering = true) =>
  new EarlierWrites({ views: { written: async () => rows }, scheduler, clock, isLingering, digest });

/** A write that its sender made `ageMs` ago. */
function writeOf(ageMs = 2_000, nonce = 7): Write {
  const madeS = Math.floor((clock.now() - ageMs) / 1_000);
  const message = new TextEncoder().encode(JSON.stringify({ type: "CONTACT_REQUEST", nonce, ts: madeS }));
  const what = { from: ADA, type: "CONTACT_REQUEST", nonce, madeS, isRepeatable: true };
  return { ...what, message, digest: digest(message) };
}
const claimOf = (kind: NonceClaim["kind"], more: Partial<NonceClaim> = {}): NonceClaim => ({
  ...{ kind, memoryMs: DAY_MS, batchedUntilS: null },
  ...more,
});
const judge = (write: Write, claim: NonceClaim, earlier = open()) =>
  earlier.judge(write, claim, earlier.windowOf(write));
/** The latest second through which the log was asked for. */
const askedS = () => Number((askedNs.at(-1) as bigint) / 1_000_000_000n);
const nowS = () => Math.floor(clock.now() / 1_000);

const rowOf = (write: Write, more: Partial<WrittenRow> = {}): WrittenRow => ({
  ...{ topicId: TOPIC, sequence: 3 as Sequence, consensusNs: fromMs(clock.now() - 1_000), payer: PAYER },
  ...{ body: write.message, ...more },
});
function batched(write: Write): WrittenRow {
  const other = new TextEncoder().encode('{"nonce":1}');
  const batch = sealBatch([other, write.message], nowS() - 100) as Uint8Array;
  return rowOf(write, { place: 1, batch, consensusNs: consensusNs(fromMs(clock.now() - 1_000) + 1n) });
}

describe("a write that is certainly new", () => {
  it.each(["next", "unknown"] as const)("may go out in a batch: %s", async (kind) => {
    expect(await judge(writeOf(), claimOf(kind))).toEqual({ kind: "send", isFirst: true });
    expect(askedNs).toEqual([]);
  });
});

describe("a repeat of a message that may have gone out in a batch", () => {
  it.each(["same", "older"] as const)("is not sent before the log is past all such batches: %s", async (kind) => {
    const write = writeOf();
    const claim = claimOf(kind, { batchedUntilS: nowS() + 7 });
    expect(await judge(write, claim)).toEqual({ kind: "unsettled" });
    expect(askedS()).toBe(nowS() + 7 + 16);
    syncedNs = consensusNs(BigInt(nowS() + 23) * 1_000_000_000n);
    expect(await judge(write, claim)).toEqual({ kind: "send", isFirst: false });
  });

  it("waits for them on an instance that makes no batches too", async () => {
    const claim = claimOf("same", { batchedUntilS: nowS() + 7 });
    expect(await judge(writeOf(), claim, open(false))).toEqual({ kind: "unsettled" });
  });

  it("gets the answer that the first request should have got: its place, and the batch's transaction", async () => {
    const write = writeOf();
    rows = [batched(write)];
    const { batch, consensusNs: ns } = rows[0] as WrittenRow;
    const transactionId = transactionIdText(PAYER, startNs(nowS() - 100, digest(batch as Uint8Array)), 1);
    expect(await judge(write, claimOf("same", { batchedUntilS: nowS() + 7 }))).toEqual({
      kind: "written",
      as: { topicId: TOPIC, sequence: 3, place: 1, consensusNs: ns, transactionId },
    });
    expect(askedNs).toEqual([]);
  });

  it("is answered when its batch comes, long before the log is past every batch", async () => {
    const write = writeOf();
    coming = [batched(write)];
    const judged = await judge(write, claimOf("same", { batchedUntilS: nowS() + 7 }));
    expect(judged).toMatchObject({ kind: "written", as: { sequence: 3, place: 1 } });
  });
});

describe("a message that went out alone", () => {
  it("is decided as ever by its windows, whatever became of its sender's other batches", async () => {
    const write = writeOf();
    const judged = await judge(write, claimOf("next", { memoryMs: 1_000, batchedUntilS: nowS() + 7 }), open(false));
    expect(judged).toEqual({ kind: "send", isFirst: false });
    // Its first window begins 30 s before it was made, and what was sent before that has arrived 16 s later.
    expect(askedS()).toBe(write.madeS - 30 + 16);
  });
});

describe("a memory that is younger than the message", () => {
  it.each(["next", "unknown", "same", "older"] as const)(
    "does not know the batches before it, so the log must be past all of them: %s",
    async (kind) => {
      const claim = claimOf(kind, { memoryMs: 4_000 });
      expect(await judge(writeOf(), claim)).toEqual({ kind: "unsettled" });
      expect(askedS()).toBe(Math.ceil((clock.now() - 4_000 + MAX_BATCHED_MS) / 1_000) + 16);
      syncedNs = consensusNs(BigInt(askedS()) * 1_000_000_000n);
      expect(await judge(writeOf(), claim)).toEqual({ kind: "send", isFirst: false });
    },
  );

  it("is enough if no instance makes batches", async () => {
    expect(await judge(writeOf(), claimOf("unknown", { memoryMs: 4_000 }), open(false))).toEqual({
      kind: "send",
      isFirst: false,
    });
  });
});
