/**
 * Ledger messages that carry the signals. Where signals wait for each other (SUBMIT_LINGER_MS), those that an instance writes to one
 * topic meanwhile go out as one message (engine/writes/signal-batches). They come by chance, independently of each other.
 */
import { TOPIC_KINDS, type TopicKind } from "../ledger/ids";
import type { CapacityInputs } from "./inputs";
import { VENDOR_LIMITS } from "./prices";
import { figure } from "./unit-figures";

/** The messages of all users together, per second. */
export interface LedgerTraffic {
  /** Ledger messages a second. */
  readonly messages: number;
  /** Their bytes a second. */
  readonly bytes: number;
  /** The messages of each kind: those that instances write, and those of other tools. */
  readonly ofKinds: Readonly<Record<TopicKind, { readonly own: number; readonly others: number }>>;
}

/** `signals`: a second, of all users. */
export function ledgerTraffic(inputs: CapacityInputs, signals: number, instances: number): LedgerTraffic {
  const { kindShares, segments, ownWriteShare, messageBytes, settings } = inputs;
  const none = { own: 0, others: 0 };
  const ofKinds = { contact: none, trust: none, recognition: none, profile: none };
  const total = { messages: 0, bytes: 0, ofKinds };
  const add = (messages: number, bytesOfEach: number) => {
    total.messages += messages;
    total.bytes += messages * bytesOfEach;
  };
  for (const kind of TOPIC_KINDS) {
    const ofKind = signals * kindShares[kind];
    const own = ofKind * ownWriteShare;
    const others = instances === 0 ? 0 : (own / (segments * instances)) * (settings.lingerMs / 1_000);
    const message = meanMessage(others, messageBytes);
    add(ofKind - own, messageBytes);
    add(own / message.signals, message.bytes);
    ofKinds[kind] = { own: own / message.signals, others: ofKind - own };
  }
  return total;
}

/** The mean message that a signal opens, if `others` come on average while it waits. One by itself goes out as it is. */
function meanMessage(others: number, messageBytes: number): { readonly signals: number; readonly bytes: number } {
  const [base, perSignal] = [figure("batchBytes"), figure("batchBytesPerSignal")];
  const most = Math.floor((VENDOR_LIMITS.hcsMessageBytes.value - base) / perSignal);
  const mean = { signals: 0, bytes: 0 };
  let chance = Math.exp(-others);
  let left = 1;
  for (let signals = 1; signals <= most; signals += 1) {
    const share = signals === most ? left : chance;
    mean.signals += share * signals;
    mean.bytes += share * (signals === 1 ? messageBytes : base + perSignal * signals);
    left = Math.max(0, left - chance);
    chance *= others / signals;
  }
  return mean;
}
