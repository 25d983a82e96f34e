/** Signals that wait for each other, against a ledger that takes some messages and refuses others. */
import { createHash } from "node:crypto";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { type ConsensusNs, consensusNs, fromMs } from "@/lib/core/ledger/consensus-time";
import type { Sequence, TopicId } from "@/lib/core/ledger/ids";
import { startNs, VALID_S, type WriteWindow, writeWindow } from "@/lib/core/ledger/write-window";
import { err, ok, type Result, unwrap } from "@/lib/core/result";
import { MAX_BATCH_BYTES, MAX_BATCH_SIGNALS, openBatch, sealBatch, signalsIn } from "@/lib/core/signals/signal-batch";
import { SignalBatches } from "@/lib/engine/writes/signal-batches";
import type { SubmitError, Submitted } from "@/lib/ports/ledger/submitter";
import { DrivenClock } from "../../../support/control/driven-clock";

const [TOPIC, OTHER] = ["0.0.7", "0.0.8"] as TopicId[] as [TopicId, TopicId];
const LINGER_MS = 1_000;
const digest = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

interface Taken {
  readonly topicId: TopicId;
  readonly message: Uint8Array;
  readonly validStartNs: bigint | undefined;
  readonly atMs: number;
}

let clock: DrivenClock;
let taken: Taken[];
let sizes: number[];
/** The ledger's next answers. Without one it takes the message. */
let answers: (SubmitError | Error | null)[];

const submitter = {
  async submit(topicId: TopicId, message: Uint8Array, validStartNs?: bigint): Promise<Result<Submitted, SubmitError>> {
    taken.push({ topicId, message, validStartNs, atMs: clock.now() });
    const answer = answers.shift() ?? null;
    await clock.sleep(3_000);
    if (answer instanceof Error) throw answer;
    if (answer !== null) return err(answer);
    const sequence = taken.length as Sequence;
    return ok({ topicId, sequence, transactionId: `t${sequence}`, consensusNs: fromMs(clock.now()) });
  },
};

const open = (lingerMs = LINGER_MS) =>
  new SignalBatches({ submitter, lingerMs, clock, digest, onBatch: (signals) => void sizes.push(signals) });

beforeEach(() => {
  clock = new DrivenClock();
  [taken, sizes, answers] = [[], [], []];
});

interface Written {
  readonly message: Uint8Array;
  readonly window: WriteWindow;
}

/** A signal that was made `ageMs` ago; its text takes `bytes`, which no compression makes much shorter. */
function signalOf(name: number, bytes = 40, ageMs = 0): Written {
  const noise = Array.from({ length: Math.ceil(bytes / 64) }, (_, i) => digest(Buffer.from(`${name}:${i}`))).join("");
  const message = new TextEncoder().encode(JSON.stringify({ n: name, text: noise.slice(0, bytes) }));
  const madeS = Math.floor((clock.now() - ageMs) / 1_000);
  return { message, window: writeWindow(digest(message), madeS, clock.now()) };
}

const send = (batches: SignalBatches, { message, window }: Written, topicId = TOPIC) =>
  batches.submit(topicId, { message, validStartNs: window.validStartNs }, batches.batchedUntilS(message, window));

const texts = (message: Uint8Array) => signalsIn(message).map((signal) => Buffer.from(signal).toString());
const textOf = ({ message }: Written) => Buffer.from(message).toString();

describe("signals to one topic", () => {
  it("within the time go out as one message, in the order in which they came, and each learns its place and time", async () => {
    const batches = open();
    const signals = [signalOf(1), signalOf(2), signalOf(3)];
    const sent = signals.map((signal) => send(batches, signal));
    const answered = await clock.drive(Promise.all(sent));
    expect(taken.map(({ message }) => texts(message))).toEqual([signals.map(textOf)]);
    const at = answered.map((each) => unwrap(each));
    const ns = at[0]?.consensusNs as ConsensusNs;
    expect(at).toEqual(
      [0n, 1n, 2n].map((place) => ({
        ...{ topicId: TOPIC, sequence: 1, transactionId: "t1", consensusNs: consensusNs(ns + place) },
        ...(place === 0n ? {} : { place: Number(place) }),
      })),
    );
    expect(sizes).toEqual([3]);
  });

  it("wait as long as the first of them may, and the next begins a new time", async () => {
    const batches = open();
    const startMs = clock.now();
    void send(batches, signalOf(1));
    await clock.advance(900);
    void send(batches, signalOf(2));
    await clock.advance(200);
    void send(batches, signalOf(3));
    await clock.advance(5_000);
    expect(taken.map(({ atMs, message }) => [atMs - startMs, texts(message).length])).toEqual([
      [1_000, 2],
      [2_100, 1],
    ]);
  });

  it("go out under a transaction that the batch's bytes and its time name, and that ends 15 s after the time to wait", async () => {
    const batches = open();
    const startS = clock.now() / 1_000;
    void send(batches, signalOf(1));
    void send(batches, signalOf(2));
    await clock.advance(5_000);
    const [{ message, validStartNs }] = taken as [Taken];
    const batch = openBatch(message);
    const { validStartS } = unwrap(batch as NonNullable<typeof batch>);
    expect(validStartNs).toBe(startNs(validStartS, digest(message)));
    expect(validStartS + VALID_S).toBe(startS + LINGER_MS / 1_000 + 15);
  });

  it("never wait for those of another topic", async () => {
    const batches = open();
    const [here, there] = [signalOf(1), signalOf(2)];
    void send(batches, here);
    void send(batches, there, OTHER);
    await clock.advance(5_000);
    expect(taken.map(({ topicId, message }) => [topicId, texts(message)])).toEqual([
      [TOPIC, [textOf(here)]],
      [OTHER, [textOf(there)]],
    ]);
  });
});

describe("a signal goes out as it is, under its own transaction,", () => {
  const expectAlone = (signals: readonly Written[]) =>
    expect(taken.map(({ message, validStartNs }) => [Buffer.from(message).toString(), validStartNs])).toEqual(
      signals.map((signal) => [textOf(signal), signal.window.validStartNs]),
    );

  it("if no other came, after the time in which one could", async () => {
    const signal = signalOf(1);
    void send(open(), signal);
    await clock.advance(LINGER_MS - 1);
    expect(taken).toEqual([]);
    await clock.advance(1);
    expectAlone([signal]);
    expect(sizes).toEqual([]);
  });

  it("at once if nothing lingers", async () => {
    const [batches, signal] = [open(0), signalOf(1)];
    expect(batches.batchedUntilS(signal.message, signal.window)).toBe(null);
    void send(batches, signal);
    expectAlone([signal]);
  });

  it("at once if it may have been sent before, while others wait", async () => {
    const batches = open();
    const repeat = signalOf(1);
    void send(batches, signalOf(2));
    void batches.submit(TOPIC, { message: repeat.message, validStartNs: repeat.window.validStartNs }, null);
    expectAlone([repeat]);
  });

  it("at once if it is too long for a batch", async () => {
    const [batches, long] = [open(), signalOf(1, MAX_BATCH_BYTES)];
    expect(batches.batchedUntilS(long.message, long.window)).toBe(null);
    void send(batches, long);
    expectAlone([long]);
  });

  it("at once if the rules took so long that the batch would go out later than was remembered", async () => {
    const [batches, slow] = [open(), signalOf(1)];
    const remembered = batches.batchedUntilS(slow.message, slow.window);
    await clock.advance(5_001);
    void send(batches, signalOf(2));
    void batches.submit(TOPIC, { message: slow.message, validStartNs: slow.window.validStartNs }, remembered);
    expectAlone([slow]);
  });

  it("at once if its transaction's window came to its end while the rules were asked", async () => {
    const batches = open();
    const ending = signalOf(1, 40, 62_000);
    const remembered = batches.batchedUntilS(ending.message, ending.window);
    expect(remembered).toBe(ending.window.usedUntilS);
    await clock.advance(2_500);
    void batches.submit(TOPIC, { message: ending.message, validStartNs: ending.window.validStartNs }, remembered);
    expectAlone([ending]);
  });

  it("at once if its transaction's window ends before the batch goes out", async () => {
    const batches = open(10_000);
    // Windows of 95 s begin 30 s before a message was made.
    const ending = signalOf(1, 40, 58_000);
    expect(batches.batchedUntilS(ending.message, ending.window)).toBe(null);
    void send(batches, ending);
    expectAlone([ending]);
  });

  it("at once if it does not fit, and the next batch would go out later than was remembered", async () => {
    const batches = open(10_000);
    void send(batches, signalOf(1, 900));
    // The window of its transaction ends 12 s after the first one came.
    const ending = signalOf(2, 900, 53_000);
    const remembered = batches.batchedUntilS(ending.message, ending.window);
    expect(remembered).toBe(ending.window.usedUntilS);
    await clock.advance(4_000);
    void batches.submit(TOPIC, { message: ending.message, validStartNs: ending.window.validStartNs }, remembered);
    await clock.advance(0);
    expect(taken.map(({ message }) => texts(message).length)).toEqual([1, 1]);
    expect(taken.map(({ message }) => message)).toContainEqual(ending.message);
    await clock.advance(20_000);
    expect(taken).toHaveLength(2);
  });
});

describe("the time ends early", () => {
  it("with the signal that does not fit any more, which begins the next batch", async () => {
    const batches = open();
    for (let i = 1; i <= 4; i += 1) void send(batches, signalOf(i, 500));
    expect(taken).toEqual([]);
    await clock.advance(0);
    const early = taken.length;
    await clock.advance(5_000);
    expect(early).toBeGreaterThan(0);
    expect(taken.flatMap(({ message }) => texts(message))).toEqual([1, 2, 3, 4].map((i) => textOf(signalOf(i, 500))));
  });

  it("with as many signals as a batch can have", async () => {
    const batches = open();
    const one = (i: number) => ({ ...signalOf(i), message: new TextEncoder().encode(`{"n":${i}}`) });
    for (let i = 0; i < MAX_BATCH_SIGNALS; i += 1) void send(batches, one(i));
    await clock.advance(0);
    expect(taken.map(({ message }) => texts(message).length)).toEqual([MAX_BATCH_SIGNALS]);
    void send(batches, one(MAX_BATCH_SIGNALS));
    await clock.advance(5_000);
    expect(taken.map(({ message }) => texts(message).length)).toEqual([MAX_BATCH_SIGNALS, 1]);
  });

  it("with the signal that leaves no room for a further one", async () => {
    const first = signalOf(1, 900);
    const bytesWith = ({ message }: Written) => sealBatch([first.message, message], 0)?.length ?? Number.NaN;
    const [full, roomy] = [1_010, 900].map((bytes) => {
      const found = Array.from({ length: 1_000 }, (_, i) => signalOf(2, i)).find((each) => bytesWith(each) > bytes);
      return found as Written;
    }) as [Written, Written];
    for (const [second, sent] of [
      [full, 1],
      [roomy, 0],
    ] as const) {
      taken = [];
      const batches = open();
      void send(batches, first);
      void send(batches, second);
      await clock.advance(0);
      expect(taken).toHaveLength(sent);
      await clock.drive(batches.close());
    }
  });

  it("when the server ends: what waits goes out, and later signals do not wait", async () => {
    const batches = open();
    const signals = [signalOf(1), signalOf(2)];
    for (const signal of signals) void send(batches, signal);
    let isClosed = false;
    void batches.close().then(() => {
      isClosed = true;
    });
    const late = signalOf(3);
    void send(batches, late);
    await clock.advance(0);
    expect(isClosed).toBe(false);
    // The two messages on their way wait for the ledger, and nothing else waits.
    expect(clock.waiting).toBe(2);
    expect(taken.map(({ message }) => texts(message)).sort()).toEqual([[textOf(late)], signals.map(textOf)].sort());
    await clock.advance(5_000);
    expect(isClosed).toBe(true);
    await batches.close();
    expect(taken).toHaveLength(2);
  });

  it("when the server ends, which waits for what was sent before, too", async () => {
    const batches = open();
    const sent = [send(batches, signalOf(1)), send(batches, signalOf(2))];
    await clock.advance(LINGER_MS);
    const alone = signalOf(3);
    void batches.submit(TOPIC, { message: alone.message, validStartNs: alone.window.validStartNs }, null);
    expect(taken).toHaveLength(2);
    let isClosed = false;
    void batches.close().then(() => {
      isClosed = true;
    });
    await clock.advance(2_900);
    expect(isClosed).toBe(false);
    await clock.advance(200);
    expect(isClosed).toBe(true);
    await Promise.all(sent);
  });
});

describe("a batch that is not taken", () => {
  it.each(["refused", "unavailable", "uncertain", "duplicate"] as const)(
    "answers each of its signals once, with what became of it: %s",
    async (code) => {
      const batches = open();
      answers = [{ code, message: "why" }];
      const answered = await clock.drive(Promise.all([send(batches, signalOf(1)), send(batches, signalOf(2))]));
      expect(answered).toEqual([err({ code, message: "why" }), err({ code, message: "why" })]);
      expect(taken).toHaveLength(1);
    },
  );

  it("because of a bug rejects for each of its signals", async () => {
    const batches = open();
    answers = [new Error("no key")];
    const sent = await clock.drive(Promise.allSettled([send(batches, signalOf(1)), send(batches, signalOf(2))]));
    expect(sent.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  });
});

describe("whatever is written", () => {
  const write = fc.record({
    waitMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 2_000 })),
    /** Between its claim and its way to the ledger. */
    rulesMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 6_000 })),
    bytes: fc.integer({ min: 0, max: 1_100 }),
    ageMs: fc.integer({ min: 0, max: 600_000 }),
    topicId: fc.constantFrom(TOPIC, OTHER),
    isRepeat: fc.boolean(),
  });
  const outcome = fc.constantFrom(null, "refused" as const, "uncertain" as const);

  it("each signal goes out once, is answered once with its own outcome, and waits no longer than it may", async () => {
    let batched = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(write, { minLength: 1, maxLength: 40 }),
        fc.array(outcome, { maxLength: 40 }),
        fc.integer({ min: 0, max: 10_000 }),
        async (writes, outcomes, lingerMs) => {
          [taken, sizes] = [[], []];
          answers = outcomes.map((code) => code && { code, message: code });
          const batches = open(lingerMs);
          const sent: {
            readonly text: string;
            readonly atMs: number;
            readonly untilS: number | null;
            readonly window: WriteWindow;
            answers: number;
          }[] = [];
          const answered: Promise<void>[] = [];
          for (const [i, { waitMs, rulesMs, bytes, ageMs, topicId, isRepeat }] of writes.entries()) {
            await clock.advance(waitMs);
            const { message, window } = signalOf(i, bytes, ageMs);
            const untilS = isRepeat ? null : batches.batchedUntilS(message, window);
            await clock.advance(rulesMs);
            const own = { text: Buffer.from(message).toString(), atMs: clock.now(), untilS, window, answers: 0 };
            sent.push(own);
            const asked = batches.submit(topicId, { message, validStartNs: window.validStartNs }, untilS);
            answered.push(
              asked.then((answer) => {
                own.answers += 1;
                const mine = taken.findIndex((each) => texts(each.message).includes(own.text));
                const code = outcomes[mine] ?? null;
                expect(answer.ok ? null : answer.error.code).toBe(code);
                const { message: carrier } = taken[mine] as Taken;
                if (answer.ok) expect(texts(carrier)[answer.value.place ?? 0]).toBe(own.text);
              }),
            );
          }
          await clock.drive(Promise.all(answered));
          expect(sent.map((each) => each.answers)).toEqual(sent.map(() => 1));
          expect(taken.flatMap(({ message }) => texts(message)).sort()).toEqual(sent.map(({ text }) => text).sort());
          for (const { message, atMs, topicId, validStartNs } of taken) {
            const own = texts(message).map((text) => sent.find((each) => each.text === text) as (typeof sent)[number]);
            expect(own.map((each) => sent.indexOf(each))).toEqual(
              own.map((each) => sent.indexOf(each)).sort((a, b) => a - b),
            );
            for (const each of own) {
              expect(atMs - each.atMs).toBeLessThanOrEqual(lingerMs);
              expect(writes[sent.indexOf(each)]?.topicId).toBe(topicId);
            }
            if (own.length === 1) continue;
            batched += own.length;
            expect(message.length).toBeLessThanOrEqual(MAX_BATCH_BYTES);
            // The transaction is valid until 15 s after the earliest time that any of its signals is remembered with.
            const endS = Number((validStartNs as bigint) / 1_000_000_000n) + VALID_S;
            for (const { untilS, window } of own)
              expect(endS).toBeLessThanOrEqual(Math.min(untilS as number, window.usedUntilS) + 15);
            expect(atMs / 1_000).toBeLessThanOrEqual(endS - 15);
          }
        },
      ),
      { numRuns: 60 },
    );
    expect(batched).toBeGreaterThan(0);
  });
});
