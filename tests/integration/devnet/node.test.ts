/** Transactions that the SDK would never send, made by hand, to test the rules of the node for chunks, keys and memory. */
import { createPrivateKey, generateKeyPairSync, sign } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, credentials } from "@grpc/grpc-js";
import { proto } from "@hiero-ledger/proto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ConsensusNs, fromMs } from "@/lib/core/ledger/consensus-time";
import type { AccountId, TopicId } from "@/lib/core/ledger/ids";
import { type Devnet, startDevnet } from "@/lib/devnet/devnet";
import { isSignedBy } from "@/lib/devnet/grpc/signatures";
import { accountIdProto, bigintFromProto, int64, topicIdProto, transactionIdProto } from "@/lib/devnet/grpc/wire";
import type { TransactionId } from "@/lib/devnet/ledger/types";

const { ResponseCodeEnum: Status } = proto;
const NODE = "0.0.3" as AccountId;

let dataDir: string;
let devnet: Devnet;
let client: Client;
let topicId: TopicId;
let lastNs = fromMs(Date.now() - 60_000) as bigint;

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), "devnet-node-"));
  await start();
  topicId = devnet.createTopic();
});
afterAll(async () => {
  await stop();
  rmSync(dataDir, { recursive: true, force: true });
});

async function start(): Promise<void> {
  devnet = await startDevnet({ dataDir });
  client = new Client(devnet.nodeAddress, credentials.createInsecure());
}

async function stop(): Promise<void> {
  client.close();
  await devnet.stop();
}

const newId = (): TransactionId => {
  lastNs += 1_000n;
  return { accountId: devnet.operatorId, validStartNs: lastNs as ConsensusNs, nonce: 0, scheduled: false };
};

/** Calls a method with encoded bytes; answers the raw bytes. */
const call = (path: string, request: Uint8Array) =>
  new Promise<Buffer>((resolve, reject) => {
    const plain = (bytes: Buffer) => bytes;
    client.makeUnaryRequest(`/proto.${path}`, plain, plain, Buffer.from(request), (error, answer) =>
      error ? reject(error) : resolve(answer as Buffer),
    );
  });

async function submit(id: TransactionId, body: proto.IConsensusSubmitMessageTransactionBody): Promise<string> {
  const bodyBytes = proto.TransactionBody.encode({
    transactionID: transactionIdProto(id),
    nodeAccountID: accountIdProto(NODE),
    transactionFee: int64(200_000_000),
    transactionValidDuration: { seconds: int64(120) },
    consensusSubmitMessage: { topicID: topicIdProto(topicId), ...body },
  }).finish();
  const key = createPrivateKey({ key: Buffer.from(devnet.operatorKey, "hex"), format: "der", type: "pkcs8" });
  const sigMap = { sigPair: [{ pubKeyPrefix: new Uint8Array(), ed25519: sign(null, bodyBytes, key) }] };
  const signedTransactionBytes = proto.SignedTransaction.encode({ bodyBytes, sigMap }).finish();
  const answer = proto.TransactionResponse.decode(
    await call("ConsensusService/submitMessage", proto.Transaction.encode({ signedTransactionBytes }).finish()),
  );
  if (answer.nodeTransactionPrecheckCode !== Status.OK) return `precheck ${Status[answer.nodeTransactionPrecheckCode]}`;
  return `receipt ${Status[(await receipt(id))?.status ?? -1]}`;
}

async function receipt(id: TransactionId): Promise<proto.ITransactionReceipt | null> {
  const query = proto.Query.encode({ transactionGetReceipt: { transactionID: transactionIdProto(id) } }).finish();
  const answer = proto.Response.decode(await call("CryptoService/getTransactionReceipts", query));
  return answer.transactionGetReceipt?.receipt ?? null;
}

const message = Buffer.from("part");
const chunk = (initial: TransactionId, number: number, total: number) => ({
  message,
  chunkInfo: { initialTransactionID: transactionIdProto(initial), number, total },
});

describe("chunks", () => {
  it("number themselves within their total", async () => {
    const id = newId();
    expect(await submit(id, chunk(id, 0, 2))).toBe("receipt INVALID_CHUNK_NUMBER");
    const other = newId();
    expect(await submit(other, chunk(other, 3, 2))).toBe("receipt INVALID_CHUNK_NUMBER");
  });

  it("name their own payer", async () => {
    const foreign = { ...newId(), accountId: "0.0.77" as AccountId };
    expect(await submit(newId(), chunk(foreign, 2, 2))).toBe("receipt INVALID_CHUNK_TRANSACTION_ID");
  });

  it("name, if they are the first, their own transaction", async () => {
    expect(await submit(newId(), chunk(newId(), 1, 2))).toBe("receipt INVALID_CHUNK_TRANSACTION_ID");
  });

  it("may repeat a number, change the total and never end: nothing stops them", async () => {
    const before = devnet.ledger.topic(topicId).messages.length;
    const first = newId();
    expect(await submit(first, chunk(first, 1, 3))).toBe("receipt SUCCESS");
    expect(await submit(newId(), chunk(first, 2, 3))).toBe("receipt SUCCESS");
    expect(await submit(newId(), chunk(first, 2, 5))).toBe("receipt SUCCESS");
    expect(
      devnet.ledger
        .topic(topicId)
        .messages.slice(before)
        .map(({ chunk }) => [chunk?.number, chunk?.total]),
    ).toEqual([
      [1, 3],
      [2, 3],
      [2, 5],
    ]);
  });

  it("may be absent", async () => {
    expect(await submit(newId(), { message })).toBe("receipt SUCCESS");
    expect(devnet.ledger.topic(topicId).messages.at(-1)?.chunk).toBeNull();
  });
});

it("an empty or missing message is refused at once", async () => {
  expect(await submit(newId(), { message: new Uint8Array() })).toBe("precheck INVALID_TOPIC_MESSAGE");
  expect(await submit(newId(), { message, topicID: null })).toBe("precheck INVALID_TOPIC_ID");
});

it("bytes that are no transaction are refused at once", async () => {
  const send = async (signedTransactionBytes: Uint8Array) => {
    const bytes = proto.Transaction.encode({ signedTransactionBytes }).finish();
    const answer = proto.TransactionResponse.decode(await call("ConsensusService/submitMessage", bytes));
    return Status[answer.nodeTransactionPrecheckCode];
  };
  expect(await send(Buffer.from("nonsense"))).toBe("INVALID_TRANSACTION_BODY");
  expect(await send(Buffer.alloc(6_145))).toBe("TRANSACTION_OVERSIZE");
});

it("a restarted node knows its receipts, and still accepts a transaction only once", async () => {
  const id = newId();
  expect(await submit(id, { message })).toBe("receipt SUCCESS");
  const before = await receipt(id);
  await stop();
  await start();
  const after = await receipt(id);
  expect(bigintFromProto(after?.topicSequenceNumber)).toBe(bigintFromProto(before?.topicSequenceNumber));
  expect(Buffer.from(after?.topicRunningHash ?? [])).toEqual(Buffer.from(before?.topicRunningHash ?? []));
  expect(await submit(id, { message })).toBe("precheck DUPLICATE_TRANSACTION");
});

it("keys may be lists and thresholds", () => {
  const body = Buffer.from("body");
  const pairs = Array.from({ length: 3 }, () => generateKeyPairSync("ed25519"));
  const raw = pairs.map(({ publicKey }) => publicKey.export({ format: "der", type: "spki" }).subarray(12));
  const keys = raw.map((ed25519) => ({ ed25519 }));
  const by = (...signers: number[]) => ({
    sigPair: signers.map((i) => ({
      pubKeyPrefix: raw[i]?.subarray(0, 6) ?? new Uint8Array(),
      ed25519: sign(null, body, (pairs[i] as (typeof pairs)[number]).privateKey),
    })),
  });
  const list = proto.Key.encode({ keyList: { keys } }).finish();
  const twoOfThree = proto.Key.encode({ thresholdKey: { threshold: 2, keys: { keys } } }).finish();
  expect(isSignedBy(list, body, by(0, 1, 2))).toBe(true);
  expect(isSignedBy(list, body, by(0, 1))).toBe(false);
  expect(isSignedBy(twoOfThree, body, by(0, 2))).toBe(true);
  expect(isSignedBy(twoOfThree, body, by(2))).toBe(false);
  expect(isSignedBy(proto.Key.encode({ keyList: { keys: [] } }).finish(), body, by(0))).toBe(false);
  expect(isSignedBy(proto.Key.encode({ ECDSASecp256k1: Buffer.alloc(33, 2) }).finish(), body, by(0))).toBe(false);
});
