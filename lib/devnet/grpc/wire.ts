/** Converts between the protobufs' shapes and ours. */
import type { proto } from "@hiero-ledger/proto";
import { type ConsensusNs, consensusNs, splitSeconds } from "@/lib/core/ledger/consensus-time";
import { type AccountId, entityNumbers, type TopicId } from "@/lib/core/ledger/ids";
import type { TransactionId } from "../ledger/types";

type Int64 = NonNullable<proto.ITimestamp["seconds"]>;

/** The encoder takes an int64 as a decimal string too, which keeps all its digits; the generated types do not say so. */
export const int64 = (value: bigint | number): Int64 => String(value) as unknown as Int64;

/** A decoded int64 (a Long, a number or absent). */
export const bigintFromProto = (value: { toString(): string } | null | undefined): bigint => BigInt(String(value ?? 0));

/** Nanoseconds since 1970 as a protobuf. */
export function timestampProto(ns: ConsensusNs): proto.ITimestamp {
  const { seconds, nanos } = splitSeconds(ns);
  return { seconds: int64(seconds), nanos };
}

/** Nanoseconds since 1970; 0 for an absent timestamp. */
export function nsFromProto(timestamp: proto.ITimestamp | null | undefined): ConsensusNs {
  return consensusNs(bigintFromProto(timestamp?.seconds) * 1_000_000_000n + BigInt(timestamp?.nanos ?? 0));
}

/** An account's id as a protobuf. */
export function accountIdProto(id: AccountId): proto.IAccountID {
  const [shard, realm, num] = entityNumbers(id);
  return { shardNum: int64(shard), realmNum: int64(realm), accountNum: int64(num) };
}

/** A topic's id as a protobuf. */
export function topicIdProto(id: TopicId): proto.ITopicID {
  const [shard, realm, num] = entityNumbers(id);
  return { shardNum: int64(shard), realmNum: int64(realm), topicNum: int64(num) };
}

/** The account that a protobuf names; numbers that are absent are 0. */
export function accountIdFromProto(id: proto.IAccountID | null | undefined): AccountId {
  return `${bigintFromProto(id?.shardNum)}.${bigintFromProto(id?.realmNum)}.${bigintFromProto(id?.accountNum)}` as AccountId;
}

/** The topic that a protobuf names; numbers that are absent are 0. */
export function topicIdFromProto(id: proto.ITopicID | null | undefined): TopicId {
  return `${bigintFromProto(id?.shardNum)}.${bigintFromProto(id?.realmNum)}.${bigintFromProto(id?.topicNum)}` as TopicId;
}

/** A transaction's id as a protobuf. */
export function transactionIdProto(id: TransactionId): proto.ITransactionID {
  return {
    accountID: accountIdProto(id.accountId),
    transactionValidStart: timestampProto(id.validStartNs),
    nonce: id.nonce,
    scheduled: id.scheduled,
  };
}

/** The transaction that a protobuf names. */
export function transactionIdFromProto(id: proto.ITransactionID): TransactionId {
  return {
    accountId: accountIdFromProto(id.accountID),
    validStartNs: nsFromProto(id.transactionValidStart),
    nonce: id.nonce ?? 0,
    scheduled: id.scheduled ?? false,
  };
}
