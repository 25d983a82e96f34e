/** The unmodified SDK against the devnet's consensus node and mirror. */
import {
  AccountBalanceQuery,
  AccountCreateTransaction,
  AccountId,
  Client,
  Hbar,
  PrecheckStatusError,
  PrivateKey,
  ReceiptStatusError,
  Status,
  Timestamp,
  TopicCreateTransaction,
  TopicInfoQuery,
  type TopicMessage,
  TopicMessageQuery,
  TopicMessageSubmitTransaction,
  TransactionId,
} from "@hashgraph/sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TopicId } from "@/lib/core/ledger/ids";
import { type Devnet, startDevnet } from "@/lib/devnet/devnet";

let devnet: Devnet;
let client: Client;

beforeAll(async () => {
  devnet = await startDevnet();
  client = clientOf(devnet).setOperator(devnet.operatorId, PrivateKey.fromStringDer(devnet.operatorKey));
});

afterAll(async () => {
  client?.close();
  await devnet?.stop();
});

const clientOf = ({ nodeAddress, mirrorGrpcAddress }: Devnet) =>
  Client.forNetwork({ [nodeAddress]: new AccountId(3) }).setMirrorNetwork([mirrorGrpcAddress]);

async function newTopic(): Promise<string> {
  const response = await new TopicCreateTransaction().setTopicMemo("hello").execute(client);
  return (await response.getReceipt(client)).topicId?.toString() ?? "";
}

const submit = (topicId: string, message: string | Uint8Array) =>
  new TopicMessageSubmitTransaction().setTopicId(topicId).setMessage(message);

const statusOf = (work: Promise<unknown>) =>
  work.then(
    () => "no error",
    (error: unknown) =>
      error instanceof PrecheckStatusError || error instanceof ReceiptStatusError
        ? `${error instanceof PrecheckStatusError ? "precheck" : "receipt"} ${error.status.toString()}`
        : String(error),
  );

const logged = (topicId: string) => devnet.ledger.topic(topicId as TopicId).messages;

describe("the SDK on the devnet", () => {
  it("creates a topic, submits, and answers receipt and record", async () => {
    const topicId = await newTopic();
    const response = await submit(topicId, "one").execute(client);
    const receipt = await response.getReceipt(client);
    const record = await response.getRecord(client);

    const [message] = logged(topicId);
    expect(receipt.status).toBe(Status.Success);
    expect(receipt.topicSequenceNumber?.toNumber()).toBe(1);
    expect(Buffer.from(receipt.topicRunningHash ?? [])).toEqual(Buffer.from(message?.runningHash ?? []));
    expect(record.consensusTimestamp.toString()).toBe(
      `${(message?.consensusNs ?? 0n) / 1_000_000_000n}.${String((message?.consensusNs ?? 0n) % 1_000_000_000n).padStart(9, "0")}`,
    );
    expect(record.transactionFee.toTinybars().toNumber()).toBeGreaterThan(0);
    const json = await (await fetch(`${devnet.restUrl}/api/v1/topics/${topicId}/messages/1`)).json();
    expect(json).toMatchObject({
      chunk_info: { number: 1, total: 1, initial_transaction_id: { account_id: "0.0.2", nonce: 0, scheduled: false } },
      consensus_timestamp: record.consensusTimestamp.toString(),
      message: Buffer.from("one").toString("base64"),
      payer_account_id: "0.0.2",
      running_hash: Buffer.from(receipt.topicRunningHash ?? []).toString("base64"),
      running_hash_version: 3,
    });
  });

  it("splits a long message into chunks, each with its receipt", async () => {
    const topicId = await newTopic();
    const text = "x".repeat(2_500);
    const responses = await submit(topicId, text).executeAll(client);
    const receipts = await Promise.all(responses.map((response) => response.getReceipt(client)));

    expect(receipts.map((receipt) => receipt.topicSequenceNumber?.toNumber())).toEqual([1, 2, 3]);
    const messages = logged(topicId);
    expect(messages.map((message) => message.bytes.length)).toEqual([1024, 1024, 452]);
    expect(messages.map(({ chunk }) => [chunk?.number, chunk?.total])).toEqual([
      [1, 3],
      [2, 3],
      [3, 3],
    ]);
    expect(new Set(messages.map(({ chunk }) => chunk?.initialTransactionId.validStartNs)).size).toBe(1);
  });

  it("creates accounts that can pay", async () => {
    const key = PrivateKey.generateED25519();
    const response = await new AccountCreateTransaction()
      .setKeyWithoutAlias(key.publicKey)
      .setInitialBalance(new Hbar(1))
      .execute(client);
    const { accountId } = await response.getReceipt(client);
    const topicId = await newTopic();
    const own = clientOf(devnet).setOperator(accountId ?? "", key);
    try {
      await (await submit(topicId, "mine").execute(own)).getReceipt(own);
    } finally {
      own.close();
    }
    expect(logged(topicId)[0]?.payer).toBe(accountId?.toString());
    const json = await (await fetch(`${devnet.restUrl}/api/v1/accounts/${accountId}?transactions=false`)).json();
    expect(json).toMatchObject({ deleted: false, key: { _type: "ED25519", key: key.publicKey.toStringRaw() } });
  });

  it("answers balances and topic info, with COST_ANSWER first", async () => {
    const topicId = await newTopic();
    const receipt = await (await submit(topicId, "head").execute(client)).getReceipt(client);
    const balance = await new AccountBalanceQuery().setAccountId(devnet.operatorId).execute(client);
    const info = await new TopicInfoQuery().setTopicId(topicId).execute(client);
    expect(balance.hbars.toTinybars().toNumber()).toBeGreaterThan(0);
    expect(info.topicMemo).toBe("hello");
    expect(info.sequenceNumber.toNumber()).toBe(1);
    expect(Buffer.from(info.runningHash)).toEqual(Buffer.from(receipt.topicRunningHash ?? []));
  });
});

describe("a refusal by the devnet", () => {
  it("for an unknown topic is in the receipt", async () => {
    const response = await submit("0.0.999999", "x").execute(client);
    expect(await statusOf(response.getReceipt(client))).toBe("receipt INVALID_TOPIC_ID");
  });

  it("for a message over 1024 bytes is in the receipt, and the message not on the ledger", async () => {
    const topicId = await newTopic();
    const response = await submit(topicId, "x".repeat(1_025)).setChunkSize(2_000).execute(client);
    expect(await statusOf(response.getReceipt(client))).toBe("receipt MESSAGE_SIZE_TOO_LARGE");
    expect(logged(topicId)).toEqual([]);
  });

  it("comes for a transaction that is sent twice", async () => {
    const topicId = await newTopic();
    const id = TransactionId.generate(devnet.operatorId);
    await (await submit(topicId, "once").setTransactionId(id).execute(client)).getReceipt(client);
    const again = submit(topicId, "twice").setTransactionId(id).execute(client);
    expect(await statusOf(again)).toBe("precheck DUPLICATE_TRANSACTION");
    expect(logged(topicId)).toHaveLength(1);
  });

  it("comes for a wrong or missing signature of the payer", async () => {
    const topicId = await newTopic();
    const stranger = clientOf(devnet).setOperator(devnet.operatorId, PrivateKey.generateED25519());
    const unsigned = clientOf(devnet);
    try {
      expect(await statusOf(submit(topicId, "x").execute(stranger))).toBe("precheck INVALID_SIGNATURE");
      const bare = submit(topicId, "x")
        .setTransactionId(TransactionId.generate(devnet.operatorId))
        .setNodeAccountIds([new AccountId(3)])
        .freezeWith(unsigned)
        .execute(unsigned);
      expect(await statusOf(bare)).toBe("precheck INVALID_SIGNATURE");
    } finally {
      stranger.close();
      unsigned.close();
    }
    expect(logged(topicId)).toEqual([]);
  });

  it("comes for an account that does not exist", async () => {
    const nobody = clientOf(devnet).setOperator("0.0.424242", PrivateKey.generateED25519());
    try {
      expect(await statusOf(submit(await newTopic(), "x").execute(nobody))).toBe("precheck PAYER_ACCOUNT_NOT_FOUND");
    } finally {
      nobody.close();
    }
  });

  it("comes for a transaction from too long ago, or from the future", async () => {
    const topicId = await newTopic();
    const seconds = Math.floor(Date.now() / 1_000);
    const at = (start: number) =>
      submit(topicId, "x")
        .setTransactionId(
          TransactionId.withValidStart(AccountId.fromString(devnet.operatorId), new Timestamp(start, 0)),
        )
        .execute(client);
    expect(await statusOf(at(seconds - 600))).toBe("precheck TRANSACTION_EXPIRED");
    expect(await statusOf(at(seconds + 600))).toBe("precheck INVALID_TRANSACTION_START");
  });

  it("comes for a fee that does not cover the cost", async () => {
    const cheap = submit(await newTopic(), "x").setMaxTransactionFee(Hbar.fromTinybars(1));
    expect(await statusOf(cheap.execute(client))).toBe("precheck INSUFFICIENT_TX_FEE");
  });

  it("comes for a message without the signature of the topic's submit key", async () => {
    const key = PrivateKey.generateED25519();
    const created = await new TopicCreateTransaction().setSubmitKey(key.publicKey).execute(client);
    const topicId = (await created.getReceipt(client)).topicId?.toString() ?? "";
    const without = await submit(topicId, "x").execute(client);
    expect(await statusOf(without.getReceipt(client))).toBe("receipt INVALID_SIGNATURE");
    const signed = await submit(topicId, "x").freezeWith(client).sign(key);
    expect(await statusOf((await signed.execute(client)).getReceipt(client))).toBe("no error");
    expect(logged(topicId)).toHaveLength(1);
  });

  it("for a busy node makes the SDK try again", async () => {
    const topicId = await newTopic();
    devnet.faults.add({ kind: "nodeBusy", times: 2 });
    const response = await submit(topicId, "later").execute(client);
    expect((await response.getReceipt(client)).topicSequenceNumber?.toNumber()).toBe(1);
    expect(devnet.faults.list()[0]?.hits).toBe(2);
    devnet.faults.clear();
  });
});

describe("TopicMessageQuery", () => {
  /** The first `count` messages that the SDK's own subscription hands out. */
  function receive(query: TopicMessageQuery, count: number): Promise<string[]> {
    return new Promise((resolve, reject) => {
      const texts: string[] = [];
      const handle = query.subscribe(
        client,
        (_message, error) => reject(error),
        (message: TopicMessage) => {
          texts.push(Buffer.from(message.contents).toString());
          if (texts.length < count) return;
          handle.unsubscribe();
          resolve(texts);
        },
      );
    });
  }

  it("gets stored and new messages, with chunks joined", async () => {
    const topicId = devnet.createTopic();
    const long = "y".repeat(1_500);
    devnet.submit(topicId, "first");
    const received = receive(new TopicMessageQuery().setTopicId(topicId).setStartTime(0), 3);
    devnet.submit(topicId, long);
    devnet.submit(topicId, "third");
    expect(await received).toEqual(["first", long, "third"]);
  });

  it("starts at its start (inclusive), ends at its end (exclusive), and counts to its limit", async () => {
    const topicId = devnet.createTopic();
    const messages = devnet.submitMany(topicId, ["a", "b", "c", "d", "e"]);
    const at = (i: number) => {
      const ns = messages[i]?.consensusNs ?? 0n;
      return new Timestamp(Number(ns / 1_000_000_000n), Number(ns % 1_000_000_000n));
    };
    const collect = (query: TopicMessageQuery) =>
      new Promise<string>((resolve, reject) => {
        let text = "";
        query
          .setTopicId(topicId)
          .setCompletionHandler(() => resolve(text))
          .subscribe(
            client,
            (_message, error) => reject(error),
            (message: TopicMessage) => {
              text += Buffer.from(message.contents).toString();
            },
          );
      });
    expect(await collect(new TopicMessageQuery().setStartTime(at(1)).setEndTime(at(4)))).toBe("bcd");
    expect(await collect(new TopicMessageQuery().setStartTime(0).setLimit(2))).toBe("ab");
  });

  it("delivers nothing while the head stalls, and every message afterwards", async () => {
    const topicId = devnet.createTopic();
    devnet.submit(topicId, "before");
    const id = devnet.faults.add({ kind: "stalledHead" });
    devnet.submit(topicId, "after");
    const received = receive(new TopicMessageQuery().setTopicId(topicId).setStartTime(0), 2);
    expect(await (await fetch(`${devnet.restUrl}/api/v1/topics/${topicId}/messages`)).json()).toMatchObject({
      messages: [{ sequence_number: 1 }],
    });
    devnet.faults.remove(id);
    expect(await received).toEqual(["before", "after"]);
  });

  it("survives the SDK's daily look for an address book", async () => {
    const patient = clientOf(devnet).setOperator(devnet.operatorId, PrivateKey.fromStringDer(devnet.operatorKey));
    try {
      await patient.setMaxAttempts(1).updateNetwork();
      expect(Object.values(patient.network).map(String)).toEqual(["0.0.3"]);
    } finally {
      patient.close();
    }
  });
});
