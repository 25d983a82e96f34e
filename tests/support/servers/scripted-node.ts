/** A consensus node over a devnet's ledger whose answers a test writes: a status, a broken call, or the ledger's own. */
import { proto } from "@hiero-ledger/proto";
import type { Devnet } from "@/lib/devnet/devnet";
import { reachConsensus } from "@/lib/devnet/grpc/consensus";
import { Outcomes } from "@/lib/devnet/grpc/outcomes";
import { precheck } from "@/lib/devnet/grpc/precheck";
import { answerReceipt, answerRecord } from "@/lib/devnet/grpc/queries";
import { type GrpcServer, startGrpcServer, unaryMethod } from "@/lib/devnet/grpc/server";

/** Names of proto.ResponseCodeEnum, or an error that breaks the call off. Null: the ledger's own answer. */
type Answer = keyof typeof proto.ResponseCodeEnum | Error | null;

/** Each is called with the number of the call, from 1. */
export interface NodeScript {
  /** The answer to a transaction that was not taken. */
  readonly untaken?: (call: number) => Answer;
  /** The answer to a transaction that was taken, and is on the ledger. */
  readonly taken?: (call: number) => Error | null;
  /** The status in the receipt of the transaction with this number. Such a transaction is not on the ledger. */
  readonly receipt?: (transaction: number) => Answer;
  /** The status with which the node refuses to look for a receipt. */
  readonly receiptQuery?: (call: number) => Answer;
}

export interface ScriptedNode extends Pick<GrpcServer, "address" | "stop"> {
  /** The start of each transaction that arrived, in nanoseconds. */
  readonly transactions: readonly string[];
}

const { ResponseCodeEnum: CODES } = proto;
const codeOf = (answer: Exclude<Answer, null>): proto.ResponseCodeEnum => {
  if (answer instanceof Error) throw answer;
  return CODES[answer];
};

export async function startScriptedNode({ ledger }: Devnet, script: NodeScript): Promise<ScriptedNode> {
  const outcomes = new Outcomes();
  const transactions: string[] = [];
  let receipts = 0;
  const submit = (request: proto.ITransaction): proto.ITransactionResponse => {
    const checked = precheck({ ledger, outcomes, nowMs: Date.now }, request);
    if (!checked.ok) return { nodeTransactionPrecheckCode: checked.code };
    transactions.push(String(checked.transaction.id.validStartNs));
    const untaken = script.untaken?.(transactions.length) ?? null;
    if (untaken !== null) return { nodeTransactionPrecheckCode: codeOf(untaken) };
    if (script.receipt?.(transactions.length)) return { nodeTransactionPrecheckCode: CODES.OK };
    reachConsensus(ledger, outcomes, checked.transaction);
    const broken = script.taken?.(transactions.length) ?? null;
    return { nodeTransactionPrecheckCode: broken === null ? CODES.OK : codeOf(broken) };
  };
  const findReceipt = (query: proto.IQuery): proto.IResponse => {
    receipts += 1;
    const refused = script.receiptQuery?.(receipts) ?? null;
    if (refused !== null)
      return { transactionGetReceipt: { header: { nodeTransactionPrecheckCode: codeOf(refused) } } };
    const status = script.receipt?.(receipts) ?? null;
    if (status === null) return answerReceipt({ ledger, outcomes }, query);
    const header = { nodeTransactionPrecheckCode: CODES.OK };
    return { transactionGetReceipt: { header, receipt: { status: codeOf(status) } } };
  };
  const QUERY = [proto.Query, proto.Response] as const;
  const server = await startGrpcServer(
    [
      unaryMethod("/proto.ConsensusService/submitMessage", [proto.Transaction, proto.TransactionResponse], submit),
      unaryMethod("/proto.CryptoService/getTransactionReceipts", QUERY, findReceipt),
      unaryMethod("/proto.CryptoService/getTxRecordByTxID", QUERY, (query: proto.IQuery) =>
        answerRecord({ ledger, outcomes }, query),
      ),
    ],
    { host: "127.0.0.1", port: 0 },
  );
  return { address: server.address, stop: () => server.stop(), transactions };
}
