/**
 * Writes through the Hedera SDK. The SDK is imported on the first write: importing costs about a second and 50 MB
 * (docs/measurements.md §5), and most processes only read.
 */
import type { Client, TransactionReceipt, TransactionResponse } from "@hashgraph/sdk";
import { type ConsensusNs, consensusNs, parseConsensusTime, splitSeconds } from "../../core/ledger/consensus-time";
import { parseSequence, parseTopicId, type TopicId } from "../../core/ledger/ids";
import { VALID_S } from "../../core/ledger/write-window";
import { err, ok, type Result } from "../../core/result";
import type { SubmitError, Submitted, Submitter } from "../../ports/ledger/submitter";
import type { TopicCreateError, TopicCreator } from "../../ports/ledger/topic-creator";
import { signerOf } from "./operator-signer";

export interface SdkSubmitterOptions {
  readonly network: "testnet" | "mainnet" | "previewnet" | { readonly nodeAddress: string };
  readonly operatorId: string;
  /** DER, or raw hex of an ED25519 or ECDSA key. */
  readonly operatorKey: string;
}

/** Node account of a devnet with one node. */
const DEVNET_NODE = "0.0.3";
/** The SDK's own default, repeated here because it bounds what a message may cost. */
const MAX_CHUNKS = 20;
/** Consensus takes 3 to 5 s. After this only a read can show the outcome. */
const REQUEST_TIMEOUT_MS = 20_000;

export class SdkSubmitter implements Submitter, TopicCreator {
  private client: Promise<{ readonly sdk: typeof import("@hashgraph/sdk"); readonly client: Client }> | null = null;

  constructor(private readonly options: SdkSubmitterOptions) {}

  async submit(topicId: TopicId, message: Uint8Array, validStartNs?: bigint): Promise<Result<Submitted, SubmitError>> {
    let responses: readonly TransactionResponse[];
    const { sdk, client } = await this.connect();
    try {
      const transaction = new sdk.TopicMessageSubmitTransaction({ topicId, message, maxChunks: MAX_CHUNKS });
      if (validStartNs !== undefined) {
        const { seconds, nanos } = splitSeconds(consensusNs(validStartNs));
        const validStart = new sdk.Timestamp(Number(seconds), nanos);
        // The id belongs to the message. With an id of the SDK's own, a second try would be a second message.
        transaction
          .setTransactionId(new sdk.TransactionId(sdk.AccountId.fromString(this.options.operatorId), validStart))
          .setTransactionValidDuration(VALID_S)
          .setRegenerateTransactionId(false);
      }
      responses = await transaction.executeAll(client);
    } catch (cause) {
      // Only a node's own status says that it did not take the transaction. After a lost answer or a limit of time it may have.
      return err(cause instanceof sdk.PrecheckStatusError ? refusal(cause) : UNANSWERED);
    }
    try {
      // Each chunk is a transaction of its own: the message is on the ledger when every receipt says so (docs/hedera.md §3).
      const receipts = [];
      // `getReceipt` would send a transaction that was throttled at consensus again, under an id that is not the message's.
      for (const response of responses) receipts.push(await response.getReceiptQuery(client).execute(client));
      const last = responses.at(-1) as TransactionResponse;
      const sequence = parseSequence(receipts.at(-1)?.topicSequenceNumber?.toString());
      if (sequence === null) return err(UNCERTAIN);
      return ok({
        topicId,
        sequence,
        transactionId: last.transactionId.toString(),
        consensusNs: await consensusOf(last, client),
      });
    } catch (cause) {
      // Only a receipt says what became of the transaction. A node may also refuse the question.
      return err(cause instanceof sdk.ReceiptStatusError ? refusal(cause) : UNCERTAIN);
    }
  }

  async newAttempt(): Promise<string> {
    const { sdk } = await this.connect();
    return sdk.TransactionId.generate(this.options.operatorId).toString();
  }

  async createTopic(attempt: string, memo: string): Promise<Result<TopicId, TopicCreateError>> {
    const { sdk, client } = await this.connect();
    const key = client.operatorPublicKey;
    if (key === null) throw new Error("the client has no operator");
    const transactionId = sdk.TransactionId.fromString(attempt);
    // The id belongs to the attempt. With an id of the SDK's own, a second try would be a second topic.
    const transaction = new sdk.TopicCreateTransaction({ topicMemo: memo, submitKey: key, adminKey: key })
      .setTransactionId(transactionId)
      .setRegenerateTransactionId(false);
    let isExpired = false;
    try {
      await transaction.execute(client);
    } catch (cause) {
      const status = isStatusError(cause) ? cause.status.toString() : null;
      if (status === null) return err(NO_TOPIC_YET);
      isExpired = status === "TRANSACTION_EXPIRED";
      if (!isExpired && status !== "DUPLICATE_TRANSACTION") return err(refusedTopic(status));
    }
    try {
      const query = new sdk.TransactionReceiptQuery({ transactionId }).setValidateStatus(false);
      const receipt = await (isExpired ? query.setMaxAttempts(1) : query).execute(client);
      return topicOf(receipt);
    } catch {
      return err(isExpired ? EXPIRED : NO_TOPIC_YET);
    }
  }

  async close(): Promise<void> {
    const connected = await this.client?.catch(() => null);
    connected?.client.close();
  }

  private connect() {
    this.client ??= this.open().catch((cause) => {
      this.client = null;
      throw cause;
    });
    return this.client;
  }

  private async open() {
    const sdk = await import("@hashgraph/sdk");
    const { network, operatorId, operatorKey } = this.options;
    const client =
      typeof network === "string"
        ? sdk.Client.forName(network)
        : sdk.Client.forNetwork({ [network.nodeAddress]: DEVNET_NODE });
    const key = sdk.PrivateKey.fromString(operatorKey);
    client.setOperatorWith(operatorId, key.publicKey, signerOf(key));
    client.setRequestTimeout(REQUEST_TIMEOUT_MS);
    return { sdk, client };
  }
}

/** Nothing has left this process. */
export const UNSENT: SubmitError = {
  code: "unavailable",
  message: "The server cannot write to the ledger at the moment. Nothing was sent; try again in a moment.",
};
/** Nobody knows whether the message reached the ledger. */
export const UNCERTAIN: SubmitError = {
  code: "uncertain",
  message:
    "The ledger did not confirm in time. The message may still arrive: send the same request again, or look at your signals.",
};

const UNANSWERED: SubmitError = {
  code: "uncertain",
  message:
    "The Hedera network could not be reached, or did not answer in time. The message may still arrive: send the same request again, or look at your signals.",
};

const DUPLICATE: SubmitError = {
  code: "duplicate",
  message: "The ledger has received this message before, and its result is not known yet. Try again in a moment.",
};
/** The network's clock and ours disagree, or the transaction took too long to arrive. The next one has another start. */
const OUT_OF_TIME: ReadonlySet<string> = new Set(["TRANSACTION_EXPIRED", "INVALID_TRANSACTION_START"]);
const TOO_LATE: SubmitError = {
  code: "unavailable",
  message: "The Hedera network did not take the message in time. Nothing was written; try again in a moment.",
};

/** Nobody knows yet whether the topic was created. */
export const NO_TOPIC_YET: TopicCreateError = {
  code: "unavailable",
  message: "The ledger did not say whether the topic was created. Run this again in a moment.",
};
const EXPIRED: TopicCreateError = {
  code: "expired",
  message: "This transaction is too old to be sent, and the ledger no longer says what became of it.",
};
const refusedTopic = (status: string): TopicCreateError => ({
  code: "refused",
  message: `The ledger refused to create the topic (${status}).`,
});

function topicOf({ status, topicId }: TransactionReceipt): Result<TopicId, TopicCreateError> {
  const id = parseTopicId(topicId?.toString() ?? "");
  return id === null ? err(refusedTopic(status.toString())) : ok(id);
}

/**
 * The receipt has no consensus time; the record has, and costs a fee (docs/hedera.md §3). `getRecord` would ask for the receipt
 * again. A message without a time is on the ledger all the same.
 */
async function consensusOf(response: TransactionResponse, client: Client): Promise<ConsensusNs | null> {
  try {
    const { consensusTimestamp } = await response.getRecordQuery().execute(client);
    const { seconds, nanos } = consensusTimestamp;
    return parseConsensusTime(`${seconds}.${nanos.toString().padStart(9, "0")}`);
  } catch {
    return null;
  }
}

/** Precheck and receipt errors carry a status: the ledger has decided. Anything else never got an answer. */
function isStatusError(cause: unknown): cause is Error & { status: { toString(): string } } {
  return cause instanceof Error && "status" in cause && cause.status !== undefined;
}

/** The transaction's id is used up. A repeat has another one after its window (core/ledger/write-window). */
const THROTTLED: SubmitError = {
  code: "unavailable",
  message: "The Hedera network was too busy for the message. Nothing was written; try again in two minutes.",
};

/** The meaning of a status with which the network refused a message. */
function refusal({ status }: { readonly status: { toString(): string } }): SubmitError {
  const name = status.toString();
  if (name === "DUPLICATE_TRANSACTION") return DUPLICATE;
  if (OUT_OF_TIME.has(name)) return TOO_LATE;
  if (name === "THROTTLED_AT_CONSENSUS") return THROTTLED;
  return { code: "refused", message: `The ledger refused this message (${name}).` };
}
