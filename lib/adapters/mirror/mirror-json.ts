/** The mirror's JSON (hedera.md §1), checked as it comes in. `chunk_info`, `running_hash` and its version may be null or absent. */
import { z } from "zod";
import { type ConsensusNs, consensusNs, parseConsensusTime } from "../../core/consensus-time";
import { parseAccountId, parseTopicId, type Sequence } from "../../core/ids";
import type { AccountKey, LedgerAccount, LedgerMessage } from "../../ports/ledger";

const Timestamp = z.string().transform((text, context): ConsensusNs => {
  const ns = parseConsensusTime(text);
  if (ns !== null) return ns;
  context.addIssue("not a consensus timestamp");
  return z.NEVER;
});
const entity = <T>(parse: (text: string) => T | null) =>
  z.string().transform((text, context): T => {
    const id = parse(text);
    if (id !== null) return id;
    context.addIssue("not an entity id");
    return z.NEVER;
  });
const Base64 = z.string().transform((text) => new Uint8Array(Buffer.from(text, "base64")));

const ChunkInfo = z.object({
  initial_transaction_id: z
    .object({
      account_id: z.string().nullish(),
      nonce: z.number().nullish(),
      scheduled: z.boolean().nullish(),
      transaction_valid_start: z.string().nullish(),
    })
    .nullish(),
  number: z.number().int(),
  total: z.number().int(),
});

export const MessageJson = z
  .object({
    chunk_info: ChunkInfo.nullish(),
    consensus_timestamp: Timestamp,
    message: Base64,
    payer_account_id: entity(parseAccountId),
    running_hash: Base64.nullish(),
    running_hash_version: z.number().int().nullish(),
    sequence_number: z.number().int().positive().max(Number.MAX_SAFE_INTEGER),
    topic_id: entity(parseTopicId),
  })
  .transform(
    (json): LedgerMessage => ({
      topicId: json.topic_id,
      sequence: json.sequence_number as Sequence,
      consensusNs: json.consensus_timestamp,
      payer: json.payer_account_id,
      message: json.message,
      runningHash: json.running_hash ?? null,
      runningHashVersion: json.running_hash_version ?? null,
      chunk: json.chunk_info ? chunkOf(json.chunk_info, json.payer_account_id) : null,
    }),
  );

export const PageJson = z.object({ messages: z.array(MessageJson) });

/** Idle local networks have no blocks yet, or a newest one that has begun and not ended. */
export const BlocksJson = z.object({
  blocks: z.array(z.object({ timestamp: z.object({ from: Timestamp.nullish(), to: Timestamp.nullish() }).nullish() })),
});

/** Through when the mirror has everything: the end of its latest block, or the last moment before one that has not ended. */
export function throughOf({ blocks: [newest] }: z.infer<typeof BlocksJson>): ConsensusNs | null {
  const { from, to } = newest?.timestamp ?? {};
  if (to) return to;
  return from && from > 0n ? consensusNs(from - 1n) : null;
}

const KeyJson = z.object({ _type: z.string(), key: z.string() });

export const AccountJson = z
  .object({ account: entity(parseAccountId), deleted: z.boolean().nullish(), key: KeyJson.nullish() })
  .transform(
    (json): LedgerAccount => ({
      accountId: json.account,
      isDeleted: json.deleted ?? false,
      key: json.key ? keyOf(json.key) : { kind: "none" },
    }),
  );

/** One plain key of the length that its kind has (hedera.md §1), or what cannot be signed for by one wallet. */
function keyOf({ _type, key }: z.infer<typeof KeyJson>): AccountKey {
  const isHex = (pattern: RegExp) => pattern.test(key);
  const bytes = () => new Uint8Array(Buffer.from(key, "hex"));
  if (_type === "ED25519" && isHex(/^[0-9a-f]{64}$/i)) return { kind: "ed25519", bytes: bytes() };
  if (_type === "ECDSA_SECP256K1" && isHex(/^0[23][0-9a-f]{64}$/i)) return { kind: "ecdsa-secp256k1", bytes: bytes() };
  return { kind: "many" };
}

/** Chunks belong together by payer, valid start, nonce and scheduled flag; the group is a message's own payer's (hedera.md §3). */
function chunkOf(info: z.infer<typeof ChunkInfo>, payer: string): LedgerMessage["chunk"] {
  const id = info.initial_transaction_id;
  const key = [
    payer,
    id?.account_id ?? "",
    id?.transaction_valid_start ?? "",
    id?.nonce ?? 0,
    id?.scheduled ?? false,
  ].join("|");
  return { key, number: info.number, total: info.total };
}
