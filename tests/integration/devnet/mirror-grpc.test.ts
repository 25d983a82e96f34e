/** The devnet's mirror by gRPC, asked by a client that knows of no limit. */
import { Client, type ClientReadableStream, credentials, Metadata } from "@grpc/grpc-js";
import { com } from "@hiero-ledger/proto";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { TopicId } from "@/lib/core/ledger/ids";
import { type Devnet, startDevnet } from "@/lib/devnet/devnet";
import { int64 } from "@/lib/devnet/grpc/wire";

const { ConsensusTopicQuery } = com.hedera.mirror.api.proto;
let devnet: Devnet;
let client: Client;
beforeAll(async () => {
  devnet = await startDevnet();
  client = new Client(devnet.mirrorGrpcAddress, credentials.createInsecure());
});
afterAll(async () => {
  client.close();
  await devnet.stop();
});

/** The numbers of the calls that have had an answer, in its order. */
const answered: number[] = [];
const waiting = new Set<() => void>();
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise<void>((resolve) => waiting.add(resolve));
}

function subscribe(topicId: TopicId, name: number): ClientReadableStream<unknown> {
  const topicNum = int64(BigInt(topicId.split(".")[2] as string));
  const query = ConsensusTopicQuery.encode({ topicID: { topicNum }, consensusStartTime: { nanos: 1 } }).finish();
  const call = client.makeServerStreamRequest<Buffer, unknown>(
    "/com.hedera.mirror.api.proto.ConsensusService/subscribeTopic",
    (bytes) => bytes,
    (bytes) => bytes,
    Buffer.from(query),
    new Metadata(),
  );
  call.on("error", () => {});
  call.on("data", () => {
    answered.push(name);
    for (const wake of waiting) wake();
    waiting.clear();
  });
  return call;
}

it("answers five calls of a connection; each further one waits until one of them ends, in turn", async () => {
  const topicId = devnet.createTopic();
  devnet.submit(topicId, "a");
  const calls = Array.from({ length: 9 }, (_, name) => subscribe(topicId, name));
  await until(() => answered.length === 5);
  // A call that gives up while it waits leaves no place free.
  calls[5]?.cancel();
  calls[0]?.cancel();
  await until(() => answered.length === 6);
  calls[3]?.cancel();
  await until(() => answered.length === 7);
  devnet.submit(topicId, "b");
  await until(() => answered.length === 12);
  expect(answered.slice(0, 7)).toEqual([0, 1, 2, 3, 4, 6, 7]);
  expect(answered.slice(7).sort()).toEqual([1, 2, 4, 6, 7]);
  for (const call of calls) call.cancel();
});
