/** The journal's lines: one per topic, account, message or recording, and one for the seeded world. */
import type { ConsensusNs } from "@/lib/core/ledger/consensus-time";
import type { AccountId, TopicId } from "@/lib/core/ledger/ids";
import type { Account, DevnetChunkInfo, DevnetMessage, Topic } from "./types";

export type JournalRecord =
  | { readonly t: "topic"; readonly topic: Omit<Topic, "messages" | "recorded"> }
  | { readonly t: "account"; readonly account: Account }
  | { readonly t: "message"; readonly message: DevnetMessage; readonly transaction: string | null }
  | { readonly t: "recording"; readonly topicId: TopicId; readonly messages: readonly unknown[] }
  | { readonly t: "world"; readonly world: unknown };

/** A record as its line has it: bytes in base64 and times as text, since JSON knows neither. */
type JournalLine =
  | {
      readonly t: "topic";
      readonly id: TopicId;
      readonly memo: string;
      readonly createdNs: string;
      readonly submitKey: string | null;
      readonly adminKey: string | null;
    }
  | {
      readonly t: "account";
      readonly id: AccountId;
      readonly key: string;
      readonly deleted?: boolean;
      readonly evm?: string;
      readonly createdNs: string;
      readonly changedNs?: string;
      readonly memo: string;
    }
  | {
      readonly t: "message";
      readonly topic: TopicId;
      readonly n: number;
      readonly at: string;
      readonly payer: AccountId;
      readonly body: string;
      readonly hash: string | null;
      readonly chunk: EncodedChunk | null;
      readonly tx?: string;
    }
  | Extract<JournalRecord, { t: "recording" | "world" }>;

/** One line, without its line end. */
export function encodeRecord(record: JournalRecord): string {
  switch (record.t) {
    case "topic": {
      const { id, memo, createdNs, submitKey, adminKey } = record.topic;
      const keys = { submitKey: base64(submitKey), adminKey: base64(adminKey) };
      return JSON.stringify({ t: "topic", id, memo, createdNs: String(createdNs), ...keys });
    }
    case "account": {
      const { id, key, isDeleted, evmAddress, createdNs, changedNs, memo } = record.account;
      return JSON.stringify({
        t: "account",
        id,
        key: base64(key),
        deleted: isDeleted,
        evm: evmAddress,
        createdNs: String(createdNs),
        changedNs: changedNs === undefined ? undefined : String(changedNs),
        memo,
      });
    }
    case "message": {
      const { topicId, sequence, consensusNs, payer, bytes, runningHash, chunk } = record.message;
      return JSON.stringify({
        t: "message",
        topic: topicId,
        n: sequence,
        at: String(consensusNs),
        payer,
        body: base64(bytes),
        hash: base64(runningHash),
        chunk: chunk && encodeChunk(chunk),
        tx: record.transaction ?? undefined,
      });
    }
    default:
      return JSON.stringify(record);
  }
}

/** The record of a parsed line. Lines come from `encodeRecord`, so they are trusted to have its shape. */
export function decodeRecord(value: unknown): JournalRecord {
  const line = value as JournalLine | null;
  switch (line?.t) {
    case "topic": {
      const createdNs = BigInt(line.createdNs) as ConsensusNs;
      const keys = { submitKey: bytes(line.submitKey), adminKey: bytes(line.adminKey) };
      return { t: "topic", topic: { id: line.id, memo: line.memo, createdNs, ...keys } };
    }
    case "account": {
      const createdNs = BigInt(line.createdNs) as ConsensusNs;
      return {
        t: "account",
        account: {
          id: line.id,
          key: Buffer.from(line.key, "base64"),
          ...(line.deleted ? { isDeleted: true } : {}),
          ...(line.evm === undefined ? {} : { evmAddress: line.evm }),
          createdNs,
          ...(line.changedNs === undefined ? {} : { changedNs: BigInt(line.changedNs) as ConsensusNs }),
          memo: line.memo,
        },
      };
    }
    case "message":
      return {
        t: "message",
        message: {
          topicId: line.topic,
          sequence: line.n,
          consensusNs: BigInt(line.at) as ConsensusNs,
          payer: line.payer,
          bytes: Buffer.from(line.body, "base64"),
          runningHash: bytes(line.hash),
          runningHashVersion: 3,
          chunk: line.chunk && decodeChunk(line.chunk),
        },
        transaction: line.tx ?? null,
      };
    case "recording":
    case "world":
      return line;
    default: {
      const { t } = Object(value) as { t?: unknown };
      throw new Error(`the devnet journal holds a record of an unknown kind: ${JSON.stringify(t)}`);
    }
  }
}

type EncodedChunk = readonly [string, string, number, number, number, number];

function encodeChunk({ initialTransactionId: id, number, total }: DevnetChunkInfo): EncodedChunk {
  return [id.accountId, String(id.validStartNs), id.nonce, id.scheduled ? 1 : 0, number, total];
}

function decodeChunk([accountId, validStartNs, nonce, scheduled, number, total]: EncodedChunk): DevnetChunkInfo {
  const id = { accountId: accountId as AccountId, validStartNs: BigInt(validStartNs) as ConsensusNs };
  return { initialTransactionId: { ...id, nonce, scheduled: scheduled === 1 }, number, total };
}

function base64(value: Uint8Array | null): string | null {
  return value && Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64");
}

function bytes(text: string | null): Uint8Array | null {
  return text === null ? null : Buffer.from(text, "base64");
}
