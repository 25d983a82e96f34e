/**
 * Puts signals that are written to one topic within SUBMIT_LINGER_MS into one ledger message (docs/batch-format.md): a batch. A batch that
 * ends with a single signal goes out as that signal, under the signal's own transaction.
 *
 * The ledger takes a signal's own transaction once, whoever repeats it (core/ledger/write-window). It cannot tell a signal in a batch from
 * a repeat of that signal. So only a signal that was never sent before enters a batch. The batch is sent once, and no later than the time
 * that the write guard remembers for each of its signals. A repeat that finds this time waits until the log is past it (earlier-writes.ts).
 * The transaction of a batch expires in time, so this holds however long the process is suspended on the way.
 */
import type { TopicId } from "../../core/ledger/ids";
import { startNs, startS, type WriteWindow } from "../../core/ledger/write-window";
import { ok, type Result } from "../../core/result";
import { MAX_BATCH_BYTES, MAX_BATCH_SIGNALS, sealBatch, signalTime } from "../../core/signals/signal-batch";
import type { Clock } from "../../ports/clock";
import type { SubmitError, Submitted, Submitter } from "../../ports/ledger/submitter";

export interface SignalBatchesDeps {
  readonly submitter: Pick<Submitter, "submit">;
  /** How long a signal waits for others. 0: each goes out at once, alone. */
  readonly lingerMs: number;
  readonly clock: Pick<Clock, "now" | "after">;
  /** A digest of the bytes, in hexadecimal (SHA-256). */
  readonly digest: (bytes: Uint8Array) => string;
  /** Called for each batch of at least two signals that goes out. */
  readonly onBatch?: (signals: number) => void;
}

type Sent = Result<Submitted, SubmitError>;

interface Signal {
  readonly message: Uint8Array;
  /** Starts the validity of the transaction in which the signal goes out alone. */
  readonly validStartNs: bigint;
}

/** The batch of a topic that waits for more signals. */
interface Waiting {
  readonly signals: [Signal, ...Signal[]];
  /** The signals as one ledger message; null for one signal. */
  sealed: Uint8Array | null;
  /** The batch is sent by this time, in epoch seconds. */
  readonly sentUntilS: number;
  readonly sent: Promise<Sent>;
  /** Sends the batch; `sent` resolves with the outcome. */
  readonly send: () => void;
  /** Cancels the timer that sends the batch. */
  readonly callOff: () => void;
}

/** The longest `lingerMs` that may be configured. */
export const MAX_LINGER_MS = 10_000;
/** A signal may need this long from its claim to its batch: the rules ask the database. A slower signal goes out alone. */
const RULES_MS = 5_000;
/** A batch with no more room than this is full: a short signal takes twice as much. */
const SPARE_BYTES = 24;

/** For how long after a claim a batch with its signal may be sent, whatever the setting of the instance that claimed it. */
export const MAX_BATCHED_MS = MAX_LINGER_MS + RULES_MS;

export class SignalBatches {
  private readonly waiting = new Map<TopicId, Waiting>();
  /** Messages that the ledger has not answered yet. */
  private readonly underWay = new Set<Promise<Sent>>();
  private isEnding = false;

  constructor(private readonly deps: SignalBatchesDeps) {}

  /**
   * Epoch seconds until which a batch with this message may be sent; null if the message must go out alone. The caller stores this time
   * with the claim of the nonce, and passes it to `submit`.
   */
  batchedUntilS(message: Uint8Array, { usedUntilS }: WriteWindow): number | null {
    if (!this.isLingering || message.length > MAX_BATCH_BYTES || this.untilS() > usedUntilS) return null;
    return Math.min(this.untilS(RULES_MS), usedUntilS);
  }

  /**
   * Sends a message, together with others if there are any in time. `batchedUntilS`: see above; null for a message that may have
   * been sent before. Answers and rejects as a submitter does. Each signal of a batch gets the answer of the batch, with its place.
   */
  submit(topicId: TopicId, signal: Signal, batchedUntilS: number | null): Promise<Sent> {
    if (batchedUntilS === null || !this.isLingering) return this.alone(topicId, signal);
    const batch = this.waiting.get(topicId);
    if (batch !== undefined && batch.sentUntilS <= batchedUntilS) {
      if (this.join(topicId, batch, signal)) return placed(batch, batch.signals.length - 1);
      this.end(topicId, batch);
    }
    // The window of this signal's transaction ends too early for the signal to wait. Later signals may wait longer.
    if (this.waiting.has(topicId) || this.untilS() > batchedUntilS) return this.alone(topicId, signal);
    return placed(this.open(topicId, signal), 0);
  }

  /** Sends what waits, and resolves when the ledger has answered everything. From now on every signal goes out at once. */
  async close(): Promise<void> {
    this.isEnding = true;
    const waiting = [...this.waiting];
    for (const [topicId, batch] of waiting) this.end(topicId, batch);
    await Promise.allSettled([...waiting.map(([, { sent }]) => sent), ...this.underWay]);
  }

  private get isLingering(): boolean {
    return this.deps.lingerMs > 0 && !this.isEnding;
  }

  private open(topicId: TopicId, signal: Signal): Waiting {
    let send = () => {};
    const sent = new Promise<void>((resolve) => {
      send = resolve;
    }).then(() => this.send(topicId, batch));
    const callOff = this.deps.clock.after(this.deps.lingerMs, () => this.end(topicId, batch));
    const batch: Waiting = { signals: [signal], sealed: null, sentUntilS: this.untilS(), sent, send, callOff };
    this.waiting.set(topicId, batch);
    return batch;
  }

  /** False if the signal does not fit. */
  private join(topicId: TopicId, batch: Waiting, signal: Signal): boolean {
    const messages = [...batch.signals, signal].map(({ message }) => message);
    const sealed = sealBatch(messages, startS(batch.sentUntilS));
    if (sealed === null) return false;
    batch.sealed = sealed;
    batch.signals.push(signal);
    if (messages.length >= MAX_BATCH_SIGNALS || sealed.length > MAX_BATCH_BYTES - SPARE_BYTES) this.end(topicId, batch);
    return true;
  }

  private end(topicId: TopicId, batch: Waiting): void {
    batch.callOff();
    if (this.waiting.get(topicId) === batch) this.waiting.delete(topicId);
    batch.send();
  }

  private send(topicId: TopicId, { signals, sealed, sentUntilS }: Waiting): Promise<Sent> {
    if (sealed === null) return this.alone(topicId, signals[0]);
    this.deps.onBatch?.(signals.length);
    const validStartNs = startNs(startS(sentUntilS), this.deps.digest(sealed));
    return this.sending(topicId, sealed, validStartNs);
  }

  private alone(topicId: TopicId, { message, validStartNs }: Signal): Promise<Sent> {
    return this.sending(topicId, message, validStartNs);
  }

  private sending(topicId: TopicId, message: Uint8Array, validStartNs: bigint): Promise<Sent> {
    const sent = this.deps.submitter.submit(topicId, message, validStartNs);
    this.underWay.add(sent);
    const done = () => void this.underWay.delete(sent);
    sent.then(done, done);
    return sent;
  }

  /** The time by which a batch that opens in `ms` milliseconds is sent, in epoch seconds. */
  private untilS(ms = 0): number {
    const { clock, lingerMs } = this.deps;
    return Math.ceil((clock.now() + ms + lingerMs) / 1_000);
  }
}

/** The answer for the signal at this place of a batch. */
async function placed({ sent }: Waiting, place: number): Promise<Sent> {
  const answer = await sent;
  if (!answer.ok || place === 0) return answer;
  const { consensusNs: ns } = answer.value;
  return ok({ ...answer.value, place, consensusNs: ns === null ? null : signalTime(ns, place) });
}
