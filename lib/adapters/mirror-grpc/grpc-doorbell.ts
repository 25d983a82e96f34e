/**
 * The doorbell over a mirror's gRPC API: one `subscribeTopic` stream for each topic (docs/hedera.md §2). The SDK is not used. Its
 * subscription gives up after 20 retries in all, and loading it costs a second.
 */
import { credentials, type ServiceError, status } from "@grpc/grpc-js";
import { com } from "@hiero-ledger/proto";
import { type ConsensusNs, consensusNs, MAX_CONSENSUS_NS, splitSeconds } from "../../core/ledger/consensus-time";
import { entityNumbers, parseSequence, type TopicId } from "../../core/ledger/ids";
import type { Clock } from "../../ports/clock";
import type { Doorbell, Ring, Subscription, SubscriptionListener } from "../../ports/doorbell";
import type { GrpcAddress } from "./address";
import { GrpcConnections } from "./connections";

const { ConsensusTopicQuery, ConsensusTopicResponse } = com.hedera.mirror.api.proto;
type Query = com.hedera.mirror.api.proto.IConsensusTopicQuery;
type Response = com.hedera.mirror.api.proto.IConsensusTopicResponse;
type Int64 = NonNullable<NonNullable<Query["topicID"]>["topicNum"]>;

const SUBSCRIBE = "/com.hedera.mirror.api.proto.ConsensusService/subscribeTopic";
/**
 * The busiest topics of a public network take some 100 messages a second. More than this would cost us the processor. A backlog is
 * read at this pace. A stream that sends as many without getting on is at fault.
 */
const MOST_RINGS = { count: 1_000, withinMs: 1_000 };

export class GrpcDoorbell implements Doorbell {
  readonly name: string;
  private readonly connections: GrpcConnections;
  private readonly subscriptions = new Set<Subscription>();

  constructor(
    { target, isTls }: GrpcAddress,
    private readonly clock: Pick<Clock, "monotonicMs" | "sleep">,
  ) {
    this.name = target;
    this.connections = new GrpcConnections(target, isTls ? credentials.createSsl() : credentials.createInsecure());
  }

  /** Connections that are open or kept for the next subscription. */
  get connectionCount(): number {
    return this.connections.size;
  }

  subscribe(topicId: TopicId, fromNs: ConsensusNs, listener: SubscriptionListener): Subscription {
    const connection = this.connections.take();
    const call = connection.client.makeServerStreamRequest<Query, Response>(
      SUBSCRIBE,
      (query) => Buffer.from(ConsensusTopicQuery.encode(query).finish()),
      (bytes) => ConsensusTopicResponse.decode(bytes),
      { topicID: topicIdProto(topicId), consensusStartTime: timestampOf(fromNs) },
    );
    const ended = new AbortController();
    /** True for the first caller only: a cancelled call still reports an error. */
    const ends = (isBroken: boolean): boolean => {
      if (!this.subscriptions.delete(subscription)) return false;
      ended.abort();
      call.cancel();
      this.connections.release(connection, isBroken);
      return true;
    };
    const subscription: Subscription = { close: () => void ends(false) };
    const fail = (reason: string) => {
      if (ends(true)) listener.onEnd(reason);
    };
    this.subscriptions.add(subscription);
    const pace = { sinceMs: this.clock.monotonicMs(), count: 0, first: 0 };
    call.on("data", (response: Response) => {
      if (!this.subscriptions.has(subscription)) return;
      const nowMs = this.clock.monotonicMs();
      if (nowMs - pace.sinceMs >= MOST_RINGS.withinMs) Object.assign(pace, { sinceMs: nowMs, count: 0 });
      const ring = ringOf(response);
      if (ring === null) return fail("the mirror sent a message without a place");
      pace.count += 1;
      if (pace.count === 1) pace.first = ring.sequence;
      listener.onRing(ring);
      if (pace.count < MOST_RINGS.count) return;
      if (ring.sequence < pace.first + MOST_RINGS.count - 1)
        return fail("the mirror sent more messages than a topic can have");
      call.pause();
      void this.clock.sleep(pace.sinceMs + MOST_RINGS.withinMs - nowMs, ended.signal).then(() => call.resume());
    });
    call.on("error", (error: ServiceError) => fail(reasonOf(error)));
    call.on("end", () => fail("the mirror ended the subscription"));
    return subscription;
  }

  close(): void {
    for (const subscription of [...this.subscriptions]) subscription.close();
    this.connections.close();
  }
}

/** The place of a message; null if the answer has none. */
function ringOf({ sequenceNumber, consensusTimestamp, runningHash }: Response): Ring | null {
  const sequence = parseSequence(String(sequenceNumber ?? 0));
  const { seconds, nanos } = consensusTimestamp ?? {};
  const ns = BigInt(String(seconds ?? 0)) * 1_000_000_000n + BigInt(nanos ?? 0);
  if (sequence === null || ns <= 0n || ns > MAX_CONSENSUS_NS) return null;
  return { sequence, consensusNs: consensusNs(ns), runningHash: runningHash?.length ? runningHash : null };
}

/** Why the mirror ended the subscription, by the status code alone: the server's own text may hold anything. */
function reasonOf({ code }: ServiceError): string {
  if (code === status.NOT_FOUND) return "the mirror does not know the topic";
  if (code === status.UNAVAILABLE) return "the mirror cannot be reached by gRPC";
  if (code === status.INTERNAL || code === status.RESOURCE_EXHAUSTED)
    return "the mirror's answer is no message of a topic";
  return `the mirror ended the subscription with ${status[code] ?? "an unknown code"}`;
}

/** The encoder takes an int64 as decimal text too, which keeps all its digits; its types do not say so. */
const int64 = (value: bigint): Int64 => String(value) as unknown as Int64;

function topicIdProto(topicId: TopicId): NonNullable<Query["topicID"]> {
  const [shard, realm, num] = entityNumbers(topicId);
  return { shardNum: int64(shard), realmNum: int64(realm), topicNum: int64(num) };
}

function timestampOf(ns: ConsensusNs): NonNullable<Query["consensusStartTime"]> {
  const { seconds, nanos } = splitSeconds(ns);
  return { seconds: int64(seconds), nanos };
}
