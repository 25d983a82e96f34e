/**
 * The checks of a consensus node before it takes a transaction: form, node, time, repetition, payer and signature, fee.
 * The order is the node's, so a client meets the same code first.
 */
import { createHash } from "node:crypto";
import { proto } from "@hiero-ledger/proto";
import type { AccountId } from "@/lib/core/ledger/ids";
import { NODE_ID } from "../development-keys";
import type { DevnetLedger } from "../ledger/ledger";
import type { TransactionId } from "../ledger/types";
import { ACCOUNT_CREATE_TINYBARS, submitTinybars, TOPIC_CREATE_TINYBARS } from "./fees";
import type { Outcomes } from "./outcomes";
import { isSignedBy } from "./signatures";
import { accountIdFromProto, bigintFromProto, transactionIdFromProto } from "./wire";

const { ResponseCodeEnum: Status } = proto;
export type Code = proto.ResponseCodeEnum;

/** A transaction that may go to consensus. */
export interface CheckedTransaction {
  readonly id: TransactionId;
  readonly payer: AccountId;
  readonly body: proto.TransactionBody;
  readonly bodyBytes: Uint8Array;
  readonly signatures: proto.ISignatureMap;
  readonly hash: Uint8Array;
  readonly feeTinybars: number;
}

export interface PrecheckContext {
  readonly ledger: DevnetLedger;
  readonly outcomes: Outcomes;
  readonly nowMs: () => number;
}

export type Precheck =
  | { readonly ok: true; readonly transaction: CheckedTransaction }
  | { readonly ok: false; code: Code };

/** A transaction is at most this large, signatures included. */
const MAX_TRANSACTION_BYTES = 6_144;
const MAX_MEMO_BYTES = 100;
const MAX_DURATION_S = 180n;
const NS_PER_SECOND = 1_000_000_000n;

const refused = (code: Code): Precheck => ({ ok: false, code });

/** Checks a transaction before it reaches consensus. The first check that fails gives the answer's code. */
export function precheck({ ledger, outcomes, nowMs }: PrecheckContext, request: proto.ITransaction): Precheck {
  const signedBytes = request.signedTransactionBytes ?? new Uint8Array();
  if (signedBytes.length > MAX_TRANSACTION_BYTES) return refused(Status.TRANSACTION_OVERSIZE);
  const parsed = parse(signedBytes);
  if (!parsed) return refused(Status.INVALID_TRANSACTION_BODY);
  const { body, bodyBytes, signatures } = parsed;
  if (!body.transactionID?.accountID) return refused(Status.INVALID_TRANSACTION_ID);
  const id = transactionIdFromProto(body.transactionID);
  if (accountIdFromProto(body.nodeAccountID) !== NODE_ID) return refused(Status.INVALID_NODE_ACCOUNT);
  if (Buffer.byteLength(body.memo) > MAX_MEMO_BYTES) return refused(Status.MEMO_TOO_LONG);
  const timeCode = checkTime(id, bigintFromProto(body.transactionValidDuration?.seconds), nowMs());
  if (timeCode !== Status.OK) return refused(timeCode);
  if (outcomes.has(id)) return refused(Status.DUPLICATE_TRANSACTION);
  const account = ledger.accounts.get(id.accountId);
  if (!account) return refused(Status.PAYER_ACCOUNT_NOT_FOUND);
  if (!isSignedBy(account.key, bodyBytes, signatures)) return refused(Status.INVALID_SIGNATURE);
  const bodyCode = checkBody(body);
  if (bodyCode !== Status.OK) return refused(bodyCode);
  const feeTinybars = feeOf(body);
  if (bigintFromProto(body.transactionFee) < BigInt(feeTinybars)) return refused(Status.INSUFFICIENT_TX_FEE);
  const hash = createHash("sha384").update(signedBytes).digest();
  return { ok: true, transaction: { id, payer: id.accountId, body, bodyBytes, signatures, hash, feeTinybars } };
}

/** A signed transaction's parts; null if it is not a signed transaction. */
export function parse(signedBytes: Uint8Array) {
  try {
    const signed = proto.SignedTransaction.decode(signedBytes);
    const body = proto.TransactionBody.decode(signed.bodyBytes);
    return body.data ? { body, bodyBytes: signed.bodyBytes, signatures: signed.sigMap ?? {} } : null;
  } catch {
    return null;
  }
}

function checkTime(id: TransactionId, durationS: bigint, nowMs: number): Code {
  if (durationS < 1n || durationS > MAX_DURATION_S) return Status.INVALID_TRANSACTION_DURATION;
  // The clock gives whole milliseconds.
  const nowNs = BigInt(Math.floor(nowMs)) * 1_000_000n;
  if (id.validStartNs > nowNs + 1_000_000n) return Status.INVALID_TRANSACTION_START;
  return id.validStartNs + durationS * NS_PER_SECOND <= nowNs ? Status.TRANSACTION_EXPIRED : Status.OK;
}

/** Checks that need the body alone. */
function checkBody(body: proto.TransactionBody): Code {
  const submit = body.consensusSubmitMessage;
  if (!submit) return Status.OK;
  if (!submit.topicID) return Status.INVALID_TOPIC_ID;
  return submit.message?.length ? Status.OK : Status.INVALID_TOPIC_MESSAGE;
}

function feeOf(body: proto.TransactionBody): number {
  if (body.consensusSubmitMessage) return submitTinybars(body.consensusSubmitMessage.message?.length ?? 0);
  return body.consensusCreateTopic ? TOPIC_CREATE_TINYBARS : ACCOUNT_CREATE_TINYBARS;
}
