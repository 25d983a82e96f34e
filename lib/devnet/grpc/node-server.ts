/** The consensus node: transactions and queries over gRPC, as the SDK speaks to it. */
import { proto } from "@hiero-ledger/proto";
import type { ConsensusNs } from "@/lib/core/ledger/consensus-time";
import type { TopicId } from "@/lib/core/ledger/ids";
import type { Faults } from "../faults/faults";
import type { DevnetLedger } from "../ledger/ledger";
import { reachConsensus } from "./consensus";
import { Outcomes } from "./outcomes";
import { precheck } from "./precheck";
import { answerBalance, answerReceipt, answerRecord, answerTopicInfo, type QueryContext } from "./queries";
import { messageReceipt } from "./receipts";
import { type GrpcServer, startGrpcServer, unaryMethod } from "./server";
import { bigintFromProto } from "./wire";

export interface NodeOptions {
  readonly ledger: DevnetLedger;
  readonly faults: Faults;
  readonly nowMs: () => number;
  readonly host: string;
  readonly port: number;
  /** Transactions of an earlier run, by transaction id. */
  readonly transactions: ReadonlyMap<string, { readonly topicId: TopicId; readonly sequence: number }>;
}

const TRANSACTIONS = [
  "ConsensusService/createTopic",
  "ConsensusService/submitMessage",
  "CryptoService/createAccount",
] as const;

const QUERIES: Readonly<Record<string, (context: QueryContext, query: proto.IQuery) => proto.IResponse>> = {
  "ConsensusService/getTopicInfo": answerTopicInfo,
  "CryptoService/getTransactionReceipts": answerReceipt,
  "CryptoService/getTxRecordByTxID": answerRecord,
  "CryptoService/cryptoGetBalance": answerBalance,
};

/** Starts the node; resolves once it listens. */
export function startNode(options: NodeOptions): Promise<GrpcServer> {
  const { ledger, faults, nowMs } = options;
  const outcomes = restoredOutcomes(options);
  const transact = (request: proto.ITransaction): proto.ITransactionResponse => {
    const [busy] = faults.select(["nodeBusy"], {});
    busy?.hit();
    if (busy) return { nodeTransactionPrecheckCode: proto.ResponseCodeEnum.BUSY };
    const checked = precheck({ ledger, outcomes, nowMs }, request);
    if (!checked.ok) return { nodeTransactionPrecheckCode: checked.code };
    reachConsensus(ledger, outcomes, checked.transaction);
    return { nodeTransactionPrecheckCode: proto.ResponseCodeEnum.OK };
  };
  const methods = [
    ...TRANSACTIONS.map((name) =>
      unaryMethod(`/proto.${name}`, [proto.Transaction, proto.TransactionResponse], transact),
    ),
    ...Object.entries(QUERIES).map(([name, answer]) =>
      unaryMethod(`/proto.${name}`, [proto.Query, proto.Response], (query: proto.IQuery) =>
        answer({ ledger, outcomes }, query),
      ),
    ),
  ];
  return startGrpcServer(methods, options);
}

function restoredOutcomes({ ledger, transactions }: NodeOptions): Outcomes {
  const outcomes = new Outcomes();
  for (const [key, { topicId, sequence }] of transactions) {
    const message = ledger.topics.get(topicId)?.messages[sequence - 1];
    const match = /^(\S+)@(\d+)\.(\d{9})(\?scheduled)?(?:\/(\d+))?$/.exec(key);
    if (!message || !match) continue;
    const [, accountId, seconds, nanos, scheduled, nonce] = match;
    outcomes.keep({
      transactionId: {
        accountId: accountId as typeof message.payer,
        validStartNs: (bigintFromProto(seconds) * 1_000_000_000n + bigintFromProto(nanos)) as ConsensusNs,
        nonce: Number(nonce ?? 0),
        scheduled: scheduled !== undefined,
      },
      consensusNs: message.consensusNs,
      receipt: messageReceipt(message),
      hash: new Uint8Array(),
      memo: "",
      feeTinybars: 0,
    });
  }
  return outcomes;
}
