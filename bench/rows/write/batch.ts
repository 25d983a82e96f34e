/**
 * Compares the ledger's fee for a signal if signals wait for each other (SUBMIT_LINGER_MS) with the fee of one message for each. Also
 * counts writes that share a message and are lost or doubled while their processes are killed.
 */
import { hash } from "node:crypto";
import { hcsCosts, total } from "@/lib/core/capacity/costs";
import type { Sequence, TopicId } from "@/lib/core/ledger/ids";
import { writeWindow } from "@/lib/core/ledger/write-window";
import { ok } from "@/lib/core/result";
import { isBatch, signalsIn } from "@/lib/core/signals/signal-batch";
import { createRng } from "@/lib/devnet/rng";
import { SignalBatches } from "@/lib/engine/writes/signal-batches";
import { DrivenClock } from "@/tests/support/control/driven-clock";
import { startFleet } from "@/tests/support/fleet/fleet";
import { batchedWrites } from "@/tests/support/fleet/scenarios/batched-writes";
import { startServices } from "@/tests/support/fleet/services";
import { WrittenSignals } from "../../support/written-signals";
import type { BenchRow } from "../../types";

export const names = ["batch.fee_ratio", "batch.bytes", "batch.bytes_per_signal", "batch.lost", "batch.doubled"];

const LINGER_MS = 1_000;
const SIGNALS = 4_000;
const INSTANCES = 3;
const SECONDS = 60;
const KILLS_PER_SECOND = 0.5;

export async function run(): Promise<readonly BenchRow[]> {
  return [...(await fees()), ...(await losses())];
}

interface Fees {
  /** Dollars a signal, in batches and in messages of their own. */
  readonly batched: number;
  readonly alone: number;
  readonly signalsPerMessage: number;
  readonly bytesPerSignal: number;
  /** The batches that went out. */
  readonly sizes: readonly Size[];
}

interface Size {
  readonly signals: number;
  readonly bytes: number;
}

async function fees(): Promise<readonly BenchRow[]> {
  const [shared, ofKinds, slow] = [
    await feesAt(20, () => "0.0.1" as TopicId),
    await feesAt(20, (kind) => kind as TopicId),
    await feesAt(2, () => "0.0.1" as TopicId),
  ];
  const ratio = ({ batched, alone }: Fees) => batched / alone;
  const inWords = (fees: Fees) => `${ratio(fees).toFixed(3)} (${fees.signalsPerMessage.toFixed(1)} a message)`;
  const [base, perSignal] = line([...shared.sizes, ...slow.sizes]);
  return [
    {
      name: "batch.fee_ratio",
      value: ratio(shared),
      unit: "ratio",
      detail: `at most 0.15; ${SIGNALS} signals of ${Math.round(shared.bytesPerSignal)} bytes, 20 a second by chance, a linger of ${LINGER_MS} ms: ${inWords(shared)}, $${shared.batched.toFixed(6)} instead of $${shared.alone.toFixed(6)} each; a topic for each kind: ${inWords(ofKinds)}; 2 a second: ${inWords(slow)}`,
    },
    { name: "batch.bytes", value: base, unit: "bytes", detail: "of a batch, without those of its signals" },
    { name: "batch.bytes_per_signal", value: perSignal, unit: "bytes", detail: "of a batch, for each of its signals" },
  ];
}

/** The line that fits best: the bytes of a batch itself, and the bytes of each signal in it. */
function line(sizes: readonly Size[]): readonly [number, number] {
  const mean = (of: (size: Size) => number) => sizes.reduce((sum, size) => sum + of(size), 0) / sizes.length;
  const [signals, bytes] = [mean((size) => size.signals), mean((size) => size.bytes)];
  const slope =
    mean((size) => (size.signals - signals) * (size.bytes - bytes)) / mean((size) => (size.signals - signals) ** 2);
  return [bytes - slope * signals, slope];
}

/** The fees of signals that arrive at random times, at the given mean rate, on the topics of their kinds. */
async function feesAt(perSecond: number, topicOf: (kind: string) => TopicId): Promise<Fees> {
  const clock = new DrivenClock();
  const signals = new WrittenSignals(1);
  const rng = createRng(2);
  const used = { batched: 0, alone: 0, messages: 0, bytes: 0 };
  const sizes: Size[] = [];
  const usdOf = (bytes: number) => total(hcsCosts(1, bytes));
  const submitter = {
    submit: async (topicId: TopicId, message: Uint8Array) => {
      used.messages += 1;
      used.batched += usdOf(message.length);
      if (isBatch(message)) sizes.push({ signals: signalsIn(message).length, bytes: message.length });
      return ok({ topicId, sequence: used.messages as Sequence, transactionId: "", consensusNs: null });
    },
  };
  const digest = (bytes: Uint8Array) => hash("sha256", bytes, "hex");
  const batches = new SignalBatches({ submitter, lingerMs: LINGER_MS, clock, digest });
  const sent = [];
  for (let i = 0; i < SIGNALS; i += 1) {
    await clock.advance((-Math.log(1 - rng.next()) * 1_000) / perSecond);
    const { kind, message } = signals.next(clock.now());
    used.alone += usdOf(message.length);
    used.bytes += message.length;
    const window = writeWindow(digest(message), Math.floor(clock.now() / 1_000), clock.now());
    const untilS = batches.batchedUntilS(message, window);
    sent.push(batches.submit(topicOf(kind), { message, validStartNs: window.validStartNs }, untilS));
  }
  await clock.drive(Promise.all(sent));
  return {
    batched: used.batched / SIGNALS,
    alone: used.alone / SIGNALS,
    signalsPerMessage: SIGNALS / used.messages,
    bytesPerSignal: used.bytes / SIGNALS,
    sizes,
  };
}

async function losses(): Promise<readonly BenchRow[]> {
  const services = await startServices({ grpc: true });
  const env = { SUBMIT_LINGER_MS: String(LINGER_MS) };
  const fleet = await startFleet({ services, count: INSTANCES, isCounted: false, env });
  try {
    const { kills, answered, messages, lost, doubled } = await batchedWrites(fleet, services, {
      ...{ writers: 60, durationMs: SECONDS * 1_000, killsPerSecond: KILLS_PER_SECOND },
    });
    const scale = `required: 0; ${answered} writes in ${messages} ledger messages, ${kills} kills of ${INSTANCES} processes in ${SECONDS} s`;
    return [
      { name: "batch.lost", value: lost.length, unit: "writes", detail: [scale, ...lost.slice(0, 3)].join(" | ") },
      {
        name: "batch.doubled",
        value: doubled.length,
        unit: "writes",
        detail: [scale, ...doubled.slice(0, 3)].join(" | "),
      },
    ];
  } finally {
    await fleet.stop();
    await services.stop();
  }
}
