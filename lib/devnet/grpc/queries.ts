/** Queries to the consensus node. Receipts are free. All others state their cost first and must be paid. */
import { proto } from "@hiero-ledger/proto";
import type { DevnetLedger } from "../ledger/ledger";
import { QUERY_TINYBARS } from "./fees";
import type { Outcome, Outcomes } from "./outcomes";
import { type Code, parse } from "./precheck";
import { isSignedBy } from "./signatures";
import {
  accountIdFromProto,
  accountIdProto,
  bigintFromProto,
  int64,
  timestampProto,
  topicIdFromProto,
  topicIdProto,
  transactionIdFromProto,
  transactionIdProto,
} from "./wire";

const { ResponseCodeEnum: Status, ResponseType } = proto;

const BALANCE_TINYBARS = 1_000_000_000_000;
const TOPIC_LIFETIME_S = 7_776_000;

export interface QueryContext {
  readonly ledger: DevnetLedger;
  readonly outcomes: Outcomes;
}

type Header = proto.IResponseHeader;

/** The receipt of a transaction, which costs nothing. `RECEIPT_NOT_FOUND` if it has not reached consensus, or is no longer kept. */
export function answerReceipt({ outcomes }: QueryContext, query: proto.IQuery): proto.IResponse {
  const id = query.transactionGetReceipt?.transactionID;
  if (!id) return { transactionGetReceipt: { header: header(Status.INVALID_TRANSACTION_ID) } };
  const outcome = outcomes.find(transactionIdFromProto(id));
  if (!outcome) return { transactionGetReceipt: { header: header(Status.RECEIPT_NOT_FOUND) } };
  return { transactionGetReceipt: { header: header(Status.OK), receipt: outcome.receipt } };
}

/** The record of a transaction. As on the network, a query without its payment gets the price. */
export function answerRecord(context: QueryContext, query: proto.IQuery): proto.IResponse {
  const asked = query.transactionGetRecord;
  const early = charge(context, asked?.header);
  if (early) return { transactionGetRecord: { header: early } };
  const outcome = asked?.transactionID && context.outcomes.find(transactionIdFromProto(asked.transactionID));
  if (!outcome) return { transactionGetRecord: { header: header(Status.RECORD_NOT_FOUND) } };
  return { transactionGetRecord: { header: header(Status.OK), transactionRecord: recordOf(outcome) } };
}

/** Answers a query for an account's balance. It is free, and every account has the same balance. */
export function answerBalance({ ledger }: QueryContext, query: proto.IQuery): proto.IResponse {
  const id = accountIdFromProto(query.cryptogetAccountBalance?.accountID);
  if (!ledger.accounts.has(id)) return { cryptogetAccountBalance: { header: header(Status.INVALID_ACCOUNT_ID) } };
  const balance = int64(BALANCE_TINYBARS);
  return { cryptogetAccountBalance: { header: header(Status.OK), accountID: accountIdProto(id), balance } };
}

/** The head of a topic as consensus knows it: a second witness beside the mirror. */
export function answerTopicInfo(context: QueryContext, query: proto.IQuery): proto.IResponse {
  const asked = query.consensusGetTopicInfo;
  const early = charge(context, asked?.header);
  if (early) return { consensusGetTopicInfo: { header: early } };
  const topic = context.ledger.topics.get(topicIdFromProto(asked?.topicID));
  if (!topic) return { consensusGetTopicInfo: { header: header(Status.INVALID_TOPIC_ID) } };
  const last = topic.messages.at(-1);
  const created = timestampProto(topic.createdNs);
  return {
    consensusGetTopicInfo: {
      header: header(Status.OK),
      topicID: topicIdProto(topic.id),
      topicInfo: {
        memo: topic.memo,
        runningHash: last?.runningHash ?? new Uint8Array(48),
        sequenceNumber: int64(last?.sequence ?? 0),
        expirationTime: { seconds: int64(bigintFromProto(created.seconds) + BigInt(TOPIC_LIFETIME_S)), nanos: 0 },
        autoRenewPeriod: { seconds: int64(TOPIC_LIFETIME_S) },
        ...(topic.adminKey ? { adminKey: proto.Key.decode(topic.adminKey) } : {}),
        ...(topic.submitKey ? { submitKey: proto.Key.decode(topic.submitKey) } : {}),
      },
    },
  };
}

/** The header that ends a paid query early: its cost if that was asked for, or why the payment is not valid. */
function charge({ ledger }: QueryContext, asked: proto.IQueryHeader | null | undefined): Header | null {
  if (asked?.responseType === ResponseType.COST_ANSWER) {
    return { ...header(Status.OK), responseType: ResponseType.COST_ANSWER, cost: int64(QUERY_TINYBARS) };
  }
  const payment = parse(asked?.payment?.signedTransactionBytes ?? new Uint8Array());
  if (!payment?.body.transactionID) return header(Status.INSUFFICIENT_TX_FEE);
  const payer = ledger.accounts.get(accountIdFromProto(payment.body.transactionID.accountID));
  if (!payer) return header(Status.PAYER_ACCOUNT_NOT_FOUND);
  return isSignedBy(payer.key, payment.bodyBytes, payment.signatures) ? null : header(Status.INVALID_SIGNATURE);
}

function header(nodeTransactionPrecheckCode: Code): Header {
  return { nodeTransactionPrecheckCode, responseType: ResponseType.ANSWER_ONLY, cost: int64(0) };
}

function recordOf(outcome: Outcome): proto.ITransactionRecord {
  return {
    receipt: outcome.receipt,
    transactionHash: outcome.hash,
    consensusTimestamp: timestampProto(outcome.consensusNs),
    transactionID: transactionIdProto(outcome.transactionId),
    memo: outcome.memo,
    transactionFee: int64(outcome.feeTinybars),
  };
}
