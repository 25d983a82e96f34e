import { proto } from "@hiero-ledger/proto";
import type { DevnetMessage } from "../ledger/types";
import { EXCHANGE_RATE } from "./fees";
import { int64 } from "./wire";

/** The receipt of a message that is on the ledger: its number, and the hash that anchors the chain up to it. */
export function messageReceipt(message: DevnetMessage): proto.ITransactionReceipt {
  return {
    status: proto.ResponseCodeEnum.SUCCESS,
    exchangeRate: EXCHANGE_RATE,
    topicSequenceNumber: int64(message.sequence),
    topicRunningHash: message.runningHash ?? new Uint8Array(),
    topicRunningHashVersion: int64(message.runningHashVersion ?? 0),
  };
}
