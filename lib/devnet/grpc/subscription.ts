/** One `subscribeTopic` stream: what is there already, then what comes, from start (inclusive) to end (exclusive). */
import type { com } from "@hiero-ledger/proto";
import type { ConsensusNs } from "@/lib/core/ledger/consensus-time";
import type { DevnetMessage, Topic } from "../ledger/types";
import { lowerBound, type MirrorView } from "../rest/mirror-view";
import { int64, timestampProto, transactionIdProto } from "./wire";

type TopicResponse = com.hedera.mirror.api.proto.IConsensusTopicResponse;

export interface SubscriptionOptions {
  readonly view: MirrorView;
  readonly topic: Topic;
  readonly startNs: ConsensusNs;
  /** Null goes on for ever. */
  readonly endNs: ConsensusNs | null;
  /** 0 is unlimited. */
  readonly limit: number;
  readonly nowMs: () => number;
  /** False when the stream is full: `resume` goes on once it has drained. */
  readonly write: (response: TopicResponse) => boolean;
  readonly end: () => void;
}

/** Timers are only needed for an end time, or for a head that lags behind the clock. */
const RECHECK_MS = 25;

export interface Subscription {
  resume(): void;
  close(): void;
}

/** Starts to send; `close` ends it silently. */
export function subscribe(options: SubscriptionOptions): Subscription {
  const { view, topic, startNs, endNs, limit, nowMs, write, end } = options;
  let next = lowerBound(topic.messages, (message) => message.consensusNs >= startNs);
  let sent = 0;
  let isFull = false;
  let isClosed = false;
  let timer: NodeJS.Timeout | null = null;
  const finish = () => {
    close();
    end();
  };
  const pump = () => {
    if (timer) clearTimeout(timer);
    timer = null;
    for (const visible = view.visibleCount(topic); next < visible && !isFull && !isClosed; next++) {
      const message = topic.messages[next] as DevnetMessage;
      if (endNs !== null && message.consensusNs >= endNs) return finish();
      isFull = !write(topicResponse(message));
      sent += 1;
      if (limit > 0 && sent >= limit) return finish();
    }
    if (isClosed || isFull) return;
    const isOver = endNs !== null && BigInt(Math.floor(nowMs())) * 1_000_000n >= endNs;
    if (isOver && next === topic.messages.length) return finish();
    if (endNs !== null || next < topic.messages.length) timer = setTimeout(pump, RECHECK_MS).unref();
  };
  const unfollow = [
    view.ledger.onMessage((message) => {
      if (message.topicId === topic.id) pump();
    }),
    view.faults.onChange(pump),
  ];
  const close = () => {
    isClosed = true;
    if (timer) clearTimeout(timer);
    for (const off of unfollow) off();
  };
  pump();
  const resume = () => {
    isFull = false;
    pump();
  };
  return { resume, close };
}

function topicResponse(message: DevnetMessage): TopicResponse {
  const { chunk } = message;
  return {
    consensusTimestamp: timestampProto(message.consensusNs),
    message: message.bytes,
    runningHash: message.runningHash ?? new Uint8Array(),
    sequenceNumber: int64(message.sequence),
    runningHashVersion: int64(message.runningHashVersion ?? 0),
    ...(chunk
      ? {
          chunkInfo: {
            initialTransactionID: transactionIdProto(chunk.initialTransactionId),
            number: chunk.number,
            total: chunk.total,
          },
        }
      : {}),
  };
}
