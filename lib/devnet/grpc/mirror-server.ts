/**
 * The mirror's gRPC API: topic subscriptions (docs/hedera.md §2). There is no address book. The SDK asks for it once a day, takes
 * only nodes on port 50211 from it, and would be left with none. Without an answer it keeps the nodes that it has.
 */
import { type ServerWritableStream, status } from "@grpc/grpc-js";
import { com } from "@hiero-ledger/proto";
import { fromMs } from "@/lib/core/ledger/consensus-time";
import type { MirrorView } from "../rest/mirror-view";
import { type GrpcServer, startGrpcServer, streamMethod } from "./server";
import { subscribe } from "./subscription";
import { bigintFromProto, nsFromProto, topicIdFromProto } from "./wire";

const { ConsensusTopicQuery, ConsensusTopicResponse } = com.hedera.mirror.api.proto;
type TopicQuery = com.hedera.mirror.api.proto.IConsensusTopicQuery;
type TopicResponse = com.hedera.mirror.api.proto.IConsensusTopicResponse;

/** The public mirror's limit. */
const MAX_CALLS_PER_CONNECTION = 5;

export interface MirrorGrpcOptions {
  readonly view: MirrorView;
  readonly nowMs: () => number;
  readonly host: string;
  readonly port: number;
}

/** Starts the mirror's gRPC server; resolves once it listens. */
export function startMirrorGrpc(options: MirrorGrpcOptions): Promise<GrpcServer> {
  const base = "/com.hedera.mirror.api.proto";
  const places = new Places();
  const methods = [
    streamMethod(
      `${base}.ConsensusService/subscribeTopic`,
      [ConsensusTopicQuery, ConsensusTopicResponse],
      (call: ServerWritableStream<TopicQuery, TopicResponse>) => places.take(call, () => subscribeTopic(options, call)),
    ),
  ];
  return startGrpcServer(methods, options);
}

/**
 * The calls of each connection, the oldest first. Those beyond the limit wait until others end. gRPC's own limit would refuse them:
 * on Node 24 it still counts a call whose reset it has just read. A real mirror does not.
 */
class Places {
  private readonly byPeer = new Map<string, Map<unknown, () => void>>();

  /** Begins the call once it has a place. */
  take(call: ServerWritableStream<TopicQuery, TopicResponse>, begin: () => void): void {
    const peer = call.getPeer();
    const calls = this.byPeer.get(peer) ?? new Map<unknown, () => void>();
    this.byPeer.set(peer, calls);
    call.once("close", () => {
      const hadPlace = [...calls.keys()].indexOf(call) < MAX_CALLS_PER_CONNECTION;
      calls.delete(call);
      if (hadPlace) [...calls.values()][MAX_CALLS_PER_CONNECTION - 1]?.();
      if (calls.size === 0) this.byPeer.delete(peer);
    });
    calls.set(call, begin);
    if (calls.size <= MAX_CALLS_PER_CONNECTION) begin();
  }
}

function subscribeTopic(
  { view, nowMs }: MirrorGrpcOptions,
  call: ServerWritableStream<TopicQuery, TopicResponse>,
): void {
  const { topicID, consensusStartTime, consensusEndTime, limit } = call.request;
  const topic = view.ledger.topics.get(topicIdFromProto(topicID));
  const startNs = consensusStartTime ? nsFromProto(consensusStartTime) : fromMs(nowMs());
  const endNs = consensusEndTime ? nsFromProto(consensusEndTime) : null;
  const refusal = refusalOf(call.request, endNs !== null && endNs <= startNs, topic !== undefined);
  if (refusal || !topic) {
    call.emit("error", refusal);
    return;
  }
  const write = (response: TopicResponse) => call.write(response);
  const end = () => void call.end();
  const most = Number(bigintFromProto(limit));
  const subscription = subscribe({ view, topic, startNs, endNs, limit: most, nowMs, write, end });
  call.on("drain", () => subscription.resume());
  call.on("cancelled", () => subscription.close());
  call.on("close", () => subscription.close());
}

function refusalOf({ topicID, limit }: TopicQuery, endsBeforeStart: boolean, exists: boolean) {
  const code = status.INVALID_ARGUMENT;
  if (!topicID) return { code, details: "topicId: Missing required topicID" };
  if (bigintFromProto(limit) < 0n) return { code, details: "limit: must be greater than or equal to 0" };
  if (endsBeforeStart) return { code, details: "endTime: must be after start time" };
  return exists ? null : { code: status.NOT_FOUND, details: `Topic ${topicIdFromProto(topicID)} does not exist` };
}
