/** Applies a transaction that has reached consensus, and leaves its receipt. */
import { proto } from "@hiero-ledger/proto";
import type { ConsensusNs } from "@/lib/core/ledger/consensus-time";
import type { DevnetLedger } from "../ledger/ledger";
import { type DevnetChunkInfo, MAX_CHUNK_BYTES, transactionKey } from "../ledger/types";
import { EXCHANGE_RATE } from "./fees";
import type { Outcomes } from "./outcomes";
import type { CheckedTransaction, Code } from "./precheck";
import { messageReceipt } from "./receipts";
import { isSignedBy } from "./signatures";
import { accountIdProto, topicIdFromProto, topicIdProto, transactionIdFromProto } from "./wire";

const { ResponseCodeEnum: Status } = proto;

interface Effect {
  readonly consensusNs: ConsensusNs;
  readonly receipt: proto.ITransactionReceipt;
}

/** Applies the transaction and keeps its outcome. */
export function reachConsensus(ledger: DevnetLedger, outcomes: Outcomes, transaction: CheckedTransaction): void {
  const { body, id, hash, feeTinybars } = transaction;
  const effect = body.consensusSubmitMessage
    ? submitMessage(ledger, transaction, body.consensusSubmitMessage)
    : body.consensusCreateTopic
      ? createTopic(ledger, transaction, body.consensusCreateTopic)
      : body.cryptoCreateAccount
        ? createAccount(ledger, body.cryptoCreateAccount)
        : failed(ledger, Status.NOT_SUPPORTED);
  outcomes.keep({ transactionId: id, hash, memo: body.memo, feeTinybars, ...effect });
}

function failed(ledger: DevnetLedger, status: Code): Effect {
  return { consensusNs: ledger.clock.next(), receipt: { status, exchangeRate: EXCHANGE_RATE } };
}

function submitMessage(
  ledger: DevnetLedger,
  transaction: CheckedTransaction,
  body: proto.IConsensusSubmitMessageTransactionBody,
): Effect {
  const bytes = body.message ?? new Uint8Array();
  const topic = ledger.topics.get(topicIdFromProto(body.topicID));
  if (bytes.length > MAX_CHUNK_BYTES) return failed(ledger, Status.MESSAGE_SIZE_TOO_LARGE);
  if (!topic || topic.recorded) return failed(ledger, Status.INVALID_TOPIC_ID);
  if (topic.submitKey && !isSignedBy(topic.submitKey, transaction.bodyBytes, transaction.signatures)) {
    return failed(ledger, Status.INVALID_SIGNATURE);
  }
  const chunk = body.chunkInfo ? chunkOf(body.chunkInfo) : null;
  const chunkStatus = chunk ? checkChunk(chunk, transaction) : Status.OK;
  if (chunkStatus !== Status.OK) return failed(ledger, chunkStatus);
  const [message] = ledger.submit([
    { topicId: topic.id, bytes, payer: transaction.payer, chunk, transaction: transactionKey(transaction.id) },
  ]);
  if (!message) return failed(ledger, Status.FAIL_INVALID);
  return { consensusNs: message.consensusNs, receipt: messageReceipt(message) };
}

function chunkOf(info: proto.IConsensusMessageChunkInfo): DevnetChunkInfo {
  const initialTransactionId = transactionIdFromProto(info.initialTransactionID ?? {});
  return { initialTransactionId, number: info.number ?? 0, total: info.total ?? 0 };
}

/** A chunk's number lies within its total, and it names its own payer. The first chunk names its own transaction. */
function checkChunk({ initialTransactionId, number, total }: DevnetChunkInfo, { id }: CheckedTransaction): Code {
  if (number < 1 || number > total) return Status.INVALID_CHUNK_NUMBER;
  if (initialTransactionId.accountId !== id.accountId) return Status.INVALID_CHUNK_TRANSACTION_ID;
  const isFirst = transactionKey(initialTransactionId) === transactionKey(id);
  return number === 1 && !isFirst ? Status.INVALID_CHUNK_TRANSACTION_ID : Status.OK;
}

function createTopic(
  ledger: DevnetLedger,
  { bodyBytes, signatures }: CheckedTransaction,
  body: proto.IConsensusCreateTopicTransactionBody,
): Effect {
  const adminKey = encodeKey(body.adminKey);
  if (adminKey && !isSignedBy(adminKey, bodyBytes, signatures)) return failed(ledger, Status.INVALID_SIGNATURE);
  const topic = ledger.createTopic({ memo: body.memo ?? "", adminKey, submitKey: encodeKey(body.submitKey) });
  const receipt = { status: Status.SUCCESS, topicID: topicIdProto(topic.id), exchangeRate: EXCHANGE_RATE };
  return { consensusNs: topic.createdNs, receipt };
}

function createAccount(ledger: DevnetLedger, body: proto.ICryptoCreateTransactionBody): Effect {
  const key = encodeKey(body.key);
  if (!key) return failed(ledger, Status.KEY_REQUIRED);
  const account = ledger.createAccount(key, { memo: body.memo ?? "" });
  const receipt = { status: Status.SUCCESS, accountID: accountIdProto(account.id), exchangeRate: EXCHANGE_RATE };
  return { consensusNs: account.createdNs, receipt };
}

function encodeKey(key: proto.IKey | null | undefined): Uint8Array | null {
  const bytes = key ? proto.Key.encode(key).finish() : new Uint8Array();
  return bytes.length > 0 ? bytes : null;
}
