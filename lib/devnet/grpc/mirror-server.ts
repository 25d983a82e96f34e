/** The mirror's gRPC API: topic subscriptions (hedera.md §2), and the address book that the SDK asks for. */
import { type ServerWritableStream, status } from "@grpc/grpc-js";
import { com, proto } from "@hiero-ledger/proto";
import { fromMs } from "@/lib/core/consensus-time";
import { NODE_ID } from "../development-keys";
import type { MirrorView } from "../rest/mirror-view";
import { type GrpcServer, startGrpcServer, streamMethod } from "./server";
import { subscribe } from "./subscription";
import { accountIdProto, bigintOf, int64, nsOf, topicIdOf } from "./wire";

const { ConsensusTopicQuery, ConsensusTopicResponse, AddressBookQuery } = com.hedera.mirror.api.proto;
type TopicQuery = com.hedera.mirror.api.proto.IConsensusTopicQuery;
type TopicResponse = com.hedera.mirror.api.proto.IConsensusTopicResponse;

/** The public mirror's limit. */
const MAX_STREAMS_PER_CONNECTION = 5;

export interface MirrorGrpcOptions {
  readonly view: MirrorView;
  readonly nowMs: () => number;
  readonly host: string;
  readonly port: number;
  /** Of the consensus node, for the address book. */
  readonly nodeAddress: string;
}

/** Starts the mirror's gRPC server; resolves once it listens. */
export function startMirrorGrpc(options: MirrorGrpcOptions): Promise<GrpcServer> {
  const base = "/com.hedera.mirror.api.proto";
  const methods = [
    streamMethod(
      `${base}.ConsensusService/subscribeTopic`,
      [ConsensusTopicQuery, ConsensusTopicResponse],
      (call: ServerWritableStream<TopicQuery, TopicResponse>) => subscribeTopic(options, call),
    ),
    streamMethod(
      `${base}.NetworkService/getNodes`,
      [AddressBookQuery, proto.NodeAddress],
      (call: ServerWritableStream<unknown, proto.INodeAddress>) => {
        call.write(addressOf(options.nodeAddress));
        call.end();
      },
    ),
  ];
  return startGrpcServer(methods, { ...options, maxStreams: MAX_STREAMS_PER_CONNECTION });
}

function subscribeTopic(
  { view, nowMs }: MirrorGrpcOptions,
  call: ServerWritableStream<TopicQuery, TopicResponse>,
): void {
  const { topicID, consensusStartTime, consensusEndTime, limit } = call.request;
  const topic = view.ledger.topics.get(topicIdOf(topicID));
  const startNs = consensusStartTime ? nsOf(consensusStartTime) : fromMs(nowMs());
  const endNs = consensusEndTime ? nsOf(consensusEndTime) : null;
  const refusal = refusalOf(call.request, endNs !== null && endNs <= startNs, topic !== undefined);
  if (refusal || !topic) {
    call.emit("error", refusal);
    return;
  }
  const write = (response: TopicResponse) => call.write(response);
  const end = () => void call.end();
  const subscription = subscribe({ view, topic, startNs, endNs, limit: Number(bigintOf(limit)), nowMs, write, end });
  call.on("drain", () => subscription.resume());
  call.on("cancelled", () => subscription.close());
  call.on("close", () => subscription.close());
}

function refusalOf({ topicID, limit }: TopicQuery, endsBeforeStart: boolean, exists: boolean) {
  const code = status.INVALID_ARGUMENT;
  if (!topicID) return { code, details: "topicId: Missing required topicID" };
  if (bigintOf(limit) < 0n) return { code, details: "limit: must be greater than or equal to 0" };
  if (endsBeforeStart) return { code, details: "endTime: must be after start time" };
  return exists ? null : { code: status.NOT_FOUND, details: `Topic ${topicIdOf(topicID)} does not exist` };
}

function addressOf(nodeAddress: string): proto.INodeAddress {
  const at = nodeAddress.lastIndexOf(":");
  const ipAddressV4 = Uint8Array.from(nodeAddress.slice(0, at).split("."), Number);
  return {
    nodeId: int64(0),
    nodeAccountId: accountIdProto(NODE_ID),
    description: "devnet",
    serviceEndpoint: [{ ipAddressV4, port: Number(nodeAddress.slice(at + 1)) }],
  };
}
